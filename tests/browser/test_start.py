"""`mohr:` in real browsers where nothing has registered it: the page stays in place, and the wait ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.firefox import firefox, make_profile
from tests.browser.https_panel import Panel, browse, serve

pytestmark = pytest.mark.browser

#: A page's own policy, as the docs give it.
POLICY = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline' data:; frame-src mohr:"}
#: A button that starts the agent, which never answers; `said` is what came of it.
BUTTON = """
    const button = document.body.appendChild(document.createElement('button'));
    button.id = 'go';
    button.textContent = 'go';
    button.onclick = async () => {
        const { start } = await import('/start.js');
        const found = await start(async () => ({ state: 'no-answer' }), { deadline: 1500 });
        const left = document.querySelectorAll('iframe').length;
        document.body.dataset.said = `${found.state} ${location.pathname} ${left}`;
    };
"""
STAYED = "no-answer /README.md 0"


async def test_chromium_keeps_the_page_where_nobody_knows_the_address(tmp_path: Path) -> None:
    with serve(tmp_path, headers=POLICY) as panel:
        async with browse(panel, allowed=True) as context:
            page = await context.new_page()
            await page.goto(f"{panel.origin}/README.md")
            await page.evaluate(f"() => {{ {BUTTON} }}")
            await page.click("#go")
            await expect(page.locator("body")).to_have_attribute("data-said", STAYED, timeout=15_000)


async def test_firefox_keeps_the_page_where_nobody_knows_the_address(tmp_path: Path) -> None:
    with serve(tmp_path, headers=POLICY) as panel:
        assert await asyncio.to_thread(clicked_in_firefox, tmp_path, panel) == STAYED


def clicked_in_firefox(folder: Path, panel: Panel) -> object:
    with firefox(make_profile(folder / "profile", panel), panel) as driver:
        driver.get(f"{panel.origin}/README.md")
        driver.execute_script(BUTTON)
        driver.find_element(By.ID, "go").click()
        body = driver.find_element(By.TAG_NAME, "body")
        return WebDriverWait(driver, 30).until(lambda _: body.get_attribute("data-said"))
