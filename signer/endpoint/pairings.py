"""The panels that the doctor has paired: a small file, read again when it has changed, replaced whole.

Another process of the same user (`mohr pairings --revoke`) may change it while the agent runs; what it took
away is gone with the next request.

A damaged or foreign file is never emptied silently. `Pairings.open` raises, and whoever composes the agent
decides, with a person, to call `set_aside`, after which every panel must pair again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from signer.endpoint import agent_key
from signer.endpoint.keys import check_point
from signer.model.errors import PairingStoreFailed
from signer.model.origin import parse_origin
from signer.platform.private_files import read_private, write_private

FILE = "pairings.json"
IDLE_LIFETIME = timedelta(days=90)
_TOUCH_EVERY = timedelta(days=1)

_log = logging.getLogger(__name__)


class Pairing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The stored trust of one origin. `point` is the panel's key, 65 octets. Times are aware, UTC.

    `last_used` is exact to a day.
    """

    origin: str
    point: bytes
    paired_at: datetime
    last_used: datetime


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    pairings: tuple[Pairing, ...]


class Pairings:
    """The store. Used from one thread. Every method raises `PairingStoreFailed` for a file gone bad."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: _Stamp | None = None
        self._by_origin: dict[str, Pairing] = {}

    @classmethod
    def open(cls, folder: Path) -> Pairings:
        """The store in `folder`, empty where there is no file. Raises `PairingStoreFailed`."""
        store = cls(folder / FILE)
        store._refresh()
        return store

    def find(self, origin: str, now: datetime) -> Pairing | None:
        """The live pairing of an origin: one that was used within 90 days."""
        self._refresh()
        pairing = self._by_origin.get(origin)
        return pairing if pairing is not None and now - pairing.last_used < IDLE_LIFETIME else None

    def list(self, now: datetime) -> tuple[Pairing, ...]:
        """The live pairings, by origin."""
        self._refresh()
        return tuple(
            pairing for origin in sorted(self._by_origin) if (pairing := self.find(origin, now)) is not None
        )

    def accept(self, origin: str, point: bytes, now: datetime) -> Pairing:
        """Keep a pairing that the doctor accepted, in place of an earlier one of that origin.

        Raises `PairingStoreFailed`; then nothing has changed.
        """
        pairing = Pairing(origin=origin, point=point, paired_at=now, last_used=now)
        live = {kept.origin: kept for kept in self.list(now)}
        self._write({**live, origin: pairing})
        return pairing

    def revoke(self, origin: str) -> bool:
        """Forget an origin; False where it was not known. Raises `PairingStoreFailed`."""
        self._refresh()
        if origin not in self._by_origin:
            return False
        self._write({kept: pairing for kept, pairing in self._by_origin.items() if kept != origin})
        return True

    def used(self, pairing: Pairing, now: datetime) -> None:
        """Note that a pairing was used. At most one write a day; a failed one costs nothing but the date."""
        self._refresh()
        if now - pairing.last_used < _TOUCH_EVERY or pairing.origin not in self._by_origin:
            return
        touched = {**self._by_origin, pairing.origin: replace(pairing, last_used=now)}
        try:
            self._write(touched)
        except PairingStoreFailed:
            _log.warning("the date of use of a pairing could not be written")

    def _refresh(self) -> None:
        """Read the file where it is not the one last read or written."""
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return
        try:
            octets = read_private(self._path)
            pairings = () if octets is None else _read(octets)
        except (OSError, ValueError) as problem:
            raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
        self._by_origin = {pairing.origin: pairing for pairing in pairings}
        self._seen = stamp

    def _write(self, by_origin: dict[str, Pairing]) -> None:
        octets = msgspec.json.encode(_File(version=1, pairings=tuple(by_origin.values())))
        try:
            write_private(self._path, msgspec.json.format(octets, indent=1))
        except OSError as problem:
            raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
        self._by_origin = by_origin
        self._seen = _stamp(self._path)


#: What changes whenever the file is replaced: inode, size, time of change in nanoseconds.
_Stamp = tuple[int, int, int]


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def set_aside(folder: Path, now: datetime) -> None:
    """Rename the pairings and the agent's key, so that the next start makes new ones. Raises OSError.

    Both go: without the key no panel would believe the pairings.
    """
    for name in (FILE, agent_key.FILE):
        path = folder / name
        if path.exists():
            path.rename(folder / f"{name}.{now:%Y%m%dT%H%M%S%f}.aside")


def _read(octets: bytes) -> tuple[Pairing, ...]:
    file = msgspec.json.decode(octets, type=_File)
    if file.version != 1:
        raise ValueError("written by another version")
    for pairing in file.pairings:
        parse_origin(pairing.origin)
        check_point(pairing.point)
        if pairing.paired_at.tzinfo is None or pairing.last_used.tzinfo is None:
            raise ValueError("a time without an offset")
    return file.pairings
