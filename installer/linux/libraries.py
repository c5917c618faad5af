"""Which libraries a frozen tree needs of the system, and how new they must be. Reads ELF files by objdump.

Each library that is not in the tree has a row here, or the package is not built: so Depends is complete, and
nothing is needed that the oldest supported system lacks.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

#: What brings each library: Debian 12 and Ubuntu 22.04 | Debian 13 and Ubuntu 24.04, where its name changed.
PACKAGES = {
    "ld-linux-x86-64.so.2": "libc6",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libc.so.6": "libc6",
    "libcrypto.so.3": "libssl3t64 | libssl3",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdl.so.2": "libc6",
    "libffi.so.8": "libffi8",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libglib-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "librt.so.1": "libc6",
    "libsqlite3.so.0": "libsqlite3-0",
    "libssl.so.3": "libssl3t64 | libssl3",
    "libstdc++.so.6": "libstdc++6",
    "libutil.so.1": "libc6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

#: The newest version of each set of symbols that the oldest supported system has: Ubuntu 22.04.
CEILINGS = {
    "GLIBC": (2, 35),
    "GLIBCXX": (3, 4, 30),
    "CXXABI": (1, 3, 13),
    "GCC": (12, 0, 0),
    "OPENSSL": (3, 0, 2),
    "ZLIB": (1, 2, 9),
    "V": (1, 0, 0),  # libxkbcommon
}

_NEEDED = re.compile(r"^\s+NEEDED\s+(\S+)$", re.MULTILINE)
_NAME = re.compile(r"^\s+SONAME\s+(\S+)$", re.MULTILINE)
_VERSION = re.compile(r"^\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ ([A-Za-z]+)_([0-9.]+)$", re.MULTILINE)


class Needs(Struct, frozen=True):
    """What one tree asks of a system: libraries by name, and the newest version of each set of symbols."""

    libraries: frozenset[str]
    symbols: dict[str, tuple[int, ...]]

    def packages(self) -> list[str]:
        """Dependencies in Debian's syntax, sorted. Raises `LookupError` for a library without a row."""
        without = sorted(self.libraries - PACKAGES.keys())
        if without:
            raise LookupError(f"no package is known for {', '.join(without)}")
        asked = {PACKAGES[name] for name in self.libraries}
        glibc = ".".join(map(str, self.symbols["GLIBC"]))
        return sorted(f"{one} (>= {glibc})" if one == "libc6" else one for one in asked)

    def too_new(self) -> list[str]:
        """Symbols that Ubuntu 22.04 does not have, and sets of symbols that nobody has judged."""
        return [
            f"{name}_{'.'.join(map(str, version))}"
            for name, version in sorted(self.symbols.items())
            if name not in CEILINGS or version > CEILINGS[name]
        ]


def needs(tree: Path) -> Needs:
    """What all ELF files below `tree` need and do not bring themselves."""
    wanted: set[str] = set()
    brought: set[str] = set()
    symbols: dict[str, tuple[int, ...]] = {}
    for file in elf_files(tree):
        told = _objdump(file)
        wanted.update(_NEEDED.findall(told))
        brought.update(_NAME.findall(told))
        brought.add(file.name)
        for name, version in _VERSION.findall(told):
            if name != "Qt":  # its own, and in the tree
                number = tuple(int(part) for part in version.split("."))
                symbols[name] = max(symbols.get(name, ()), number)
    return Needs(frozenset(wanted - brought), symbols)


def elf_files(tree: Path) -> Iterable[Path]:
    """All ELF files below `tree`, sorted; links are not followed."""
    for file in sorted(tree.rglob("*")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as octets:
                if octets.read(4) == b"\x7fELF":
                    yield file


def _objdump(file: Path) -> str:
    return subprocess.run(["objdump", "-p", file], capture_output=True, check=True, text=True).stdout
