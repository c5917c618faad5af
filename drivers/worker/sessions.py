"""A module's sessions, one that stays open for each slot in use, and the logins in them.

What is done inside a session is `signing` and `management`. Nothing here tries a PIN twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from drivers import cryptoki as ck
from drivers.cryptoki import Cryptoki
from drivers.errors import ModuleReturned
from drivers.types import LoginOutcome

# After these the session and the keys found in it are those of a card that has gone, or were logged out:
# DEVICE_REMOVED, KEY_HANDLE_INVALID, OBJECT_HANDLE_INVALID, SESSION_CLOSED, SESSION_HANDLE_INVALID,
# TOKEN_NOT_PRESENT, TOKEN_NOT_RECOGNIZED, USER_NOT_LOGGED_IN.
_SESSION_LOST = frozenset({0x032, 0x060, 0x082, 0x0B0, 0x0B3, 0x0E0, 0x0E1, 0x101})


class Session:
    """A session that stays open, and the private keys found in it: CKA_ID to handle."""

    def __init__(self, handle: int, *, logged_in: bool = False) -> None:
        self.handle = handle
        self.logged_in = logged_in
        self.keys: dict[bytes, int] = {}


class Sessions:
    """One module's sessions. `calling` is told each C_ function that a request does not imply."""

    def __init__(self, module: Cryptoki, calling: Callable[[str], None]) -> None:
        self.module = module
        self.calling = calling
        self._open: dict[int, Session] = {}

    def of(self, slot: int) -> Session:
        """The slot's session, opened where there is none."""
        session = self._open.get(slot)
        if session is None:
            self.calling("C_OpenSession")
            session = self._open[slot] = Session(self.module.open_session(slot, writable=False))
        return session

    def log_in(self, slot: int, pin: bytes | None) -> LoginOutcome:
        """C_Login as CKU_USER, once."""
        # A session that was logged in may belong to a card that has gone; C_Login gets a fresh one. It is
        # opened before the old one is closed: closing a token's last session logs out.
        self.calling("C_OpenSession")
        try:
            session = Session(self.module.open_session(slot, writable=False), logged_in=True)
        except ModuleReturned as fault:
            if fault.rv != ck.CKR_SESSION_COUNT or slot not in self._open:
                raise
            # The token allows no session but the one that is open.
            session = Session(self._open.pop(slot).handle, logged_in=True)
        self.drop(slot)
        self.calling("C_Login")
        outcome = LoginOutcome.LOGGED_IN
        try:
            self.module.login(session.handle, pin)
        except ModuleReturned as fault:
            if fault.rv != ck.CKR_USER_ALREADY_LOGGED_IN:
                with suppress(ModuleReturned):
                    self.module.close_session(session.handle)
                raise
            outcome = LoginOutcome.ALREADY
        self._open[slot] = session
        return outcome

    def log_out(self, slot: int) -> None:
        """C_Logout and C_CloseSession, where there is a session."""
        session = self._open.pop(slot, None)
        if session is None:
            return
        try:
            if session.logged_in:
                self.calling("C_Logout")
                self.module.logout(session.handle)
        finally:
            with suppress(ModuleReturned):
                self.module.close_session(session.handle)

    def log_out_everywhere(self) -> None:
        """The same at every slot, as far as the module lets itself be logged out."""
        for slot in tuple(self._open):
            with suppress(ModuleReturned):
                self.log_out(slot)

    def renewed(self, slot: int) -> Session:
        """A fresh session in the place of the slot's, with the same login: what stood open in it is gone."""
        renewed = Session(self.module.open_session(slot, writable=False), logged_in=self.of(slot).logged_in)
        self.drop(slot)
        self._open[slot] = renewed
        return renewed

    def drop(self, slot: int) -> None:
        """Close the slot's session, whatever the module says to that."""
        session = self._open.pop(slot, None)
        if session is not None:
            with suppress(ModuleReturned):
                self.module.close_session(session.handle)

    @contextmanager
    def losing(self, slot: int) -> Iterator[None]:
        """Drop the slot's session where what is done inside shows that it is lost."""
        try:
            yield
        except ModuleReturned as fault:
            if fault.rv in _SESSION_LOST:
                self.drop(slot)
            raise

    @contextmanager
    def short(self, slot: int, *, writable: bool) -> Iterator[int]:
        """A session of its own for one thing; the slot's, to read in, where the token allows no other."""
        self.calling("C_OpenSession")
        try:
            session = self.module.open_session(slot, writable=writable)
        except ModuleReturned as fault:
            if writable or fault.rv != ck.CKR_SESSION_COUNT or slot not in self._open:
                raise
            with self.losing(slot):
                yield self._open[slot].handle
            return
        try:
            yield session
        finally:
            with suppress(ModuleReturned):
                self.module.close_session(session)
