"""Firefox as it comes: the socket asks nothing, a fetch would, and a bridge window needs nothing of either.

One browser for all. The socket itself is followed from pairing to events in `test_ways_in`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from selenium.webdriver import Firefox

from signer.model.presence import Presence
from signer.platform.private_files import private_folder
from signer.service.news import News
from tests.browser.firefox import firefox, make_profile
from tests.browser.https_panel import Panel, serve
from tests.browser.test_ways_in import PAIR, Now
from tests.endpoint.world import World

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

#: Milliseconds until `detect` said something, what it said, and what it says at last, if that comes soon. As
#: a script of the page's own: what a driver runs in its sandbox is not what a page does.
MEASURE = """
    const script = document.createElement('script');
    script.type = 'module';
    script.textContent = `
        import { Mohr } from '/mohr.js';
        import { direct } from '/ways.js';
        const way = '${arguments[1]}';
        const mohr = new Mohr({ ports: [${arguments[0]}], way: way ? direct(way) : undefined });
        const before = performance.now();
        const first = await mohr.detect();
        const took = performance.now() - before;
        const soon = new Promise((resolve) => setTimeout(resolve, 3000, { state: 'still open' }));
        window.measured = [took, first.state, (await Promise.race([first.final, soon])).state];
    `;
    document.head.append(script);
"""
#: Waits for what a script of the page's has put there.
AWAIT = """
    const [name, done] = arguments;
    (function look() { window[name] ? done(window[name]) : setTimeout(look, 50); })();
"""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with serve(tmp_path_factory.mktemp("panel")) as served:
        yield served


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory, panel: Panel) -> Iterator[Firefox]:
    profile = make_profile(tmp_path_factory.mktemp("firefox") / "profile", panel)
    with firefox(profile, panel) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def agent(tmp_path: Path) -> AsyncIterator[World]:
    made = World(private_folder(tmp_path / "agent"), clock=Now())
    made.use_cases.news = [News("x-1", Presence(reading=True))]
    made.address = await made.endpoint.start()
    yield made
    await made.stop()


async def measured(driver: Firefox, panel: Panel, port: int, way: str = "") -> list[Any]:
    def use() -> list[Any]:
        driver.get(f"{panel.origin}/README.md")
        driver.execute_script(MEASURE, port, way)
        said: list[Any] = driver.execute_async_script(AWAIT, "measured")
        return said

    return await asyncio.to_thread(use)


async def test_without_an_agent_detect_says_so_by_its_deadline(driver: Firefox, panel: Panel) -> None:
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        took, first, last = await measured(driver, panel, kept.getsockname()[1])
    print(f"Firefox: {took:.0f} ms")
    assert (first, last) == ("no-answer", "no-answer")
    assert took < 3000


async def test_a_fetch_waits_for_a_person_and_nothing_arrives(
    driver: Firefox, panel: Panel, agent: World
) -> None:
    took, first, last = await measured(driver, panel, agent.address.port, "http")
    assert (first, last) == ("permission-pending", "still open")
    assert took < 3000
    assert agent.use_cases.calls == 0


async def test_the_bridge_carries_everything_and_asks_nothing(
    driver: Firefox, panel: Panel, agent: World
) -> None:
    detect = "said.push((await (await mohr.detect"
    page = PAIR.replace(detect, f"await mohr.openBridge(); {detect}")
    assert page != PAIR

    def use() -> list[Any]:
        driver.get(f"{panel.origin}/README.md")
        driver.execute_script(f"window.port = {agent.address.port}; {page}")
        driver.find_element("tag name", "button").click()
        said: list[Any] = driver.execute_async_script(AWAIT, "said")
        return said

    state, code, *went = await asyncio.to_thread(use)
    assert (state, went) == ("not-paired", ["accepted", 1, "tokens x-1"])
    assert [(one.origin, one.code) for one in agent.doctor.questions] == [(panel.origin, code)]
