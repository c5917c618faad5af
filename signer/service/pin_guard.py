"""Keeps a token's tries from being wasted: the cool-down after wrong PINs, and the guarded last try.

Counts what Mohr itself sent, whoever asked for it. It knows nothing of tries spent in other programs; what
the token itself says is `Authorisation.tries`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from signer.model.credential import Authorisation, AuthorisationKind, TokenRef, TriesLeft
from signer.model.errors import PinCoolDown, PinLocked

WRONG_ALLOWED = 2
WINDOW = timedelta(hours=1)
COOL_DOWN = timedelta(minutes=10)


class PinGuard:
    """One for the agent. Times are aware, UTC."""

    def __init__(self) -> None:
        self._wrong: dict[tuple[str, str], list[datetime]] = {}

    def check(self, token: TokenRef, now: datetime) -> None:
        """Raise `PinCoolDown` while this token must not be tried."""
        wrong = self._recent(token, now)
        if len(wrong) >= WRONG_ALLOWED and now < wrong[-1] + COOL_DOWN:
            seconds = int((wrong[-1] + COOL_DOWN - now).total_seconds())
            raise PinCoolDown(f"{seconds} s left")

    def wrong(self, token: TokenRef, now: datetime) -> None:
        """Count one wrong PIN."""
        self._wrong[_name(token)] = [*self._recent(token, now), now]

    def right(self, token: TokenRef) -> None:
        """A right PIN resets the token's own counter, and so this one."""
        self._wrong.pop(_name(token), None)

    def needs_explicit_yes(self, token: TokenRef, authorisation: Authorisation, now: datetime) -> bool:
        """True where the next wrong PIN may lock the token, or nothing is known after a wrong one.

        Raises `PinLocked` where the token says that it is locked.
        """
        if authorisation.tries is TriesLeft.LOCKED:
            raise PinLocked
        if authorisation.kind is not AuthorisationKind.PIN:
            return False
        if authorisation.tries is TriesLeft.UNKNOWN:
            return bool(self._recent(token, now))
        return authorisation.tries is TriesLeft.LAST

    def _recent(self, token: TokenRef, now: datetime) -> list[datetime]:
        return [at for at in self._wrong.get(_name(token), []) if now - at < WINDOW]


def _name(token: TokenRef) -> tuple[str, str]:
    """A token's own marks: moving it to another reader does not give it new tries."""
    return token.serial, token.label
