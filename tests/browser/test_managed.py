"""A clinic whose administrator has let the panel through: no prompt, and what a frame still needs.

The policy is what `mohr policy browsers` prints, where the browser looks for it. Without it the same browser
denies, since nobody is there to be asked, and Firefox waits for somebody. For a panel in a frame it is the
page around it that must be let through.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from signer.model.presence import Presence
from signer.platform.browser_policies import PolicyBrowser, as_json
from signer.platform.private_files import private_folder
from signer.service.news import News
from tests.browser.firefox import firefox, make_profile
from tests.browser.https_panel import HOST, Panel, browse, serve
from tests.browser.test_firefox import measured
from tests.browser.test_local_network_access import DETECT
from tests.browser.test_ways_in import Now, pair_in_chromium
from tests.endpoint.world import World

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CLINIC = "https://clinic.test/"
ALLOW = "loopback-network; local-network-access"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    made = World(private_folder(tmp_path_factory.mktemp("managed") / "agent"), clock=Now())
    made.use_cases.news = [News("x-1", Presence(reading=True))]
    made.address = await made.endpoint.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with serve(tmp_path_factory.mktemp("panel")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def context(panel: Panel) -> AsyncIterator[BrowserContext]:
    through = (panel.origin, CLINIC.removesuffix("/"))
    policy = json.loads(as_json(PolicyBrowser.CHROMIUM, through))
    async with browse(panel, allowed=False, policy=policy) as made:
        yield made


async def test_a_clinics_policy_lets_the_panel_through_without_a_question(
    context: BrowserContext, panel: Panel, agent: World
) -> None:
    page = await context.new_page()
    state, _, *went = await pair_in_chromium(page, panel, agent.address.port)
    assert (state, went) == ("not-paired", ["accepted", 1, "tokens x-1"])
    await page.close()


async def test_a_clinics_policy_is_for_that_origin_alone(
    context: BrowserContext, panel: Panel, agent: World
) -> None:
    page = await context.new_page()
    await page.goto(f"https://other.test:{panel.port}/README.md")
    assert await page.evaluate(DETECT, agent.address.port) == ["denied", True]
    await page.close()


@pytest.mark.parametrize(("allow", "states"), [(ALLOW, {"not-paired", "ready"}), ("", {"not-delegated"})])
async def test_a_panel_in_a_frame_gets_through_only_where_its_page_delegates(
    context: BrowserContext, panel: Panel, agent: World, allow: str, states: set[str]
) -> None:
    frame = f'<iframe allow="{allow}" src="{panel.origin}/README.md"></iframe>'
    await context.route(CLINIC, lambda route: route.fulfill(body=frame, content_type="text/html"))
    page = await context.new_page()
    await page.goto(CLINIC)
    state, settled = await page.frames[1].evaluate(DETECT, agent.address.port)
    assert settled
    assert state in states
    await page.close()
    await context.unroute(CLINIC)


async def test_a_clinics_policy_is_for_that_port_alone(
    panel: Panel, agent: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    default = json.loads(as_json(PolicyBrowser.CHROMIUM, (f"https://{HOST}",)))
    with serve(tmp_path_factory.mktemp("port")) as other:
        async with browse(other, allowed=False, policy=default) as context:
            page = await context.new_page()
            await page.goto(f"{other.origin}/README.md")
            assert await page.evaluate(DETECT, agent.address.port) == ["denied", True]


@pytest.mark.parametrize(
    ("others", "states"), [((), {"permission-pending"}), ((HOST,), {"not-paired", "ready"})]
)
async def test_firefox_lets_the_named_panel_through_and_waits_for_a_person_otherwise(
    panel: Panel, agent: World, tmp_path: Path, others: tuple[str, ...], states: set[str]
) -> None:
    named = (panel.origin,) if others else ("https://other.test",)
    profile = make_profile(tmp_path / "profile", panel)
    with firefox(profile, panel, policy=as_json(PolicyBrowser.FIREFOX, named)) as driver:
        _, first, _ = await measured(driver, panel, agent.address.port, "http")
    assert first in states
