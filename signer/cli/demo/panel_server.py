"""Serves the demo panel to a browser from a loopback port of its own. Files only; it signs nothing."""

from __future__ import annotations

import socket
from pathlib import Path

from aiohttp import web

import signer

_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src http://127.0.0.1:*;"
    " frame-ancestors 'none'; base-uri 'none'"
)

PORT = 18780


class PanelServer:
    """The SDK's files and the demo panel, on 127.0.0.1."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self.origin = ""

    async def start(self) -> str:
        """Listen; the origin to open in a browser."""
        app = web.Application()
        app.on_response_prepare.append(_add_headers)
        root = Path(signer.__file__).parent / "panel"
        app.router.add_get("/", _to_demo)
        app.router.add_static("/", root)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        listener = _listener()
        await web.SockSite(self._runner, listener).start()
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
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
