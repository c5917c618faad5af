"""One WebSocket of a panel: frames in, answers out, several at a time, each as if it had come by HTTP.

The upgrade was let in by `admission`; what each frame may do is decided by `exchange`, which finds in it the
same signature that an HTTP request carries. Nothing is remembered of a socket but how it was opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web

from signer.endpoint.admission import Admitted
from signer.endpoint.exchange import Exchanges, Head
from signer.endpoint.frames import Frame, read_frame, write_answer
from signer.endpoint.messages import MAX_BODY
from signer.model.errors import RequestMalformed

#: Frames of one socket that are worked on at a time; the next is read when one of them is answered.
IN_FLIGHT = 16
#: Close codes (RFC 6455 §7.4.1).
_NOT_A_FRAME = 1007
_TEXT_REFUSED = 1003


class PanelSocket:
    """Serves one upgraded connection. `busy` is told whether a frame of it is being answered."""

    def __init__(
        self, exchanges: Exchanges, admitted: Admitted, port: int, busy: Callable[[bool], None]
    ) -> None:
        self._exchanges = exchanges
        self._port = port
        self._busy = busy
        self._fixed = (
            (b"host", admitted.host.encode()),
            (b"origin", (admitted.origin or "").encode()),
        )
        self._working: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Until either side closes. What a panel asked for and is not answered goes on without it."""
        socket = web.WebSocketResponse(max_msg_size=MAX_BODY + 64 * 1024, compress=False, autoping=True)
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is not WSMsgType.BINARY:
                    await socket.close(code=_TEXT_REFUSED, message=b"frames are binary")
                    break
                try:
                    frame = read_frame(message.data)
                except RequestMalformed:
                    await socket.close(code=_NOT_A_FRAME, message=b"not a frame")
                    break
                await self._room()
                task = asyncio.ensure_future(self._answer(socket, frame))
                self._working.add(task)
                task.add_done_callback(self._done)
                self._busy(True)
        finally:
            for task in self._working:
                task.cancel()
        return socket

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._busy(bool(self._working))

    async def _room(self) -> None:
        while len(self._working) >= IN_FLIGHT:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)

    async def _answer(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        head = Head(frame.method, frame.target, self._fixed + frame.headers, self._port)
        answer = await self._exchanges.answer(head, frame.read_body)
        if not socket.closed:
            await socket.send_bytes(write_answer(frame.id, answer))
