"""Serves the demo panel to a browser from a loopback port of its own. Files only; it signs nothing."""

from __future__ import annotations

import socket
from pathlib import Path

from aiohttp import web

from signer import panel

_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'"
)


class PanelServer:
    """The SDK's files and the demo panel, on 127.0.0.1."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self.origin = ""

    async def start(self) -> str:
        """Listen on a free port; the origin to open in a browser."""
        app = web.Application(middlewares=[_headers])
        root = Path(panel.__file__).parent
        app.router.add_get("/", _to_demo)
        app.router.add_static("/", root)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, listener).start()
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        return self.origin

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()


async def _to_demo(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/demo/index.html")


@web.middleware
async def _headers(request: web.Request, handler: web.Handler) -> web.StreamResponse:
    response = await handler(request)
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response
