"""What every signed file says of itself: a serial that only goes up, and the days in which it is taken.

Pure. Where the last one that was seen is remembered is the caller's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from signer.model.errors import SignedFileExpired, SignedFileMalformed, SignedFileOlder
from signer.model.ijson import IJsonInvalid, parse

#: A file that lives longer could hold clinics back for longer.
LONGEST = timedelta(days=400)
#: Clocks of clinic computers are late as well as early.
AHEAD = timedelta(days=1)


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`serial` goes up by each file of a key. Times are aware."""

    serial: Annotated[int, Meta(ge=1, le=2**31)]
    issued: Annotated[datetime, Meta(tz=True)]
    expires: Annotated[datetime, Meta(tz=True)]


class Seen(msgspec.Struct, frozen=True):
    """The file of a key that was accepted last; `sha256` of its payload, hex."""

    serial: int
    sha256: str


_D = TypeVar("_D", bound=Dated)


def read(payload: bytes, kind: type[_D], name: str) -> _D:
    """What a payload says, whoever signed it, and whenever. Raises `SignedFileMalformed`."""
    try:
        parse(payload)
        said = msgspec.json.decode(payload, type=kind)
    except (IJsonInvalid, msgspec.MsgspecError, ValueError) as fault:
        raise SignedFileMalformed(f"no {name}: {fault}") from fault
    if not timedelta(0) < said.expires - said.issued <= LONGEST:
        raise SignedFileMalformed(f"it must end within {LONGEST.days} days of its issue")
    return said


def judge(said: Dated, sha256: str, now: datetime, seen: Seen | None) -> Seen:
    """Is it current, and none that goes back behind `seen`? What is to be remembered.

    Raises `SignedFileExpired`, `SignedFileOlder`.
    """
    if said.expires <= now:
        raise SignedFileExpired(f"ended at {said.expires.isoformat()}")
    if said.issued > now + AHEAD:
        raise SignedFileExpired(f"issued at {said.issued.isoformat()}, which is to come")
    return goes_up(said, sha256, seen)


def goes_up(said: Dated, sha256: str, seen: Seen | None) -> Seen:
    """Of `judge`, what holds on any day. Raises `SignedFileOlder`."""
    if seen is not None and said.serial < seen.serial:
        raise SignedFileOlder(f"serial {said.serial}, and {seen.serial} was seen")
    if seen is not None and said.serial == seen.serial and sha256 != seen.sha256:
        raise SignedFileOlder(f"serial {said.serial} was seen with other words")
    return Seen(said.serial, sha256)
