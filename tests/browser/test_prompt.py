"""Chromium's own prompt before local programs, in a browser with a window: allowed, denied, closed.

Everything after the answer runs by itself: had the browser asked a second time, it would wait for ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from signer.endpoint.exchange import Exchanges
from signer.model.presence import Presence
from signer.platform.private_files import private_folder
from signer.service.news import News
from tests.browser.headed import Person, headed
from tests.browser.https_panel import Panel, serve
from tests.browser.test_ways_in import FOLLOW, Now, pair_in_chromium
from tests.desktop.doctor import Screen, screen
from tests.endpoint.world import World

pytestmark = [pytest.mark.browser, pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

#: Look for the agent within the usual deadline, and remember the last word.
DETECT = """async (port) => {
    const { Mohr } = await import('/mohr.js');
    const first = await new Mohr({ ports: [port] }).detect();
    first.final.then(({ state }) => { window.last = state; });
    return [first.state, first.settled];
}"""


class Desk:
    """A screen, a browser on it with the panel, and the person."""

    def __init__(self, shown: Screen, panel: Panel, browser: Browser) -> None:
        self.screen = shown
        self.panel = panel
        self.browser = browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    with screen() as shown, serve(tmp_path_factory.mktemp("panel")) as panel:
        async with headed(shown, panel) as browser:
            yield Desk(shown, panel, browser)


@pytest_asyncio.fixture(loop_scope="module")
async def context(desk: Desk) -> AsyncIterator[BrowserContext]:
    """A person's browser on the first day: nothing was answered in it yet."""
    made = await desk.browser.new_context(no_viewport=True)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def agent(tmp_path: Path) -> AsyncIterator[World]:
    made = World(private_folder(tmp_path / "agent"), clock=Now())
    made.use_cases.news = [News("x-1", Presence(reading=True))]
    made.address = await made.endpoint.start()
    yield made
    await made.stop()


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The targets of the requests that arrived; a connection that says nothing is none."""
    arrived: list[str] = []
    answer = Exchanges.answer

    async def note(self: Exchanges, head: object, read_body: object) -> object:
        arrived.append(getattr(head, "target", ""))
        return await answer(self, head, read_body)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Exchanges, "answer", note)
    return arrived


async def test_one_allow_carries_the_whole_first_day(
    desk: Desk, context: BrowserContext, agent: World, heads: list[str]
) -> None:
    person, page = Person(desk.screen), await context.new_page()
    await page.goto(f"{desk.panel.origin}/README.md")
    state, settled = await page.evaluate(DETECT, agent.address.port)
    assert (state in {"permission-pending", "no-answer"}, settled) == (True, False)
    assert heads == []
    await person.answer("Allow")
    await page.wait_for_function("window.last", timeout=20_000)
    assert await page.evaluate("window.last") == "not-paired"
    said = await pair_in_chromium(page, desk.panel, agent.address.port)
    assert (said[0], said[2:]) == ("not-paired", ["accepted", 1, "tokens x-1"])
    assert len(context.pages) == 1
    tab = await context.new_page()
    await tab.goto(f"{desk.panel.origin}/README.md")
    await tab.evaluate(FOLLOW, agent.address.port)
    await tab.wait_for_function("window.heard.length", timeout=20_000)
    assert (person.answered, person.prompt()) == (1, None)


async def test_after_a_block_nothing_arrives_and_the_bridge_asks_no_more(
    desk: Desk, context: BrowserContext, agent: World, heads: list[str]
) -> None:
    person, page = Person(desk.screen), await context.new_page()
    await page.goto(f"{desk.panel.origin}/README.md")
    await page.evaluate(DETECT, agent.address.port)
    await person.answer("Block")
    await page.wait_for_function("window.last", timeout=20_000)
    assert (await page.evaluate("window.last"), heads) == ("denied", [])
    said = await pair_in_chromium(page, desk.panel, agent.address.port)
    assert (said[0], said[2:]) == ("denied", ["accepted", 1, "tokens x-1"])
    assert "/bridge" in heads
    assert (person.answered, person.prompt()) == (1, None)


async def test_a_prompt_that_was_closed_may_be_asked_again(
    desk: Desk, context: BrowserContext, agent: World, heads: list[str]
) -> None:
    person, page = Person(desk.screen), await context.new_page()
    await page.goto(f"{desk.panel.origin}/README.md")
    await page.evaluate(DETECT, agent.address.port)
    await person.answer("Close")
    await page.wait_for_function("window.last", timeout=20_000)
    assert heads == []
    await page.evaluate(DETECT, agent.address.port)
    await person.answer("Allow")
    await page.wait_for_function("window.last === 'not-paired'", timeout=20_000)
    assert heads
