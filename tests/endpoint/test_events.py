"""The event stream on its socket: what is said, what signs it, who may listen, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct

from signer.endpoint import message_signatures as ms
from signer.endpoint.calls import STREAMS_PER_ORIGIN
from signer.endpoint.encodings import unb64u
from signer.endpoint.events import event_message
from signer.endpoint.keys import verifies
from signer.model.presence import Presence, SeenToken
from signer.model.request import DocumentState, RequestState
from signer.service.news import News
from signer.service.views import DocumentView, RequestView
from tests.endpoint.world import OTHER_ORIGIN, World

READY = Presence(
    tokens=(SeenToken(label="مطب", serial="s-1", reader="r", family="OpenSC", credentials=("c1",)),)
)
HALF = RequestView(
    id="r-1",
    state=RequestState.SIGNING,
    position=0,
    documents=(
        DocumentView(id="a", state=DocumentState.SIGNED, format="cades", signature=b"secret"),
        DocumentView(id="b", state=DocumentState.FAILED, format="cades"),
        DocumentView(id="c", state=DocumentState.SIGNING, format="cades"),
    ),
)


class Event(Struct, frozen=True):
    """One event as read, and whether the agent signed it for this stream."""

    event: str
    id: str
    data: object
    signed: bool


class Listener:
    """A panel that reads a stream."""

    def __init__(self, world: World, reader: asyncio.StreamReader, signature: bytes) -> None:
        self._world = world
        self._reader = reader
        self._signature = signature

    async def next(self, request_signature: bytes | None = None) -> Event:
        """The next event. Chunks are dropped: an event may come in several."""
        lines: dict[str, list[str]] = {}
        async with asyncio.timeout(10):
            while line := (await self._reader.readuntil(b"\n")).decode().rstrip("\r\n") or not lines:
                name, colon, value = str(line).partition(": ")
                if colon:
                    lines.setdefault(name, []).append(value)
        event, event_id = lines["event"][0], lines.get("id", [""])[0]
        data, signature = lines["data"]
        message = event_message(request_signature or self._signature, event, event_id, data.encode())
        signed = verifies(self._world.agent_key.point, message, unb64u(signature))
        return Event(event, event_id, json.loads(data), signed)

    async def ended(self) -> bool:
        async with asyncio.timeout(10):
            return b"event" not in await self._reader.readuntil(b"\r\n0\r\n\r\n")


@asynccontextmanager
async def listening(world: World, last_event_id: str | None = None) -> AsyncIterator[Listener]:
    signature = world.signature("GET", "/v1/events")
    headers = world.head(Last_Event_ID=last_event_id) + list(signature.items())
    lines = ["GET /v1/events HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    reader, writer = await asyncio.open_connection("127.0.0.1", world.address.port)
    try:
        writer.write("\r\n".join((*lines, "", "")).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 200 ")
        assert "content-type: text/event-stream" in head
        assert "\r\nsignature: " not in head, "a head whose body has no end is not signed"
        yield Listener(world, reader, ms.read_signature(signature["Signature"]))
    finally:
        writer.close()


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_the_agent_shows_itself_before_anything_happens(paired: World) -> None:
    async with listening(paired) as panel:
        assert await panel.next() == Event("hello", "", {"api": 1}, True)


async def test_tokens_and_requests_are_told_without_what_they_hold(paired: World) -> None:
    paired.use_cases.news = [
        News("x-1", Presence(reading=True)),
        News("x-2", READY),
        News("x-3", Presence(problem="reader-absent")),
        News("x-4", HALF),
    ]
    async with listening(paired) as panel:
        await panel.next()
        assert [await panel.next() for _ in range(4)] == [
            Event("tokens", "x-1", {"state": "reading", "tokens": []}, True),
            Event(
                "tokens",
                "x-2",
                {"state": "ready", "tokens": [{"label": "مطب", "credentials": ["c1"]}]},
                True,
            ),
            Event("tokens", "x-3", {"state": "absent", "tokens": [], "problem": "reader-absent"}, True),
            Event(
                "request",
                "x-4",
                {"id": "r-1", "state": "signing", "signed": 1, "failed": 1, "total": 3},
                True,
            ),
        ]


async def test_an_event_of_another_stream_does_not_verify(paired: World) -> None:
    async with listening(paired) as panel:
        assert not (await panel.next(request_signature=b"\1" * 64)).signed


async def test_a_panel_goes_on_where_it_stopped(paired: World) -> None:
    async with listening(paired, "x-7") as panel:
        await panel.next()
        await eventually(lambda: bool(paired.use_cases.followed))
    assert paired.use_cases.followed == [("https://panel.example", "x-7")]


async def test_hanging_up_ends_the_following(paired: World) -> None:
    async with listening(paired) as panel:
        await panel.next()
        await eventually(lambda: bool(paired.use_cases.followed))
    await eventually(lambda: paired.use_cases.unfollowed == 1)


async def test_a_pairing_that_is_revoked_ends_the_stream_before_the_next_event(paired: World) -> None:
    paired.use_cases.news = [News("x-1", READY)]
    paired.use_cases.may_tell.clear()
    async with listening(paired) as panel:
        await panel.next()
        paired.pairings.revoke("https://panel.example")
        paired.use_cases.may_tell.set()
        assert await panel.ended()


async def test_an_origin_holds_a_few_streams_and_no_more(paired: World) -> None:
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()

        async def listen() -> None:
            async with listening(paired) as panel:
                await panel.next()
                await done.wait()

        for _ in range(STREAMS_PER_ORIGIN):
            group.create_task(listen())
        await eventually(lambda: len(paired.use_cases.followed) == STREAMS_PER_ORIGIN)
        refused = await paired.call("GET", "/v1/events")
        assert (refused.status, refused.code) == (429, "too-many-requests")
        done.set()


@pytest.mark.parametrize(
    ("target", "origin", "code"),
    [
        ("/v1/events?after=x-1", "https://panel.example", "request-malformed"),
        ("/v1/events", OTHER_ORIGIN, "not-paired"),
    ],
)
async def test_who_may_not_listen_is_told_why(paired: World, target: str, origin: str, code: str) -> None:
    assert (await paired.call("GET", target, origin=origin)).code == code
