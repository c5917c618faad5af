"""Each way in from a real browser: which one it takes, what it asks, and the bridge where it is denied.

The agent's endpoint is the real one, with a doctor that accepts pairings and a use case that only remembers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Page
from selenium.webdriver import Firefox

from signer.endpoint.local_ca import LocalIdentity, local_identity
from signer.model.presence import Presence
from signer.platform.private_files import private_folder
from signer.platform.trust_stores import StoreKind, TrustStore, trust
from signer.service.news import News
from tests.browser.firefox import firefox, make_profile
from tests.browser.https_panel import Panel, browse, serve
from tests.endpoint.test_events import eventually
from tests.endpoint.world import World

pytestmark = pytest.mark.browser
T = TypeVar("T")

#: What a panel does from a click: pair, read the credentials, hear an event, hang up. Gives what happened.
PAIR = """
    const button = document.body.appendChild(document.createElement('button'));
    button.textContent = 'pair';
    button.onclick = async () => {
        const said = [];
        try {
            const [{ Mohr }, { direct }] = await Promise.all([import('/mohr.js'), import('/ways.js')]);
            const way = window.way ? direct(window.way) : undefined;
            const mohr = new Mohr({ ports: [window.port], way });
            said.push((await (await mohr.detect({ deadline: 20000 })).final).state);
            said.push(await mohr.pair({ onCode: (code) => said.push(code) }));
            said.push((await mohr.credentials()).length);
            const enough = new AbortController();
            const onEvent = ({ event, id }) => { said.push(`${event} ${id}`); enough.abort(); };
            await mohr.events({ signal: enough.signal, onEvent });
            // The bridge carries the hanging up, too: not before the next answer is it sure to have gone.
            await mohr.credentials();
            mohr.closeBridge();
        } catch (error) {
            said.push(error.code ?? String(error));
        }
        window.said = said;
    };
"""


#: What a tab does that follows events: `heard` is what it was told.
FOLLOW = """
    async (port) => {
        const { Mohr } = await import('/mohr.js');
        window.heard = [];
        const onEvent = ({ event, id }) => window.heard.push(`${event} ${id}`);
        new Mohr({ ports: [port] }).events({ onEvent });
    }
"""


class Now:
    """The clock of this computer: the pages sign by it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> LocalIdentity:
    return local_identity(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture
async def agent(tmp_path: Path, identity: LocalIdentity) -> AsyncIterator[World]:
    made = World(private_folder(tmp_path / "agent"), tls=identity.context(), clock=Now())
    made.use_cases.news = [News("x-1", Presence(reading=True))]
    made.address = await made.endpoint.start()
    yield made
    await made.endpoint.stop()


async def pair_in_chromium(page: Page, panel: Panel, port: int) -> list[Any]:
    await page.goto(f"{panel.origin}/README.md")
    await page.evaluate(f"() => {{ window.port = {port}; {PAIR} }}")
    await page.click("button")
    await page.wait_for_function("window.said", timeout=60_000)
    said: list[Any] = await page.evaluate("window.said")
    return said


def in_firefox(folder: Path, panel: Panel, use: Callable[[Firefox], T], authority: bytes | None) -> T:
    profile = make_profile(folder, panel)
    if authority is not None:
        trust(TrustStore(StoreKind.FIREFOX, profile), authority)
    with firefox(profile, panel) as driver:
        driver.get(f"{panel.origin}/README.md")
        return use(driver)


def pairing(port: int, way: str = "") -> Callable[[Firefox], list[Any]]:
    def use(driver: Firefox) -> list[Any]:
        driver.execute_script(f"window.port = {port}; window.way = '{way}'; {PAIR}")
        driver.find_element("tag name", "button").click()
        said: list[Any] = driver.execute_async_script(
            """const done = arguments[0];
            (function look() { window.said ? done(window.said) : setTimeout(look, 50); })();"""
        )
        return said

    return use


async def test_chromium_takes_http_once_it_is_allowed(agent: World, tmp_path: Path) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=True) as context:
            page = await context.new_page()
            state, code, *went = await pair_in_chromium(page, panel, agent.address.port)
            assert (state, went) == ("not-paired", ["accepted", 1, "tokens x-1"])
            assert agent.doctor.questions[0].code == code
            assert agent.doctor.questions[0].origin == panel.origin
            assert len(context.pages) == 1


