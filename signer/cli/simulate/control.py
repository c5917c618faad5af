"""The simulator's own small server, on a loopback port beside the agent's: its page, its state, `set`.

Only who knows the secret may look or change, and the secret stands in a private file and in the page's
fragment, which browsers send nowhere. A request of another origin, or under another `Host`, is refused before
that is looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.scenarios import BY_CODE
from signer.cli.simulate.told import FILE, State, Told, rows
from signer.endpoint.encodings import b64
from signer.platform.private_files import write_private

#: Seconds that a look may wait for news.
LONGEST_LOOK = 20.0
_MAX_BODY = 4096


class _Set(Struct, frozen=True, forbid_unknown_fields=True):
    scenario: str


class Control:
    """Start it after its agent, stop it before."""

    def __init__(self, agent: SimulatedAgent, runtime: Path) -> None:
        self._agent = agent
        self._file = runtime / FILE
        self._secret = secrets.token_urlsafe(32)
        self._html, self._policy = _page()
        self._runner: web.AppRunner | None = None
        self._authority = ""

    @property
    def url(self) -> str:
        """The page's address, with its secret in the fragment."""
        return f"http://{self._authority}/#{self._secret}"

    async def start(self) -> None:
        """Listen on 127.0.0.1 alone, and tell the private file. Raises OSError."""
        app = web.Application(client_max_size=_MAX_BODY, middlewares=[self._admit])
        app.router.add_get("/", self._show)
        app.router.add_get("/state", self._state)
        app.router.add_post("/scenario", self._set)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = int(self._runner.addresses[0][1])
        self._authority = f"127.0.0.1:{port}"
        told = Told(port=self._agent.address.port, control=port, secret=self._secret, pid=os.getpid())
        write_private(self._file, msgspec.json.encode(told))

    async def stop(self) -> None:
        """Close the port and take the file away."""
        self._file.unlink(missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = self._refused(request) or await handler(request)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Content-Security-Policy"] = self._policy
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    def _refused(self, request: web.Request) -> web.Response | None:
        """A page of ours asks from its own origin; the command sends no Origin at all."""
        if request.headers.getall("Host", []) != [self._authority]:
            return _no("host-refused", 403)
        if request.headers.get("Origin", f"http://{self._authority}") != f"http://{self._authority}":
            return _no("origin-refused", 403)
        if request.path == "/":
            return None
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return _no("origin-refused", 403)
        said = request.headers.get("Authorization", "")
        if not hmac.compare_digest(said.encode(), f"Bearer {self._secret}".encode()):
            return _no("secret-wrong", 401)
        if request.method == "POST" and request.content_type != "application/json":
            return _no("media-type-not-accepted", 415)
        return None

    async def _show(self, _: web.Request) -> web.Response:
        return web.Response(body=self._html, content_type="text/html", charset="utf-8")

    async def _state(self, request: web.Request) -> web.Response:
        since = dict(parse_qsl(request.query_string)).get("after", "")
        if since.isdecimal():
            await self._agent.stage.changed(int(since), LONGEST_LOOK)
        return self._told()

    async def _set(self, request: web.Request) -> web.Response:
        try:
            wanted = BY_CODE[msgspec.json.decode(await request.read(), type=_Set).scenario]
        except (msgspec.MsgspecError, KeyError):
            return _no("scenario-unknown", 422)
        await self._agent.play(wanted)
        return self._told()

    def _told(self) -> web.Response:
        stage = self._agent.stage
        state = State(
            simulator=True,
            version=stage.version,
            port=self._agent.address.port,
            scenario=stage.scenario.code,
            happened=stage.happened,
            scenarios=rows(),
        )
        return web.Response(body=msgspec.json.encode(state), content_type="application/json")


def _no(code: str, status: int) -> web.Response:
    return web.json_response({"code": code}, status=status)


def _page() -> tuple[bytes, str]:
    """The page, and the policy that lets its own style and script run and nothing else."""
    html = files("signer.cli.simulate").joinpath("page.html").read_bytes()
    hashes = []
    for kind, start, end in (("style", b"<style>", b"</style>"), ("script", b"<script>", b"</script>")):
        text = html.partition(start)[2].partition(end)[0]
        hashes.append(f"{kind}-src 'sha256-{b64(hashlib.sha256(text).digest())}'")
    closed = "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return html, "; ".join(("default-src 'none'", *hashes, closed))
