"""A panel's tab at a real agent, over each way in: every request signed, every answer verified.

Asynchronous, so that one process can be two hundred of them. The pairing is put into the agent's folder,
since what pairing costs is nobody's question here.
"""

from __future__ import annotations

import secrets
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from msgspec import Struct

from signer.endpoint import message_signatures as ms
from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.encodings import b64u, unb64u
from signer.endpoint.keys import SigningKey, verifies
from signer.endpoint.local_ca import local_identity
from signer.endpoint.pairing import challenge_message
from signer.endpoint.pairings import Pairings

WAYS = ("http", "https", "ws", "wss", "bridge")
_WAIT = 25
_MOST = 64 * 1024 * 1024
_FINAL = {"finished", "declined", "cancelled", "failed"}


class Wrong(Exception):
    """An answer that is not the agent's, or not what was asked for."""


class Site(Struct, frozen=True):
    """An agent as an origin knows it that has paired with it."""

    origin: str
    port: int
    key: SigningKey
    agent_point: bytes
    agent_keyid: str
    tls: ssl.SSLContext


def paired_site(origin: str, port: int, data: Path) -> Site:
    """Pair `origin` with the agent whose data folder this is, and which listens on `port`."""
    key, agent = SigningKey.generate(), load_agent_key(data)
    now = datetime.now(UTC)
    Pairings.open(data).accept(origin, key.point, now)
    authority = local_identity(data / "tls", now).authority
    tls = ssl.create_default_context(cadata=authority.decode())
    return Site(origin, port, key, agent.point, agent.keyid, tls)


class Tab:
    """One connection of a page at `site`. Use it as a context; one request at a time."""

    def __init__(self, site: Site, way: str) -> None:
        self._site = site
        self._way = way
        secure = way in {"https", "wss"}
        self._authority = f"127.0.0.1:{site.port + secure}"
        self._scheme = way if way != "bridge" else "http"
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._next = 0

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._site.tls, limit=1)
        self._client = aiohttp.ClientSession(connector=connector)
        if self._way in {"ws", "wss"}:
            self._socket = await self._client.ws_connect(
                f"{self._scheme}://{self._authority}/v1/socket",
                headers={"Origin": self._site.origin},
                max_msg_size=_MOST,
                compress=0,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._client.close()

    @property
    def open(self) -> bool:
        """Is its socket there?"""
        return self._socket is not None and not self._socket.closed

    async def agent(self) -> None:
        """Ask whether it is the agent. Raises `Wrong`."""
        challenge = secrets.token_bytes(32)
        status, _, octets = await self._send("GET", f"/v1/agent?challenge={b64u(challenge)}", {}, b"")
        if status != 200:
            raise Wrong(f"/v1/agent: {status}")
        proof = unb64u(msgspec.json.decode(octets)["proof"])
        message = challenge_message(self._site.origin, self._authority, challenge)
        if not verifies(self._site.agent_point, message, proof):
            raise Wrong("the proof does not verify")

    async def call(self, method: str, target: str, body: bytes = b"", key: str | None = None) -> Any:
        """A signed call and its verified answer. Raises `Wrong` for a problem too."""
        path, _, query = target.partition("?")
        signed = ms.sign_request(
            self._site.key,
            ms.Target(method, self._authority, path, query),
            body,
            key,
            int(time.time()),
            secrets.token_bytes(ms.NONCE_OCTETS),
        )
        headers = dict(signed)
        if key is not None:
            headers["Idempotency-Key"] = key
        if method == "POST":
            headers["Content-Type"] = "application/json"
        status, said, octets = await self._send(method, target, headers, body)
        trusted = ms.answer_verifies(
            self._site.agent_point,
            self._site.agent_keyid,
            status,
            said.get("content-type", ""),
            octets,
            ms.read_signature(signed["Signature"]),
            said,
        )
        if not trusted or status >= 400:
            raise Wrong(f"{method} {path}: {status} {octets[:200].decode('utf-8', 'replace')}")
        return msgspec.json.decode(octets)

    async def sign(self, body: bytes) -> None:
        """Post a signing request and wait for its end. Raises `Wrong` unless every document is signed."""
        key = secrets.token_urlsafe(16)
        view = await self.call("POST", f"/v1/signing-requests?wait={_WAIT}", body, key)
        while view["state"] not in _FINAL:
            view = await self.call("GET", f"/v1/signing-requests/{view['id']}?wait={_WAIT}")
        if not all("signature" in document for document in view["documents"]):
            raise Wrong(f"not everything was signed: {view['state']}")

    async def _send(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if self._way in {"http", "https"}:
            own = {"Origin": self._site.origin, "Sec-Fetch-Mode": "cors"}
            url = f"{self._scheme}://{self._authority}{target}"
            return await self._fetch(method, url, headers | own, body)
        self._next += 1
        lower = {name.lower(): value for name, value in headers.items()}
        line = {"id": self._next, "method": method, "target": target, "headers": lower}
        if self._socket is not None:
            await self._socket.send_bytes(msgspec.json.encode(line) + b"\n" + body)
            frame = await self._socket.receive_bytes(timeout=60)
        else:
            frame = await self._exchange(msgspec.json.encode(line | {"origin": self._site.origin}), body)
        first, _, octets = frame.partition(b"\n")
        said = msgspec.json.decode(first)
        return said["status"], said["headers"], octets

    async def _exchange(self, line: bytes, body: bytes) -> bytes:
        """What the bridge's page does."""
        own = f"http://{self._authority}"
        headers = {
            "Origin": own,
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "same-origin",
            "Content-Type": "application/vnd.mohr.exchange",
        }
        status, _, octets = await self._fetch("POST", f"{own}/bridge/exchange", headers, line + b"\n" + body)
        if status != 200:
            raise Wrong(f"the bridge: {status}")
        return octets

    async def _fetch(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        async with self._client.request(
            method, url, headers=headers, data=body or None, skip_auto_headers={"User-Agent"}
        ) as answer:
            said = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, said, await answer.read()
