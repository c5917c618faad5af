"""Lays out what a package installs: the frozen programs, and all that tells a Linux desktop of them.

The tree is the same for the Debian package and for the tarball. What is in it depends on the checkout, the
lock file and the Python that froze it, and on nothing else: no clock, no path of the machine that built it.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from gui.__main__ import command_line as desktop_line
from installer.linux.completions import completions
from installer.linux.libraries import elf_files
from installer.linux.manuals import manual
from signer.cli.main import command_line

FILES = Path(__file__).parent / "files"
#: Below the root: where the programs lie, and the links that put them on everybody's path.
HOME = Path("usr/lib/mohr")
COMMANDS = ("mohr", "mohr-desktop")
SHARE = Path("usr/share")


def stage_programs(root: Path, frozen: Path) -> None:
    """The two frozen folders, with debugging symbols and paths of the build taken out of their libraries."""
    home = root / HOME
    shutil.copytree(frozen / "mohr", home, symlinks=True)
    shutil.copytree(frozen / "mohr-worker", home / "worker", symlinks=True)
    for file in elf_files(home):
        # Qt's libraries come without symbols, and with paths relative to themselves that have to stay.
        if not {"PySide6", "shiboken6"} & set(file.parts):
            subprocess.run(["strip", "--strip-unneeded", file], check=True)
        if file.name.startswith("libpython") or "lib-dynload" in file.parts:
            # Written over first: what is only removed stays readable in the file.
            subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", file], check=True)
            subprocess.run(["patchelf", "--remove-rpath", file], check=True)
    links = root / "usr" / "bin"
    links.mkdir(parents=True)
    for name in COMMANDS:
        (links / name).symlink_to(Path(os.path.relpath(HOME / name, "usr/bin")))


def stage_desktop(root: Path, version: str, epoch: int) -> None:
    """Desktop entry, user unit, manual pages and completions."""
    _copy(FILES / "mohr.desktop", root / SHARE / "applications" / "mohr.desktop")
    _copy(FILES / "mohr.service", root / "usr/lib/systemd/user/mohr.service")
    for parser in (command_line(), desktop_line()):
        page = root / SHARE / "man" / "man1" / f"{parser.prog}.1.gz"
        _write(page, _zipped(manual(parser, version, epoch)))
        for place, text in completions(parser).items():
            _write(root / SHARE / place, text.encode())


def stage_papers(root: Path, changelog: Path, copyright_: str, notices: str, bill: str) -> None:
    """What a package says about itself and what it bundles."""
    papers = root / SHARE / "doc" / "mohr"
    _write(papers / "changelog.gz", _zipped(changelog.read_text("utf-8")))
    _write(papers / "copyright", copyright_.encode())
    _write(papers / "notices.gz", _zipped(notices))
    _write(papers / "sbom.cdx.json", bill.encode())


def settle(root: Path, epoch: int) -> None:
    """One mode for each kind of entry and one time for all of them."""
    for entry in sorted(root.rglob("*"), reverse=True):
        if not entry.is_symlink():
            runs = entry.is_dir() or _is_program(entry, root)
            entry.chmod(0o755 if runs else 0o644)
        os.utime(entry, (epoch, epoch), follow_symlinks=False)
    root.chmod(0o755)
    os.utime(root, (epoch, epoch))


def traces(root: Path, *places: str) -> list[str]:
    """Files that hold the path of a place of the machine that built them."""
    wanted = [place.encode() for place in places]
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and not file.is_symlink())
    return [str(file.relative_to(root)) for file in files if any(one in file.read_bytes() for one in wanted)]


def _is_program(file: Path, root: Path) -> bool:
    return file.parent in (root / HOME, root / HOME / "worker")


def _copy(source: Path, target: Path) -> None:
    _write(target, source.read_bytes())


def _write(target: Path, octets: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(octets)


def _zipped(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)
