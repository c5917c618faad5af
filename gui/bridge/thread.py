"""The agent's thread: one asyncio loop that starts the agent, runs it, and stops it when told.

Knows neither Qt nor what an agent is made of.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from gui.bridge.calls import WindowCalls
from gui.bridge.messages import AgentChanged, AgentInfo, AgentState, SessionChanged, TokensChanged
from gui.bridge.surface import Outbox, WindowSurface
from signer.model.errors import MohrError, Unexpected
from signer.model.presence import Presence
from signer.model.session_signing import OpenNow
from signer.service.consent import ConsentSurface

if TYPE_CHECKING:
    from signer.service.office import Office

log = logging.getLogger(__name__)

#: Seconds granted to a stopping agent before the process ends without it.
STOP_PATIENCE = 10.0


class AsyncAgent(Protocol):
    """What the composition root hands over to be run."""

    async def start(self) -> AgentInfo:
        """Open the endpoint; returns once it answers. Raises a `MohrError` where it cannot."""

    def on_tokens(self, tell: Callable[[Presence], None]) -> None:
        """Call `tell` with the tokens that are there, now and whenever that changes. After `start`."""

    def on_session(self, tell: Callable[[OpenNow | None], None]) -> None:
        """Call `tell` with the token that stands open, now and whenever that changes. After `start`."""

    def office(self) -> Office:
        """The use cases of the main window's pages. After `start`."""

    async def stop(self) -> None:
        """Close everything that `start` opened, also after a `start` that raised."""


StartAgent = Callable[[ConsentSurface], AsyncAgent]


class AgentThread:
    """Runs one agent for the life of the process. `make_agent` is called on the new thread."""

    def __init__(self, make_agent: StartAgent, outbox: Outbox) -> None:
        self.surface = WindowSurface(outbox)
        self.calls = WindowCalls(outbox)
        self._make_agent = make_agent
        self._outbox = outbox
        self._settled = threading.Event()
        self._stop: Callable[[], None] | None = None
        self._stop_wanted = False
        self._lock = threading.Lock()
        # A daemon: a vendor's module that holds up the stop must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name="mohr-agent", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def wait_settled(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the endpoint answers or the start has failed."""
        return self._settled.wait(timeout)

    def stop(self, timeout: float = STOP_PATIENCE) -> bool:
        """Stop the agent and wait up to `timeout` seconds; False where it did not end in time."""
        with self._lock:
            self._stop_wanted = True
            if self._stop is not None:
                self._stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except MohrError as problem:
            log.warning("the agent could not start: %s", problem.code)
            self._tell(AgentChanged(AgentState.FAILED, problem=problem.code))
        except Exception:
            log.exception("the agent ended unexpectedly")
            self._tell(AgentChanged(AgentState.FAILED, problem=Unexpected.code))

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        with self._lock:
            self._stop = lambda: _call(loop, stopped.set)
            if self._stop_wanted:
                return
        agent = self._make_agent(self.surface)
        starting = asyncio.ensure_future(agent.start())
        stopping = asyncio.ensure_future(stopped.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                return
            info = starting.result()
            self.calls.open(agent.office())
            self._tell(AgentChanged(AgentState.READY, info=info))
            agent.on_tokens(lambda presence: self._outbox.post(TokensChanged(presence)))
            agent.on_session(lambda opened: self._outbox.post(SessionChanged(opened)))
            await stopping
        finally:
            starting.cancel()
            stopping.cancel()
            await asyncio.wait({starting, stopping})
            await self.calls.close()
            await agent.stop()

    def _tell(self, change: AgentChanged) -> None:
        self._outbox.post(change)
        self._settled.set()


def _call(loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(action)
