"""What browsers really sent, replayed: through the admission rule, and octet by octet to a real endpoint.

`recorded.json` is written by `python -m tests.browser.record`; the verdicts below are written by hand.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signer.endpoint.admission import Arrival, admit
from signer.endpoint.local_ca import LocalIdentity, local_identity
from signer.endpoint.routes import match
from signer.model.errors import FetchModeRefused, MediaTypeNotAccepted, MohrError, OriginRefused
from signer.model.policy import Policy
from signer.platform.private_files import private_folder
from tests.endpoint.caller import as_octets, send_octets
from tests.endpoint.world import World

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded.json").read_text("ascii"))
REQUESTS: list[dict[str, Any]] = RECORDED["requests"]
#: What becomes of each, by what the page did and by method. None: it is let in.
VERDICTS: dict[tuple[str, str], type[MohrError] | None] = {
    ("fetch", "GET"): None,
    ("fetch-json", "OPTIONS"): None,
    ("fetch-json", "POST"): None,
    ("fetch-delete", "OPTIONS"): None,
    ("fetch-delete", "DELETE"): None,
    ("event-source", "GET"): None,
    ("socket", "GET"): None,
    ("bridge", "GET"): None,
    ("bridge-exchange", "POST"): None,
    ("fetch-text", "POST"): MediaTypeNotAccepted,
    ("fetch-page", "GET"): OriginRefused,
    ("null-fetch", "GET"): OriginRefused,
    ("null-socket", "GET"): OriginRefused,
    ("fetch-no-cors", "POST"): FetchModeRefused,
    ("beacon", "POST"): FetchModeRefused,
    ("form", "POST"): FetchModeRefused,
    ("form-text", "POST"): FetchModeRefused,
    ("frame", "GET"): FetchModeRefused,
    ("image", "GET"): FetchModeRefused,
    ("script", "GET"): FetchModeRefused,
    ("style", "GET"): FetchModeRefused,
}
NAMES = ["-".join(one[part] for part in ("browser", "setting", "what", "method")) for one in REQUESTS]
#: What a Chromium in which the person denied lets through: a window of the agent's own, and its exchange.
DENIED = {("bridge", "GET"), ("bridge-exchange", "POST")}


def at(text: str, port: int) -> str:
    """What was recorded, with this port for the agent's."""
    return text.replace(":AGENT", f":{port}").replace(":PANEL", ":8443")


def headers(one: dict[str, Any], port: int) -> list[tuple[str, str]]:
    """As they came, but for the ports, and for a length that changed with them."""
    body = at(one["body"], port)
    return [
        (name, str(len(body)) if name.lower() == "content-length" else at(value, port))
        for name, value in one["headers"]
    ]


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
@pytest.mark.parametrize("setting", ["plain", "secure"])
def test_both_browsers_tried_everything(browser: str, setting: str) -> None:
    assert tried(browser, setting) == VERDICTS.keys()


def test_where_the_person_denied_nothing_came_but_the_bridge() -> None:
    assert tried("chromium", "denied") == DENIED


def tried(browser: str, setting: str) -> set[tuple[str, str]]:
    """What arrived, by name and method."""
    return {
        (one["what"], one["method"])
        for one in REQUESTS
        if (one["browser"], one["setting"]) == (browser, setting)
    }


@pytest.mark.parametrize("one", REQUESTS, ids=NAMES)
def test_the_rule_lets_in_what_it_should_and_refuses_the_rest_by_name(one: dict[str, Any]) -> None:
    raw = tuple((name.encode(), value.encode()) for name, value in headers(one, 18717))
    route = match(one["method"], one["path"]).route_class
    arrival = Arrival(one["method"], one["path"], raw, route)
    verdict = VERDICTS[one["what"], one["method"]]
    if verdict is None:
        admitted = admit(arrival, port=18717, policy=Policy())
        assert admitted.preflight == (one["method"] == "OPTIONS")
        assert admitted.origin in {None, "https://panel.test:8443"}
    else:
        with pytest.raises(verdict):
            admit(arrival, port=18717, policy=Policy())


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> LocalIdentity:
    return local_identity(tmp_path_factory.mktemp("tls") / "tls", datetime.now(UTC))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, identity: LocalIdentity) -> AsyncIterator[World]:
    folder = private_folder(tmp_path_factory.mktemp("agent") / "agent")
    made = await World.start(folder, tls=identity.context())
    yield made
    await made.stop()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("one", REQUESTS, ids=NAMES)
async def test_a_real_endpoint_says_the_same_and_no_use_case_hears_of_it(
    one: dict[str, Any], world: World, identity: LocalIdentity
) -> None:
    secure = one["setting"] == "secure"
    port = world.address.secure_port if secure else world.address.port
    told = headers(one, port)
    # The key was left out of the record; RFC 6455 §4.1 wants sixteen octets in base64.
    told = [(n, "AAAAAAAAAAAAAAAAAAAAAA==" if v == "KEY" else v) for n, v in told]
    octets = as_octets(one["method"], one["path"], told, at(one["body"], port).encode())
    trusted = ssl.create_default_context(cadata=identity.authority.decode()) if secure else None
    answer = await send_octets(port, octets, tls=trusted)
    verdict = VERDICTS[one["what"], one["method"]]
    if verdict is None:
        assert answer.status in ADMITTED[one["what"]]
    else:
        assert answer.code == verdict.code
    assert world.use_cases.calls == 0


#: How an endpoint that knows no such panel answers what was let in: a page, a preflight, *not paired*.
ADMITTED = {
    "fetch": {400},
    "fetch-json": {204, 401},
    "fetch-delete": {204, 401},
    "event-source": {401},
    "socket": {101},
    "bridge": {200},
    "bridge-exchange": {200},
}
