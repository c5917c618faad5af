"""Files that only their owner can read or write, replaced whole or not at all.

For keys and pairings, which are small. Not a vault: another program of the same user can read them.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path


class NotPrivate(OSError):
    """A file or folder belongs to somebody else, can be written by somebody else, or is not a plain one."""


def private_folder(path: Path) -> Path:
    """`path`, made with its parents where it is missing, mode 0700. Raises `NotPrivate`, OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check(path, path.stat(), stat.S_ISDIR)
    return path


def read_private(path: Path) -> bytes | None:
    """The file's octets, None where there is no file. Raises `NotPrivate`, OSError."""
    try:
        with path.open("rb") as file:
            _check(path, os.fstat(file.fileno()), stat.S_ISREG)
            return file.read()
    except FileNotFoundError:
        return None


def write_private(path: Path, octets: bytes) -> None:
    """Replace the file by `octets`, mode 0600, durable on return. Raises OSError and leaves the old file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check(path: Path, found: os.stat_result, kind: Callable[[int], bool]) -> None:
    if not kind(found.st_mode):
        raise NotPrivate(f"{path.name} is not what it should be")
    if os.name != "posix":
        return  # Windows: the user's profile folder is closed by its own access list.
    if found.st_uid != os.getuid():
        raise NotPrivate(f"{path.name} belongs to another user")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotPrivate(f"{path.name} can be written by others")
