"""`mohr trace`: records, prints where the time went, and writes what was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from drivers.recording import OBSERVED
from signer.cli.assembly import version
from signer.cli.language import Language, which
from signer.cli.trace import words
from signer.cli.trace.channel import Busy, NoAgent, recorded
from signer.cli.trace.page import page
from signer.cli.trace.told import Told, decoded, encoded, end_of, shares, told
from signer.model.text import visible
from signer.platform.folders import user_places
from signer.service.tracing import Lane, Recording

_NO_AGENT = (
    "مُهر روی این رایانه کار نمی‌کند، یا نسخهٔ دیگری است. آن را باز کنید و دوباره بیازمایید.",
    "No agent of yours is running, or it is of another version. Start it and try again.",
)
_BUSY = ("همین حالا یک ثبت دیگر در جریان است.", "Another recording is going on.")
_RECORDING = (
    "ثبت می‌شود؛ اکنون امضا کنید. Ctrl-C زودتر پایانش می‌دهد.",
    "Recording; sign now. Ctrl-C ends it sooner.",
)
_MOST_LINES = 10


class Wanted(Struct, frozen=True, kw_only=True):
    """What the command line asked for. Without a `command` the running agent is recorded."""

    seconds: float
    json: Path | None
    html: Path | None
    language: Language
    command: tuple[str, ...] = ()


def trace(wanted: Wanted, mohr: Callable[[Sequence[str]], int]) -> int:
    """0, 1 where there was nobody to record, 4 where a file could not be written; a command's own status."""
    at, status = which(wanted.language), 0
    try:
        if wanted.command:
            one, status = _of_a_command(mohr, wanted.command)
        else:
            print(_RECORDING[at], file=sys.stderr, flush=True)
            one = decoded(asyncio.run(_of_the_agent(wanted.seconds)))
    except (NoAgent, msgspec.MsgspecError):
        print(f"mohr trace: {_NO_AGENT[at]}", file=sys.stderr)
        return 1
    except Busy:
        print(f"mohr trace: {_BUSY[at]}", file=sys.stderr)
        return 1
    if wanted.json == Path("-"):
        sys.stdout.write(encoded(one).decode())
    else:
        print("\n".join(lines(one, at)), file=sys.stderr if wanted.command else sys.stdout)
        if wanted.json is not None and not _written(wanted.json, encoded(one)):
            return 4
    if wanted.html is not None and not _written(wanted.html, page(one).encode()):
        return 4
    return status


async def _of_the_agent(seconds: float) -> bytes:
    enough = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the command without a recording
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, enough.set)
    return await recorded(user_places().trace_file, seconds, enough)


def _of_a_command(mohr: Callable[[Sequence[str]], int], command: tuple[str, ...]) -> tuple[Told, int]:
    recording = Recording()
    observed = OBSERVED.set(recording.module)
    try:
        status = mohr(command)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 2
    finally:
        OBSERVED.reset(observed)
    return told(recording, version()), status


def lines(one: Told, at: int) -> Iterator[str]:
    """Where each request's time went, then the longest calls of modules; what never returned comes first."""
    if not one.spans:
        yield words.NOTHING[at]
    for share in shares(one):
        yield f"{words.numbered(words.REQUEST, share.request, at)}: {words.seconds(share.micros)}"
        for lane, micros in share.lanes:
            caption = words.UNKNOWN[at] if lane is None else words.LANES[lane][at]
            yield f"  {words.seconds(micros):>9}  {caption}"
    calls = [span for span in one.spans if span.lane is Lane.MODULE]
    calls.sort(key=lambda span: (span.lost is None, span.began - end_of(span, one.micros)))
    for span in calls[:_MOST_LINES]:
        took = words.seconds(end_of(span, one.micros) - span.began)
        end = f"{words.NEVER[at]}: {span.lost}" if span.lost is not None else span.code or words.STILL[at]
        yield f"  {took:>9}  {span.name}  {end}"


def _written(file: Path, octets: bytes) -> bool:
    try:
        file.write_bytes(octets)
    except OSError as problem:
        print(f"mohr trace: {visible(str(problem))}", file=sys.stderr)
        return False
    return True
