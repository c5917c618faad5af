"""What a clinic says of Mohr's packages: which it hosts, where, and their SHA-256. Read, judged, and no more.

Pure. The envelope is `signed_file`'s, serial and days are `dated`'s, where it comes from is the caller's.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from signer.model.errors import PackageNotListed, SignedFileMalformed
from signer.verify import dated

PAYLOAD_TYPE = "application/vnd.mohr.updates+json"
MAX_PACKAGES = 64
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


class Manifest(dated.Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One package at least."""

    mohr_updates: Annotated[int, Meta(ge=1, le=1)]
    packages: Annotated[tuple[Package, ...], Meta(min_length=1, max_length=MAX_PACKAGES)]

    @property
    def newest(self) -> str:
        """The highest version among the packages."""
        return max((one.version for one in self.packages), key=ordered)


def ordered(version: str) -> tuple[int, ...]:
    """A version of two to four numbers, to be compared. Raises ValueError."""
    if _VERSION.fullmatch(version) is None:
        raise ValueError("no version of numbers")
    numbers = tuple(map(int, version.split(".")))
    return numbers + (0,) * (4 - len(numbers))


def read(payload: bytes) -> Manifest:
    """What a payload says, whoever signed it, and whenever. Raises `SignedFileMalformed`."""
    manifest = dated.read(payload, Manifest, "manifest")
    try:
        for package in manifest.packages:
            ordered(package.version)
    except ValueError as fault:
        raise SignedFileMalformed(f"no manifest: {fault}") from fault
    if len({one.sha256 for one in manifest.packages}) != len(manifest.packages):
        raise SignedFileMalformed("one package twice")
    return manifest


def listed(manifest: Manifest, sha256: str, size: int) -> Package:
    """The package that has this SHA-256 and size. Raises `PackageNotListed`."""
    for package in manifest.packages:
        if package.sha256 == sha256 and package.size == size:
            return package
    raise PackageNotListed(f"SHA-256 {sha256}")
