"""The folder that a package is made of: what was frozen, in the order and under the names that are installed.

    mohr/             the window, the commands, what draws PDFs        Mohr
    mohr-worker/      the worker, frozen apart                         Mohr\\worker
    mohr-worker32/    the same for 32-bit modules; may be absent       Mohr\\worker32

A folder that could not be installed as it is, is refused.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from importlib.metadata import Distribution
from pathlib import Path
from typing import NamedTuple

from installer.freezing import ROOT, CannotPackage, bundled
from installer.notices import bill, notices

#: Folders of the payload, and where each goes below the program's own.
FOLDERS = {"mohr": (), "mohr-worker": ("worker",), "mohr-worker32": ("worker32",)}
#: Without these there is nothing to install.
PROGRAMS = (
    ("mohr.exe",),
    ("mohr-desktop.exe",),
    ("mohr-pdf.exe",),
    ("worker", "mohr-worker.exe"),
)
PROGRAM32 = ("worker32", "mohr-worker.exe")
#: "Naming Files, Paths, and Namespaces": what no file may be called, and what stands in no name.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$')


class PayloadFile(NamedTuple):
    """`source` is relative to the payload; `place` the parts of the path below the program's folder."""

    source: Path
    place: tuple[str, ...]


def stage(frozen: Path, payload: Path, version: str, epoch: int, more: Iterable[Distribution] = ()) -> None:
    """Copy what was frozen, with the licences and the bill of materials of it and `more`.

    Raises `CannotPackage`.
    """
    distributions = [*bundled(frozen), *more]
    shutil.rmtree(payload, ignore_errors=True)
    for folder in FOLDERS:
        if (frozen / folder).is_dir():
            shutil.copytree(frozen / folder, payload / folder)
    home = payload / "mohr"
    shutil.copyfile(ROOT / "LICENSE", home / "LICENSE.txt")
    (home / "NOTICES.txt").write_text(notices(distributions), encoding="utf-8")
    (home / "sbom.cdx.json").write_text(bill(distributions, version, epoch), encoding="utf-8")


def files(payload: Path) -> list[PayloadFile]:
    """All files, by place. Raises `CannotPackage`."""
    found = [
        PayloadFile(file.relative_to(payload), (*where, *file.relative_to(payload / folder).parts))
        for folder, where in FOLDERS.items()
        for file in sorted((payload / folder).rglob("*"))
        if file.is_symlink() or not file.is_dir()
    ]
    found.sort(key=lambda one: one.place)
    _check(payload, found)
    return found


def _check(payload: Path, found: list[PayloadFile]) -> None:
    places = {tuple(part.lower() for part in one.place) for one in found}
    if len(places) != len(found):
        raise CannotPackage("two files differ in capitals alone, which are one on Windows")
    for place in (*PROGRAMS, *([PROGRAM32] if (payload / "mohr-worker32").exists() else [])):
        if place not in places:
            raise CannotPackage(f"{'/'.join(place)} is not in the payload")
    for one in found:
        if (payload / one.source).is_symlink():
            raise CannotPackage(f"{one.source}: a link, which no package for Windows can hold")
        for part in one.place:
            if _RESERVED.fullmatch(part) or _FORBIDDEN.search(part):
                raise CannotPackage(f"{one.source}: no name for a file on Windows")
        if one.place[0].startswith("worker") and re.search("pyside|qt6", str(one.source), re.IGNORECASE):
            raise CannotPackage(f"{one.source}: the worker's folder has Qt in it")
