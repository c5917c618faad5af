"""Whoever speaks raw HTTP to an agent: honest calls of a paired panel, and exactly these octets."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from typing import Any

import msgspec
from msgspec import Struct

from signer.endpoint import message_signatures as ms
from signer.endpoint.keys import SigningKey
from signer.endpoint.listener import EndpointAddress
from signer.service.ports import Clock

ORIGIN = "https://panel.example"
OTHER_ORIGIN = "https://other.example"


class Reply(Struct, frozen=True):
    """An HTTP answer as read from the socket; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["code"]) if self.body else ""


Headers = list[tuple[str, str]]


class Caller:
    """A panel with its key, at an agent's address. `agent_key` is the agent's own."""

    def __init__(self, address: EndpointAddress, clock: Clock, agent_key: SigningKey, origin: str) -> None:
        self.address = address
        self.clock: Any = clock
        self.agent_key = agent_key
        self.origin = origin
        self.panel_key = SigningKey.generate()

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.address.port}"

    def head(self, **changes: str | None) -> Headers:
        """The headers of an honest cross-origin call, changed or (None) left out."""
        headers: dict[str, str | None] = {
            "Host": self.authority,
            "Origin": self.origin,
            "Sec-Fetch-Mode": "cors",
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return [(name, value) for name, value in headers.items() if value is not None]

    def signature(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        idempotency_key: str | None = None,
        key: SigningKey | None = None,
        created: int | None = None,
        nonce: bytes | None = None,
        authority: str | None = None,
    ) -> dict[str, str]:
        """The signature headers of an honest panel, or of one that lies where an argument says so."""
        path, _, query = target.partition("?")
        return ms.sign_request(
            key or self.panel_key,
            ms.Target(method, authority or self.authority, path, query),
            body,
            idempotency_key,
            int(self.clock.now().timestamp()) if created is None else created,
            nonce or secrets.token_bytes(16),
        )

    async def call(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        idempotency_key: str | None = None,
        origin: str | None = None,
        extra: Headers | None = None,
    ) -> Reply:
        """An honest signed call."""
        headers = self.head(Origin=origin or self.origin)
        headers += self.signature(method, target, body, idempotency_key=idempotency_key).items()
        if idempotency_key is not None:
            headers.append(("Idempotency-Key", idempotency_key))
        if method == "POST":
            headers.append(("Content-Type", "application/json"))
        return await self.send(method, target, headers + (extra or []), body)

    async def open_call(
        self, method: str, target: str, value: Any = None, origin: str | None = None
    ) -> Reply:
        """An unsigned call, as pairing needs it."""
        body = b"" if value is None else msgspec.json.encode(value)
        headers = self.head(Origin=origin or self.origin)
        if method == "POST":
            headers.append(("Content-Type", "application/json"))
        return await self.send(method, target, headers, body)

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        """Exactly this request on a connection of its own."""
        octets = as_octets(method, target, headers, body)
        return await self.send_octets(octets, with_body=method != "HEAD")

    async def send_octets(self, octets: bytes, *, with_body: bool = True) -> Reply:
        """Exactly these octets on a connection of their own; the first answer."""
        return await send_octets(self.address.port, octets, with_body=with_body)

    def trusts(self, reply: Reply, request_signature: str) -> bool:
        """Is the answer signed by the agent, for that request?"""
        return ms.answer_verifies(
            self.agent_key.point,
            self.agent_key.keyid,
            reply.status,
            reply.headers["content-type"],
            reply.body,
            ms.read_signature(request_signature),
            reply.headers,
        )


def as_octets(method: str, target: str, headers: Headers, body: bytes = b"") -> bytes:
    """A request as it goes over the wire, with its length where no header tells it."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    names = {name.lower() for name, _ in headers}
    if (body or method == "POST") and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode("utf-8") + body


async def send_octets(
    port: int, octets: bytes, *, with_body: bool = True, tls: ssl.SSLContext | None = None
) -> Reply:
    """Exactly these octets to that port, on a connection of their own; the first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        writer.write(octets)
        return await read_reply(reader, with_body=with_body)
    finally:
        writer.close()


async def read_reply(reader: asyncio.StreamReader, *, with_body: bool = True) -> Reply:
    """One answer from the stream."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in head[1:] if line]
    names = [name.lower() for name, _ in pairs]
    assert len(names) == len(set(names)), f"a header is repeated: {names}"
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0"))) if with_body else b""
    return Reply(int(head[0].split()[1]), headers, body)


def signing_request(*documents: dict[str, Any], **more: Any) -> bytes:
    """A body for POST /v1/signing-requests; one small document unless given."""
    chosen = documents or ({"id": "rx-1", "media_type": "text/plain", "content": "x", "format": "cades"},)
    return msgspec.json.encode({"documents": list(chosen), **more})
