"""A module's file before anybody loads it, and what the loader's sentence means. Nothing is loaded here."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from drivers.bitness import bits_of, mismatch
from signer.diagnostics.finding import Finding, Subject, finding
from signer.service.hand_added import Standing, writable_by_others

_MISSING = re.compile(r"([\w.+-]+): cannot open shared object file: No such file")
_NOT_A_LIBRARY = ("invalid ELF header", "file too short", "file data too short", "not a dynamic")


def trouble_with(path: Path, standing: Standing | None, subject: Subject) -> Finding | None:
    """Why this file cannot be a module of this process, as far as the file tells; None where it may."""
    name = path.name
    if standing is Standing.CHANGED:
        return finding("module-changed", subject, file=name)
    try:
        if not path.is_file():
            return finding("module-absent", subject, file=name)
        with path.open("rb") as file:
            file.read(1)
    except PermissionError:
        return finding("module-unreadable", subject, file=name)
    except OSError as problem:
        return finding("module-absent", subject, file=name, error=type(problem).__name__)
    bits = bits_of(path)
    if bits is None or _cut_short(path):
        return finding("module-not-a-library", subject, file=name)
    if mismatch(path) is not None:
        return finding("module-wrong-bits", subject, file=name, bits=bits)
    return None


def _cut_short(path: Path) -> bool:
    """Does a 64-bit ELF file end before its section headers do (System V ABI, ELF header)?

    The loader does not ask, and dies of it.
    """
    with path.open("rb") as file:
        head = file.read(64)
    if head[:5] != b"\x7fELF\x02" or len(head) < 64:
        return False
    (at,), (size, count) = struct.unpack_from("<Q", head, 0x28), struct.unpack_from("<HH", head, 0x3A)
    return bool(at + size * count > path.stat().st_size)


def not_loaded(reason: str, path: Path, subject: Subject) -> Finding:
    """What the loader's own sentence means, by the words that glibc and the bindings use."""
    missing = _MISSING.search(reason)
    if missing is not None and missing[1] != path.name:
        return finding("module-dependency-missing", subject, file=path.name, library=missing[1])
    if re.search(r"version `\w+_[0-9.]+' not found", reason):
        return finding("module-dependency-missing", subject, file=path.name, how="older-system")
    if "failed to map segment" in reason:
        return finding("module-not-permitted", subject, file=path.name)
    if "Permission denied" in reason:
        return finding("module-unreadable", subject, file=path.name)
    if any(words in reason for words in _NOT_A_LIBRARY):
        return finding("module-not-a-library", subject, file=path.name)
    if "C_GetFunctionList" in reason:
        return finding("module-not-pkcs11", subject, file=path.name)
    return finding("module-cannot-load", subject, file=path.name)


def open_to_others(path: Path, subject: Subject) -> Finding | None:
    """Can another user of this computer exchange the file?"""
    try:
        places = writable_by_others(path)
    except OSError:
        return None
    return finding("module-open-to-others", subject, count=len(places)) if places else None
