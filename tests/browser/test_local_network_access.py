"""The browser's gate before local programs, and what the SDK makes of it, in a real Chromium.

A stand-in answers on the agent's port and counts what arrives; it is no Mohr beyond `GET /v1/agent`.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext

from tests.browser.https_panel import browse, serve

pytestmark = pytest.mark.browser

DETECT = """async (port) => {
    const { Mohr } = await import('/mohr.js');
    const { state, settled } = await (await new Mohr({ ports: [port] }).detect({ deadline: 20000 })).final;
    return [state, settled];
}"""


class StandIn:
    """An unpaired agent as far as finding it goes, and the origins of every request that reached it."""

    def __init__(self) -> None:
        self.origins: list[str | None] = []
        self.port = 0

    async def answer(self, request: web.Request) -> web.Response:
        """`{api, paired: false, challenge}`, to any origin."""
        origin = request.headers.get("Origin")
        self.origins.append(origin)
        body = {"api": 1, "paired": False, "challenge": request.query.get("challenge")}
        return web.json_response(body, headers={"Access-Control-Allow-Origin": origin or ""})


@pytest.fixture
async def agent() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    application = web.Application()
    application.router.add_get("/v1/agent", stand_in.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.port = runner.addresses[0][1]
    yield stand_in
    await runner.cleanup()


async def detect(context: BrowserContext, url: str, port: int) -> list[object]:
    page = await context.new_page()
    await page.goto(f"{url}/README.md")
    found: list[object] = await page.evaluate(DETECT, port)
    return found


async def test_where_the_person_denies_not_one_request_arrives_and_the_sdk_says_denied(
    agent: StandIn, tmp_path: Path
) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=False) as context:
            assert await detect(context, panel.origin, agent.port) == ["denied", True]
    assert agent.origins == []


async def test_where_the_person_allows_the_agent_is_found_and_sees_the_panels_origin(
    agent: StandIn, tmp_path: Path
) -> None:
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=True) as context:
            assert await detect(context, panel.origin, agent.port) == ["not-paired", True]
    assert agent.origins == [panel.origin]


async def test_a_panel_whose_own_policy_blocks_the_agent_is_told_so(agent: StandIn, tmp_path: Path) -> None:
    policy = {"Content-Security-Policy": "default-src 'self'; connect-src 'self'"}
    with serve(tmp_path, headers=policy) as panel:
        async with browse(panel, allowed=True) as context:
            assert await detect(context, panel.origin, agent.port) == ["csp-blocked", True]
    assert agent.origins == []


async def test_a_page_whose_headers_withhold_the_permission_is_told_so(
    agent: StandIn, tmp_path: Path
) -> None:
    withheld = {"Permissions-Policy": "loopback-network=(), local-network-access=()"}
    with serve(tmp_path, headers=withheld) as panel:
        async with browse(panel, allowed=False) as context:
            assert await detect(context, panel.origin, agent.port) == ["not-delegated", True]
    assert agent.origins == []


@pytest.mark.parametrize(
    ("allow", "state"), [("", "not-delegated"), ("loopback-network; local-network-access", "denied")]
)
async def test_a_frame_of_another_origin_is_told_whether_its_page_lets_it_ask(
    agent: StandIn, tmp_path: Path, allow: str, state: str
) -> None:
    """The person denies in both: where the page delegates nothing, that is not what stands in the way."""
    with serve(tmp_path) as panel:
        async with browse(panel, allowed=False) as context:
            frame = f'<iframe allow="{allow}" src="{panel.origin}/README.md"></iframe>'
            await context.route(
                "https://clinic.test/", lambda route: route.fulfill(body=frame, content_type="text/html")
            )
            page = await context.new_page()
            await page.goto("https://clinic.test/")
            assert await page.frames[1].evaluate(DETECT, agent.port) == [state, True]
    assert agent.origins == []


async def test_where_nothing_listens_there_is_no_answer(tmp_path: Path) -> None:
    with socket.socket() as kept, serve(tmp_path) as panel:
        kept.bind(("127.0.0.1", 0))
        async with browse(panel, allowed=True) as context:
            assert await detect(context, panel.origin, kept.getsockname()[1]) == ["no-answer", True]
