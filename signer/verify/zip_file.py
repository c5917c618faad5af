"""A zip file (APPNOTE 6.3) whose two tables of contents agree: no two unpackers see another file.

Entries follow one another from the first octet to the central directory, and nothing is between, before or
after them. No path leaves the container, no name stands twice, and what comes out is bounded before it does.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zlib

from msgspec import Struct

MAX_OCTETS = 32 * 1024 * 1024
MAX_ENTRIES = 128
MAX_UNPACKED = 64 * 1024 * 1024

_LOCAL = struct.Struct("<4s5H3I2H")
#: Extra fields by which some unpackers see another name or other sizes: zip64 and Info-ZIP's Unicode path.
_ELSEWHERE = {0x0001, 0x7075}
_EXTRA = struct.Struct("<2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DESCRIBED, _UTF8 = 0x0008, 0x0800
#: Bits 1 and 2 say how hard the packer tried; all but these, encryption first, are refused.
_FLAGS = _DESCRIBED | _UTF8 | 0x0006
_STORED, _DEFLATED = 0, 8
#: The system of an entry whose attributes have a file's mode in their upper half.
_UNIX = 3


class ZipRefused(ValueError):
    """Not read. The message says which rule, and holds no name of the container."""


class Entry(Struct, frozen=True, kw_only=True):
    """One file. `bare` is True where it is stored, and its local header has no extra field."""

    name: str
    octets: bytes
    bare: bool


class _Listed(Struct, frozen=True, kw_only=True):
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    name: bytes
    offset: int


def entries(octets: bytes) -> tuple[Entry, ...]:
    """All files, in the order of their octets. Raises `ZipRefused`, and nothing else."""
    if len(octets) > MAX_OCTETS:
        raise ZipRefused(f"more than {MAX_OCTETS} octets")
    try:
        return _entries(octets)
    except (struct.error, zlib.error):
        raise ZipRefused("cut short or broken") from None


def _entries(octets: bytes) -> tuple[Entry, ...]:
    end_at = len(octets) - _END.size
    if end_at < 0:
        raise ZipRefused("cut short or broken")
    mark, disk, start_disk, here, count, size, start, comment = _END.unpack_from(octets, end_at)
    if mark != b"PK\x05\x06" or comment:
        raise ZipRefused("a comment, or octets after the end")
    if disk or start_disk or here != count or start + size != end_at:
        raise ZipRefused("more than one disk, or octets that belong to nothing")
    if not 0 < count <= MAX_ENTRIES:
        raise ZipRefused(f"no entry, or more than {MAX_ENTRIES}")
    listed, at = [], start
    for _ in range(count):
        entry, at = _central(octets, at)
        listed.append(entry)
    if at != end_at:
        raise ZipRefused("a central directory of another size than it says")
    if sum(entry.unpacked for entry in listed) > MAX_UNPACKED:
        raise ZipRefused(f"more than {MAX_UNPACKED} octets when unpacked")
    _check_names(listed)
    found, at = [], 0
    for entry in sorted(listed, key=lambda entry: entry.offset):
        if entry.offset != at:
            raise ZipRefused("octets between entries, or entries over one another")
        file, at = _local(octets, entry)
        found.append(file)
    if at != start:
        raise ZipRefused("octets between the entries and the central directory")
    return tuple(found)


def _central(octets: bytes, at: int) -> tuple[_Listed, int]:
    fields = _CENTRAL.unpack_from(octets, at)
    mark, made_by, _, flags, method, _, _, crc, packed, unpacked = fields[:10]
    name, extra, comment, disk, _, attributes, offset = fields[10:]
    if mark != b"PK\x01\x02" or disk or comment:
        raise ZipRefused("a central directory that is none, or with comments")
    if flags & ~_FLAGS or method not in {_STORED, _DEFLATED}:
        raise ZipRefused("an entry that is encrypted, or packed in another way")
    if 0xFFFFFFFF in {packed, unpacked, offset}:
        raise ZipRefused("zip64")
    if made_by >> 8 == _UNIX and stat.S_IFMT(attributes >> 16) not in {0, stat.S_IFREG}:
        raise ZipRefused("an entry that is no plain file")
    at += _CENTRAL.size
    _check_extra(octets[at + name : at + name + extra])
    listed = _Listed(
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        unpacked=unpacked,
        name=octets[at : at + name],
        offset=offset,
    )
    return listed, at + name + extra


def _check_extra(extra: bytes) -> None:
    while extra:
        kind, size = _EXTRA.unpack_from(extra)
        if kind in _ELSEWHERE or _EXTRA.size + size > len(extra):
            raise ZipRefused("an extra field that gives another name or size, or is broken")
        extra = extra[_EXTRA.size + size :]


def _local(octets: bytes, listed: _Listed) -> tuple[Entry, int]:
    mark, _, flags, method, _, _, crc, packed, unpacked, name, extra = _LOCAL.unpack_from(
        octets, listed.offset
    )
    at = listed.offset + _LOCAL.size
    same = (b"PK\x03\x04", listed.flags, listed.method, listed.name)
    if (mark, flags, method, octets[at : at + name]) != same:
        raise ZipRefused("a local header that differs from the central one")
    sizes = (crc, packed, unpacked)
    if sizes != ((0, 0, 0) if flags & _DESCRIBED else (listed.crc, listed.packed, listed.unpacked)):
        raise ZipRefused("a local header that differs from the central one")
    _check_extra(octets[at + name : at + name + extra])
    at += name + extra
    data = octets[at : at + listed.packed]
    at += listed.packed
    if flags & _DESCRIBED:
        described = struct.pack("<3I", listed.crc, listed.packed, listed.unpacked)
        at += 4 if octets[at : at + 4] == b"PK\x07\x08" else 0
        if octets[at : at + 12] != described:
            raise ZipRefused("a data descriptor that differs from the central header")
        at += 12
    return Entry(name=_text(listed), octets=_unpacked(data, listed), bare=method == _STORED and not extra), at


def _unpacked(data: bytes, listed: _Listed) -> bytes:
    if listed.method == _DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        data = unpacker.decompress(data, listed.unpacked + 1)
        if not unpacker.eof or unpacker.unused_data:
            raise ZipRefused("an entry of another size than it says")
    if len(data) != listed.unpacked or zlib.crc32(data) != listed.crc:
        raise ZipRefused("an entry of another size or checksum than it says")
    return data


def _text(listed: _Listed) -> str:
    try:
        return listed.name.decode("utf-8" if listed.flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise ZipRefused("a name that is not UTF-8") from None


def _check_names(listed: list[_Listed]) -> None:
    names = [_text(entry) for entry in listed]
    for name in names:
        parts = name.split("/")
        if not name.isprintable() or "\\" in name or ":" in name or {"", ".", ".."} & set(parts):
            raise ZipRefused("a name that is no plain path inside the container")
    if len({unicodedata.normalize("NFC", name).casefold() for name in names}) != len(names):
        raise ZipRefused("a name that stands twice")
