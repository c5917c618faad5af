"""Keeps one token logged in after one PIN, lends it to the requests that follow, and logs it out.

What may stay open, and when it ends, is `signer.model.session_signing`; here is the login itself. No PIN is
known here: what stays open is the session in the worker. One token at a time: another login, on whatever
token and by whomever, ends it first, since a token that is logged in would not look at the PIN that is typed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from datetime import datetime, timedelta

from msgspec import Struct

from drivers.pin import Pin
from signer.model import session_signing as model
from signer.model.credential import Authorisation, Credential, SignatureAlgorithm
from signer.model.errors import NotLoggedIn, TokenRemoved
from signer.model.presence import Presence
from signer.model.session_signing import Ended, Limits, OpenNow, Unoffered
from signer.service.ports import Clock, ScreenWatch, Signers, SigningSession
from signer.service.seen_certificates import person
from signer.service.session_choices import KeptChoices

log = logging.getLogger(__name__)

#: Seconds after which the clock is looked at again while a token is open: timers stand still in a sleep.
LOOKED_AT = 20.0

#: A wall clock that was moved by more than this is told anew.
_MOVED = timedelta(seconds=30)


def seconds() -> float:
    """A clock that nobody sets, and that runs while the computer sleeps where the system has one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class HolderChoice(Struct, frozen=True, kw_only=True):
    """A holder whose token is in, by one of the certificates on it; `limits` None is off."""

    name: str
    credential_id: str
    limits: Limits | None


class SessionSettings(Struct, frozen=True, kw_only=True):
    """What can be chosen. `unoffered` says why nothing can; `most` is what the clinic allows."""

    unoffered: Unoffered | None
    most: Limits | None
    holders: tuple[HolderChoice, ...] = ()


class _Login:
    """One C_Login that a PIN was typed for, and what has become of it."""

    def __init__(
        self, session: SigningSession, credential: Credential, stay: object, until: datetime
    ) -> None:
        self.session = session
        self.credential = credential
        self.stay = stay
        self.until = until
        self.state: model.State = model.Shut()
        self.watching: asyncio.Task[None] | None = None


