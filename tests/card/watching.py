"""A reader watch under test, and what it told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from drivers import readers as r
from drivers import winscard
from tests.card.reader import NAMES

EMPTY = r.Readers(tuple(r.Reader(name, r.CardAbsent()) for name in NAMES))
PATIENCE = 30.0


class Told:
    """What a watch told, in order, and the last of it."""

    def __init__(self) -> None:
        self.states: list[r.ReadersState] = []
        self._news = asyncio.Event()

    def hear(self, state: r.ReadersState) -> None:
        self.states.append(state)
        self._news.set()

    async def until(self, wanted: Callable[[r.ReadersState], bool]) -> r.ReadersState:
        """The first state, from the last one on, that is as wanted."""
        async with asyncio.timeout(PATIENCE):
            while not self.states or not wanted(self.states[-1]):
                self._news.clear()
                await self._news.wait()
        return self.states[-1]


@asynccontextmanager
async def watching(open_context: Callable[[], winscard.Context] = winscard.Context) -> AsyncIterator[Told]:
    told = Told()
    watch = r.ReaderWatch(told.hear, open_context)
    watch.start()
    try:
        yield told
    finally:
        await watch.close()


def card_in_first(state: r.ReadersState) -> r.Card | None:
    return state.card_in(NAMES[0]) if isinstance(state, r.Readers) else None


def holds(kind: type[r.Card]) -> Callable[[r.ReadersState], bool]:
    return lambda state: isinstance(card_in_first(state), kind)
