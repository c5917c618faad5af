"""Attacks on how octets become frames of a WebSocket (RFC 6455), and frames requests."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from signer.endpoint.connections import STRANGERS_OCTETS
from tests.attack.attack import Attack, Position, attack
from tests.attack.octets import connection
from tests.attack.victim import PATIENCE, Victim
from tests.endpoint.caller import ORIGIN

PAGE, PANEL, PROGRAM = Position.PAGE, Position.PANEL, Position.PROGRAM
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING = 0x0, 0x1, 0x2, 0x8, 0x9
_FINAL, _COMPRESSED = 0x80, 0x40
_ASK = b'{"id":1,"method":"GET","target":"/v1/agent?challenge=' + b"A" * 43 + b'"}\n'
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"

Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def upgraded(victim: Victim, *more: str, origin: str = ORIGIN) -> AsyncIterator[Socket]:
    """A socket that was let in, spoken to in octets. No extension is ever agreed to."""
    head = (
        "GET /v1/socket HTTP/1.1",
        f"Host: {victim.authority}",
        f"Origin: {origin}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        *more,
    )
    async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write("\r\n".join((*head, "", "")).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"extensions" not in answer.lower()
        yield reader, writer


def frame(first: int, payload: bytes) -> bytes:
    """One masked frame (§5.2), its mask all zeros."""
    length = len(payload)
    short = bytes((first, 0x80 | (length if length < 126 else 126)))
    return short + (length.to_bytes(2) if length >= 126 else b"") + bytes(4) + payload


async def _closed_with(reader: asyncio.StreamReader) -> int:
    """The code of the close frame that comes first."""
    first, length = await reader.readexactly(2)
    assert first == _FINAL | _CLOSE, f"frame {first:02x}"
    return int.from_bytes((await reader.readexactly(length))[:2])


def crooked(name: str, tried: str, code: int, *octets: bytes, header: str = "X: y") -> Attack:
    """Octets that end a socket."""

    async def run(victim: Victim) -> None:
        async with upgraded(victim, header) as (reader, writer):
            writer.write(b"".join(octets))
            assert await _closed_with(reader) == code

    return Attack(
        name=f"a crooked frame: {name}", position=PAGE, tried=tried, outcome=f"closed with {code}", run=run
    )


_SWELLING = zlib.compress(b" " * 10_000_000)[2:-4]
_CROOKED: tuple[Attack, ...] = (
    crooked(
        "one that swells",
        "offers permessage-deflate, and sends 10 MB of spaces as 10 kB",
        1002,
        frame(_FINAL | _COMPRESSED | _BINARY, _SWELLING),
        header=DEFLATE,
    ),
    crooked("text", "a request in a text frame", 1003, frame(_FINAL | _TEXT, _ASK)),
    crooked("an opcode of nobody's", "a frame of opcode 3", 1002, frame(_FINAL | 0x3, _ASK)),
    crooked("a long ping", "a ping of 200 octets", 1002, frame(_FINAL | _PING, b"x" * 200)),
    crooked("a ping in pieces", "a ping that is not final", 1002, frame(_PING, b"x")),
    crooked("a continuation of nothing", "continues no message", 1002, frame(_FINAL, _ASK)),
    crooked(
        "a message within a message",
        "begins another before the first has ended",
        1002,
        frame(_BINARY, _ASK[:9]),
        frame(_FINAL | _BINARY, _ASK),
    ),
    crooked(
        "a length beyond all numbers",
        "a frame of 2^64 - 1 octets",
        1009,
        b"\x82\xff" + b"\xff" * 8 + bytes(4),
    ),
    crooked("nothing", "an empty message", 1007, frame(_FINAL | _BINARY, b"")),
    crooked(
        "a line with a member twice",
        "names two targets",
        1007,
        frame(_FINAL | _BINARY, _ASK.replace(b"{", b'{"target":"/v1/credentials",', 1)),
    ),
    crooked(
        "a line with a header twice",
        "names one signature for whoever reads first, another for whoever reads last",
        1007,
        frame(_FINAL | _BINARY, _ASK.replace(b"}", b',"headers":{"signature":"a","signature":"b"}}', 1)),
    ),
    crooked(
        "a line that names a prototype",
        "`__proto__` as a member",
        1007,
        frame(_FINAL | _BINARY, _ASK.replace(b"{", b'{"__proto__":{"origin":"x"},', 1)),
    ),
    crooked(
        "an id beyond what both sides count",
        "an id of 2^53",
        1007,
        frame(_FINAL | _BINARY, _ASK.replace(b"1", b"9007199254740992", 1)),
    ),
)


async def _asked(victim: Victim, **line: object) -> tuple[int, str]:
    """Status and code of the answer to a frame with that line."""
    async with upgraded(victim) as (reader, writer):
        writer.write(frame(_FINAL | _BINARY, msgspec.json.encode({"id": 1, **line}) + b"\n"))
        first, length = await reader.readexactly(2)
        assert first == _FINAL | _BINARY
        size = int.from_bytes(await reader.readexactly(2)) if length == 126 else length
        told, _, body = (await reader.readexactly(size)).partition(b"\n")
    return msgspec.json.decode(told)["status"], msgspec.json.decode(body).get("code", "")


@attack(
    PAGE,
    "a frame that asks for what has no place in one",
    "asks for a static page, the bridge, another socket, an address with a name",
    "403 or 405, and 400 for the address: a frame has the rights of its page and no more",
)
async def misplaced(victim: Victim) -> None:
    assert await _asked(victim, method="GET", target="/") == (403, "origin-refused")
    assert await _asked(victim, method="GET", target="/bridge") == (403, "origin-refused")
    assert await _asked(victim, method="POST", target="/bridge/exchange") == (403, "origin-refused")
    assert await _asked(victim, method="GET", target="/v1/socket") == (405, "method-not-allowed")
    assert await _asked(victim, method="GET", target="http://evil.example/") == (400, "request-malformed")


@attack(
    PAGE,
    "a line break in a frame's line",
    "a second header after a line break in the target, in the method, in a header",
    "400, 405 and 401: nothing becomes a header but the members of `headers`",
)
async def broken_lines(victim: Victim) -> None:
    inside = f"\r\nOrigin: {ORIGIN}"
    assert await _asked(victim, method="GET", target=f"/v1/agent{inside}") == (400, "request-malformed")
    assert (await _asked(victim, method=f"GET{inside}", target="/v1/agent"))[0] == 405
    crafted = {"signature": f"x{inside}"}
    assert (await _asked(victim, method="GET", target="/v1/credentials", headers=crafted))[0] == 401


@attack(
    PAGE,
    "a message in pieces, and a ping between them",
    "hopes that the ping's octets get into the message, or its end is missed",
    "the ping is answered, and the message read whole",
)
async def ping_between(victim: Victim) -> None:
    async with upgraded(victim) as (reader, writer):
        writer.write(frame(_BINARY, _ASK[:9]) + frame(_FINAL | _PING, b"p") + frame(_FINAL, _ASK[9:]))
        assert await reader.readexactly(3) == b"\x8a\x01p"
        assert b'"status":200' in await reader.readuntil(b"\n")


@attack(
    PAGE,
    "messages that never end, on a hundred sockets",
    "a page that is not paired sends a mebibyte on each, and no end of it",
    f"each is cut at {STRANGERS_OCTETS // 1024} KiB; a paired panel's messages may be as long as its bodies",
)
async def hoard(victim: Victim) -> None:
    fragment = frame(_BINARY, b"x" * 0xFFFF)
    more = frame(_CONTINUATION, b"x" * 0xFFFF) * 16

    async def hoarder(number: int) -> None:
        async with upgraded(victim, origin=f"https://hoard{number % 5}.example") as (reader, writer):
            writer.write(fragment + more)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""

    await asyncio.gather(*map(hoarder, range(100)))
    async with upgraded(victim) as (reader, writer):
        writer.write(fragment + more)
        writer.write(frame(_FINAL, b""))
        assert await _closed_with(reader) == 1007, "a panel's long message is read, and found to be no frame"


ATTACKS: tuple[Attack, ...] = (*_CROOKED, misplaced, broken_lines, ping_between, hoard)
