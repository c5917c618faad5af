"""Keeps a token's tries from being wasted: the cool-down after wrong PINs, and the guarded last try.

Counts what Mohr itself sent, whoever asked for it, and remembers it over a restart. It knows nothing of tries
spent in other programs; what the token itself says is `Authorisation.tries`.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from signer.model.credential import Authorisation, AuthorisationKind, PinRole, TokenRef, TriesLeft
from signer.model.errors import PinCoolDown, PinLocked
from signer.platform.private_files import read_private, write_private

log = logging.getLogger(__name__)

WRONG_ALLOWED = 2
WINDOW = timedelta(hours=1)
COOL_DOWN = timedelta(minutes=10)


class PinGuard:
    """One for the agent. Times are aware, UTC. `file` is where wrong PINs are remembered: hashes and times.

    A file that cannot be read or written is logged and does without: the token's own counter stands.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._wrong: dict[str, list[datetime]] = {}
        self._unsaved = False
        self._refresh()

    def check(self, token: TokenRef, now: datetime, role: PinRole = PinRole.USER) -> None:
        """Raise `PinCoolDown` while this PIN of this token must not be tried."""
        self._refresh()
        wrong = self._recent(token, now, role)
        if len(wrong) >= WRONG_ALLOWED and now < wrong[-1] + COOL_DOWN:
            seconds = int((wrong[-1] + COOL_DOWN - now).total_seconds())
            raise PinCoolDown(f"{seconds} s left")

    def wrong(self, token: TokenRef, now: datetime, role: PinRole = PinRole.USER) -> None:
        """Count one wrong PIN."""
        self._refresh()
        self._wrong[_name(token, role)] = [*self._recent(token, now, role), now]
        self._remember()

    def right(self, token: TokenRef, role: PinRole = PinRole.USER) -> None:
        """A right PIN resets the token's own counter, and so this one."""
        self._refresh()
        if self._wrong.pop(_name(token, role), None) is not None:
            self._remember()

    def needs_explicit_yes(self, token: TokenRef, authorisation: Authorisation, now: datetime) -> bool:
        """True where the next wrong PIN may lock the token, or nothing is known after a wrong one.

        Raises `PinLocked` where the token says that it is locked.
        """
        if authorisation.tries is TriesLeft.LOCKED:
            raise PinLocked
        if authorisation.kind is not AuthorisationKind.PIN:
            return False
        if authorisation.tries is TriesLeft.UNKNOWN:
            return bool(self._recent(token, now, authorisation.role))
        return authorisation.tries is TriesLeft.LAST

    def _refresh(self) -> None:
        """A command beside the agent counts in the same file."""
        if self._file is None or self._unsaved:
            return
        kept = _load(self._file)
        if kept is not None:
            self._wrong = kept

    def _remember(self) -> None:
        if self._file is None:
            return
        try:
            write_private(self._file, msgspec.json.encode(self._wrong))
            self._unsaved = False
        except OSError as fault:
            self._unsaved = True
            log.warning("the record of wrong PINs cannot be written: %s", type(fault).__name__)

    def _recent(self, token: TokenRef, now: datetime, role: PinRole) -> list[datetime]:
        return [at for at in self._wrong.get(_name(token, role), []) if now - at < WINDOW]


def _name(token: TokenRef, role: PinRole) -> str:
    """A PIN's own marks, hashed: moving its token to another reader does not give it new tries."""
    marks = (token.serial, token.label) if role is PinRole.USER else (token.serial, token.label, role.value)
    return hashlib.sha256(msgspec.json.encode(marks)).hexdigest()


def _load(file: Path) -> dict[str, list[datetime]] | None:
    try:
        octets = read_private(file)
        return {} if octets is None else msgspec.json.decode(octets, type=dict[str, list[datetime]])
    except (OSError, msgspec.MsgspecError) as fault:
        log.warning("the record of wrong PINs cannot be read: %s", type(fault).__name__)
        return None