async def test_tabs_of_one_panel_share_one_stream_and_the_next_takes_it_over(
    agent: World, tmp_path: Path
) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=True) as context:
            page = await context.new_page()
            await pair_in_chromium(page, panel, agent.address.port)
            before = len(agent.use_cases.followed)
            await page.evaluate(FOLLOW, agent.address.port)
            await page.wait_for_function("window.heard.length", timeout=20_000)
            later = await context.new_page()
            await later.goto(f"{panel.origin}/README.md")
            await later.evaluate(FOLLOW, agent.address.port)
            await later.wait_for_function("window.heard.length", timeout=20_000)
            assert await later.evaluate("window.heard") == ["tokens x-1"]
            assert len(agent.use_cases.followed) == before + 1
            await page.close()
            await eventually(lambda: len(agent.use_cases.followed) == before + 2)
            assert agent.use_cases.followed[-1] == (panel.origin, "x-1")


async def test_where_chromium_is_denied_the_bridge_carries_pairing_and_calls_and_events(
    agent: World, tmp_path: Path
) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=False) as context:
            page = await context.new_page()
            state, code, *went = await pair_in_chromium(page, panel, agent.address.port)
            assert (state, went) == ("denied", ["accepted", 1, "tokens x-1"])
            # The agent heard that nobody listens any more.
            await eventually(lambda: agent.use_cases.unfollowed == 1)
            assert agent.doctor.questions[0].code == code
            assert agent.doctor.questions[0].origin == panel.origin


async def test_the_bridge_closes_when_its_panel_goes_elsewhere(agent: World, tmp_path: Path) -> None:
    opening = """
        (port) => {
            const button = document.body.appendChild(document.createElement('button'));
            button.onclick = async () => {
                const { Mohr } = await import('/mohr.js');
                await new Mohr({ ports: [port] }).openBridge();
                window.opened = true;
            };
        }
    """
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=False) as context:
            page = await context.new_page()
            await page.goto(f"{panel.origin}/README.md")
            await page.evaluate(opening, agent.address.port)
            await page.click("button")
            await page.wait_for_function("window.opened", timeout=20_000)
            assert len(context.pages) == 2
            await page.goto(f"{panel.origin}/package.json")
            await eventually(lambda: len(context.pages) == 1)


async def test_a_panel_that_cuts_its_windows_off_is_told_that_the_bridge_is_silent(
    agent: World, tmp_path: Path
) -> None:
    with serve(tmp_path, headers={"Cross-Origin-Opener-Policy": "same-origin"}) as panel:
        async with browse(panel, allowed=False) as context:
            page = await context.new_page()
            assert await pair_in_chromium(page, panel, agent.address.port) == ["denied", "bridge-silent"]


async def test_the_bridge_passes_nothing_on_for_a_page_that_did_not_open_it(
    agent: World, tmp_path: Path
) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=True) as context:
            page = await context.new_page()
            await page.goto(f"http://127.0.0.1:{agent.address.port}/bridge")
            said = await page.evaluate(
                """() => new Promise((resolve) => {
                    window.addEventListener('message', ({ data }) => {
                        if (data.mohr === 'here') resolve('answered');
                    });
                    window.postMessage({ mohr: 'hello' }, '*');
                    setTimeout(() => resolve('silent'), 1000);
                })"""
            )
            assert said == "silent"


async def test_the_bridge_is_framed_by_nobody(agent: World, tmp_path: Path) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=True) as context:
            page = await context.new_page()
            await page.goto(f"{panel.origin}/README.md")
            framed = await page.evaluate(
                """(url) => new Promise((resolve) => {
                    const frame = document.createElement('iframe');
                    frame.allow = 'loopback-network; local-network-access';
                    window.addEventListener('message', () => resolve('answered'));
                    frame.onload = () => {
                        frame.contentWindow.postMessage({ mohr: 'hello' }, '*');
                        setTimeout(() => resolve('silent'), 1000);
                    };
                    frame.src = url;
                    document.body.append(frame);
                })""",
                f"http://127.0.0.1:{agent.address.port}/bridge",
            )
            assert framed == "silent"


async def test_firefox_takes_a_socket_and_asks_nothing(agent: World, tmp_path: Path) -> None:
    with serve(tmp_path) as panel:
        use = pairing(agent.address.port)
        said = await asyncio.to_thread(in_firefox, tmp_path / "profile", panel, use, None)
    assert (said[0], said[2:]) == ("not-paired", ["accepted", 1, "tokens x-1"])
    assert agent.doctor.questions[0].code == said[1]
    assert agent.doctor.questions[0].origin == panel.origin


async def test_firefox_takes_a_secure_socket_where_its_store_has_the_authority(
    agent: World, identity: LocalIdentity, tmp_path: Path
) -> None:
    with serve(tmp_path) as panel:
        use = pairing(agent.address.port, "wss")
        said = await asyncio.to_thread(in_firefox, tmp_path / "with", panel, use, identity.authority)
        assert (said[0], said[2:]) == ("not-paired", ["accepted", 1, "tokens x-1"])
        refused = await asyncio.to_thread(in_firefox, tmp_path / "without", panel, use, None)
    assert refused[0] == "no-answer-safari"
