"""Attacks on how octets become requests, and attempts to wear the agent out by number, size or depth."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from signer.endpoint.connections import MAX_CONNECTIONS
from signer.endpoint.document_messages import MAX_DOCUMENT
from signer.endpoint.messages import MAX_BODY
from tests.attack.attack import Attack, Position, attack, refused, request
from tests.attack.victim import PATIENCE, POST, Panel, Victim, json_of
from tests.endpoint.caller import read_reply, signing_request
from tests.endpoint.test_refusals import Sent, signed

PROGRAM, PANEL, PAGE = Position.PROGRAM, Position.PANEL, Position.PAGE
GIB = 1024**3
IDLE_SOCKETS = 10_000
#: Seconds in which an honest panel is served while the agent is under attack.
STILL_SERVED = 10.0


@asynccontextmanager
async def connection(victim: Victim) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, cut at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", victim.address.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def head(panel: Panel, *, body: bytes, framing: list[str], method: str = "POST") -> bytes:
    """An honest signed head but for how it says that its body is framed."""
    sent = signed(panel, method, POST, body, idempotency_key="k")
    lines = [f"{method} {POST} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.headers), *framing]
    return "\r\n".join((*lines, "", "")).encode()


def framed(name: str, tried: str, *framing: str, after: bytes = b"") -> Attack:
    """A signed request whose framing two servers could read apart: refused and hung up on."""

    async def run(victim: Victim) -> None:
        body = signing_request()
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if "chunked" in " ".join(framing) else body
        hidden = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % victim.authority.encode()
        async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
            writer.write(head(victim.panel(), body=body, framing=list(framing)) + (after or chunks) + hidden)
            reply = await read_reply(reader)
            assert (reply.status, reply.code) == (400, "request-malformed"), (reply.status, reply.code)
            assert await _rest(reader) == b"", "what followed was answered too"

    outcome = "400 `request-malformed`, and what follows is not read as a request"
    return Attack(name=name, position=PROGRAM, tried=tried, outcome=outcome, run=run)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


_SMUGGLED: tuple[Attack, ...] = (
    framed(
        "smuggling: two framings",
        "Content-Length and Transfer-Encoding together",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
    ),
    framed("smuggling: two lengths", "Content-Length twice", "Content-Length: 5", "Content-Length: 60"),
    framed("smuggling: a list of lengths", "Content-Length: 5, 5", "Content-Length: 5, 5"),
    framed("smuggling: a length with a sign", "Content-Length: +5", "Content-Length: +5"),
    framed("smuggling: a length in hexadecimal", "Content-Length: 0x10", "Content-Length: 0x10"),
    framed("smuggling: a length in other digits", "Content-Length: ۵", "Content-Length: ۵"),
    framed(
        "smuggling: an unknown coding",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: xchunked",
        after=b"0\r\n\r\n",
    ),
    framed(
        "smuggling: chunked and then another",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked, identity",
    ),
    framed(
        "smuggling: a space before the colon",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding : chunked",
    ),
    framed(
        "smuggling: a folded header",
        "Transfer-Encoding on two lines",
        "Transfer-Encoding:\r\n chunked",
    ),
    framed(
        "chunks: a size that is none",
        "a chunk of size zz",
        "Transfer-Encoding: chunked",
        after=b"zz\r\nx\r\n0\r\n\r\n",
    ),
    framed(
        "chunks: a size beyond all numbers",
        "a chunk of 2^64 octets and one more",
        "Transfer-Encoding: chunked",
        after=b"10000000000000001\r\nx\r\n0\r\n\r\n",
    ),
    framed(
        "chunks: a negative size",
        "a chunk of size -1",
        "Transfer-Encoding: chunked",
        after=b"-1\r\nx\r\n0\r\n\r\n",
    ),
    framed(
        "chunks: no line after the data",
        "a chunk longer than it says",
        "Transfer-Encoding: chunked",
        after=b"1\r\nxxxx\r\n0\r\n\r\n",
    ),
)


def gibberish(name: str, tried: str, make: Callable[[Victim], bytes]) -> Attack:
    """What is no request of ours."""

    async def run(victim: Victim) -> None:
        async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
            writer.write(make(victim))
            reply = await read_reply(reader)
            assert (reply.status, reply.code) == (400, "request-malformed")
            assert not [name for name in reply.headers if name.startswith("access-control")]

    return Attack(name=name, position=PROGRAM, tried=tried, outcome="400 `request-malformed`", run=run)


_GIBBERISH: tuple[Attack, ...] = (
    gibberish(
        "HTTP/2 without being asked", "the HTTP/2 preface", lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    ),
    gibberish(
        "TLS on the plain port",
        "a ClientHello",
        lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ),
    gibberish("another protocol's command", "an SMTP greeting", lambda _: b"EHLO evil.example\r\n\r\n"),
    gibberish(
        "a NUL in a header",
        "a header with a NUL",
        lambda v: b"GET / HTTP/1.1\r\nHost: %s\r\nX: a\0b\r\n\r\n" % v.authority.encode(),
    ),
    gibberish(
        "a line break in a header",
        "a bare CR before a second Host",
        lambda v: b"GET / HTTP/1.1\r\nX: a\rHost: evil\r\nHost: %s\r\n\r\n" % v.authority.encode(),
    ),
    gibberish(
        "a head without an end",
        "a header of 70 kB",
        lambda v: b"GET / HTTP/1.1\r\nHost: %s\r\nX: " % v.authority.encode() + b"a" * 70_000 + b"\r\n\r\n",
    ),
    gibberish(
        "headers without number",
        "5,000 headers",
        lambda v: b"GET / HTTP/1.1\r\nHost: %s\r\n" % v.authority.encode() + b"X: y\r\n" * 5_000 + b"\r\n",
    ),
)


@attack(
    PROGRAM,
    "a second request behind the first",
    "sends an unsigned request in the same segment as an honest one",
    "each is judged by itself: 200, then 401 `signature-missing`",
)
async def pipelined(victim: Victim) -> None:
    panel = victim.panel()
    honest, forged = signed(panel), Sent("GET", "/v1/credentials", panel.head())
    octets = b"".join(
        "\r\n".join((f"GET {s.target} HTTP/1.1", *(f"{n}: {v}" for n, v in s.headers), "", "")).encode()
        for s in (honest, forged)
    )
    async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(octets)
        assert (await read_reply(reader)).status == 200
        refused(await read_reply(reader), 401, "signature-missing")


@attack(
    PROGRAM,
    "slowloris",
    f"{MAX_CONNECTIONS + 44} connections that send a head octet by octet and never end it",
    f"above {MAX_CONNECTIONS} the longest silent ones are cut; an honest panel is served meanwhile",
)
async def slowloris(victim: Victim) -> None:
    opened = []
    for _ in range(MAX_CONNECTIONS + 44):
        reader, writer = await asyncio.open_connection("127.0.0.1", victim.address.port)
        writer.write(b"GET /v1/agent HTTP/1.1\r\n")
        opened.append((reader, writer))
    try:
        for _ in range(3):
            for _, writer in opened:
                with contextlib.suppress(ConnectionError):
                    writer.write(b"X")
            await _served(victim)
        cut = 0
        for reader, _ in opened:
            with contextlib.suppress(TimeoutError):
                cut += await asyncio.wait_for(_rest(reader), 0.001) == b""
        assert cut >= 44
    finally:
        for _, writer in opened:
            writer.transport.abort()


@attack(
    PROGRAM,
    "10,000 idle sockets",
    "opens them and says nothing",
    f"{MAX_CONNECTIONS} are held, the others cut; an honest panel is served meanwhile",
)
async def idle_sockets(victim: Victim) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where the system allows fewer files, as many as it does: both ends are in this process.
    limit = hard if hard != resource.RLIM_INFINITY else IDLE_SOCKETS * 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(limit, IDLE_SOCKETS * 2)), hard))
    count = min(IDLE_SOCKETS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - MAX_CONNECTIONS - 512)
    opened: list[socket.socket] = []

    def open_some() -> None:
        # No more than the listening socket has room for: beyond it the kernel makes everybody wait a second.
        opened.extend(
            socket.create_connection(("127.0.0.1", victim.address.port), PATIENCE) for _ in range(64)
        )

    try:
        while len(opened) < count:
            await asyncio.to_thread(open_some)
            if len(opened) % 2048 == 0:
                await _served(victim)
        await _served(victim)
    finally:
        for one in opened:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await _served(victim)


async def _served(victim: Victim) -> None:
    async with asyncio.timeout(STILL_SERVED):
        assert await victim.answers()


@attack(
    PANEL,
    "a body of 1 GB that says so",
    "Content-Length: 1073741824",
    "413 `request-too-large` before any of it is read",
)
async def announced_giant(victim: Victim) -> None:
    async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(head(victim.panel(), body=b"", framing=[f"Content-Length: {GIB}"]))
        reply = await read_reply(reader)
        assert (reply.status, reply.code) == (413, "request-too-large")


@attack(
    PANEL,
    "a body of 1 GB in chunks",
    "sends chunks until it is stopped",
    f"413 `request-too-large` after {MAX_BODY // 1024**2} MiB, and no more is read than fits the wire",
)
async def chunked_giant(victim: Victim) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    sent = 0
    async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(head(victim.panel(), body=b"", framing=["Transfer-Encoding: chunked"]))
        answered = asyncio.ensure_future(read_reply(reader))
        with contextlib.suppress(ConnectionError):
            while sent < GIB and not answered.done():
                writer.write(chunk)
                sent += len(chunk)
                await writer.drain()
        reply = await answered
    assert (reply.status, reply.code) == (413, "request-too-large")
    assert sent < 4 * MAX_BODY


@attack(
    PAGE,
    "a message of 1 GB on a socket",
    "announces a frame of 1 GiB, and sends fragments without end",
    "the socket is closed with 1009 before it arrives",
)
async def giant_message(victim: Victim) -> None:
    page = victim.page("https://giant.example")
    async with victim.way(page, "ws") as way:
        assert way._socket is not None
        writer = way._socket._writer
        # FIN, binary; masked, 64-bit length (RFC 6455 §5.2).
        writer.transport.write(b"\x82\xff" + GIB.to_bytes(8, "big") + bytes(4) + b"x" * 1000)
        ended = await way._socket.receive(timeout=PATIENCE)
        assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 1009)


@attack(
    PAGE,
    "a body that never comes",
    "an unsigned POST whose body is sent octet by octet",
    "401 `signature-missing` on the head alone: strangers' bodies are not waited for",
)
async def slow_body(victim: Victim) -> None:
    panel = victim.panel("https://slow.example")
    headers = [*panel.head(Content_Type="application/json"), ("Content-Length", "100000")]
    lines = [f"POST {POST} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", "{"]
    async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write("\r\n".join(lines).encode())
        refused(await read_reply(reader), 401, "signature-missing")


def _posted(body: bytes, **head: str | None) -> Callable[[Panel], Sent]:
    return lambda panel: signed(panel, "POST", POST, body, idempotency_key="k", head=head)


def _timed(row: Attack) -> Attack:
    """The same, within a generous time."""

    async def run(victim: Victim) -> None:
        started = time.monotonic()
        await row.run(victim)
        assert time.monotonic() - started < STILL_SERVED

    return Attack(name=row.name, position=row.position, tried=row.tried, outcome=row.outcome, run=run)


@attack(
    PANEL,
    "deep or crowded JSON in a document",
    "documents of 100,000 nested arrays, of 60,000 members, of a number of 100,000 digits",
    "they fail as `document-unreadable` before anybody is asked",
    leaves=("endings",),
)
async def heavy_documents(victim: Victim) -> None:
    panel = victim.panel("https://heavy.example")
    contents = (
        "[" * 100_000 + "]" * 100_000,
        json_of({str(number * 65_536): 1 for number in range(60_000)}).decode(),
        "9" * 100_000,
    )
    assert max(map(len, contents)) <= MAX_DOCUMENT
    documents = (
        {"id": str(number), "media_type": "application/json", "format": "cades", "content": content}
        for number, content in enumerate(contents)
    )
    started = time.monotonic()
    ended = await panel.ended(await panel.post(signing_request(*documents)))
    assert {one["problem"]["code"] for one in ended["documents"]} == {"document-unreadable"}
    assert time.monotonic() - started < STILL_SERVED


_HEAVY: tuple[Attack, ...] = tuple(
    _timed(request(PANEL, name, tried, _posted(body, **extra), status, code, as_itself=True))
    for name, tried, body, extra, status, code in (
        ("deep JSON", "a million arrays in one another", b"[" * 1_000_000, {}, 400, "request-malformed"),
        (
            "a hash flood",
            "200,000 member names, and as many that collide in weaker tables",
            json_of({f"{'A' * (n % 2)}{n * 65536}": n for n in range(200_000)}),
            {},
            400,
            "request-malformed",
        ),
        ("a number without end", "a number of a million digits", b'{"documents":' + b"9" * 1_000_000 + b"}",
         {}, 400, "request-malformed"),
        (
            "a body that swells",
            "a gzip of 100 MB of spaces as the body",
            gzip.compress(b" " * 100_000_000),
            {"Content_Encoding": "gzip"},
            400,
            "request-malformed",
        ),
    )
)  # fmt: skip


ATTACKS: tuple[Attack, ...] = (
    *_SMUGGLED,
    *_GIBBERISH,
    pipelined,
    slowloris,
    idle_sockets,
    announced_giant,
    chunked_giant,
    giant_message,
    slow_body,
    heavy_documents,
    *_HEAVY,
)
