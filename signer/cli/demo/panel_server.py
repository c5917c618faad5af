"""Serves the demo panel from a loopback port of its own, over https where it gets a certificate.

Files only; it signs nothing.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from aiohttp import web

import signer

_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self' http://127.0.0.1:*; frame-src mohr:;"
    " frame-ancestors 'none'; base-uri 'none'"
)

PORT = 18780


class PanelServer:
    """The SDK's files and the demo panel, on 127.0.0.1."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        self._runner: web.AppRunner | None = None
        self._secure = secure
        self.port = 0
        self.origin = ""

    async def start(self) -> str:
        """Listen; the origin by its address, which is that of a page of this computer."""
        app = web.Application()
        app.on_response_prepare.append(_add_headers)
        root = Path(signer.__file__).parent / "panel"
        app.router.add_get("/", _to_demo)
        app.router.add_static("/", root)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        listener = _listener()
        await web.SockSite(self._runner, listener, ssl_context=self._secure).start()
        self.port = listener.getsockname()[1]
        self.origin = f"http{'s' if self._secure else ''}://127.0.0.1:{self.port}"
        return self.origin

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()


def _listener() -> socket.socket:
    """The usual port, so that a second demo's browser finds its pairing again; else any free one."""
    try:
        return socket.create_server(("127.0.0.1", PORT))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))


async def _to_demo(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/demo/index.html")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
