"""How long a panel waits before it goes on unsigned: `python -m tests.bench.detect [--rounds N]`.

Milliseconds from `detect()` to its first word where no agent listens, in a real Chromium and Firefox on a
public https page, each round on a page loaded anew: the browser allowed, denied and not yet answered. The
modules are loaded before the clock starts, as in a panel. Medians and the worst are printed, never judged.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import BrowserContext

from tests.browser.firefox import firefox, make_profile
from tests.browser.headed import headed
from tests.browser.https_panel import Panel, browse, serve
from tests.browser.test_firefox import AWAIT, MEASURE
from tests.desktop.doctor import screen

Round = Callable[[], Awaitable[tuple[float, str]]]

DETECT = """async (port) => {
    const { Mohr } = await import('/mohr.js');
    await import('/ways.js');
    const mohr = new Mohr({ ports: [port] });
    const before = performance.now();
    const { state } = await mohr.detect();
    return [performance.now() - before, state];
}"""


@contextmanager
def nobody() -> Iterator[int]:
    """A port that is kept, and on which nobody listens."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


def in_context(context: BrowserContext, panel: Panel, port: int) -> Round:
    """One round in Chromium."""

    async def once() -> tuple[float, str]:
        page = await context.new_page()
        await page.goto(f"{panel.origin}/README.md")
        took, state = await page.evaluate(DETECT, port)
        await page.close()
        return took, state

    return once


async def several(name: str, once: Round, rounds: int) -> None:
    """Run and print."""
    await once()
    found = [await once() for _ in range(rounds)]
    took = sorted(one for one, _ in found)
    states = ", ".join(sorted({state for _, state in found}))
    print(
        f"{name:<34} median {statistics.median(took):6.0f} ms   worst {took[-1]:6.0f} ms   {states}",
        flush=True,
    )


async def measure(panel: Panel, scratch: Path, rounds: int) -> None:
    """Every browser and answer."""
    with nobody() as port:
        for name, allowed in (("Chromium, allowed", True), ("Chromium, denied", False)):
            async with browse(panel, allowed=allowed) as context:
                await several(name, in_context(context, panel, port), rounds)
        with screen() as shown:
            async with headed(shown, panel) as browser:
                context = await browser.new_context(no_viewport=True)
                await several("Chromium, its prompt unanswered", in_context(context, panel, port), rounds)
        with firefox(make_profile(scratch / "profile", panel), panel) as driver:

            def use() -> tuple[float, str]:
                driver.get(f"{panel.origin}/README.md")
                driver.execute_script(MEASURE, port, "")
                took, state, _ = driver.execute_async_script(AWAIT, "measured")
                return took, state

            await several("Firefox as it comes", lambda: asyncio.to_thread(use), rounds)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long detect() takes where no agent listens.")
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as panel:
        asyncio.run(measure(panel, Path(folder), asked.rounds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
