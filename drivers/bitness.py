"""For how many bits a module was built, from the first octets of its file: ELF, PE or Mach-O. Loads nothing.

A 64-bit agent cannot load a 32-bit module, and the loader's own sentence about it is one that nobody on the
phone can use.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

# ELF: EI_CLASS (System V ABI, ELF header). PE: IMAGE_FILE_HEADER.Machine (PE format, COFF file header).
_ELF_CLASS = {1: 32, 2: 64}
_PE_MACHINE = {0x014C: 32, 0x01C4: 32, 0x8664: 64, 0xAA64: 64}
_MACH_O = {b"\xce\xfa\xed\xfe": 32, b"\xcf\xfa\xed\xfe": 64}
_HEAD = 4096


def bits_of(path: Path) -> int | None:
    """32 or 64; None where the file cannot be read, or is no library of a kind that is known."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    if head[:4] == b"\x7fELF" and len(head) > 4:
        return _ELF_CLASS.get(head[4])
    if head[:4] in _MACH_O:
        return _MACH_O[head[:4]]
    if head[:2] == b"MZ" and len(head) >= 0x40:
        (at,) = struct.unpack_from("<I", head, 0x3C)
        if head[at : at + 4] == b"PE\0\0" and len(head) >= at + 6:
            (machine,) = struct.unpack_from("<H", head, at + 4)
            return _PE_MACHINE.get(machine)
    return None


def mismatch(path: Path) -> str | None:
    """Why this process cannot load the module, or None where its bits are not the reason."""
    bits, own = bits_of(path), 64 if sys.maxsize > 2**32 else 32
    return f"a {bits}-bit module in a {own}-bit agent" if bits is not None and bits != own else None
