"""The asyncio side of what the window asks: performs its requests, one task each, and posts the answers.

Knows no Qt. `call` is the only method here that may be called from another thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from gui.bridge.messages import Answered
from gui.bridge.surface import Outbox
from signer.model.errors import MohrError, Unexpected

if TYPE_CHECKING:
    from gui.bridge.requests import Request
    from signer.service.office import Office

log = logging.getLogger(__name__)


class WindowCalls:
    """Kept until the agent has started, then performed in the order in which they came."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self._start: Callable[[int, Request[object]], None] | None = None
        self._kept: list[tuple[int, Request[object]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, number: int, request: Request[object]) -> None:
        """Have a request performed, from any thread; its answer is posted as `Answered(number)`."""
        with self._lock:
            if self._start is None:
                self._kept.append((number, request))
            else:
                self._start(number, request)

    def open(self, office: Office) -> None:
        """The agent has started: perform what was asked meanwhile, and from now on everything."""
        loop = asyncio.get_running_loop()

        def begin(number: int, request: Request[object]) -> None:
            task = loop.create_task(self._perform(number, request, office))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def start(number: int, request: Request[object]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(begin, number, request)

        with self._lock:
            self._start = start
            for number, request in self._kept:
                start(number, request)
            self._kept.clear()

    async def close(self) -> None:
        """Abandon what is being performed."""
        with self._lock:
            self._start = lambda number, request: None
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _perform(self, number: int, request: Request[object], office: Office) -> None:
        try:
            answered = Answered(number, answer=await request.perform(office))
        except MohrError as problem:
            log.info("%s: %s", type(request).__name__, problem.code)
            answered = Answered(number, problem=problem.code)
        except Exception as fault:  # noqa: BLE001  # the page must hear of it, whatever it was
            # Its values may be a PIN's or a name's: what it was is told, and where, but not about what.
            log.error("unforeseen in %s: %s", type(request).__name__, type(fault).__name__)  # noqa: TRY400
            answered = Answered(number, problem=Unexpected.code)
        self._outbox.post(answered)
