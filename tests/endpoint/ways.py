"""The ways in, as a panel's side of each: the same method, target, headers and body, however they travel."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from tests.endpoint.caller import ORIGIN, Caller, Headers, Reply

NAMES = ("http", "https", "ws", "wss", "bridge", "https-bridge")


class Way:
    """One way to one agent, for the panel at `origin`. Use it as a context."""

    def __init__(self, world: Caller, name: str, *, authority_pem: bytes, origin: str = ORIGIN) -> None:
        self._world = world
        self.name = name
        self._origin = origin
        self._tls = ssl.create_default_context(cadata=authority_pem.decode())
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._next = 0

    @property
    def authority(self) -> str:
        """host:port as a panel would sign it."""
        secure = self.name in {"https", "wss", "https-bridge"}
        address = self._world.address
        return f"127.0.0.1:{address.secure_port if secure else address.port}"

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._tls))
        if self.name in {"ws", "wss"}:
            self._socket = await self._client.ws_connect(
                f"{self.name}://{self.authority}/v1/socket", headers={"Origin": self._origin}, max_msg_size=0
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._client.close()

    async def call(
        self, method: str, target: str, body: bytes = b"", *, idempotency_key: str | None = None
    ) -> Reply:
        """An honest signed call."""
        headers = list(
            self._world.signature(
                method, target, body, idempotency_key=idempotency_key, authority=self.authority
            ).items()
        )
        if idempotency_key is not None:
            headers.append(("Idempotency-Key", idempotency_key))
        return await self.send(method, target, headers, body)

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        """Exactly this request."""
        if method == "POST":
            headers = [*headers, ("Content-Type", "application/json")]
        if self.name in {"http", "https"}:
            head = [*headers, ("Origin", self._origin), ("Sec-Fetch-Mode", "cors")]
            return await self._fetch(method, f"{self.name}://{self.authority}{target}", head, body)
        self._next += 1
        line = {
            "id": self._next,
            "method": method,
            "target": target,
            "headers": {name.lower(): value for name, value in headers},
        }
        if self._socket is not None:
            await self._socket.send_bytes(msgspec.json.encode(line) + b"\n" + body)
            return self._read(await self._socket.receive_bytes(timeout=30))
        frame = msgspec.json.encode(line | {"origin": self._origin}) + b"\n" + body
        carried = await self.post_frame(frame)
        return self._read(carried.body) if carried.status == 200 else carried

    async def post_frame(self, frame: bytes) -> Reply:
        """What the bridge's page does with a frame."""
        url, head = self._exchange()
        return await self._fetch("POST", url, head, frame)

    @asynccontextmanager
    async def stream(self, headers: Headers) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the event stream: its octets as they come, the head's left out. Hangs up at the end."""
        if self.name in {"http", "https"}:
            head = [*headers, ("Origin", self._origin), ("Sec-Fetch-Mode", "cors")]
            url = f"{self.name}://{self.authority}/v1/events"
            async with self._client.get(url, headers=head) as answer:
                assert answer.status == 200
                yield answer.content.iter_any()
            return
        self._next += 1
        asked = {name.lower(): value for name, value in headers}
        line = {"id": self._next, "method": "GET", "target": "/v1/events", "headers": asked}
        if self._socket is not None:
            await self._socket.send_bytes(msgspec.json.encode(line) + b"\n")
            yield self._frames(self._socket, self._next)
            await self._socket.send_bytes(msgspec.json.encode({"id": self._next, "cancel": True}) + b"\n")
            return
        url, head = self._exchange()
        frame = msgspec.json.encode(line | {"origin": self._origin}) + b"\n"
        async with self._client.post(url, headers=head, data=frame) as answer:
            assert answer.status == 200
            said = msgspec.json.decode(await answer.content.readuntil(b"\n"))
            assert (said["id"], said["status"], said["more"]) == (self._next, 200, True)
            yield answer.content.iter_any()

    @staticmethod
    async def _frames(socket: aiohttp.ClientWebSocketResponse, frame_id: int) -> AsyncIterator[bytes]:
        more, first = True, True
        while more:
            line, _, octets = (await socket.receive_bytes(timeout=30)).partition(b"\n")
            said = msgspec.json.decode(line)
            assert said["id"] == frame_id
            assert (said.get("status") == 200) is first
            more, first = said["more"], False
            yield octets

    def _exchange(self) -> tuple[str, Headers]:
        scheme = "https" if self.name == "https-bridge" else "http"
        own = f"{scheme}://{self.authority}"
        return f"{own}/bridge/exchange", [
            ("Origin", own),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "same-origin"),
            ("Content-Type", "application/vnd.mohr.exchange"),
        ]

    async def _fetch(self, method: str, url: str, headers: Headers, body: bytes) -> Reply:
        async with self._client.request(
            method, url, headers=headers, data=body or None, skip_auto_headers={"Content-Type", "User-Agent"}
        ) as answer:
            octets = await answer.read()
            return Reply(
                answer.status, {name.lower(): value for name, value in answer.headers.items()}, octets
            )

    def _read(self, frame: bytes) -> Reply:
        line, _, body = frame.partition(b"\n")
        said = msgspec.json.decode(line)
        assert said["id"] == self._next
        return Reply(said["status"], said["headers"], body)
