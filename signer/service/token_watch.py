"""Keeps what is known of the tokens true while they come and go, and waits for one that is wanted.

Implements `Signers` over `TokenSigners`, which reads tokens when it is asked: here is when to ask, and whom
to tell. PC/SC events say when something changed; a family whose tokens stand in no reader is looked at in
turns, and only while somebody listens. A token is told as gone as soon as its reader says so, before any
module is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from msgspec.structs import replace

from drivers.catalogue import EventSource
from drivers.pin import Pin
from drivers.readers import (
    Card,
    CardAbsent,
    CardMute,
    CardPresent,
    NoReader,
    Reader,
    Readers,
    ReadersState,
    ServiceStopped,
    same_reader,
)
from signer.model import errors
from signer.model.credential import Authorisation, Credential, SignatureAlgorithm, TokenRef
from signer.model.errors import (
    ModuleError,
    MohrError,
    ReaderAbsent,
    ReaderServiceStopped,
    TokenAbsent,
    TokenNotRecognised,
    TokenRemoved,
)
from signer.model.presence import Presence
from signer.service.ports import SigningSession, TokenPlace
from signer.service.sightings import one_each
from signer.service.token_signers import TokenModule, TokenSigners

log = logging.getLogger(__name__)

#: Seconds that PC/SC gets to say that a card has gone, after its module failed with a code that says nothing.
GONE_WITHIN = 2.0

#: Seconds that a module gets to notice that its card has gone; some never do, and hang in the next call.
PATIENCE = 1.0

#: Seconds in one call, just after a card went, that make a module stuck: reading a card takes two or three.
STUCK_AFTER = 5.0

T = TypeVar("T")


class TokenWatch:
    """One for the agent. `start` it on the event loop, feed it with `readers_changed`, `close` it."""

    def __init__(self, signers: TokenSigners, modules: tuple[TokenModule, ...]) -> None:
        self._signers = signers
        self._modules = modules
        self._readers: ReadersState | None = None
        self._presence = Presence(reading=True)
        self._listeners: list[Callable[[Presence], None]] = []
        self._dirty = asyncio.Event()
        self._news = asyncio.Event()
        self._names: set[str] = set()
        self._attention = 0
        self.at_work = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._turning: asyncio.Task[None] | None = None
        self._freeing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look once, and from then on whenever something changed."""
        self._dirty.set()
        self._tasks.append(asyncio.ensure_future(self._keep_looking()))

    def close(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        for extra in (self._turning, self._freeing):
            if extra is not None:
                extra.cancel()

    @property
    def _in_turns(self) -> list[float]:
        """Seconds between two looks, for each module whose tokens no reader tells of."""
        events = [module.profile.events for module in self._modules]
        return [one.slot_list_seconds for one in events if one.source is EventSource.SLOT_LIST]

    @property
    def presence(self) -> Presence:
        """What is known now."""
        return self._presence

    def on_change(self, tell: Callable[[Presence], None]) -> None:
        """Call `tell` with each new presence, and with the present one now."""
        self._listeners.append(tell)
        tell(self._presence)

    @contextmanager
    def attention(self) -> Iterator[None]:
        """Somebody waits for news: look at the slots in turns, where that is the only way to have any."""
        self._attention += 1
        if self._in_turns and self._turning is None:
            self._turning = asyncio.ensure_future(self._look_in_turns(min(self._in_turns)))
        try:
            yield
        finally:
            self._attention -= 1
            if not self._attention and self._turning is not None:
                self._turning.cancel()
                self._turning = None

    def readers_changed(self, state: ReadersState) -> None:
        """PC/SC says that a reader or a card came or went."""
        before = _cards(self._readers)
        self._readers = state
        self._names.update(reader.name for reader in _readers(state))
        self._signers.look_anew()
        arrived = bool(_cards(state) - before)
        tokens = tuple(token for token in self._presence.tokens if not self._empty(token.reader))
        reading = arrived or self._presence.reading
        problem = None if tokens or reading else self._why_none()
        self._tell(Presence(tokens=tokens, reading=reading, problem=problem))
        self._wake()
        self._dirty.set()
        if before - _cards(state) and self._freeing is None:
            self._freeing = asyncio.ensure_future(self._free_the_stuck())

    # `Signers`.

    async def credentials(self) -> tuple[Credential, ...]:
        """See `Signers.credentials`."""
        found = await self._signers.credentials()
        self._tell(self._seen())
        return found

    async def authorisation(self, credential: Credential) -> Authorisation:
        """See `Signers.authorisation`."""
        return await self._signers.authorisation(credential)

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        """See `Signers.algorithms`."""
        return await self._signers.algorithms(credential)

    async def log_in(self, credential: Credential, pin: Pin | None) -> SigningSession:
        """See `Signers.log_in`."""
        place = _Place(self, credential.token)
        session = await place.work(self._signers.log_in(credential, pin))
        return _WatchedSession(session, place)

    async def abandon(self, module: str) -> None:
        """End this module's worker: it holds on to a card that has gone."""
        await self._signers.abandon(module)

    def absence(self) -> str:
        """See `Signers.absence`."""
        return self._why_none() or TokenAbsent.code

    def stay(self, token: TokenRef) -> Card | None:
        """See `Signers.stay`: a card that was put in again has another arrival."""
        return self.card_in(token.reader)

    async def gone(self, credential: Credential) -> None:
        """See `Signers.gone`."""
        while any(credential.id in token.credentials for token in self._presence.tokens):
            await self.changes()

    async def returned(self, credential: Credential) -> Credential:
        """See `Signers.returned`."""
        with self.attention():
            while True:
                news = self._news
                try:
                    found = await self.credentials()
                except MohrError as problem:
                    log.info("a token is waited for: %s %s", problem.code, problem.detail)
                    found = ()
                for one in found:
                    here = not self._empty(one.token.reader)
                    if here and (one.id, one.token.serial) == (credential.id, credential.token.serial):
                        return one
                await news.wait()

    # `Tokens`.

    def place(self, token: TokenRef) -> TokenPlace:
        """See `Tokens.place`."""
        return _Place(self, token)

    async def token_gone(self, token: TokenRef) -> None:
        """See `Tokens.token_gone`."""
        while not self._sees(token):  # it may be looked for just now
            await self.changes()
        while self._sees(token):
            await self.changes()

    async def token_returned(self, token: TokenRef) -> None:
        """See `Tokens.token_returned`."""
        with self.attention():
            while not self._sees(token):
                await self.changes()

    def _sees(self, token: TokenRef) -> bool:
        return any(seen.serial == token.serial for seen in self._presence.tokens)

    def look(self) -> None:
        """Something was written to a token, or a module may be loaded now: look what is there."""
        self._dirty.set()

    # Looking.

    async def _keep_looking(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            problem: str | None = None
            try:
                await self._signers.credentials()
            except MohrError as fault:
                problem = fault.code
            # What changed in the meantime is looked at in the next round.
            if not self._dirty.is_set():
                seen = self._seen()
                self._tell(seen if seen.tokens or problem is None else replace(seen, problem=problem))
            self._wake()

    async def _free_the_stuck(self) -> None:
        """Some modules hang in a look that begins as a card goes: they are not given their whole deadline."""
        try:
            for _ in range(2 * int(STUCK_AFTER)):
                await asyncio.sleep(1.0)
                # Work on a token looks after itself, and may be a person at the keys of another reader.
                if not self.at_work and await self._signers.abandon_stuck(STUCK_AFTER):
                    self._dirty.set()
        finally:
            self._freeing = None

    async def _look_in_turns(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self._dirty.set()

    def _seen(self) -> Presence:
        tokens = tuple(t for t in one_each(self._signers.sightings) if not self._empty(t.reader))
        return Presence(tokens=tokens, problem=None if tokens else self._why_none())

    def _tell(self, presence: Presence) -> None:
        if presence == self._presence:
            return
        self._presence = presence
        for tell in self._listeners:
            tell(presence)
        self._wake()

    def _wake(self) -> None:
        """Who waits looks again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    # What the readers say.

    def card_in(self, reader: str) -> Card | None:
        """The card in the reader that a module calls so; None where PC/SC never had such a reader."""
        if not any(same_reader(name, reader) for name in self._names):
            return None
        return self._readers.card_in(reader) if isinstance(self._readers, Readers) else CardAbsent()

    async def changes(self) -> None:
        """Return at the next change of a reader or a token."""
        await self._news.wait()

    def _empty(self, reader: str) -> bool:
        return isinstance(self.card_in(reader), CardAbsent)

    def _why_none(self) -> str | None:
        if self._modules and len(self._in_turns) == len(self._modules):
            return TokenAbsent.code
        match self._readers:
            case None:
                return None
            case ServiceStopped():
                return ReaderServiceStopped.code
            case NoReader():
                return ReaderAbsent.code
            case Readers(readers=readers):
                cards = [reader.card for reader in readers]
        if any(isinstance(card, CardPresent) for card in cards):
            return TokenNotRecognised.code
        return errors.CardMute.code if any(isinstance(card, CardMute) for card in cards) else TokenAbsent.code


class _Place:
    """A token's reader, the card that was in it at the beginning, and the work done with that card.

    A module whose card was pulled out at work is started anew: some hang in the next call, whatever it is.
    """

    def __init__(self, watch: TokenWatch, token: TokenRef) -> None:
        self._watch = watch
        self._token = token
        self._card = watch.card_in(token.reader)
        self._in_hand = 0
        self._lost = False
        self._guard: asyncio.Task[None] | None = None
        # The first that fails is told first: the token had it in hand, and not those behind it.
        self._failing = asyncio.Lock()

    async def work(self, work: Awaitable[T]) -> T:
        """See `TokenPlace.work`."""
        if self._card is None:  # said once more, since it is asked for each signature
            return await work
        async with self.working():
            return await work

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """See `TokenPlace.working`."""
        if self._card is None:
            yield
            return
        self._in_hand += 1
        self._watch.at_work += 1
        if self._guard is None:
            self._guard = asyncio.ensure_future(self._watch_over())
        try:
            yield
        except MohrError as problem:
            async with self._failing:
                blind = isinstance(problem, ModuleError)
                if isinstance(problem, TokenAbsent | TokenRemoved) or (blind and await self._gone_soon()):
                    await self._start_anew()
                    raise TokenRemoved(problem.detail) from problem
                raise
        finally:
            self._in_hand -= 1
            self._watch.at_work -= 1
            if not self._in_hand and self._guard is not None:
                self._guard.cancel()
                self._guard = None

    async def _gone_soon(self) -> bool:
        try:
            async with asyncio.timeout(GONE_WITHIN):
                await self._gone()
        except TimeoutError:
            return False
        return True

    async def _gone(self) -> None:
        while self._watch.card_in(self._token.reader) == self._card:
            await self._watch.changes()

    async def _watch_over(self) -> None:
        await self._gone()
        await asyncio.sleep(PATIENCE)
        log.warning("the card has gone, and its module goes on")
        await self._start_anew()

    async def _start_anew(self) -> None:
        if not self._lost:
            self._lost = True
            await self._watch.abandon(self._token.module)


class _WatchedSession:
    """Implements `SigningSession`: tells a card that was pulled out from a module that failed."""

    def __init__(self, session: SigningSession, place: _Place) -> None:
        self._session = session
        self._place = place

    @property
    def proved(self) -> bool:
        """See `SigningSession.proved`."""
        return self._session.proved

    def with_key(self, credential: Credential) -> SigningSession:
        """See `SigningSession.with_key`."""
        return _WatchedSession(self._session.with_key(credential), self._place)

    async def lost(self) -> None:
        """See `SigningSession.lost`."""
        await self._session.lost()

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """See `SigningSession.sign`."""
        return await self._place.work(self._session.sign(algorithm, message))

    async def sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes, pin: Pin | None) -> bytes:
        """See `SigningSession.sign_with_pin`."""
        return await self._place.work(self._session.sign_with_pin(algorithm, message, pin))

    async def pin_wanted(self) -> Authorisation:
        """See `SigningSession.pin_wanted`."""
        return await self._place.work(self._session.pin_wanted())

    async def close(self) -> None:
        """See `SigningSession.close`."""
        await self._session.close()


def _readers(state: ReadersState | None) -> tuple[Reader, ...]:
    return state.readers if isinstance(state, Readers) else ()


def _cards(state: ReadersState | None) -> set[Reader]:
    return {reader for reader in _readers(state) if isinstance(reader.card, CardPresent)}
