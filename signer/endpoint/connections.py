"""The agent's end of each TCP connection: whose it is, how many there are, and what is said to gibberish.

A connection of another OS user is cut without an answer. A connection that says nothing is kept: browsers
open one before they ask the person for permission, and hold it until the answer. Only when more than 256
are open are the longest silent ones shed.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from signer.endpoint.calls import Answer
from signer.endpoint.exchange import broken_answer, malformed_answer
from signer.platform.peer import PeerOwner, SocketAddress

MAX_CONNECTIONS = 256
#: Seconds that a silent connection may live between requests: as good as for ever.
IDLE_SECONDS = 7 * 24 * 3600.0
#: Seconds for which the rest of a refused body is read and dropped, so that its sender sees the answer.
LINGER_SECONDS = 2.0

#: Octets that a page which is not paired may send on a socket without having said anything: 256 sockets of
#: strangers, each with half a message, must not fill the memory of this computer.
STRANGERS_OCTETS = 64 * 1024

#: Seconds after which a stop no longer waits for what it has cancelled.
STOP_SECONDS = 1.0

SameUser = Callable[[SocketAddress, SocketAddress], PeerOwner]

_log = logging.getLogger(__name__)


class Held(Protocol):
    """A connection as far as their number matters."""

    @property
    def serving(self) -> bool:
        """Is something being answered on it?"""

    def cut(self) -> None:
        """Close at once, unsent octets and all."""


class Connections(web.Server):
    """Makes a `Connection` for each accepted socket and holds their number down."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], same_user: SameUser
    ) -> None:
        super().__init__(handler, handler_cancellation=True)
        self._same_user = same_user
        self._open: OrderedDict[Held, None] = OrderedDict()

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=asyncio.get_running_loop())

    def secured(self, context: ssl.SSLContext) -> Callable[[], asyncio.Protocol]:
        """Makes the first protocol of a socket on which TLS is spoken."""
        return lambda: _Handshake(self, context)

    def admits(self, transport: asyncio.Transport) -> bool:
        """Does the other end belong to our user? What cannot be told counts as no."""
        peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        owner = self._same_user(peer, here) if peer and here else PeerOwner.UNKNOWN
        if owner is not PeerOwner.SAME:
            _log.warning("a connection was closed unanswered: its owner is %s", owner.value)
        return owner is PeerOwner.SAME

    def opened(self, connection: Held) -> None:
        """Note a connection, and shed the longest silent one where there are too many."""
        if len(self._open) >= MAX_CONNECTIONS:
            silent = next((held for held in self._open if not held.serving), connection)
            silent.cut()
        self._open[connection] = None

    def heard(self, connection: Held) -> None:
        """Note that a connection said something."""
        if connection in self._open:
            self._open.move_to_end(connection)

    def closed(self, connection: Held) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)

    async def cut_all(self) -> None:
        """Cut every connection, whatever it waits for, and wait until what it waited for is cancelled."""
        for connection in list(self._open):
            connection.cut()
        await self.shutdown(STOP_SECONDS)


class Connection(RequestHandler):
    """One connection."""

    def __init__(self, connections: Connections, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            connections,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is how aiohttp is told to keep none
            auto_decompress=False,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
        )
        self._connections = connections
        self._cut: Callable[[], None] | None = None
        self._strange: Callable[[], bool] = lambda: False
        self._unsaid = 0
        self.serving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        real = cast("asyncio.Transport", transport)
        if not self._connections.admits(real):
            real.abort()
            return
        self._cut = real.abort
        self._connections.opened(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._cut is not None:
            self._cut = None
            self._connections.closed(self)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._connections.heard(self)
        self._unsaid += len(data)
        if self._unsaid > STRANGERS_OCTETS and self._strange():
            _log.warning("a socket was cut: a page that is not paired sent too much")
            self.cut()
            return
        super().data_received(data)

    def became_socket(self, strange: Callable[[], bool]) -> None:
        """From now on it carries messages; `strange` tells whether its page is not paired."""
        self._strange = strange

    def note_message(self) -> None:
        """A message was read whole."""
        self._unsaid = 0

    def note_serving(self, serving: bool) -> None:
        """Say whether something is being answered: what is silent meanwhile may be shed."""
        self.serving = serving

    def cut(self) -> None:
        """Close at once, unsent octets and all."""
        if self._cut is not None:
            self._cut()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser could not read, or what broke after the answer was made.

        The parser's own message may quote the request: it is dropped.
        """
        answer = malformed_answer() if status == 400 else broken_answer(exc)
        response = response_of(answer)
        response.force_close()
        return response


class _Handshake(asyncio.Protocol):
    """A connection before TLS is agreed on: as silent, for as long, and as much counted as any other."""

    def __init__(self, connections: Connections, context: ssl.SSLContext) -> None:
        self._connections = connections
        self._context = context
        self._transport: asyncio.Transport | None = None
        self._agreeing: asyncio.Task[None] | None = None
        self.serving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        real = cast("asyncio.Transport", transport)
        if not self._connections.admits(real):
            real.abort()
            return
        self._transport = real
        # Nothing is read before TLS is there to read it.
        real.pause_reading()
        self._connections.opened(self)
        self._agreeing = asyncio.ensure_future(self._agree(real))

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def _agree(self, transport: asyncio.Transport) -> None:
        """Hand the connection over once TLS is agreed on. What ends it before is nobody's concern."""
        loop = asyncio.get_running_loop()
        connection = self._connections()
        try:
            secure = await loop.start_tls(
                transport,
                connection,
                self._context,
                server_side=True,
                ssl_handshake_timeout=IDLE_SECONDS,
            )
        except OSError:
            transport.abort()
            return
        finally:
            self._connections.closed(self)
        if secure is not None:
            connection.connection_made(secure)


def response_of(answer: Answer) -> web.Response:
    """An answer as aiohttp sends it."""
    return web.Response(status=answer.status, body=answer.body or None, headers=answer.headers)
