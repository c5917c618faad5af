"""The panels that the doctor has paired: a small file, read once, replaced whole on each change.

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
    """The store. Used from one thread."""

    def __init__(self, path: Path, pairings: tuple[Pairing, ...]) -> None:
        self._path = path
        self._by_origin = {pairing.origin: pairing for pairing in pairings}

    @classmethod
    def open(cls, folder: Path) -> Pairings:
        """The store in `folder`, empty where there is no file. Raises `PairingStoreFailed`."""
        path = folder / FILE
        try:
            octets = read_private(path)
            pairings = () if octets is None else _read(octets)
        except (OSError, ValueError) as problem:
            raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
        return cls(path, pairings)

    def find(self, origin: str, now: datetime) -> Pairing | None:
        """The live pairing of an origin: one that was used within 90 days."""
        pairing = self._by_origin.get(origin)
        return pairing if pairing is not None and now - pairing.last_used < IDLE_LIFETIME else None

    def list(self, now: datetime) -> tuple[Pairing, ...]:
        """The live pairings, by origin."""
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
        if origin not in self._by_origin:
            return False
        self._write({kept: pairing for kept, pairing in self._by_origin.items() if kept != origin})
        return True

    def used(self, pairing: Pairing, now: datetime) -> None:
        """Note that a pairing was used. At most one write a day; a failed one costs nothing but the date."""
        if now - pairing.last_used < _TOUCH_EVERY:
            return
        touched = {**self._by_origin, pairing.origin: replace(pairing, last_used=now)}
        try:
            self._write(touched)
        except PairingStoreFailed:
            _log.warning("the date of use of a pairing could not be written")

    def _write(self, by_origin: dict[str, Pairing]) -> None:
        octets = msgspec.json.encode(_File(version=1, pairings=tuple(by_origin.values())))
        try:
            write_private(self._path, msgspec.json.format(octets, indent=1))
        except OSError as problem:
            raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
        self._by_origin = by_origin


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
