"""The loopback server put together: give it the use cases and a person to ask, start it, stop it.

aiohttp carries HTTP and WebSocket, with TLS and without; what is said is decided in `exchange`. This is the
only module of the room that a composition root needs, and the one whose import costs time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import msgspec
from aiohttp import HttpVersion11, web

from signer.endpoint.calls import About, AgentState, Answer, Calls
from signer.endpoint.connections import Connection, Connections, SameUser, response_of
from signer.endpoint.exchange import Exchanges, Head, malformed_answer
from signer.endpoint.keys import SigningKey
from signer.endpoint.listener import PORTS, EndpointAddress, listen, passed_over
from signer.endpoint.pairing_desk import PairingDesk
from signer.endpoint.pairings import Pairings
from signer.endpoint.problems import new_incident, sendable
from signer.endpoint.sockets import PanelSocket
from signer.model.errors import RequestMalformed, RequestTooLarge
from signer.model.policy import Policy
from signer.platform.peer import PeerOwner, holder_of, peer_owner
from signer.platform.private_files import write_private
from signer.service.consent import ConsentSurface
from signer.service.cool_down import CoolDowns
from signer.service.ports import Clock
from signer.service.tracing import Trace
from signer.service.usecases import UseCases

#: Seconds within which a body must have arrived once it is wanted.
BODY_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Endpoint:
    """One agent's endpoint. Make it, start it, stop it, once, on one event loop.

    `key` is the agent's own (`agent_key.load_agent_key`), `pairings` the store (`Pairings.open`). `state`
    is asked for each `GET /v1/agent` of a paired origin and must not block. `same_user` is asked once for
    each connection, `holder` of each port that was passed over at the start. `ports` are tried in order;
    `(0,)` is any free one. The port is written to `endpoint_file`, 0600, for local tools, and removed at the
    stop. `tls` serves the port above (`local_ca` makes it); without it that port is held and nothing is
    served there. A simulator watches its `exchanges`.
    """

    def __init__(
        self,
        *,
        use_cases: UseCases,
        consent: ConsentSurface,
        clock: Clock,
        pairings: Pairings,
        key: SigningKey,
        policy: Policy,
        about: About,
        state: Callable[[], AgentState],
        same_user: SameUser = peer_owner,
        holder: Callable[[int], PeerOwner] = holder_of,
        ports: tuple[int, ...] = PORTS,
        endpoint_file: Path | None = None,
        tls: ssl.SSLContext | None = None,
        exchanges: Callable[..., Exchanges] = Exchanges,
        cool_downs: CoolDowns | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._clock = clock
        self._pairings = pairings
        self._key = key
        self._policy = policy
        self._same_user = same_user
        self._holder = holder
        self._ports = ports
        self._endpoint_file = endpoint_file
        self._tls = tls
        self._desk = PairingDesk(
            consent=consent, clock=clock, pairings=pairings, key=key, policy=policy, cool_downs=cool_downs
        )
        self._calls = Calls(
            use_cases=use_cases,
            desk=self._desk,
            pairings=pairings,
            key=key,
            clock=clock,
            about=about,
            state=state,
        )
        self._make_exchanges = exchanges
        self._trace = trace or Trace()
        self._exchanges: Exchanges | None = None
        self._connections: Connections | None = None
        self._servers: list[asyncio.Server] = []
        self._held: tuple[socket.socket, ...] = ()

    async def start(self) -> EndpointAddress:
        """Listen. Raises `PortsTaken`, OSError."""
        listening = listen(self._ports)
        address = listening.address
        if not address.ipv6:
            _log.warning("this computer has no IPv6 loopback: listening on 127.0.0.1 alone")
        self._exchanges = self._make_exchanges(
            calls=self._calls,
            pairings=self._pairings,
            policy=self._policy,
            key=self._key,
            clock=self._clock,
            trace=self._trace,
        )
        self._connections = Connections(self._handle, self._same_user)
        loop = asyncio.get_running_loop()
        try:
            for bound in listening.plain:
                self._servers.append(await loop.create_server(self._connections, sock=bound))
            if self._tls is None:
                self._held = listening.secure
            else:
                secured = self._connections.secured(self._tls)
                for bound in listening.secure:
                    self._servers.append(await loop.create_server(secured, sock=bound))
            if self._endpoint_file is not None:
                told = {"port": address.port, "pid": os.getpid(), "ipv6": address.ipv6}
                write_private(self._endpoint_file, msgspec.json.encode(told))
        except BaseException:
            await self.stop()
            raise
        _log.info("listening on port %d", address.port)
        if any(self._holder(port) is PeerOwner.OTHER for port in passed_over(self._ports, address.port)):
            _log.info("the ports before it are held by another user's program")
            self._calls.other_user()
        return address

    async def stop(self) -> None:
        """Stop listening, cut every connection, withdraw the pairing question. Does not wait for panels."""
        for server in self._servers:
            server.close()
        self._desk.close()
        if self._connections is not None:
            await self._connections.cut_all()
        self._servers.clear()
        for bound in self._held:
            bound.close()
        if self._endpoint_file is not None:
            self._endpoint_file.unlink(missing_ok=True)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert self._exchanges is not None
        connection = request.protocol
        assert isinstance(connection, Connection)
        if request.version != HttpVersion11:
            response = response_of(malformed_answer())
            response.force_close()
            return response
        here = request.get_extra_info("sockname")
        head = Head(request.method, request.raw_path, request.raw_headers, here[1])
        opened = self._exchanges.socket(head)
        if opened is not None:
            panel = PanelSocket(self._exchanges, opened, head.port, connection)
            return await panel.serve(request)
        connection.note_serving(True)
        try:
            answer = await self._exchanges.answer(head, lambda limit: _read_body(request, limit))
            if answer.stream is not None:
                return await _streamed(connection, request, answer, answer.stream)
        finally:
            connection.note_serving(False)
        return response_of(answer)


async def _streamed(
    connection: Connection, request: web.BaseRequest, answer: Answer, stream: AsyncGenerator[bytes]
) -> web.StreamResponse:
    """Send what comes for as long as the caller reads; cancelled when it hangs up."""
    async with aclosing(stream):
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        await response.prepare(request)
        try:
            await response.write(answer.body)
            async for octets in stream:
                await response.write(octets)
            await response.write_eof()
        except ConnectionError:
            pass  # who hangs up wants no answer
        except Exception as error:  # noqa: BLE001 - a problem cannot be told any more: its status is sent
            sendable(error, new_incident())
            connection.cut()
    return response


async def _read_body(request: web.BaseRequest, limit: int) -> bytes:
    if request.content_length is not None and request.content_length > limit:
        raise RequestTooLarge(f"the body is over {limit} octets")
    if not request.can_read_body:
        return b""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                size += len(chunk)
                if size > limit:
                    raise RequestTooLarge(f"the body is over {limit} octets")
                chunks.append(chunk)
    except TimeoutError as problem:
        raise RequestMalformed("the body did not arrive") from problem
    except web.RequestPayloadError as problem:
        raise RequestMalformed("the body is not framed as HTTP/1.1 wants it") from problem
    return b"".join(chunks)
