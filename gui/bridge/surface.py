"""The asyncio side of the bridge: a `ConsentSurface` whose person sits in another thread.

Knows no Qt. `Outbox` keeps what is said until the windows exist; `WindowSurface.reply` is the way back
and the only method here that may be called from another thread.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable

from gui.bridge.messages import (
    Asked,
    Closed,
    Message,
    OpeningChanged,
    PinAsked,
    Progressed,
    Question,
    Reply,
    StandingChanged,
    TokenAway,
    TokenWanted,
    Withdrawn,
)
from signer.model.credential import TokenRef
from signer.model.errors import ConsentSurfaceMissing
from signer.model.session_signing import OpenNow
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    ModuleQuestion,
    Outcome,
    PairingQuestion,
    PinRequest,
    Standing,
    TokenChoiceQuestion,
    TokenQuestion,
)

#: Seconds between two `Progressed`: 30 Hz is as often as a person can see and Qt should paint.
PROGRESS_INTERVAL = 1 / 30


class Outbox:
    """Messages on their way to the windows, in order; kept while there are no windows yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deliver: Callable[[Message], None] | None = None
        self._kept: list[Message] = []
        self._gone = False

    @property
    def gone(self) -> bool:
        """True once the windows have been taken away for good."""
        return self._gone

    def post(self, message: Message) -> None:
        """Send, from any thread. Never blocks on the receiver."""
        with self._lock:
            if self._deliver is not None:
                self._deliver(message)
            elif not self._gone:
                self._kept.append(message)

    def attach(self, deliver: Callable[[Message], None]) -> None:
        """Send what was kept, and from now on everything, to `deliver`, which must only queue."""
        with self._lock:
            self._deliver = deliver
            for message in self._kept:
                deliver(message)
            self._kept.clear()

    def detach(self) -> None:
        """The windows are gone: drop what is still said."""
        with self._lock:
            self._deliver = None
            self._gone = True
            self._kept.clear()


class WindowSurface:
    """Asks the person at the windows. Implements `signer.service.consent.ConsentSurface`."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._tickets = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def pair(self, question: PairingQuestion) -> bool:
        """True only when *yes, the same* was pressed. Raises `ConsentSurfaceMissing`."""
        return await self._ask(question) is True

    async def choose(self, question: ChoiceQuestion) -> str | None:
        """The picked credential's id, None when declined. Raises `ConsentSurfaceMissing`."""
        reply = await self._ask(question)
        return reply if isinstance(reply, str) else None

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        """The picked token, None when declined. Raises `ConsentSurfaceMissing`."""
        reply = await self._ask(question)
        return reply if isinstance(reply, TokenRef) else None

    async def use_module(self, question: ModuleQuestion) -> bool:
        """True only when *use it* was pressed. Raises `ConsentSurfaceMissing`."""
        return await self._ask(question) is True

    def open(self, question: ConsentQuestion) -> WindowDialogue:
        """Put the question in the windows' queue. Raises `ConsentSurfaceMissing`."""
        return WindowDialogue(self._outbox, self, self._put(question))

    def open_token(self, question: TokenQuestion) -> WindowDialogue:
        """The same for what is asked of a token. Raises `ConsentSurfaceMissing`."""
        return WindowDialogue(self._outbox, self, self._put(question))

    def reply(self, ticket: int, reply: Reply) -> None:
        """Bring an answer over, from the Qt thread. One that nobody waits for is dropped."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._settle, ticket, reply)
        except RuntimeError:
            # The loop closed between the click and now: the agent has stopped, and so has the request.
            self._waiting.clear()

    def expect(self, ticket: int) -> None:
        """Be ready for an answer under `ticket`; done before the question is posted, so that none is lost."""
        self._waiting[ticket] = asyncio.get_running_loop().create_future()

    def forget(self, ticket: int) -> None:
        """No answer under `ticket` is wanted any more."""
        self._waiting.pop(ticket, None)

    async def wait_for(self, ticket: int, *, withdraw: bool = True) -> Reply:
        """The expected answer under `ticket`; on cancellation its window is withdrawn, unless it goes on."""
        try:
            return await self._waiting[ticket]
        except asyncio.CancelledError:
            if withdraw:
                self._outbox.post(Withdrawn(ticket))
            raise
        finally:
            self.forget(ticket)

    async def _ask(self, question: Question) -> Reply:
        return await self.wait_for(self._put(question))

    def _put(self, question: Question) -> int:
        if self._outbox.gone:
            raise ConsentSurfaceMissing
        self._loop = asyncio.get_running_loop()
        ticket = next(self._tickets)
        self.expect(ticket)
        self._outbox.post(Asked(ticket, question))
        return ticket

    def _settle(self, ticket: int, reply: Reply) -> None:
        future = self._waiting.get(ticket)
        if future is not None and not future.done():
            future.set_result(reply)


class WindowDialogue:
    """One consent window as the agent holds it. Implements `signer.service.consent.ConsentDialogue`."""

    def __init__(self, outbox: Outbox, surface: WindowSurface, ticket: int) -> None:
        self._outbox = outbox
        self._surface = surface
        self._ticket = ticket
        self._latest: tuple[int, int] | None = None
        self._breath: asyncio.TimerHandle | None = None

    async def answer(self) -> Approved | Declined:
        """Wait for *sign* or *decline*."""
        reply = await self._surface.wait_for(self._ticket)
        return reply if isinstance(reply, Approved) else Declined()

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        """Wait for another PIN in the same window; None when the doctor gives up."""
        # What is still to be told of the progress must not come behind the question.
        self._latest = None
        self._surface.expect(self._ticket)
        self._outbox.post(PinAsked(self._ticket, request))
        reply = await self._surface.wait_for(self._ticket)
        return reply if isinstance(reply, Approved) else None

    def token_away(self, token: TokenRef | None) -> None:
        """Say so in the window, beside what is asked."""
        self._outbox.post(TokenAway(self._ticket, token))

    def token_open(self, opened: OpenNow | None) -> None:
        """Say so in the window: it asks for a PIN once the token is closed."""
        self._outbox.post(OpeningChanged(self._ticket, opened))

    def standing(self, standing: Standing) -> None:
        """Say so in the window's top row."""
        self._outbox.post(StandingChanged(self._ticket, standing))

    async def want_token(self, token: TokenRef) -> None:
        """Name the token in the window; returns when the doctor gives up. The window stays."""
        self._surface.expect(self._ticket)
        self._outbox.post(TokenWanted(self._ticket, token))
        await self._surface.wait_for(self._ticket, withdraw=False)

    def progress(self, done: int, total: int) -> None:
        """Pass on at most 30 a second; the newest is never lost."""
        self._latest = (done, total)
        if self._breath is None:
            self._say()

    def close(self, outcome: Outcome) -> None:
        """End the window. After a withdrawal there is none left, and this changes nothing."""
        if self._breath is not None:
            self._breath.cancel()
            self._breath = None
        self._surface.forget(self._ticket)
        self._outbox.post(Closed(self._ticket, outcome))

    def _say(self) -> None:
        self._breath = None
        if self._latest is None:
            return
        self._outbox.post(Progressed(self._ticket, *self._latest))
        self._latest = None
        self._breath = asyncio.get_running_loop().call_later(PROGRESS_INTERVAL, self._say)
