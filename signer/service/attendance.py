"""Which panels are there, and whose requests wait behind the one that the doctor reads.

A panel is there while it waits for an answer, follows events or holds a socket, and for `GRACE` seconds
after that, since a reload takes a moment. Nothing hangs on it but what the doctor is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from signer.service.consent import Standing

#: Seconds without anything open after which an origin counts as gone.
GRACE = 5.0


class Attendance:
    """One for the agent, on one event loop."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._queue: dict[str, str] = {}
        self._news = asyncio.Event()

    @contextmanager
    def present(self, origin: str) -> Iterator[None]:
        """Something of this origin's is open for as long as this is held."""
        back = self.away(origin)
        self._stay(origin)
        self._held[origin] = self._held.get(origin, 0) + 1
        if back:
            self._tell()
        try:
            yield
        finally:
            self._held[origin] -= 1
            if not self._held[origin]:
                del self._held[origin]
                self._leave(origin)

    def away(self, origin: str) -> bool:
        """Has it nothing open, and had it nothing for `GRACE` seconds?"""
        return origin not in self._held and origin not in self._leaving

    def joined(self, request_id: str, origin: str) -> None:
        """A request waits for the doctor, behind those that joined before it."""
        self._queue[request_id] = origin
        if origin not in self._held:
            self._leave(origin)
        self._tell()

    def left(self, request_id: str) -> None:
        """A request has ended. May be said more than once."""
        if self._queue.pop(request_id, None) is not None:
            self._tell()

    def standing(self, request_id: str, origin: str) -> Standing:
        """How it stands around a request that has joined."""
        order = list(self._queue)
        behind = order[order.index(request_id) + 1 :] if request_id in self._queue else []
        return Standing(panel_away=self.away(origin), waiting=tuple(self._queue[one] for one in behind))

    async def follow(self, request_id: str, origin: str) -> AsyncIterator[Standing]:
        """The standing whenever it changes, beginning where it is not the usual one."""
        told = Standing()
        while True:
            news, now = self._news, self.standing(request_id, origin)
            if now != told:
                told = now
                yield now
            await news.wait()

    def _leave(self, origin: str) -> None:
        self._stay(origin)
        self._leaving[origin] = asyncio.get_running_loop().call_later(GRACE, self._gone, origin)

    def _stay(self, origin: str) -> None:
        timer = self._leaving.pop(origin, None)
        if timer is not None:
            timer.cancel()

    def _gone(self, origin: str) -> None:
        del self._leaving[origin]
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
