"""Looks at the agent from outside, as a local program: is it running, whose are the ports, does it answer?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl

import msgspec
from msgspec import Struct

from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.ground import Ground
from signer.diagnostics.probing import Seen, aside
from signer.model.errors import DataNewer, FileUnusable
from signer.platform import data_version
from signer.platform.only_one import held
from signer.platform.peer import PeerOwner, holder_of

_SECONDS = 3.0
_MOST = 1024 * 1024
_TITLE = "Mohr"


class _Told(Struct, frozen=True):
    port: int


async def agent(ground: Ground) -> Seen:
    """Does this user's agent run, and does it answer at the port that it told, over http and https?"""
    running = await aside(lambda: held(ground.folders.data))
    told = await aside(lambda: _told(ground))
    if running is False or (running is None and told is None):
        newer = await aside(lambda: _newer(ground))
        return Seen(findings=(*newer, finding("agent-not-running")))
    if told is None:
        return Seen(findings=(finding("agent-unreachable", (), how="no-port-told"),))
    findings, version = await _answer(told.port, ground)
    if not findings:
        findings = await _secure(told.port + 1, ground)
    facts = [("port", str(told.port))] + ([("version", version)] if version else [])
    return Seen(findings=findings, told=tuple(facts))


async def ports(ground: Ground) -> Seen:
    """Whose are the ports that the agent tries? On other systems than Linux nobody tells."""
    told = await aside(lambda: _told(ground))
    own = None if told is None else told.port
    running = await aside(lambda: held(ground.folders.data))
    holders = await aside(lambda: {port: (holder_of(port), holder_of(port + 1)) for port in ground.ports})
    findings: list[Finding] = []
    taken = [port for port, pair in holders.items() if pair != (PeerOwner.UNKNOWN,) * 2 and port != own]
    for port in taken:
        pair = holders[port]
        code = "other-users-agent" if pair == (PeerOwner.OTHER,) * 2 else "port-taken"
        findings.append(finding(code, (f"port {port}",), port=port))
    if len(taken) == len(ground.ports) and not running:
        findings.append(finding("ports-taken", (), count=len(taken)))
    return Seen(findings=tuple(findings), told=(("taken", str(len(taken))),))


def _newer(ground: Ground) -> tuple[Finding, ...]:
    """Why no agent of this version can start over this data, where that is so."""
    try:
        data_version.check(ground.folders.data)
    except DataNewer:
        return (finding("data-newer"),)
    except FileUnusable:
        return (finding("data-version-unreadable"),)
    return ()


def _told(ground: Ground) -> _Told | None:
    try:
        return msgspec.json.decode(ground.folders.endpoint_file.read_bytes(), type=_Told)
    except (OSError, msgspec.MsgspecError):
        return None


async def _answer(port: int, ground: Ground) -> tuple[tuple[Finding, ...], str | None]:
    try:
        async with asyncio.timeout(_SECONDS):
            version = await _ask(port)
    except TimeoutError:
        return (finding("agent-hung", (), port=port, seconds=f"{_SECONDS:g}"),), None
    except OSError as problem:
        return (finding("agent-unreachable", (), port=port, error=type(problem).__name__),), None
    if version is None:
        return (finding("agent-foreign", (), port=port),), None
    if version != ground.version:
        return (finding("agent-of-another-version", (), version=version),), version
    return (), version


async def _ask(port: int) -> str | None:
    """The version in the contract that the agent serves to anybody; None where it is not Mohr's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        host = f"127.0.0.1:{port}"
        writer.write(f"GET /openapi.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        octets = await reader.read(_MOST)
        while chunk := await reader.read(_MOST):
            octets += chunk
            if len(octets) > _MOST:
                return None
    finally:
        await _close(writer)
    try:
        about = json.loads(octets.partition(b"\r\n\r\n")[2])["info"]
        return str(about["version"]) if str(about["title"]).startswith(_TITLE) else None
    except (ValueError, KeyError, TypeError):
        return None


async def _secure(port: int, ground: Ground) -> tuple[Finding, ...]:
    authority = await aside(ground.authority)
    if authority is None:
        return ()
    context = ssl.create_default_context(cadata=authority.decode("ascii"))
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            await _close(writer)
    except (OSError, TimeoutError) as problem:
        return (finding("agent-tls-failed", (), port=port, error=type(problem).__name__),)
    return ()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
