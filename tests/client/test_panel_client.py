"""The Python panel against a real endpoint: the whole way, and what it refuses to believe."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from signer.client import (
    AgentNotFound,
    AgentNotTrusted,
    FileKeys,
    MemoryKeys,
    NotPairedYet,
    PanelClient,
    PinnedPairing,
    ProblemAnswered,
)
from signer.client.events import Event, EventStream
from signer.endpoint.encodings import b64u, unb64u
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairing import PairingState, challenge_message
from signer.model.presence import Presence, SeenToken
from signer.model.request import Document, DocumentState, RequestState
from signer.service.news import News
from tests.endpoint.world import ORIGIN, World, credential

DOCUMENT = Document(id="rx-1", media_type="text/plain", content="نسخه".encode())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """An endpoint that lives in the present, as the client does."""
    made = World(tmp_path)
    made.clock.time = datetime.now(UTC)
    made.address = await made.endpoint.start()
    yield made
    await made.stop()


@pytest.fixture
async def panel(world: World) -> AsyncIterator[PanelClient]:
    """A panel that the doctor has paired."""
    client = PanelClient(world.address.url, ORIGIN, MemoryKeys())
    await asyncio.to_thread(client.pair, lambda code: None)
    yield client
    client.close()


async def test_the_digits_shown_are_those_in_the_window_and_the_keys_are_kept(
    world: World, tmp_path: Path
) -> None:
    codes: list[str] = []
    keys = FileKeys(tmp_path / "panel.json")
    client = PanelClient(world.address.url, ORIGIN, keys)
    assert not (await asyncio.to_thread(client.detect)).paired
    assert await asyncio.to_thread(client.pair, codes.append) is PairingState.ACCEPTED
    assert codes == [question.code for question in world.doctor.questions]
    assert stat.S_IMODE((tmp_path / "panel.json").stat().st_mode) == 0o600
    client.close()
    again = PanelClient(world.address.url, ORIGIN, keys)
    found = await asyncio.to_thread(again.detect)
    assert (found.paired, found.name, found.version, found.state) == (True, "Mohr", "1.2.3", "ready")
    again.close()


async def test_after_a_no_there_is_no_key(world: World) -> None:
    world.doctor.answer = world.doctor.no
    keys = MemoryKeys()
    client = PanelClient(world.address.url, ORIGIN, keys)
    assert await asyncio.to_thread(client.pair, lambda code: None) is PairingState.REFUSED
    assert keys.load() is None
    with pytest.raises(NotPairedYet):
        await asyncio.to_thread(client.credentials)
    client.close()


async def test_a_signing_request_goes_all_the_way(world: World, panel: PanelClient) -> None:
    assert (await asyncio.to_thread(panel.credentials))[0].id == credential().id
    signing = asyncio.create_task(asyncio.to_thread(panel.sign, [DOCUMENT], idempotency_key="visit-1"))
    async with asyncio.timeout(10):
        while world.use_cases.waiting == 0:
            await asyncio.sleep(0.01)
    world.use_cases.finish()
    answer = await signing
    assert answer.state is RequestState.FINISHED
    assert answer.documents[0].state is DocumentState.SIGNED
    assert answer.documents[0].signature == b"a signature"
    assert world.use_cases.submitted[0].documents == (DOCUMENT,)
    again = await asyncio.to_thread(panel.sign, [DOCUMENT], idempotency_key="visit-1")
    assert again == answer
    assert len(world.use_cases.submitted) == 1


async def test_a_sign_in_goes_all_the_way(world: World, panel: PanelClient) -> None:
    signing_in = asyncio.create_task(asyncio.to_thread(panel.sign_in, "A" * 43))
    async with asyncio.timeout(10):
        while world.use_cases.waiting == 0:
            await asyncio.sleep(0.01)
    world.use_cases.finish()
    answer = await signing_in
    assert (answer.state, answer.token) == (RequestState.FINISHED, "a signature")


async def test_a_time_that_is_over_gives_the_request_as_it_stands_and_it_can_be_cancelled(
    world: World, panel: PanelClient
) -> None:
    open_request = await asyncio.to_thread(panel.sign, [DOCUMENT], timeout=0.0)
    assert open_request.state is RequestState.RECEIVED
    assert (await asyncio.to_thread(panel.cancel, open_request.id)).state is RequestState.CANCELLED


async def test_a_problem_is_told_with_its_code_and_whether_the_agent_vouches_for_it(
    world: World, panel: PanelClient
) -> None:
    with pytest.raises(ProblemAnswered) as vouched:
        await asyncio.to_thread(panel.view, "nothing")
    assert (vouched.value.code, vouched.value.signed) == ("request-unknown", True)
    world.pairings.revoke(ORIGIN)
    with pytest.raises(ProblemAnswered) as hearsay:
        await asyncio.to_thread(panel.credentials)
    assert (hearsay.value.code, hearsay.value.signed) == ("not-paired", False)


async def test_an_agent_with_another_key_is_not_believed(world: World, panel: PanelClient) -> None:
    keys = MemoryKeys()
    client = PanelClient(world.address.url, ORIGIN, keys)
    kept = panel._keys.load()
    assert kept is not None
    keys.save(PinnedPairing(key_pem=kept.key_pem, agent_point=SigningKey.generate().point))
    with pytest.raises(AgentNotTrusted):
        await asyncio.to_thread(client.detect)
    with pytest.raises(AgentNotTrusted):
        await asyncio.to_thread(client.credentials)
    client.close()


class Relay:
    """A program on a port of its own that passes everything on to the agent, under the agent's own name."""

    def __init__(self, world: World) -> None:
        self.seen = b""
        self.url = ""
        self._world = world

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._own = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.url = f"http://{self._own}"
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._server.close()

    @property
    def calls(self) -> set[bytes]:
        """Method and path of what went through."""
        return set(re.findall(rb"^([A-Z]+ /[^ ?]*)", self.seen, re.MULTILINE))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        agent_reader, agent_writer = await asyncio.open_connection("127.0.0.1", self._world.address.port)
        host = self._world.authority.encode()
        try:
            while octets := await reader.read(65536):
                self.seen += octets
                agent_writer.write(octets.replace(self._own.encode(), host))
                writer.write(await agent_reader.read(65536))
        finally:
            agent_writer.close()
            writer.close()


