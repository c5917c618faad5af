"""The simulator's own page is for who started it: every other way in is a row that is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.control import Control
from signer.cli.simulate.scenarios import SCENARIOS
from signer.cli.simulate.told import FILE, State, Told
from tests.simulate.place import simulator


class Desk:
    """A running control, and who asks it."""

    def __init__(self, agent: SimulatedAgent, control: Control, told: Told) -> None:
        self.agent = agent
        self.control = control
        self.told = told
        self.origin = f"http://127.0.0.1:{told.control}"

    async def ask(
        self, method: str, path: str, body: bytes | None = None, **changes: str | None
    ) -> tuple[int, bytes]:
        headers: dict[str, str | None] = {
            "Authorization": f"Bearer {self.told.secret}",
            "Content-Type": "application/json" if body is not None else None,
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        kept = {name: value for name, value in headers.items() if value is not None}
        async with (
            aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
            session.request(method, self.origin + path, data=body, headers=kept) as answer,
        ):
            assert "Access-Control-Allow-Origin" not in answer.headers
            return answer.status, await answer.read()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with simulator(tmp_path / "simulator") as agent:
        control = Control(agent, tmp_path)
        await control.start()
        yield Desk(agent, control, msgspec.json.decode((tmp_path / FILE).read_bytes(), type=Told))
        await control.stop()
        assert not (tmp_path / FILE).exists()


SET = b'{"scenario":"declined"}'
#: What is changed in an honest POST, and what is said to it.
REFUSED = [
    ({"Authorization": None}, 401, "secret-wrong"),
    ({"Authorization": "Bearer "}, 401, "secret-wrong"),
    ({"Authorization": "Bearer x"}, 401, "secret-wrong"),
    ({"Origin": "https://panel.example"}, 403, "origin-refused"),
    ({"Origin": "null"}, 403, "origin-refused"),
    ({"Origin": "http://127.0.0.1:1"}, 403, "origin-refused"),
    ({"Sec_Fetch_Site": "cross-site"}, 403, "origin-refused"),
    ({"Sec_Fetch_Site": "same-site"}, 403, "origin-refused"),
    ({"Host": "rebound.example"}, 403, "host-refused"),
    ({"Host": "localhost"}, 403, "host-refused"),
    ({"Content_Type": "text/plain"}, 415, "media-type-not-accepted"),
    ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "media-type-not-accepted"),
]


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED, ids=str)
async def test_who_is_not_its_page_or_its_user_changes_nothing(
    desk: Desk, changes: dict[str, str | None], status: int, code: str
) -> None:
    said, body = await desk.ask("POST", "/scenario", SET, **changes)
    assert (said, msgspec.json.decode(body)) == (status, {"code": code})
    assert desk.agent.stage.scenario.code == "approve"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"scenario":"none"}', b'{"scenario":"slow","x":1}', b"[]"])
async def test_what_is_no_scenario_is_refused(desk: Desk, body: bytes) -> None:
    assert (await desk.ask("POST", "/scenario", body))[0] == 422


async def test_a_preflight_of_another_page_is_not_answered(desk: Desk) -> None:
    status, _ = await desk.ask(
        "OPTIONS", "/scenario", Origin="https://panel.example", Access_Control_Request_Method="POST"
    )
    assert status == 403


async def test_the_honest_change_is_made_and_a_look_waits_for_it(desk: Desk) -> None:
    _, octets = await desk.ask("GET", "/state")
    before = msgspec.json.decode(octets, type=State)
    looking = asyncio.ensure_future(desk.ask("GET", f"/state?after={before.version}"))
    await asyncio.sleep(0.05)
    assert not looking.done()
    status, octets = await desk.ask("POST", "/scenario", SET, Origin=desk.origin)
    assert status == 200
    after = msgspec.json.decode((await looking)[1], type=State)
    assert after == msgspec.json.decode(octets, type=State)
    assert (after.scenario, desk.agent.stage.scenario.code) == ("declined", "declined")
    assert [row.code for row in after.scenarios] == [scenario.code for scenario in SCENARIOS]


async def test_the_page_needs_no_secret_holds_none_and_may_load_nothing_else(desk: Desk) -> None:
    status, html = await desk.ask("GET", "/", Authorization=None)
    assert status == 200
    assert b"not valid for prescriptions" in html
    assert desk.told.secret.encode() not in html
    assert desk.control.url == f"{desk.origin}/#{desk.told.secret}"
    assert not re.search(rb"(src|href)=", html)
    assert "default-src 'none'" in desk.control._policy


async def test_the_file_with_the_secret_is_its_users_own(desk: Desk, tmp_path: Path) -> None:
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