class SessionSigning:
    """One for the agent, on its loop. Without a `watch` that sees the screen nothing stays open.

    `most` is the clinic's ceiling, None where it forbids it.
    """

    def __init__(
        self,
        signers: Signers,
        clock: Clock,
        choices: KeptChoices,
        *,
        most: Limits | None,
        watch: ScreenWatch | None = None,
        now: Callable[[], float] = seconds,
    ) -> None:
        self._signers = signers
        self._clock = clock
        self._choices = choices
        self._most = most
        self._watch = watch
        self._now = now
        self._login: _Login | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._attending = ExitStack()
        self._listeners: list[Callable[[OpenNow | None], None]] = []
        self._told: OpenNow | None = None
        self._news = asyncio.Event()
        if watch is not None:
            watch.on_end(self.end)
        signers.on_change(self._look)

    # What can be chosen, and what stands open.

    @property
    def unoffered(self) -> Unoffered | None:
        """Why no token may stay open here; None where one may."""
        if self._most is None:
            return Unoffered.FORBIDDEN
        return None if self._watch is not None and self._watch.sees else Unoffered.UNSEEN

    def settings(self, credentials: tuple[Credential, ...]) -> SessionSettings:
        """What each holder whose certificates these are has chosen."""
        chosen = self._choices.read()
        first: dict[str, Credential] = {}
        for one in credentials:
            first.setdefault(person(one.holder), one)
        holders = tuple(
            HolderChoice(name=one.holder.name, credential_id=one.id, limits=chosen.get(one.id))
            for one in first.values()
        )
        return SessionSettings(unoffered=self.unoffered, most=self._most, holders=holders)

    def choose(self, credential_id: str, limits: Limits | None, present: tuple[Credential, ...]) -> None:
        """See `KeptChoices.choose`. A token that stands open by another choice is closed."""
        before = self._choices.read()
        self._choices.choose(credential_id, limits, present)
        if self._login is not None:
            ours = self._login.credential.id
            if self._choices.read().get(ours) != before.get(ours):
                self.end(Ended.UNWANTED)

    def would_stay(self, credential: Credential, authorisation: Authorisation) -> Limits | None:
        """For how much one PIN, typed now, would keep the token open; None where for one request alone."""
        if self._most is None or self.unoffered is not None or not model.may_stay(authorisation):
            return None
        wish = self._choices.read().get(credential.id)
        return None if wish is None else model.narrowed(wish, self._most)

    def standing(self, credential: Credential, authorisation: Authorisation, count: int) -> OpenNow | None:
        """What is open, where a request for so many signatures needs no PIN.

        With another certificate of the same holder on the same token too: it is the same login.
        """
        login = self._login
        if login is None or not model.may_stay(authorisation) or not self._serves(login, credential):
            return None
        return self._open_now(login) if model.fits(login.state, count, self._now()) else None

    async def follow(
        self, credential: Credential, authorisation: Authorisation, count: int
    ) -> AsyncIterator[OpenNow | None]:
        """The standing now, and whenever it changes."""
        told: OpenNow | None = None
        first = True
        while True:
            news, standing = self._news, self.standing(credential, authorisation, count)
            if first or standing != told:
                told, first = standing, False
                yield standing
            await news.wait()

    @property
    def open_now(self) -> OpenNow | None:
        """The token that is open, in the hand of a request or not."""
        return None if self._login is None else self._open_now(self._login)

    def on_change(self, tell: Callable[[OpenNow | None], None]) -> None:
        """Call `tell` with what is open whenever that changes, and now."""
        self._listeners.append(tell)
        tell(self.open_now)

    # What requests do with it.

    def keep(
        self, session: SigningSession, credential: Credential, authorisation: Authorisation
    ) -> SigningSession:
        """A login that a PIN was just typed for: closing what is given back keeps the token open, or not."""
        limits = self.would_stay(credential, authorisation)
        if limits is None or not session.proved:
            return session
        until = self._clock.now() + timedelta(minutes=limits.minutes)
        login = _Login(session, credential, self._signers.stay(credential.token), until)
        login.state = model.opened(limits, self._now())
        login.watching = asyncio.ensure_future(self._watch_over(login))
        self._login = login
        self._attending.enter_context(self._signers.attention())
        log.info("a token may stay open: %s signatures, %s minutes", limits.signatures, limits.minutes)
        self._settle(login)
        return _Use(self, login, session, lent=False)

    def lend(self, credential: Credential, authorisation: Authorisation, count: int) -> SigningSession | None:
        """The open token for one request, which closes it in the end; None where a PIN is wanted."""
        login = self._login
        if login is None or self.standing(credential, authorisation, count) is None:
            return None
        assert isinstance(login.state, model.Open)
        own = credential.id == login.credential.id
        session = login.session if own else login.session.with_key(credential)
        login.state = model.begun(login.state)
        return _Use(self, login, session, lent=True)

    # What ends it.

    def end(self, why: Ended) -> None:
        """End it now, or after the request in hand; the logout itself is not waited for."""
        if self._login is not None:
            self._end(self._login, why)

    async def close(self, why: Ended) -> None:
        """The same, and wait until it is logged out, where nothing has it in hand."""
        self.end(why)
        while self._closing:
            await asyncio.wait(set(self._closing))

    async def stop(self) -> None:
        """The agent ends: nothing stays open, whoever has it in hand."""
        if (login := self._login) is not None:
            login.state = model.Shut(Ended.STOPPED)
            self._settle(login)
        await self.close(Ended.STOPPED)

    def count(self, login: _Login) -> None:
        """A signature is begun with it."""
        if isinstance(login.state, model.Open):
            login.state = model.signed(login.state)

    async def done(self, login: _Login, *, clean: bool) -> None:
        """The request that had it in hand has ended; where something went wrong the token is closed."""
        if isinstance(login.state, model.Open):
            state = login.state if clean else model.ended(login.state, Ended.LOST)
            assert isinstance(state, model.Open)
            login.state = model.done(state, self._now())
            self._settle(login)
        if isinstance(login.state, model.Shut):
            while self._closing:
                await asyncio.wait(set(self._closing))

    def still_there(self, login: _Login) -> bool:
        """Does the token stand where it was logged in, as far as is known?"""
        same = self._signers.stay(login.credential.token) == login.stay
        return same and _shown(login.credential, self._signers.presence)

    # Inside.

    def _serves(self, login: _Login, credential: Credential) -> bool:
        ours, asked = login.credential, credential
        return (ours.token, person(ours.holder)) == (asked.token, person(asked.holder)) and (
            self._signers.stay(asked.token) == login.stay
        )

    def _open_now(self, login: _Login) -> OpenNow | None:
        state = login.state
        if not isinstance(state, model.Open) or state.ending is not None:
            return None
        until = self._clock.now() + timedelta(seconds=state.until - self._now())
        if abs(until - login.until) > _MOVED:
            login.until = until
        holder, token = login.credential.holder.name, login.credential.token
        return OpenNow(holder=holder, token=token.label or token.serial, left=state.left, until=login.until)

    def _end(self, login: _Login, why: Ended) -> None:
        login.state = model.ended(login.state, why)
        self._settle(login)

    def _settle(self, login: _Login) -> None:
        """Log out what is shut, set the timer for what is not, and tell who listens."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if isinstance(login.state, model.Shut):
            self._shut(login, login.state)
        elif self._login is login:
            left = min(LOOKED_AT, max(0.1, login.state.until - self._now()))
            self._timer = asyncio.get_running_loop().call_later(left, self._tick)
        now = self.open_now
        if now != self._told:
            self._told = now
            for tell in self._listeners:
                tell(now)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _shut(self, login: _Login, state: model.Shut) -> None:
        if self._login is not login:
            return
        self._login = None
        self._attending.close()
        if login.watching is not None:
            login.watching.cancel()
        log.info("the token is closed: %s", state.why.value if state.why else "")
        closing = asyncio.ensure_future(login.session.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _tick(self) -> None:
        self._timer = None
        if (login := self._login) is not None:
            login.state = model.at(login.state, self._now())
            self._settle(login)

    def _look(self, presence: Presence) -> None:
        """Tokens came or went."""
        login = self._login
        if login is None:
            return
        moved = self._signers.stay(login.credential.token) != login.stay
        if moved or not (presence.reading or _shown(login.credential, presence)):
            self._end(login, Ended.REMOVED)

    async def _watch_over(self, login: _Login) -> None:
        """Its worker may crash, or be ended, while nobody signs."""
        await login.session.lost()
        self._end(login, Ended.LOST)


class _Use:
    """Implements `SigningSession` for one request: counts, and gives the token back when it is closed."""

    def __init__(self, keeper: SessionSigning, login: _Login, inner: SigningSession, *, lent: bool) -> None:
        self._keeper = keeper
        self._login = login
        self._inner = inner
        self._lent = lent
        self._clean = True
        self._closed = False

    @property
    def proved(self) -> bool:
        """See `SigningSession.proved`."""
        return self._inner.proved

    def with_key(self, credential: Credential) -> SigningSession:
        """See `SigningSession.with_key`."""
        return self._inner.with_key(credential)

    async def lost(self) -> None:
        """See `SigningSession.lost`."""
        await self._inner.lost()

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """See `SigningSession.sign`. Raises `NotLoggedIn` where somebody else has logged the token out."""
        if self._closed:
            raise NotLoggedIn
        self._keeper.count(self._login)
        try:
            return await self._inner.sign(algorithm, message)
        except TokenRemoved as problem:
            self._clean = False
            if self._lent and self._keeper.still_there(self._login):
                raise NotLoggedIn("the token was logged out while it stood open") from problem
            raise
        except BaseException:
            self._clean = False
            raise

    async def sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes, pin: Pin | None) -> bytes:
        """See `SigningSession.sign_with_pin`. A key that wants a PIN for each signature ends it."""
        self._clean = False
        return await self._inner.sign_with_pin(algorithm, message, pin)

    async def pin_wanted(self) -> Authorisation:
        """See `SigningSession.pin_wanted`."""
        self._clean = False
        return await self._inner.pin_wanted()

    async def close(self) -> None:
        """See `SigningSession.close`: the token is logged out, or stays open for the next request."""
        if not self._closed:
            self._closed = True
            await self._keeper.done(self._login, clean=self._clean and self._inner.proved)


def _shown(credential: Credential, presence: Presence) -> bool:
    return any(credential.id in token.credentials for token in presence.tokens)
