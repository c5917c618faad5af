"""What a clinic says of Mohr's packages: which it hosts, where, and their SHA-256. Read, judged, and no more.

Pure. The envelope is `signed_file`'s; where a manifest comes from and which was seen last is the caller's.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from signer.model.errors import PackageNotListed, SignedFileExpired, SignedFileMalformed, SignedFileOlder
from signer.model.ijson import IJsonInvalid, parse

PAYLOAD_TYPE = "application/vnd.mohr.updates+json"
MAX_PACKAGES = 64
#: A manifest that lives longer could hold clinics back for longer.
LONGEST = timedelta(days=400)
#: Clocks of clinic computers are late as well as early.
AHEAD = timedelta(days=1)
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){1,3}", re.ASCII)

Line = Annotated[str, Meta(min_length=1, max_length=500)]


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. `system` is in the clinic's own words, `where` a place for a person to go to."""

    version: Line
    system: Line
    file: Line
    where: Line
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=1)]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`serial` goes up by each manifest of a key. Times are aware. One package at least."""

    mohr_updates: Annotated[int, Meta(ge=1, le=1)]
    serial: Annotated[int, Meta(ge=1, le=2**31)]
    issued: Annotated[datetime, Meta(tz=True)]
    expires: Annotated[datetime, Meta(tz=True)]
    packages: Annotated[tuple[Package, ...], Meta(min_length=1, max_length=MAX_PACKAGES)]

    @property
    def newest(self) -> str:
        """The highest version among the packages."""
        return max((one.version for one in self.packages), key=ordered)


class Seen(msgspec.Struct, frozen=True):
    """The manifest of a key that was accepted last; `sha256` of its payload, hex."""

    serial: int
    sha256: str


def ordered(version: str) -> tuple[int, ...]:
    """A version of two to four numbers, to be compared. Raises ValueError."""
    if _VERSION.fullmatch(version) is None:
        raise ValueError("no version of numbers")
    numbers = tuple(map(int, version.split(".")))
    return numbers + (0,) * (4 - len(numbers))


def read(payload: bytes) -> Manifest:
    """What a payload says, whoever signed it, and whenever. Raises `SignedFileMalformed`."""
    try:
        parse(payload)
        manifest = msgspec.json.decode(payload, type=Manifest)
        for package in manifest.packages:
            ordered(package.version)
    except (IJsonInvalid, msgspec.MsgspecError, ValueError) as fault:
        raise SignedFileMalformed(f"no manifest: {fault}") from fault
    if not timedelta(0) < manifest.expires - manifest.issued <= LONGEST:
        raise SignedFileMalformed(f"it must end within {LONGEST.days} days of its issue")
    if len({one.sha256 for one in manifest.packages}) != len(manifest.packages):
        raise SignedFileMalformed("one package twice")
    return manifest


def judge(manifest: Manifest, sha256: str, now: datetime, seen: Seen | None) -> Seen:
    """Is it current, and none that goes back behind `seen`? What is to be remembered.

    Raises `SignedFileExpired`, `SignedFileOlder`.
    """
    if manifest.expires <= now:
        raise SignedFileExpired(f"ended at {manifest.expires.isoformat()}")
    if manifest.issued > now + AHEAD:
        raise SignedFileExpired(f"issued at {manifest.issued.isoformat()}, which is to come")
    if seen is not None and manifest.serial < seen.serial:
        raise SignedFileOlder(f"serial {manifest.serial}, and {seen.serial} was seen")
    if seen is not None and manifest.serial == seen.serial and sha256 != seen.sha256:
        raise SignedFileOlder(f"serial {manifest.serial} was seen with other words")
    return Seen(manifest.serial, sha256)


def listed(manifest: Manifest, sha256: str, size: int) -> Package:
    """The package that has this SHA-256 and size. Raises `PackageNotListed`."""
    for package in manifest.packages:
        if package.sha256 == sha256 and package.size == size:
            return package
    raise PackageNotListed(f"SHA-256 {sha256}")
