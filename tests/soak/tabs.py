"""Two hundred tabs of ten panels on WebSockets, twenty requests a second: no error, memory flat.

Every other request asks `GET /v1/agent` and checks the proof, every twentieth has a text signed, the rest
list the certificates. What one origin may ask unsigned in a second is limited, so there are ten.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from msgspec import Struct

from signer.platform.folders import folders_under
from tests.bench.panel import running_agent
from tests.bench.place import make_place
from tests.bench.process import allocated_mb
from tests.bench.tabs import Tab, Wrong, paired_site
from tests.soak.run import FLAT

TABS = 200
PANELS = 10
PER_SECOND = 20
#: Seconds between two looks at the memory, and for how much of a run it may still settle.
_LOOK = 1.0
_SETTLING = 0.5


class TabFigures(Struct, kw_only=True):
    """What was counted: requests, errors by their words, milliseconds of `GET /v1/agent`, allocated MB."""

    seconds: float
    requests: int = 0
    signed: int = 0
    errors: Counter[str] = msgspec.field(default_factory=Counter)
    agent_ms: list[float] = []
    memory: list[float] = []
    open_at_the_end: int = 0

    @property
    def p99(self) -> float:
        """Milliseconds within which 99 of 100 `GET /v1/agent` were answered and verified."""
        return sorted(self.agent_ms)[int(len(self.agent_ms) * 0.99)]

    @property
    def spread(self) -> float:
        """How far memory moved once it had settled, as a part of its median."""
        settled = self.memory[int(len(self.memory) * _SETTLING) :]
        return (max(settled) - min(settled)) / statistics.median(settled)

    def faults(self) -> list[str]:
        """Everything that must not have happened. How quick it was is for a person to judge."""
        conduct = {
            f"errors: {dict(self.errors)}": not self.errors,
            f"{TABS - self.open_at_the_end} sockets were lost": self.open_at_the_end == TABS,
            f"memory moved by {self.spread:.1%}": self.spread <= FLAT,
            "nothing was signed": self.signed > 0,
            f"{self.requests} requests in {self.seconds:.0f} s": self.requests
            >= self.seconds * PER_SECOND / 2,
        }
        return [what for what, right in conduct.items() if not right]


def soak(base: Path, seconds: float, seed: int, tell: Callable[[TabFigures], None]) -> TabFigures:
    """Run for so long; `tell` is called after each look at the memory. `base` may be used again."""
    make_place(base)
    with running_agent(base) as (pid, port):
        return asyncio.run(_run(base, pid, port, TabFigures(seconds=seconds), random.Random(seed), tell))


async def _run(
    base: Path,
    pid: int,
    port: int,
    figures: TabFigures,
    chance: random.Random,
    tell: Callable[[TabFigures], None],
) -> TabFigures:
    data = folders_under(base / "agent").data
    sites = [paired_site(f"https://panel-{number}.example", port, data) for number in range(PANELS)]
    async with AsyncExitStack() as opened:
        tabs = [await opened.enter_async_context(Tab(sites[n % PANELS], "ws")) for n in range(TABS)]
        free = list(tabs)
        credential = (await tabs[0].call("GET", "/v1/credentials"))["credentials"][0]["id"]
        working: set[asyncio.Task[None]] = set()
        begun = looked = time.monotonic()
        for number in range(int(figures.seconds * PER_SECOND)):
            await asyncio.sleep(max(0.0, begun + number / PER_SECOND - time.monotonic()))
            tab = free.pop(chance.randrange(len(free)))
            task = asyncio.create_task(_one(tab, number, credential, figures, free))
            working.add(task)
            task.add_done_callback(working.discard)
            if time.monotonic() - looked >= _LOOK:
                looked = time.monotonic()
                figures.memory.append(allocated_mb(pid))
                tell(figures)
        await asyncio.gather(*working)
        figures.open_at_the_end = sum(tab.open for tab in tabs)
    return figures


async def _one(tab: Tab, number: int, credential: str, figures: TabFigures, free: list[Tab]) -> None:
    """One request by a tab, which is free again after it."""
    try:
        if number % PER_SECOND == 0:
            await tab.sign(_text(number, credential))
            figures.signed += 1
        elif number % 2:
            begun = time.perf_counter()
            await tab.agent()
            figures.agent_ms.append((time.perf_counter() - begun) * 1000)
        else:
            await tab.call("GET", "/v1/credentials")
    except (Wrong, OSError, TimeoutError, TypeError) as problem:  # a socket that is closed gives no octets
        figures.errors[f"{type(problem).__name__}: {problem}"] += 1
    figures.requests += 1
    free.append(tab)


def _text(number: int, credential: str) -> bytes:
    text = {"media_type": "text/plain", "format": "cades", "content": f"text {number} of {os.getpid()}"}
    document = {"id": f"t-{number}", **text}
    return msgspec.json.encode({"documents": [document], "credential": credential})
