"""Every call of the contract over every way in, and what each way refuses that HTTP does not know."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest

from signer.endpoint import connections, page
from signer.endpoint.calls import STREAMS_PER_ORIGIN
from signer.endpoint.encodings import b64, b64u, unb64u
from signer.endpoint.keys import SigningKey, verifies
from signer.endpoint.local_ca import LocalIdentity, local_identity
from signer.endpoint.pairing import challenge_message, pairing_code, panel_commitment
from signer.model.presence import Presence
from signer.service.news import News
from tests.endpoint.test_certificates import BODIES
from tests.endpoint.test_events import eventually
from tests.endpoint.ways import NAMES, Way
from tests.endpoint.world import ORIGIN, World, signing_request

POST = "/v1/signing-requests"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> LocalIdentity:
    """One certificate for all of them."""
    return local_identity(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture
async def secured(tmp_path: Path, identity: LocalIdentity) -> AsyncIterator[World]:
    """An endpoint that serves its https port too."""
    world = await World.start(tmp_path, tls=identity.context())
    yield world
    await world.stop()


@pytest.fixture(params=NAMES)
async def way(request: pytest.FixtureRequest, secured: World, identity: LocalIdentity) -> AsyncIterator[Way]:
    """Each way in turn."""
    async with Way(secured, request.param, authority_pem=identity.authority) as made:
        yield made


async def test_the_agent_proves_itself_at_the_address_that_was_asked(secured: World, way: Way) -> None:
    secured.pair()
    challenge = b"\7" * 32
    reply = await way.send("GET", f"/v1/agent?challenge={b64u(challenge)}", [])
    assert reply.status == 200
    message = challenge_message(ORIGIN, way.authority, challenge)
    assert verifies(secured.agent_key.point, message, unb64u(reply.json()["proof"]))


async def test_a_panel_pairs(secured: World, way: Way) -> None:
    key, nonce = SigningKey.generate(), b"\3" * 32
    start = {"commitment": b64u(panel_commitment(key.point, nonce))}
    offer = (await way.send("POST", "/v1/pairings", [], msgspec.json.encode(start))).json()
    reveal = msgspec.json.encode({"key": b64u(key.point), "nonce": b64u(nonce)})
    shown = (await way.send("POST", f"/v1/pairings/{offer['id']}", [], reveal)).json()
    code = pairing_code(ORIGIN, key.point, unb64u(shown["key"]), nonce, unb64u(shown["nonce"]))
    ended = await way.send("GET", f"/v1/pairings/{offer['id']}?wait=5", [])
    assert ended.json()["state"] == "accepted"
    assert secured.doctor.questions[0].code == code
    assert secured.doctor.questions[0].origin == ORIGIN


async def test_credentials_requests_views_and_cancellations_are_answered_and_signed(
    secured: World, way: Way
) -> None:
    secured.pair()
    credentials = await way.call("GET", "/v1/credentials")
    assert credentials.json()["credentials"][0]["usable"]
    posted = await way.call("POST", POST, signing_request(), idempotency_key="k-1")
    assert posted.status == 202
    assert posted.headers["location"] == f"{POST}/{posted.json()['id']}"
    seen = await way.call("GET", posted.headers["location"])
    assert seen.json()["state"] == "received"
    headers = secured.signature("DELETE", posted.headers["location"], authority=way.authority)
    gone = await way.send("DELETE", posted.headers["location"], list(headers.items()))
    assert gone.json()["state"] == "cancelled"
    assert secured.trusts(gone, headers["Signature"])


async def test_a_refusal_is_a_problem_with_the_same_code(secured: World, way: Way) -> None:
    assert (await way.call("GET", "/v1/credentials")).code == "not-paired"
    secured.pair()
    unsigned = await way.send("GET", "/v1/credentials", [])
    assert (unsigned.status, unsigned.code) == (401, "signature-missing")
    unknown = await way.call("GET", "/v1/nothing")
    assert (unknown.status, unknown.code) == (404, "route-unknown")


@pytest.mark.parametrize("path", BODIES)
async def test_certificate_requests_and_certificates_are_taken_in_followed_and_taken_back(
    secured: World, way: Way, path: str
) -> None:
    secured.pair()
    posted = await way.call("POST", path, BODIES[path], idempotency_key="c-1")
    assert posted.status == 202
    made = posted.json()["id"]
    assert (await way.call("GET", f"{path}/{made}")).json()["state"] == "received"
    assert (await way.call("DELETE", f"{path}/{made}")).json()["state"] == "cancelled"


async def test_events_come_as_they_happen_and_hanging_up_ends_the_stream(secured: World, way: Way) -> None:
    secured.pair()
    secured.use_cases.news = [News("x-1", Presence(reading=True))]
    secured.use_cases.may_tell.clear()
    signature = secured.signature("GET", "/v1/events", authority=way.authority)
    heard = b""
    async with way.stream([*signature.items(), ("Last-Event-ID", "x-0")]) as stream:
        async with asyncio.timeout(20):
            while b"\n\n" not in heard:
                heard += await anext(stream)
            assert heard.startswith(b"event: hello\n")
            secured.use_cases.may_tell.set()
            while heard.count(b"\n\n") < 2:
                heard += await anext(stream)
    assert b"\nevent: tokens\nid: x-1\n" in heard
    assert secured.use_cases.followed == [(ORIGIN, "x-0")]
    await eventually(lambda: secured.use_cases.unfollowed == 1)
    assert (await way.call("GET", "/v1/credentials")).status == 200


@pytest.mark.parametrize("name", NAMES)
async def test_a_panel_is_there_while_it_waits_and_gone_when_its_connection_is(
    secured: World, identity: LocalIdentity, name: str
) -> None:
    secured.pair()
    async with Way(secured, name, authority_pem=identity.authority) as way:
        posted = await way.call("POST", POST, signing_request(), idempotency_key="k-1")
        waiting = asyncio.create_task(way.call("GET", f"{POST}/{posted.json()['id']}?wait=25"))
        await eventually(lambda: secured.use_cases.waiting == 1)
        assert ORIGIN in secured.use_cases.here
        waiting.cancel()
        await asyncio.wait({waiting})
    await eventually(lambda: secured.use_cases.here == [])


@pytest.mark.parametrize("name", ["ws", "wss"])
async def test_a_panel_is_there_as_long_as_it_holds_a_socket(
    secured: World, identity: LocalIdentity, name: str
) -> None:
    async with Way(secured, name, authority_pem=identity.authority):
        await asyncio.sleep(0.05)
        assert secured.use_cases.here == [], "it is not paired"
    secured.pair()
    async with Way(secured, name, authority_pem=identity.authority):
        await eventually(lambda: secured.use_cases.here == [ORIGIN])
    await eventually(lambda: secured.use_cases.here == [])


async def test_who_is_refused_is_not_there(secured: World, way: Way) -> None:
    assert (await way.call("GET", "/v1/credentials")).code == "not-paired"
    secured.pair()
    assert (await way.send("GET", "/v1/credentials", [])).code == "signature-missing"
    assert secured.use_cases.here == []


async def test_an_origin_holds_as_few_streams_over_any_way(
    secured: World, identity: LocalIdentity, way: Way
) -> None:
    secured.pair()
    async with AsyncExitStack() as held:
        socket = await held.enter_async_context(Way(secured, "ws", authority_pem=identity.authority))
        for _ in range(STREAMS_PER_ORIGIN):
            signature = secured.signature("GET", "/v1/events", authority=socket.authority)
            await held.enter_async_context(socket.stream(list(signature.items())))
        await eventually(lambda: len(secured.use_cases.followed) == STREAMS_PER_ORIGIN)
        refused = await way.call("GET", "/v1/events")
        assert (refused.status, refused.code) == (429, "too-many-requests")
    await eventually(lambda: secured.use_cases.unfollowed == STREAMS_PER_ORIGIN)


@pytest.mark.parametrize("name", ["ws", "wss"])
async def test_closing_the_socket_ends_its_streams(
    secured: World, identity: LocalIdentity, name: str
) -> None:
    secured.pair()
    async with Way(secured, name, authority_pem=identity.authority) as way, AsyncExitStack() as left:
        signature = secured.signature("GET", "/v1/events", authority=way.authority)
        stream = await left.enter_async_context(way.stream(list(signature.items())))
        await anext(stream)
        await eventually(lambda: len(secured.use_cases.followed) == 1)
        assert way._socket is not None
        await way._socket.close()
        await eventually(lambda: secured.use_cases.unfollowed == 1)
        left.pop_all()


async def test_a_stream_that_breaks_is_cut_and_the_log_has_the_incident(
    secured: World, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    secured.pair()
    secured.use_cases.failure = ValueError("a value that no log may hold")
    signature = secured.signature("GET", "/v1/events", authority=way.authority)
    async with asyncio.timeout(20), AsyncExitStack() as left:
        # A socket's close is no message, which the client calls a TypeError.
        with pytest.raises((aiohttp.ClientError, TypeError, asyncio.IncompleteReadError)):
            stream = await left.enter_async_context(way.stream(list(signature.items())))
            while True:
                await anext(stream)
        left.pop_all()
    assert "incident" in caplog.text
    assert "a value that no log may hold" not in caplog.text


async def test_a_stream_that_the_agent_ends_says_so(secured: World, identity: LocalIdentity) -> None:
    secured.pair()
    secured.use_cases.news = [News("x-1", Presence(reading=True))]
    secured.use_cases.may_tell.clear()
    async with Way(secured, "ws", authority_pem=identity.authority) as way:
        signature = secured.signature("GET", "/v1/events")
        async with way.stream(list(signature.items())) as stream:
            assert (await anext(stream)).startswith(b"event: hello\n")
            secured.pairings.revoke(ORIGIN)
            secured.use_cases.may_tell.set()
            assert [octets async for octets in stream] == [b""]


async def test_a_request_signed_for_another_address_is_refused(secured: World, way: Way) -> None:
    secured.pair()
    headers = secured.signature("GET", "/v1/credentials", authority="127.0.0.1:1")
    assert (await way.send("GET", "/v1/credentials", list(headers.items()))).code == "signature-invalid"


async def test_a_request_is_not_taken_twice_over_two_ways(secured: World, identity: LocalIdentity) -> None:
    secured.pair()
    headers = list(secured.signature("GET", "/v1/credentials").items())
    async with (
        Way(secured, "http", authority_pem=identity.authority) as http,
        Way(secured, "ws", authority_pem=identity.authority) as socket,
    ):
        assert (await http.send("GET", "/v1/credentials", headers)).status == 200
        assert (await socket.send("GET", "/v1/credentials", headers)).code == "request-replayed"


async def test_frames_of_a_socket_are_answered_as_they_are_ready(
    secured: World, identity: LocalIdentity
) -> None:
    secured.pair()
    async with Way(secured, "ws", authority_pem=identity.authority) as socket:
        opened = await socket.call("POST", POST, signing_request(), idempotency_key="k")
        target = f"{opened.headers['location']}?wait=20"
        client = socket._socket
        assert client is not None
        waiting = {"id": 90, "method": "GET", "target": target, "headers": {}}
        waiting["headers"] = {k.lower(): v for k, v in secured.signature("GET", target).items()}
        await client.send_bytes(msgspec.json.encode(waiting) + b"\n")
        assert (await socket.call("GET", "/v1/credentials")).status == 200
        secured.use_cases.finish()
        answer = await client.receive_bytes(timeout=20)
        assert msgspec.json.decode(answer.partition(b"\n")[0])["id"] == 90


@pytest.mark.parametrize(
    ("why", "message"),
    [
        ("text", "{}"),
        ("no line", b"{}"),
        ("no JSON", b"x\n"),
        ("not UTF-8", b'{"id":1,"method":"\xff","target":"/"}\n'),
        ("an id that is none", b'{"id":-1,"method":"GET","target":"/"}\n'),
        ("an unknown member", b'{"id":1,"method":"GET","target":"/","port":1}\n'),
        ("a Host", b'{"id":1,"method":"GET","target":"/","headers":{"host":"127.0.0.1"}}\n'),
        ("an Origin", b'{"id":1,"method":"GET","target":"/","headers":{"origin":"https://a.b"}}\n'),
        (
            "a fetch site",
            b'{"id":1,"method":"GET","target":"/","headers":{"sec-fetch-site":"same-origin"}}\n',
        ),
        ("a cancel that is none", b'{"id":1,"cancel":false}\n'),
        ("a cancel with a body", b'{"id":1,"cancel":true}\n{}'),
        ("a cancel of no id", b'{"cancel":true}\n'),
        ("a line over 8 KiB", b'{"id":1,"method":"GET","target":"/' + b"a" * 9000 + b'"}\n'),
    ],
)
async def test_what_is_no_frame_ends_the_socket(
    secured: World, identity: LocalIdentity, why: str, message: str | bytes
) -> None:
    async with Way(secured, "ws", authority_pem=identity.authority) as way:
        socket = way._socket
        assert socket is not None
        if isinstance(message, str):
            await socket.send_str(message)
        else:
            await socket.send_bytes(message)
        ended = await socket.receive(timeout=20)
        assert ended.type is aiohttp.WSMsgType.CLOSE, why
        assert ended.data in (1003, 1007)


@pytest.mark.parametrize(
    ("origin", "extra", "code"),
    [
        ("null", {}, "origin-refused"),
        (None, {}, "origin-refused"),
        ("http://panel.example", {}, "origin-refused"),
        ("http://127.0.0.1:18717", {}, "origin-refused"),
        (ORIGIN, {"Sec-Fetch-Mode": "cors"}, "fetch-mode-refused"),
        (ORIGIN, {"Sec-Fetch-Mode": "navigate"}, "fetch-mode-refused"),
        (ORIGIN, {"Host": "panel.example"}, "host-refused"),
    ],
)
async def test_an_upgrade_that_is_not_let_in_is_told_why_and_gets_no_socket(
    secured: World, origin: str | None, extra: dict[str, str], code: str
) -> None:
    headers = [("Host", secured.authority), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
    headers += [("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]
    if origin is not None:
        headers.append(("Origin", origin))
    headers = [h for h in headers if h[0] not in extra] + list(extra.items())
    reply = await secured.send("GET", "/v1/socket", headers)
    assert (reply.status, reply.code) == (403, code)
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(
    "vouched", ["", "null", "http://panel.example", "http://127.0.0.1:18717", "https://Panel.example"]
)
async def test_the_bridge_speaks_for_no_origin_that_may_not_speak_itself(
    secured: World, identity: LocalIdentity, vouched: str
) -> None:
    async with Way(secured, "bridge", authority_pem=identity.authority, origin=vouched) as way:
        refused = await way.send("GET", "/v1/agent?challenge=" + "A" * 43, [])
    assert (refused.status, refused.code) == (403, "origin-refused")


async def test_the_bridge_leads_to_no_other_way_in(secured: World, identity: LocalIdentity) -> None:
    own = f"http://{secured.authority}"
    async with Way(secured, "bridge", authority_pem=identity.authority, origin=own) as way:
        assert (await way.send("POST", "/bridge/exchange", [], b"{}")).status in (403, 415)
    async with Way(secured, "bridge", authority_pem=identity.authority) as way:
        assert (await way.send("GET", "/v1/socket", [])).status == 405


async def test_the_bridge_is_a_page_that_nobody_frames_and_that_runs_its_own_script_alone(
    secured: World,
) -> None:
    reply = await secured.send("GET", "/bridge", [("Host", secured.authority)])
    script = page.BRIDGE.html.partition(b"<script>")[2].partition(b"</script>")[0]
    policy = reply.headers["content-security-policy"]
    assert f"script-src 'sha256-{b64(hashlib.sha256(script).digest())}'" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.body.count(b"<script") == 1


_WORKER = ("Service-Worker", "script"), ("Sec-Fetch-Mode", "same-origin")


@pytest.mark.parametrize("path", ["/", "/sw.js", "/v1/worker.js"])
async def test_a_service_worker_planted_at_this_address_is_replaced_by_one_that_removes_itself(
    secured: World, path: str
) -> None:
    reply = await secured.send("GET", path, [("Host", secured.authority), *_WORKER])
    assert reply.headers["content-type"] == "text/javascript"
    assert b"registration.unregister" in reply.body


async def test_no_page_of_another_origin_names_itself_a_service_worker(secured: World) -> None:
    head = [("Host", secured.authority), ("Origin", "https://other.example"), *_WORKER]
    refused = await secured.send("GET", "/sw.js", head)
    assert refused.code == "origin-refused"


async def test_a_silent_connection_to_the_https_port_is_held_and_counted_as_any_other(
    secured: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    port = secured.address.secure_port
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
    async with asyncio.timeout(20):
        assert await silent[0][0].read() == b""
    assert not silent[3][0].at_eof()
    for _, writer in silent:
        writer.close()


async def test_gibberish_on_the_https_port_is_cut(secured: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", secured.address.secure_port)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    async with asyncio.timeout(20):
        await reader.read()
    writer.close()


async def test_the_http_port_is_no_host_of_the_https_port(secured: World, identity: LocalIdentity) -> None:
    async with Way(secured, "https", authority_pem=identity.authority) as way:
        refused = await way.send("GET", "/v1/agent?challenge=" + "A" * 43, [("Host", secured.authority)])
    assert refused.code == "host-refused"
