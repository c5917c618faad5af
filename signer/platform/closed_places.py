"""Is a path one at which an administrator alone can put or exchange a file? Looked at, and never written."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

#: Folders that belong to users by custom, whatever their modes on this computer.
_USERS = (
    "home",
    "Users",
    "root",
    "tmp",
    "var/tmp",
    "var/home",
    "private/tmp",
    "run",
    "dev",
    "proc",
    "mnt",
    "media",
)
_CLOSED_ON_WINDOWS = re.compile(
    r"(%(SystemRoot|ProgramFiles|ProgramFiles\(x86\))%|C:\\(Windows|Program Files|Program Files \(x86\)))\\",
    re.IGNORECASE,
)
#: The one folder within Windows' own that everybody writes to.
_TEMP = "temp"


def closed_by_custom(path: str, *, windows: bool) -> bool:
    """By its spelling, for a computer that is not this one: absolute, no way up, in no folder of users."""
    if windows:
        parts = PureWindowsPath(path).parts
        return (
            bool(_CLOSED_ON_WINDOWS.match(path)) and ".." not in parts and _TEMP not in map(str.lower, parts)
        )
    plain = PurePosixPath(path)
    if not plain.is_absolute() or ".." in plain.parts:
        return False
    return not any(plain.is_relative_to(f"/{folder}") for folder in _USERS)


def open_place(path: Path) -> Path | None:
    """The first of the file, the folders above it, and what they lead to, that this user could write to.

    Where something is not there yet, whoever may write to the nearest folder above could put it there. Root
    could write anywhere: for root another user's counts. None where an administrator alone can.
    """
    if os.name != "posix":
        return None  # Windows: by custom alone, until it is asked of the access lists.
    seen = dict.fromkeys((path, *path.parents, path.resolve(), *path.resolve().parents))
    return next((place for place in seen if _open(place)), None)


def _open(place: Path) -> bool:
    try:
        found = place.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # What cannot be looked at is not known to be closed.
    if found.st_uid != 0 or found.st_mode & stat.S_IWOTH:
        return True
    if os.getuid() == 0:
        return bool(found.st_mode & stat.S_IWGRP) and found.st_gid != 0
    return os.access(place, os.W_OK)
