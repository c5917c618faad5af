"""The whole agent with its window, reached as each browser reaches it: Firefox by socket, Chromium by bridge.

By http from Chromium it is `test_signing_end_to_end`. One screen, one token and one agent for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Firefox
from selenium.webdriver.support.ui import WebDriverWait

from gui import translations as t
from gui.presenters.tongue import Tongue
from signer.cli.demo.people import COUNCIL_NUMBER, NAME, NATIONAL_CODE, PRACTICES
from signer.cli.demo.samples import free
from signer.cli.demo.token import PIN
from signer.model.credential import Holder
from tests.browser.firefox import firefox, make_profile
from tests.browser.https_panel import browse, serve
from tests.desktop import doctor as desk
from tests.desktop.display import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.desktop]

CENTRE = PRACTICES[0].centre
HOLDER = Holder(name=NAME, national_codes=(NATIONAL_CODE,), council_numbers=(COUNCIL_NUMBER,), centre=CENTRE)


#: What a panel does from a click: look for the agent, pair, have a prescription signed. Gives what happened.
SIGN = """([port, content]) => {
    const button = document.body.appendChild(document.createElement('button'));
    button.onclick = async () => {
        const { Mohr } = await import('/mohr.js');
        const mohr = new Mohr({ ports: [port] });
        const said = [(await (await mohr.detect()).final).state];
        try {
            said.push(await mohr.pair({ onCode: () => {} }));
            const document = { id: 'rx-1', media_type: 'application/vnd.mohr.prescription+json', content };
            said.push((await mohr.sign([document])).signed);
        } catch (error) {
            said.push(error.code ?? String(error));
        }
        window.said = said;
    };
}"""


class Practice:
    """The doctor's screen with the agent on it."""

    def __init__(self, doctor: desk.Doctor, folder: Path) -> None:
        self.doctor = doctor
        self.folder = folder

    async def signs(self) -> None:
        """Which certificate, then the PIN under what the window shows."""
        await self.doctor.choose(CENTRE)
        await self.doctor.sign(PIN)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("practice")
    with desk.screen() as shown, desk.agent(shown, folder / "token", folder):
        yield Practice(desk.Doctor(shown), folder)


async def test_from_firefox_by_socket(practice: Practice, tmp_path: Path) -> None:
    port = await desk.port(practice.folder)
    with serve(tmp_path) as panel, firefox(make_profile(tmp_path / "profile", panel), panel) as driver:
        await asyncio.to_thread(driver.get, f"{panel.origin}/demo/?agent={port}")
        await shows(driver, "status", "data-state", "not-paired")
        await click(driver, "connect")
        await practice.doctor.accept_pairing()
        await shows(driver, "status", "data-state", "ready")
        await click(driver, "sign")
        await practice.signs()
        await shows(driver, "result", "data-kind", "signed")
        assert await asyncio.to_thread(lambda: len(driver.window_handles)) == 1


async def test_from_chromium_by_bridge_where_it_was_denied(practice: Practice, tmp_path: Path) -> None:
    port = await desk.port(practice.folder)
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=False) as context:
            page = await context.new_page()
            await page.goto(f"{panel.origin}/README.md")
            await page.evaluate(SIGN, [port, free(datetime.now(UTC), HOLDER).decode()])
            await page.click("button")
            await practice.doctor.accept_pairing()
            # The prescription names its centre, so nobody is asked which certificate.
            await practice.doctor.sign(PIN)
            await page.wait_for_function("window.said", timeout=60_000)
            assert await page.evaluate("window.said") == ["denied", "accepted", True]
            assert [one.url for one in context.pages[1:]] == [f"http://127.0.0.1:{port}/bridge"]


async def test_the_demo_panel_from_chromium_where_it_was_denied_then_closed(
    practice: Practice, tmp_path: Path
) -> None:
    """*Connect* is there although the browser lets nothing through, and a closed panel is told at once."""
    port = await desk.port(practice.folder)
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=False) as context:
            page = await context.new_page()
            await page.goto(f"{panel.origin}/demo/?agent={port}")
            await page.wait_for_selector("[data-testid=status][data-state=denied]")
            await page.get_by_test_id("connect").click()
            await practice.doctor.accept_pairing()
            await page.wait_for_selector("[data-testid=status][data-state=ready]")
            await page.get_by_test_id("sign").click()
            await practice.doctor.choose(CENTRE)
            # The bridge window goes with its panel, and hangs up what it waits for.
            async with context.pages[1].expect_event("close"):
                await page.close()
            await practice.doctor.reads(Tongue("fa").say(t.PANEL_AWAY))
            await practice.doctor.decline()


def _element(driver: Firefox, name: str) -> Any:
    return driver.find_element("css selector", f"[data-testid={name}]")


async def click(driver: Firefox, name: str) -> None:
    await asyncio.to_thread(lambda: _element(driver, name).click())


async def shows(driver: Firefox, name: str, attribute: str, value: str) -> None:
    """Wait until the page says so. Raises selenium's `TimeoutException`."""

    def said(_: Firefox) -> bool:
        return bool(_element(driver, name).get_attribute(attribute) == value)

    await asyncio.to_thread(lambda: WebDriverWait(driver, PATIENCE).until(said))
