"""Which holders want their token to stay open after one PIN, and for how much. Off unless they said so.

A clinic's computer has one account for many, so the choice stands under the holder's certificates (their
SHA-256), in the user's own data folder: no person is named there, and a renewed certificate begins with off.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

import msgspec

from signer.model.credential import Credential
from signer.model.errors import CredentialAbsent, Unexpected
from signer.model.session_signing import Limits
from signer.platform.private_files import read_private, write_private
from signer.service.seen_certificates import person

log = logging.getLogger(__name__)


class KeptChoices:
    """The file of them. Used from the agent's loop alone."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, Limits]:
        """By credential id, as they are now. A file that cannot be read costs the choice: it is off then."""
        try:
            octets = read_private(self._file)
            return {} if octets is None else msgspec.json.decode(octets, type=dict[str, Limits])
        except (OSError, msgspec.MsgspecError) as fault:
            log.warning("the choices of session signing cannot be read: %s", type(fault).__name__)
            return {}

    def choose(self, credential_id: str, limits: Limits | None, present: Collection[Credential]) -> None:
        """The same for all certificates of its holder that are here; None is off.

        Raises `CredentialAbsent` where it is not here, and `Unexpected` where the file cannot be written.
        """
        chosen = next((one for one in present if one.id == credential_id), None)
        if chosen is None:
            raise CredentialAbsent
        whose = person(chosen.holder)
        theirs = {one.id for one in present if person(one.holder) == whose}
        kept = {name: one for name, one in self.read().items() if name not in theirs}
        if limits is not None:
            kept |= dict.fromkeys(sorted(theirs), limits)
        try:
            write_private(self._file, msgspec.json.encode(kept))
        except OSError as fault:
            raise Unexpected(f"the choice cannot be written: {type(fault).__name__}") from fault
