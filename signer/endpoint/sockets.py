"""One WebSocket of a panel: frames in, answers out, several at a time, each as if it had come by HTTP.

The upgrade was let in by `admission`; what each frame may do is decided by `exchange`, which finds in it the
same signature that an HTTP request carries. Nothing is remembered of a socket but how it was opened.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, nullcontext

from aiohttp import WSMsgType, web

from signer.endpoint.admission import Admitted
from signer.endpoint.calls import Answer
from signer.endpoint.connections import Connection
from signer.endpoint.exchange import Exchanges, Head
from signer.endpoint.frames import Cancel, Frame, read_message, write_answer, write_end, write_more
from signer.endpoint.messages import MAX_BODY
from signer.endpoint.problems import new_incident, sendable
from signer.model.errors import RequestMalformed

#: Frames of one socket that are worked on at a time; the next is read when one of them is answered.
IN_FLIGHT = 16
#: Close codes (RFC 6455 §7.4.1).
_NOT_A_FRAME = 1007
_TEXT_REFUSED = 1003
_BROKEN = 1011


class PanelSocket:
    """Serves one upgraded connection: tells it of each message, and whether one is being answered."""

    def __init__(self, exchanges: Exchanges, admitted: Admitted, port: int, connection: Connection) -> None:
        self._exchanges = exchanges
        self._port = port
        self._connection = connection
        self._fixed = (
            (b"host", admitted.host.encode()),
            (b"origin", (admitted.origin or "").encode()),
        )
        self._origin = admitted.origin
        self._working: dict[asyncio.Task[None], int] = {}

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Until either side closes. What a panel asked for and is not answered goes on without it."""
        socket = web.WebSocketResponse(max_msg_size=MAX_BODY + 64 * 1024, compress=False, autoping=True)
        await socket.prepare(request)
        self._connection.became_socket(lambda: self._exchanges.stranger(self._origin))
        with self._exchanges.attended(self._origin):
            await self._listen(socket)
        return socket

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        try:
            async for message in socket:
                self._connection.note_message()
                if message.type is not WSMsgType.BINARY:
                    await socket.close(code=_TEXT_REFUSED, message=b"frames are binary")
                    break
                try:
                    said = read_message(message.data)
                except RequestMalformed:
                    await socket.close(code=_NOT_A_FRAME, message=b"not a frame")
                    break
                if isinstance(said, Cancel):
                    self._hang_up(said.id)
                    continue
                await self._room()
                task = asyncio.ensure_future(self._answer(socket, said))
                self._working[task] = said.id
                task.add_done_callback(self._done)
                self._connection.note_serving(True)
        finally:
            for task in self._working:
                task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._working[task]
        self._connection.note_serving(bool(self._working))

    def _hang_up(self, frame_id: int) -> None:
        for task, answered in self._working.items():
            if answered == frame_id:
                task.cancel()

    async def _room(self) -> None:
        while len(self._working) >= IN_FLIGHT:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)

    async def _answer(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        head = Head(frame.method, frame.target, self._fixed + frame.headers, self._port)
        answer = await self._exchanges.answer(head, frame.read_body)
        try:
            await self._send(socket, frame.id, answer)
        except ConnectionError:
            pass  # who closes the socket wants no answer
        except Exception as error:  # noqa: BLE001 - a problem cannot be told any more: its status is sent
            sendable(error, new_incident())
            await socket.close(code=_BROKEN, message=b"an answer broke")

    async def _send(self, socket: web.WebSocketResponse, frame_id: int, answer: Answer) -> None:
        stream = answer.stream
        async with nullcontext() if stream is None else aclosing(stream):
            await socket.send_bytes(write_answer(frame_id, answer))
            if stream is not None:
                async for octets in stream:
                    await socket.send_bytes(write_more(frame_id, octets))
                await socket.send_bytes(write_end(frame_id))
