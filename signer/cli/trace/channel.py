"""The way from `mohr trace` to the running agent: a loopback port of its own and a secret in a private file.

Not the panels' endpoint: no page can say the secret, and whoever says anything else is cut off. The agent
asks the kernel too whether the caller is a program of the same user. Nothing but a recording is had here.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from signer.platform.peer import PeerOwner, peer_owner
from signer.platform.private_files import read_private, write_private

#: Seconds that a recording may take at most.
MOST_SECONDS = 600.0
_SECONDS_TO_ASK = 3.0
_MOST_ASKED = 256
_MOST_TOLD = 32 * 1024 * 1024
BUSY = b"busy\n"

#: Records until so many seconds have gone or the future is done; what is told.
Record = Callable[[float, asyncio.Future[None]], Awaitable[bytes]]


class _Told(Struct, frozen=True):
    port: int
    secret: str


class NoAgent(Exception):
    """No agent of this user can be asked."""


class Busy(Exception):
    """Somebody else is recording."""


class Channel:
    """The agent's end. Made, started and closed on its event loop."""

    def __init__(self, file: Path, record: Record) -> None:
        self._file, self._record = file, record
        self._secret = secrets.token_hex(32)
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen, and write where to the file, which its owner alone can read."""
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0, limit=_MOST_ASKED)
        port = self._server.sockets[0].getsockname()[1]
        write_private(self._file, msgspec.json.encode(_Told(port, self._secret)))

    async def close(self) -> None:
        """Stop listening; a recording that runs ends without being told."""
        self._file.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            here, there = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
            if peer_owner(there, here) is not PeerOwner.SAME:
                return
            seconds = await self._asked(reader)
            if seconds is None:
                return
            enough = asyncio.ensure_future(_until_silent(reader))
            try:
                writer.write(await self._record(seconds, enough))
                await writer.drain()
            finally:
                enough.cancel()
        except ConnectionError:
            pass  # who hangs up wants no answer
        finally:
            writer.close()

    async def _asked(self, reader: asyncio.StreamReader) -> float | None:
        try:
            async with asyncio.timeout(_SECONDS_TO_ASK):
                secret, _, seconds = (await reader.readline()).partition(b" ")
            if hmac.compare_digest(secret, self._secret.encode()):
                return max(0.0, min(float(seconds), MOST_SECONDS))
        except (TimeoutError, ValueError):
            pass
        return None


async def _until_silent(reader: asyncio.StreamReader) -> None:
    """Until the caller has no more to say, which is how it says that it has seen enough."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(_MOST_ASKED):
            pass


async def recorded(file: Path, seconds: float, enough: asyncio.Event) -> bytes:
    """Have the agent record for so long, or until `enough` is set. Raises `NoAgent`, `Busy`."""
    try:
        octets = read_private(file)
        told = msgspec.json.decode(octets or b"", type=_Told)
        reader, writer = await asyncio.open_connection("127.0.0.1", told.port)
    except (OSError, msgspec.MsgspecError) as problem:
        raise NoAgent from problem
    stopping = asyncio.ensure_future(_stop_at(enough, writer))
    try:
        writer.write(f"{told.secret} {seconds:g}\n".encode())
        await writer.drain()
        answer = await reader.read(_MOST_TOLD)
        while more := await reader.read(_MOST_TOLD):
            answer += more
    except ConnectionError as problem:
        raise NoAgent from problem
    finally:
        stopping.cancel()
        writer.close()
    if answer == BUSY:
        raise Busy
    if not answer:
        raise NoAgent
    return answer


async def _stop_at(enough: asyncio.Event, writer: asyncio.StreamWriter) -> None:
    await enough.wait()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()