async def test_a_proof_relayed_from_the_agent_behind_another_port_is_not_believed_and_no_document_is_sent(
    world: World, panel: PanelClient
) -> None:
    async with Relay(world) as relay:
        client = PanelClient(relay.url, ORIGIN, panel._keys)
        for attempt in (client.detect, client.credentials, lambda: client.sign([DOCUMENT])):
            with pytest.raises(AgentNotTrusted):
                await asyncio.to_thread(attempt)
        client.close()
    assert relay.calls == {b"GET /v1/agent"}
    assert world.use_cases.submitted == []


async def test_only_the_connection_that_was_proven_is_trusted_with_a_document(
    world: World, panel: PanelClient
) -> None:
    """One good proof, and then whoever takes the next connection."""
    seen: list[bytes] = []

    async def prove_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        asked = re.search(rb"challenge=(\S+)", seen[-1])
        assert asked
        challenge = unb64u(asked[1].decode())
        proof = world.agent_key.sign(challenge_message(ORIGIN, authority, challenge))
        told = {"api": 1, "paired": True, "challenge": b64u(challenge), "name": "Mohr", "version": "1.2.3"}
        told |= {"state": "ready", "keyid": world.agent_key.keyid, "proof": b64u(proof)}
        body = msgspec.json.encode(told)
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(prove_once, "127.0.0.1", 0)
    authority = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = PanelClient(f"http://{authority}", ORIGIN, panel._keys)
    for _ in range(2):
        with pytest.raises(AgentNotFound):
            await asyncio.to_thread(client.sign, [DOCUMENT])
    assert [head.split(b"?")[0] for head in seen] == [b"GET /v1/agent"] * 2
    server.close()


async def test_a_panel_that_the_agent_does_not_know_any_more_sends_it_no_document(
    world: World, panel: PanelClient
) -> None:
    world.pairings.revoke(ORIGIN)
    with pytest.raises(NotPairedYet):
        await asyncio.to_thread(panel.sign, [DOCUMENT])


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"api":2,"paired":true,"challenge":""} ',
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=["another service", "no JSON", "an error", "another version", "no HTTP", "silence"],
)
async def test_what_answers_but_is_no_agent_is_told_as_such(said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = PanelClient(f"http://127.0.0.1:{port}", ORIGIN, MemoryKeys())
    with pytest.raises(AgentNotFound):
        await asyncio.to_thread(client.detect)
    client.close()
    server.close()


async def test_nobody_there_is_told_as_such() -> None:
    client = PanelClient("http://127.0.0.1:1", ORIGIN, MemoryKeys())
    with pytest.raises(AgentNotFound):
        await asyncio.to_thread(client.detect)


TOKEN = SeenToken(label="مطب", serial="s", reader="r", family="OpenSC", credentials=("c",))


async def test_a_panel_follows_what_happens_and_keeps_its_place(world: World, panel: PanelClient) -> None:
    world.use_cases.news = [News("x-1", Presence(reading=True)), News("x-2", Presence(tokens=(TOKEN,)))]

    def follow() -> tuple[list[Event], str | None]:
        with panel.events(last_id="x-0") as stream:
            events = iter(stream)
            return [next(events) for _ in range(3)], stream.last_id

    heard, last_id = await asyncio.to_thread(follow)
    assert [event.event for event in heard] == ["hello", "tokens", "tokens"]
    assert [event.data.get("state") for event in heard] == [None, "reading", "ready"]
    assert last_id == "x-2"
    assert world.use_cases.followed == [(ORIGIN, "x-0")]


async def test_an_event_that_another_key_signed_is_not_believed(world: World, panel: PanelClient) -> None:
    pairing = panel._keys.load()
    assert pairing is not None
    other = PinnedPairing(key_pem=pairing.key_pem, agent_point=SigningKey.generate().point)
    authority = f"127.0.0.1:{world.address.port}"

    def follow() -> None:
        with EventStream(authority, ORIGIN, other) as stream:
            next(iter(stream))

    with pytest.raises(AgentNotTrusted):
        await asyncio.to_thread(follow)


async def test_without_an_agent_or_a_pairing_there_is_no_stream(world: World, panel: PanelClient) -> None:
    with pytest.raises(NotPairedYet):
        PanelClient(world.address.url, ORIGIN, MemoryKeys()).events()
    world.pairings.revoke(ORIGIN)
    with pytest.raises(AgentNotFound, match="no stream, but 401"):
        await asyncio.to_thread(panel.events)
    await world.endpoint.stop()
    with pytest.raises(AgentNotFound, match="no agent answers"):
        await asyncio.to_thread(panel.events)
