"""The server on its sockets: CORS, signed answers, long polls, idle and foreign connections, ports."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import socket
import stat
from pathlib import Path

import pytest

from signer.endpoint import connections, listener, server
from signer.endpoint.encodings import b64
from signer.endpoint.listener import listen
from signer.model.errors import ModuleFailed, PinWrong, PortsTaken, TooManyPending
from signer.platform.peer import PeerOwner, peer_owner
from signer.service.envelopes import MATRIX
from tests.endpoint.world import CERTIFICATE, ORIGIN, World, credential, read_reply, signing_request

POST = "/v1/signing-requests"
AGENT = "/v1/agent?challenge=" + "A" * 43


async def connect(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", world.address.port)


async def cut(reader: asyncio.StreamReader) -> bool:
    """Wait for the end of the connection: was nothing said before it?"""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def eventually(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_preflight_of_an_admitted_origin_is_granted_exactly_what_the_protocol_needs(
    world: World,
) -> None:
    headers = world.head(
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type,signature",
        Access_Control_Request_Private_Network="true",
    )
    reply = await world.send("OPTIONS", POST, headers)
    granted = {name: value for name, value in reply.headers.items() if name.startswith("access-control")}
    assert reply.status == 204
    assert granted.pop("access-control-expose-headers")
    assert granted == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers": (
            "content-type, content-digest, idempotency-key, last-event-id, signature, signature-input"
        ),
        "access-control-max-age": "7200",
    }
    assert reply.headers["vary"] == "Origin"


async def test_a_preflight_of_a_refused_origin_is_granted_nothing(world: World) -> None:
    headers = world.head(Origin="http://panel.example", Access_Control_Request_Method="POST")
    reply = await world.send("OPTIONS", POST, headers)
    assert reply.status == 403
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("target", "allowed"), [("/v1/credentials", "GET"), (f"{POST}/a", "GET, DELETE"), (POST, "POST")]
)
async def test_a_method_that_does_not_exist_is_told_which_do(
    paired: World, target: str, allowed: str
) -> None:
    reply = await paired.call("PATCH", target)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


async def test_a_member_name_that_a_panel_wrote_is_not_written_to_the_log(
    paired: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for body in (b'{"a patient": 1, "documents": []}', b'{"a patient": 1, "a patient": 1}'):
        reply = await paired.call("POST", POST, body, idempotency_key="k")
        assert reply.code == "request-malformed"
        assert reply.json()["instance"].rpartition(":")[2] in caplog.text
    assert "patient" not in caplog.text


async def test_a_start_that_fails_leaves_no_port_taken(tmp_path: Path) -> None:
    free = listen((0,))
    free.close()
    port = free.address.port
    world = World(tmp_path, endpoint_file=tmp_path / "missing" / "endpoint.json")
    world.endpoint._ports = (port,)
    with pytest.raises(FileNotFoundError):
        await world.endpoint.start()
    listen((port,)).close()


async def test_credentials_are_listed_as_the_contract_has_them(paired: World) -> None:
    paired.use_cases.on_credentials = (credential(), credential("certificate-unusable"))
    usable, unusable = (await paired.call("GET", "/v1/credentials")).json()["credentials"]
    assert usable == {
        "id": hashlib.sha256(CERTIFICATE).hexdigest(),
        "holder": "دکتر نمونه",
        "council_number": "123456",
        "centre": "درمانگاه نمونه",
        "issuer": "Test CA",
        "not_before": "2026-11-21T08:30:00Z",
        "not_after": "2026-11-23T08:30:00Z",
        "key": "rsa",
        "bits": 2048,
        "token": "token",
        "usable": True,
    }
    assert (unusable["usable"], unusable["problem"]) == (False, "certificate-unusable")


async def test_what_was_posted_is_what_the_use_case_gets_octet_for_octet(paired: World) -> None:
    body = signing_request(
        {"id": "a", "media_type": "text/plain", "content": "نسخه", "format": "cades", "attached": False},
        {"id": "b", "media_type": "application/json", "content_base64": b64(b"{ }\n"), "format": "cades"},
        purpose="visit",
        credential=credential().id,
    )
    reply = await paired.call("POST", POST, body, idempotency_key="k-1")
    assert reply.status == 202
    assert reply.headers["location"] == f"{POST}/{reply.json()['id']}"
    (seen,) = paired.use_cases.submitted
    assert (seen.origin, seen.idempotency_key, seen.purpose) == (ORIGIN, "k-1", "visit")
    assert seen.body_hash == hashlib.sha256(body).digest()
    assert seen.credential == credential().id
    first, second = seen.documents
    assert (first.content, first.media_type, first.attached) == ("نسخه".encode(), "text/plain", False)
    assert (second.content, second.attached, second.level.value) == (b"{ }\n", True, "B-B")


async def test_a_chunked_body_is_a_body(paired: World) -> None:
    body = signing_request()
    headers = paired.head(Content_Type="application/json", Idempotency_Key="k")
    headers += paired.signature("POST", POST, body, idempotency_key="k").items()
    headers.append(("Transfer-Encoding", "chunked"))
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))
    assert (await paired.send("POST", POST, headers, chunked)).status == 202


async def test_a_client_that_waits_for_100_continue_gets_it_only_once_its_head_is_let_in(
    paired: World,
) -> None:
    body = signing_request()
    for forged in (False, True):
        headers = paired.head(Content_Type="application/json", Idempotency_Key="k", Expect="100-continue")
        proof = paired.signature("POST", POST, body, idempotency_key="x" if forged else "k")
        headers += [*proof.items(), ("Content-Length", str(len(body)))]
        reader, writer = await connect(paired)
        lines = [f"POST {POST} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
        writer.write("\r\n".join(lines).encode())
        answer = (await reader.readuntil(b"\r\n")).split()[1]
        assert answer == (b"401" if forged else b"100")
        if not forged:
            await reader.readuntil(b"\r\n")
            writer.write(body)
            assert (await read_reply(reader)).status == 202
        writer.close()


async def test_a_finished_request_carries_its_signatures(paired: World) -> None:
    made = await paired.call("POST", POST, signing_request(), idempotency_key="k")
    paired.use_cases.finish()
    reply = await paired.call("GET", f"{POST}/{made.json()['id']}")
    assert reply.json()["documents"] == [
        {
            "id": "rx-1",
            "state": "signed",
            "format": "cades",
            "signature": b64(b"a signature"),
            "certificate": b64(CERTIFICATE),
            "signed_at": "2026-11-22T08:30:00Z",
        }
    ]
    again = await paired.call("POST", POST, signing_request(), idempotency_key="k")
    assert (again.status, again.json()["state"]) == (200, "finished")


async def test_a_failed_document_carries_the_same_problem_at_every_poll_in_the_callers_language(
    paired: World,
) -> None:
    made = (await paired.call("POST", POST, signing_request(), idempotency_key="k")).json()["id"]
    paired.use_cases.finish(problem=ModuleFailed("C_Sign returned 0x00000005"))
    persian = [("Accept-Language", "fa-IR,fa;q=0.9,en-US;q=0.8")]
    replies = [await paired.call("GET", f"{POST}/{made}", extra=persian) for _ in range(2)]
    first, second = (reply.json()["documents"][0]["problem"] for reply in replies)
    assert first == second
    assert (first["status"], first["code"], first["title"]) == (502, "module-failed", ModuleFailed.fa)
    assert "detail" not in first


async def test_a_condition_that_must_stay_in_mohr_never_leaves_it(paired: World) -> None:
    paired.use_cases.failure = PinWrong("CKR_PIN_INCORRECT")
    assert (await paired.call("GET", "/v1/credentials")).code == "unexpected"


async def test_too_many_pending_says_when_to_come_back(paired: World) -> None:
    paired.use_cases.failure = TooManyPending()
    reply = await paired.call("POST", POST, signing_request(), idempotency_key="k")
    assert (reply.status, reply.headers["retry-after"]) == (429, "5")


async def test_every_answer_to_an_accepted_request_is_signed_for_that_request(paired: World) -> None:
    for target, status in (("/v1/credentials", 200), (f"{POST}/nothing", 404)):
        headers = paired.head()
        proof, other = paired.signature("GET", target), paired.signature("GET", target)
        reply = await paired.send("GET", target, headers + list(proof.items()))
        assert reply.status == status
        assert paired.trusts(reply, proof["Signature"])
        assert not paired.trusts(reply, other["Signature"])


async def test_a_post_that_waits_is_answered_when_the_request_is_finished(paired: World) -> None:
    waiting = asyncio.create_task(
        paired.call("POST", f"{POST}?wait=25", signing_request(), idempotency_key="k")
    )
    await eventually(lambda: paired.use_cases.waiting == 1)
    paired.use_cases.finish()
    reply = await waiting
    assert (reply.status, reply.json()["state"]) == (200, "finished")


async def test_a_wait_that_is_over_answers_with_the_request_as_it_is(paired: World) -> None:
    made = (await paired.call("POST", POST, signing_request(), idempotency_key="k")).json()["id"]
    reply = await paired.call("GET", f"{POST}/{made}?wait=0.05")
    assert (reply.status, reply.json()["state"]) == (200, "received")


async def test_a_panel_that_hangs_up_while_it_waits_leaves_nothing_behind(paired: World) -> None:
    made = (await paired.call("POST", POST, signing_request(), idempotency_key="k")).json()["id"]
    target = f"{POST}/{made}?wait=25"
    headers = paired.head() + list(paired.signature("GET", target).items())
    _, writer = await connect(paired)
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    writer.write("\r\n".join(lines).encode())
    await eventually(lambda: paired.use_cases.waiting == 1)
    writer.close()
    await eventually(lambda: paired.use_cases.waiting == 0)


async def begin(world: World, body: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the head of an honest POST of that body, and not the body."""
    headers = world.head(Content_Type="application/json", Idempotency_Key="k")
    proof = world.signature("POST", POST, body, idempotency_key="k")
    headers += [*proof.items(), ("Content-Length", str(len(body)))]
    reader, writer = await connect(world)
    lines = [f"POST {POST} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    writer.write("\r\n".join(lines).encode())
    return reader, writer


async def test_a_request_that_was_being_taken_in_is_taken_in_though_the_panel_hangs_up(paired: World) -> None:
    paired.use_cases.may_submit.clear()
    body = signing_request()
    _, writer = await begin(paired, body)
    writer.write(body)
    await eventually(lambda: paired.use_cases.calls == 1)
    writer.transport.abort()
    await asyncio.sleep(0.05)
    paired.use_cases.may_submit.set()
    await eventually(lambda: len(paired.use_cases.submitted) == 1)


async def test_a_panel_that_is_revoked_while_its_body_is_on_the_way_is_not_paired(paired: World) -> None:
    body = signing_request()
    reader, writer = await begin(paired, body)
    writer.write(body[:5])
    await asyncio.sleep(0.05)
    paired.pairings.revoke(ORIGIN)
    writer.write(body[5:])
    assert (await read_reply(reader)).code == "not-paired"
    assert paired.use_cases.calls == 0
    writer.close()


async def test_a_cancelled_request_says_so(paired: World) -> None:
    made = (await paired.call("POST", POST, signing_request(), idempotency_key="k")).json()["id"]
    assert (await paired.call("DELETE", f"{POST}/{made}")).json()["state"] == "cancelled"


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 2_000 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    ],
    ids=[
        "TLS", "garbage", "a version", "spaces", "no colon", "a long field", "a long target", "many fields",
        "a negative length", "two framings", "a NUL",
    ],
)  # fmt: skip
async def test_what_is_not_http_gets_a_problem_that_quotes_nothing_and_the_server_lives_on(
    world: World, octets: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await world.send_octets(octets)
    assert (reply.status, reply.code) == (400, "request-malformed")
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert b"aaaa" not in reply.body
    assert "aaaa" not in caplog.text
    assert (await world.open_call("GET", AGENT)).status == 200


async def test_a_body_with_broken_chunks_is_malformed(paired: World) -> None:
    headers = paired.head(Content_Type="application/json", Idempotency_Key="k", Transfer_Encoding="chunked")
    headers += paired.signature("POST", POST, b"x", idempotency_key="k").items()
    reply = await paired.send("POST", POST, headers, b"zz\r\nnot a chunk\r\n0\r\n\r\n")
    assert (reply.status, paired.use_cases.calls) == (400, 0)
    assert (await paired.call("GET", "/v1/credentials")).status == 200


async def test_a_body_that_never_comes_is_given_up(paired: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.05)
    headers = paired.head(Content_Type="application/json", Content_Length="10", Idempotency_Key="k")
    headers += paired.signature("POST", POST, b"x", idempotency_key="k").items()
    reply = await paired.send("POST", POST, headers, b"x")
    assert (reply.status, reply.json()["detail"]) == (400, "the body did not arrive")


async def test_a_socket_that_says_nothing_is_held_and_then_served(world: World) -> None:
    reader, writer = await connect(world)
    await asyncio.sleep(0.3)
    writer.write(f"GET / HTTP/1.1\r\nHost: {world.authority}\r\n\r\n".encode())
    assert (await read_reply(reader)).status == 200
    await asyncio.sleep(0.1)
    writer.write(f"GET / HTTP/1.1\r\nHost: {world.authority}\r\n\r\n".encode())
    assert (await read_reply(reader)).status == 200
    writer.close()


async def test_above_the_limit_the_longest_silent_socket_goes_and_a_waiting_panel_stays(
    paired: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 4)
    waiting = asyncio.create_task(
        paired.call("POST", f"{POST}?wait=25", signing_request(), idempotency_key="k")
    )
    await eventually(lambda: paired.use_cases.waiting == 1)
    silent = [await connect(paired) for _ in range(3)]
    await asyncio.sleep(0.05)
    newest = await connect(paired)
    assert await asyncio.wait_for(cut(silent[0][0]), 5)
    newest[1].write(f"GET / HTTP/1.1\r\nHost: {paired.authority}\r\n\r\n".encode())
    assert (await read_reply(newest[0])).status == 200
    paired.use_cases.finish()
    assert (await waiting).status == 200
    for _, writer in [*silent, newest]:
        writer.close()


@pytest.mark.parametrize("owner", [PeerOwner.OTHER, PeerOwner.UNKNOWN])
async def test_a_connection_that_is_not_ours_is_closed_without_an_answer(
    tmp_path: Path, owner: PeerOwner
) -> None:
    world = await World.start(tmp_path, same_user=lambda peer, server: owner)
    try:
        reader, writer = await connect(world)
        writer.write(f"GET / HTTP/1.1\r\nHost: {world.authority}\r\n\r\n".encode())
        assert await asyncio.wait_for(cut(reader), 5)
        writer.close()
    finally:
        await world.stop()


async def test_the_owner_is_asked_once_for_each_connection(tmp_path: Path) -> None:
    asked = 0

    def count(peer: object, at: object) -> PeerOwner:
        nonlocal asked
        asked += 1
        return peer_owner(peer, at)  # type: ignore[arg-type]  # what aiohttp hands on

    world = await World.start(tmp_path, same_user=count)
    try:
        reader, writer = await connect(world)
        for _ in range(3):
            writer.write(f"GET / HTTP/1.1\r\nHost: {world.authority}\r\n\r\n".encode())
            assert (await read_reply(reader)).status == 200
        writer.close()
        assert asked == 1
    finally:
        await world.stop()


async def test_the_page_is_inert_and_no_other_page_may_read_it(world: World) -> None:
    reply = await world.send("GET", "/", [("Host", world.authority), ("Sec-Fetch-Mode", "navigate")])
    assert reply.status == 200
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"
    assert b"<script" not in reply.body
    assert "access-control-allow-origin" not in reply.headers


async def test_the_openapi_document_names_every_call_and_every_code(world: World) -> None:
    reply = await world.send("GET", "/openapi.json", [("Host", world.authority)])
    document = reply.json()
    assert document["openapi"] == "3.1.0"
    assert {path: sorted(calls) for path, calls in document["paths"].items()} == {
        "/v1/agent": ["get"],
        "/v1/pairings": ["post"],
        "/v1/pairings/{id}": ["get", "post"],
        "/v1/credentials": ["get"],
        "/v1/events": ["get"],
        "/v1/signing-requests": ["post"],
        "/v1/signing-requests/{id}": ["delete", "get"],
        "/v1/sign-ins": ["post"],
        "/v1/sign-ins/{id}": ["delete", "get"],
        "/v1/certificate-requests": ["post"],
        "/v1/certificate-requests/{id}": ["delete", "get"],
        "/v1/certificates": ["post"],
        "/v1/certificates/{id}": ["delete", "get"],
    }
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert reference in document["components"]["schemas"]
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert "not-paired" in codes
    assert "pin-wrong" not in codes
    cells = {
        (media_type, row["format"]["const"], level)
        for row in (one["properties"] for one in document["components"]["schemas"]["DocumentBody"]["anyOf"])
        for media_type, level in itertools.product(row["media_type"]["enum"], row["level"]["enum"])
    }
    assert cells == {(kind, form.value, level.value) for kind, form, level in MATRIX}


async def test_both_loopback_addresses_serve_the_same_agent(world: World) -> None:
    if not world.address.ipv6:
        assert world.address.url.startswith("http://127.0.0.1:")
        return
    reader, writer = await asyncio.open_connection("::1", world.address.port)
    writer.write(f"GET / HTTP/1.1\r\nHost: [::1]:{world.address.port}\r\n\r\n".encode())
    assert (await read_reply(reader)).status == 200
    writer.close()


async def test_the_port_is_told_to_local_tools_and_withdrawn_at_the_stop(tmp_path: Path) -> None:
    file = tmp_path / "endpoint.json"
    world = await World.start(tmp_path, endpoint_file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_bytes()) == {
        "port": world.address.port,
        "pid": os.getpid(),
        "ipv6": world.address.ipv6,
    }
    await world.stop()
    assert not file.exists()


async def test_a_stop_cuts_idle_and_waiting_connections_and_frees_the_port(tmp_path: Path) -> None:
    world = await World.start(tmp_path)
    world.pair()
    idle_reader, idle_writer = await connect(world)
    waiting = asyncio.create_task(
        world.call("POST", f"{POST}?wait=25", signing_request(), idempotency_key="k")
    )
    await eventually(lambda: world.use_cases.waiting == 1)
    await world.stop()
    assert world.use_cases.waiting == 0
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await waiting
    assert await cut(idle_reader)
    idle_writer.close()
    listen((world.address.port,)).close()


def test_a_port_counts_only_if_it_is_free_on_both_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortsTaken):
            listen((port,))
        listening = listen((port, 0))
        assert listening.address.port != port
        listening.close()
    if listening.address.ipv6:
        with (
            socket.create_server(("::1", 0), family=socket.AF_INET6) as taken,
            pytest.raises(PortsTaken),
        ):
            listen((taken.getsockname()[1],))


