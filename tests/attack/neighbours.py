"""Attacks of other programs on this computer: of the same user, and of another one.

A program of the same user can do what the user can: read the agent's files, press keys, replace the agent.
What is here is what it cannot do without that.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from signer.cli.assembly import Agent
from signer.client import AgentNotTrusted, MemoryKeys, PanelClient, PinnedPairing
from signer.endpoint.listener import listen
from signer.model.errors import AlreadyRunning
from signer.model.policy import Policy
from signer.model.request import Document
from tests.attack.attack import Attack, Position, attack, refused
from tests.attack.victim import PATIENCE, POST, Victim, WatchedDoctor, victim
from tests.endpoint.caller import Caller, send_octets, signing_request

PROGRAM, USER = Position.PROGRAM, Position.USER
DOCUMENT = Document(id="rx-1", media_type="text/plain", content=b"a prescription")
Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def squatter(port: int, handler: Handler) -> AsyncIterator[list[bytes]]:
    """A program that listens there and answers as it likes; what it was sent, head and body."""
    heard: list[bytes] = []

    async def hear(request: web.Request) -> web.StreamResponse:
        heard.append(repr(request.raw_headers).encode() + await request.read())
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", hear)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield heard
    finally:
        await runner.cleanup()


async def _pretend(request: web.Request) -> web.Response:
    """Says that it is paired, and proves nothing."""
    told = {"api": 1, "paired": True, "challenge": request.query.get("challenge", ""), "name": "Mohr"}
    return web.json_response(told | {"version": "9", "state": "ready", "keyid": "A" * 43, "proof": "A" * 86})


def _relay(authority: str) -> Handler:
    """Passes everything on to the real agent, with the address that it listens at."""

    async def relay(request: web.Request) -> web.Response:
        kept = [(n.decode(), v.decode()) for n, v in request.raw_headers if n.lower() != b"host"]
        head = "\r\n".join(f"{name}: {value}" for name, value in [("Host", authority), *kept])
        octets = f"{request.method} {request.path_qs} HTTP/1.1\r\n{head}\r\n\r\n".encode()
        reply = await send_octets(int(authority.rpartition(":")[2]), octets + await request.read())
        own = {"content-length", "date", "server"}
        headers = {name: value for name, value in reply.headers.items() if name not in own}
        return web.Response(status=reply.status, body=reply.body, headers=headers)

    return relay


def _client(panel: Caller, port: int) -> PanelClient:
    """The panel's own client, with the keys of its pairing, at that port."""
    keys = MemoryKeys()
    keys.save(PinnedPairing(key_pem=panel.panel_key.to_pem(), agent_point=panel.agent_key.point))
    return PanelClient(f"http://127.0.0.1:{port}", panel.origin, keys)


async def _gets_nothing(client: PanelClient, heard: list[bytes]) -> None:
    """The client does not trust it, and it hears no document."""
    try:
        await asyncio.to_thread(client.sign, [DOCUMENT], timeout=5.0)
        raise AssertionError("the panel gave its document away")
    except AgentNotTrusted:
        pass
    finally:
        client.close()
    assert heard
    assert not any(DOCUMENT.content in octets or b"signing-requests" in octets for octets in heard)


@attack(
    PROGRAM,
    "a squatter on the port before the agent",
    "listens on the agent's first port, so that the agent takes the next, and answers panels as if paired",
    "the agent serves at the next pair; the panel does not trust who proves nothing, and sends nothing",
)
async def squats_before(shared: Victim) -> None:
    free, other = listen((0,)), listen((0,))
    free.close()
    other.close()
    first, second = free.address.port, other.address.port
    async with squatter(first, _pretend) as heard:
        folder = shared.folders.data.parent.parent / secrets.token_hex(4)
        async with victim(folder, ports=(first, second)) as late:
            assert late.address.port == second
            assert await late.answers()
            await _gets_nothing(_client(late.panel(), first), heard)


@attack(
    PROGRAM,
    "a squatter on the port after the agent",
    "waits until the agent has ended, takes its port and answers as if paired",
    "the panel does not trust it, and sends nothing",
)
async def squats_after(shared: Victim) -> None:
    folder = shared.folders.data.parent.parent / secrets.token_hex(4)
    async with victim(folder) as gone:
        panel = gone.panel()
    async with squatter(gone.address.port, _pretend) as heard:
        await _gets_nothing(_client(panel, gone.address.port), heard)


@attack(
    PROGRAM,
    "a squatter that asks the real agent",
    "relays the panel's challenge to the agent's own port, and the answer back",
    "the proof names the address where it was given: the panel does not trust it, and sends nothing",
)
async def relays(victim: Victim) -> None:
    free = listen((0,))
    free.close()
    panel = victim.panel("https://relayed.example")
    async with squatter(free.address.port, _relay(victim.authority)) as heard:
        await _gets_nothing(_client(panel, free.address.port), heard)


