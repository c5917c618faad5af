"""A doctor's practice centres: names of their own for certificates, and which certificate is this computer's.

`among` is the rule by which a request finds its certificate; `KeptCentres` is the file. The names are the
doctor's own, and shown to the doctor alone: no panel, journal or log is told one (decision 28).
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from signer.model.credential import Credential
from signer.model.errors import CredentialAbsent, Unexpected
from signer.model.text import hidden, latin_digits
from signer.platform.private_files import read_private, write_private
from signer.service.seen_certificates import person

log = logging.getLogger(__name__)

#: Characters of a name; a longer one is cut.
LONGEST_NAME = 80

_ZWNJ = "\u200c"
#: Arabic letters that Persian keyboards write otherwise.
_ONE_SPELLING = str.maketrans("يىك", "ییک", _ZWNJ)


class Centres(Struct, frozen=True, kw_only=True):
    """`names` by credential id; `here` the ids of this computer's certificates, the last chosen last."""

    names: dict[str, str] = field(default_factory=dict)
    here: tuple[str, ...] = ()

    def name_of(self, credential: Credential) -> str | None:
        """The doctor's own name of the centre, else the certificate's, else None."""
        return self.names.get(credential.id) or credential.holder.centre


def named(centres: Centres, credential_id: str, name: str) -> Centres:
    """The same with another name, on one line and without hidden characters; an empty one takes it away."""
    unseen = set(_characters(name))
    words = "".join(" " if c.isspace() else c for c in name if c.isspace() or c not in unseen)
    clean = " ".join(words.split())[:LONGEST_NAME].strip()
    others = {known: kept for known, kept in centres.names.items() if known != credential_id}
    return replace(centres, names={**others, credential_id: clean} if clean else others)


def put_here(centres: Centres, credential: Credential, present: Collection[Credential]) -> Centres:
    """The same with this certificate as its holder's one for this computer. Other holders keep theirs."""
    whose = person(credential.holder)
    gone = {one.id for one in present if person(one.holder) == whose} | {credential.id}
    return replace(centres, here=(*(one for one in centres.here if one not in gone), credential.id))


def not_here(centres: Centres, credential_id: str) -> Centres:
    """The same with this certificate as nobody's for this computer."""
    return replace(centres, here=tuple(one for one in centres.here if one != credential_id))


def here_of(centres: Centres, credentials: Collection[Credential]) -> frozenset[str]:
    """This computer's certificates among these: at most one of each holder, the last chosen."""
    latest: dict[str, str] = {}
    by_id = {one.id: one for one in credentials}
    for name in centres.here:
        if name in by_id:
            latest[person(by_id[name].holder)] = name
    return frozenset(latest.values())


def among(
    candidates: tuple[Credential, ...], wanted: Collection[str], centres: Centres
) -> tuple[Credential, ...]:
    """Those of the candidates that a request is for, this computer's first; of several the doctor chooses.

    `wanted` are the centres that the request's documents name. One centre takes the certificates that the
    doctor or their issuer named so; without one, each holder's is this computer's where they chose it. A
    centre that no certificate has, or documents for several centres, leave all of them to be chosen from.
    """
    here = here_of(centres, candidates)
    names = {key for name in wanted if (key := _key(name))}
    kept = candidates
    if len(names) == 1:
        kept = tuple(one for one in candidates if _names(one, centres) & names) or candidates
    elif not names:
        settled = {person(one.holder) for one in candidates if one.id in here}
        kept = tuple(one for one in candidates if one.id in here or person(one.holder) not in settled)
    return tuple(sorted(kept, key=lambda one: one.id not in here))


class KeptCentres:
    """The file of them, in the data folder. Used from the agent's loop alone."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Centres:
        """As they are now. A file that cannot be read costs the choice made beforehand, never the work."""
        try:
            octets = read_private(self._file)
            return Centres() if octets is None else msgspec.json.decode(octets, type=Centres)
        except (OSError, msgspec.MsgspecError) as fault:
            log.warning("the centres cannot be read: %s", type(fault).__name__)
            return Centres()

    def name(self, credential_id: str, name: str) -> None:
        """See `named`. Raises `Unexpected` where it cannot be written."""
        self._change(lambda centres: named(centres, credential_id, name))

    def set_here(self, credential_id: str, here: bool, present: Collection[Credential]) -> None:
        """See `put_here` and `not_here`. Raises `CredentialAbsent`, and `Unexpected` as `name` does."""
        credential = next((one for one in present if one.id == credential_id), None)
        if credential is None:
            raise CredentialAbsent
        if here:
            self._change(lambda centres: put_here(centres, credential, present))
        else:
            self._change(lambda centres: not_here(centres, credential_id))

    def _change(self, change: Callable[[Centres], Centres]) -> None:
        try:
            write_private(self._file, msgspec.json.encode(change(self.read())))
        except OSError as fault:
            raise Unexpected(f"the centres cannot be written: {type(fault).__name__}") from fault


def _characters(text: str) -> tuple[str, ...]:
    return tuple(chr(int(name.removeprefix("U+"), 16)) for name in hidden(text))


def _key(name: str) -> str:
    """One spelling for names that a person reads as the same."""
    text = latin_digits(unicodedata.normalize("NFKC", name)).translate(_ONE_SPELLING)
    return " ".join(text.casefold().split())


def _names(credential: Credential, centres: Centres) -> set[str]:
    both = (centres.names.get(credential.id), credential.holder.centre)
    return {_key(name) for name in both if name}