def test_a_port_counts_only_if_the_one_for_https_is_free_too() -> None:
    found = listen((0,))
    found.close()
    with (
        socket.create_server(("127.0.0.1", found.address.secure_port)),
        pytest.raises(PortsTaken),
    ):
        listen((found.address.port,))


def test_without_an_ipv6_loopback_the_other_address_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = listener._bound

    def no_ipv6(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(99, "Cannot assign requested address")
        return bound(family, host, port)

    monkeypatch.setattr(listener, "_bound", no_ipv6)
    listening = listen((0,))
    assert (listening.address.ipv6, len(listening.plain), len(listening.secure)) == (False, 1, 1)
    listening.close()


@pytest.mark.parametrize(
    ("holder", "told"), [(PeerOwner.OTHER, True), (PeerOwner.SAME, None), (PeerOwner.UNKNOWN, None)]
)
async def test_an_agent_behind_another_users_ports_says_so_to_paired_panels_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: PeerOwner, told: bool | None
) -> None:
    ours = listen((0,))
    first = ours.address.port - 2
    asked: list[int] = []

    def whose(port: int) -> PeerOwner:
        asked.append(port)
        return holder if port == first + 1 else PeerOwner.UNKNOWN

    monkeypatch.setattr(server, "listen", lambda ports: ours)
    world = await World.start(tmp_path, ports=(first, ours.address.port, 18721), holder=whose)
    try:
        assert asked == [first, first + 1], "what comes after is nobody's concern"
        stranger = await world.open_call("GET", AGENT)
        assert set(stranger.json()) == {"api", "paired", "challenge"}
        world.pair()
        known = await world.open_call("GET", AGENT)
        assert known.json().get("other_user") is told
    finally:
        await world.stop()
