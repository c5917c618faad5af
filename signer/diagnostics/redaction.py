"""What may leave the computer, by allow-list: each fact has a form that it must have, or it is withheld.

Numbers, codes, versions and names that the project itself knows leave as they are; serial numbers and
certificates as hashes under a salt that is thrown away, so that two reports cannot be laid side by side; of a
reader's name the words that the profiles know. Whatever has another form becomes `withheld`.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath, PureWindowsPath

from drivers import errors as driver_errors
from drivers.catalogue import Profile
from signer.diagnostics.browser_probe import BROWSERS, SETTINGS
from signer.diagnostics.finding import Evidence, Fact, Finding
from signer.journal.walking import NEWER
from signer.model.errors import catalogue
from signer.model.origin import OriginInvalid, parse_origin
from signer.platform.trust_stores import StoreKind

WITHHELD = "withheld"

_NUMBER = r"[0-9]{1,12}(\.[0-9]{1,3})?"
_PLAIN: dict[Fact, str] = {
    Fact.ATR: r"([0-9A-F]{2}){2,33}",
    Fact.BITS: _NUMBER,
    Fact.COUNT: _NUMBER,
    Fact.DAY: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    Fact.DIFFERS: r"(\+?(slots|tokens|certificates|keys)){1,4}",
    Fact.FREE_MIB: _NUMBER,
    Fact.FUNCTION: r"C_[A-Z][A-Za-z]{2,30}|dlopen|its start|several calls",
    Fact.HOW: r"SIG[A-Z]{2,8}|exit (0x)?[0-9A-F]{1,8}|gone|owner|mode|no-port-told|older-system",
    Fact.LIBRARY: r"lib[a-zA-Z0-9_+-]{1,32}\.so(\.[0-9]{1,4}){0,4}",
    Fact.PORT: _NUMBER,
    Fact.RV: r"0x[0-9A-F]{8}",
    Fact.SECONDS: _NUMBER,
    Fact.SEQUENCE: _NUMBER,
    Fact.VERSION: r"[0-9]{1,5}(\.[0-9a-z+]{1,12}){0,5}",
}
#: Names that programs give, of which there are only so many.
_NAMES: dict[Fact, frozenset[str]] = {
    Fact.BROWSER: frozenset({browser.name for browser in BROWSERS} | {kind.value for kind in StoreKind}),
    Fact.CODE: frozenset(condition.code for condition in catalogue()),
    Fact.ERROR: frozenset(
        {name for room in (builtins, sqlite3, driver_errors) for name in vars(room) if name[:1].isupper()}
        | {*errno.errorcode.values(), "JSONDecodeError", NEWER, "SSLCertVerificationError", "SSLError"}
    ),
    Fact.SETTING: SETTINGS,
    Fact.SOURCE: frozenset(
        {"installation", "journal", "revocation-list", "timestamp-authority", "pairing", "authority"}
    ),
}
_HASHED = frozenset({Fact.CERTIFICATE, Fact.SERIAL})
_SUBJECT = re.compile(r"[a-z0-9-]{1,40}( [0-9]{1,5})?")
_PROBE = re.compile(r"[a-z]{1,20}( [a-z0-9-]{1,40}( [0-9]{1,5})?)?")
_TOLD = re.compile(r"[A-Za-z0-9_.:?+ -]{1,48}", re.ASCII)


class Redactor:
    """For one report. `profiles` are what names of families, models, readers and files may be told by."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        known = tuple(profiles)
        self._salt = secrets.token_bytes(16)
        self._families = {profile.family: profile for profile in known}
        self._models = {text for p in known for text in (*p.match.models, *p.match.manufacturers)}
        self._files = {_base(path) for p in known for _, path in p.module.paths()}
        names = (
            *self._models,
            *(profile.name for profile in known),
            "Reader",
            "Smart",
            "Card",
            "Token",
            "USB",
        )
        self._words = {
            word.casefold() for name in names for word in re.split(r"[\W_]+", name) if len(word) > 2
        }
        self._own: dict[Fact, Callable[[str], str]] = {
            Fact.FAMILY: lambda value: value if value in self._families else WITHHELD,
            Fact.MODEL: lambda value: value if value in self._models else WITHHELD,
            Fact.FILE: lambda value: value if value in self._files else WITHHELD,
            Fact.PROBE: probe_name,
            Fact.READER: self._reader,
            Fact.ORIGIN: _origin,
        }

    def evidence(self, evidence: Evidence) -> dict[str, str]:
        """The facts by name, each in the form in which it may leave."""
        return {fact.value: self._fact(fact, value) for fact, value in evidence}

    def subject(self, found: Finding) -> str:
        """What it is about, in the words that the probes make up."""
        return " / ".join(part if _SUBJECT.fullmatch(part) else WITHHELD for part in found.subject)

    def page(self, found: Finding) -> str | None:
        """The maker's page, where it helps and the profile of the family that it is about names one."""
        if not found.meaning.maker:
            return None
        named = dict(found.evidence).get(Fact.FAMILY) or re.sub(r" \d+$", "", "".join(found.subject[:1]))
        return None if named not in self._families else self._families[named].help.page

    def told(self, told: tuple[tuple[str, str], ...]) -> dict[str, str]:
        """A probe's short facts."""
        return {name: value if _TOLD.fullmatch(value) else WITHHELD for name, value in told}

    def _fact(self, fact: Fact, value: str) -> str:
        if fact in _HASHED:
            return hashlib.sha256(self._salt + value.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        if fact in _NAMES:
            return value if value in _NAMES[fact] else WITHHELD
        if fact in self._own:
            return self._own[fact](value)
        return value if re.fullmatch(_PLAIN[fact], value, re.ASCII) else WITHHELD

    def _reader(self, value: str) -> str:
        kept = [word for word in re.split(r"[\W_]+", value) if word.casefold() in self._words]
        return " ".join(kept) or WITHHELD


def probe_name(value: str) -> str:
    """A probe's name: a word of its own, or that and a module's."""
    return value if _PROBE.fullmatch(value) else WITHHELD


def _base(path: str) -> str:
    return PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name


def _origin(value: str) -> str:
    """Scheme, host and port; an origin has no path."""
    try:
        parse_origin(value)
    except OriginInvalid:
        return WITHHELD
    return value