@attack(
    PROGRAM,
    "a request that was signed for the squatter",
    "sends to the agent what a panel signed for another port",
    "401 `signature-invalid`",
)
async def signed_elsewhere(victim: Victim) -> None:
    panel = victim.panel("https://elsewhere.example")
    proof = panel.signature("GET", "/v1/credentials", authority="127.0.0.1:18721")
    reply = await panel.send("GET", "/v1/credentials", panel.head() + list(proof.items()))
    refused(reply, 401, "signature-invalid")


@attack(
    PROGRAM,
    "a service worker that was planted",
    "served a worker from the agent's port before the agent was there",
    "whatever its path, the browser gets one that removes itself",
)
async def planted_worker(victim: Victim) -> None:
    for path in ("/", "/sw.js", "/bridge", "/v1/agent", "/a/b/c?d"):
        head = [("Host", victim.authority), ("Service-Worker", "script"), ("Sec-Fetch-Mode", "same-origin")]
        reply = await victim.panel().send("GET", path, head)
        assert (reply.status, reply.headers["content-type"]) == (200, "text/javascript")
        assert b"registration.unregister" in reply.body


@attack(
    PROGRAM,
    "a program that says it is a panel",
    "calls with the panel's origin and every header right, over each way in, but without the panel's key",
    "401 `signature-missing`, `signature-invalid`",
)
async def poses_as_panel(victim: Victim) -> None:
    panel = victim.panel("https://posed.example")
    poser = victim.page(panel.origin)
    for name in ("http", "ws", "bridge"):
        async with victim.way(poser, name) as way:
            refused(await way.send("GET", "/v1/credentials", []), 401, "signature-missing")
            refused(await way.call("GET", "/v1/credentials"), 401, "signature-invalid")
            forged = await way.call("POST", POST, signing_request(), idempotency_key="k")
            refused(forged, 401, "signature-invalid")


@attack(
    PROGRAM,
    "a second agent over the same things",
    "starts an agent on the data of the one that runs",
    "it ends with `already-running` before it reads or spawns anything",
)
async def second_agent(victim: Victim) -> None:
    second = Agent(consent=WatchedDoctor(), modules=(), folders=victim.folders, policy=Policy(), ports=(0,))
    try:
        await second.start()
        raise AssertionError("it started")
    except AlreadyRunning:
        pass


async def _bash(script: str, *, nobody: bool) -> tuple[int, bytes]:
    """Run that as ourselves, or as another OS user, which only an administrator can become."""
    assert os.geteuid() == 0, "the rows of another user need root, to become one"
    other: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if nobody else {}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        **other,
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, out


@attack(
    USER,
    "another user calls the agent",
    "sends the panel's own signed request to the plain port, and asks the https port for its certificate",
    "the connection is closed without an answer; the user's own program gets both",
)
async def other_user(victim: Victim) -> None:
    panel, target = victim.panel("https://shared.example"), "/v1/credentials"
    for nobody in (True, False):
        proof = panel.signature("GET", target)
        head = [*panel.head(), *proof.items(), ("Connection", "close")]
        lines = (f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head), "", "")
        said = "\\r\\n".join(lines).replace('"', '\\"').replace("%", "%%")
        # A connection that is cut before the shell has written must not end the shell.
        dial = f'trap "" PIPE; exec 3<>/dev/tcp/127.0.0.1/{victim.address.port}'
        plain = f'{dial}; printf "{said}" >&3; cat <&3; echo end'
        _, out = await _bash(plain, nobody=nobody)
        assert (b"HTTP/1.1 200 " in out) is not nobody
        assert out.rstrip().endswith(b"end")
        secure = f"timeout 20 openssl s_client -connect 127.0.0.1:{victim.address.secure_port}"
        _, out = await _bash(secure, nobody=nobody)
        assert (b"BEGIN CERTIFICATE" in out) is not nobody


@attack(
    USER,
    "another user reads the agent's files",
    "looks for keys, pairings, the journal and the port",
    "every folder and file is the user's alone",
)
async def reads_files(victim: Victim) -> None:
    files = [file for file in victim.folders.data.parent.rglob("*") if file.is_file()]
    assert {"pairings.json", "journal.db"} <= {file.name for file in files}
    for file in files:
        assert file.stat().st_mode & 0o077 == 0 or _closed_above(file, victim.folders.data.parent), file
    reading = " || ".join(f"grep -q . '{file}'" for file in files)
    assert (await _bash(reading, nobody=False))[0] == 0
    assert (await _bash(reading, nobody=True))[0] != 0


def _closed_above(file: Path, base: Path) -> bool:
    """Is a folder between them closed to everybody else?"""
    return any(folder.stat().st_mode & 0o077 == 0 for folder in file.parents if folder.is_relative_to(base))


ATTACKS: tuple[Attack, ...] = (
    squats_before,
    squats_after,
    relays,
    signed_elsewhere,
    planted_worker,
    poses_as_panel,
    second_agent,
    other_user,
    reads_files,
)
