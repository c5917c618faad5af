"""One agent for each data folder: a lock that the operating system drops with the process that holds it.

So there is nothing stale to clear up after a crash. It guards what one process alone may write, the journal
above all. It keeps nobody from reading.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signer.model.errors import AlreadyRunning

FILE = "agent.lock"

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def held(folder: Path, locks: Path = Path("/proc/locks")) -> bool | None:
    """Does some process hold the lock of `folder`? Asked of the kernel, so that nobody is kept from it.

    None where that cannot be told: another system than Linux, or a process that the kernel does not show.
    """
    try:
        number = str((folder / FILE).stat().st_ino)
        rows = [line.split() for line in locks.read_text("ascii").splitlines()]
    except FileNotFoundError:
        return False if locks.exists() else None
    except OSError:
        return None
    return any(row[1] == "FLOCK" and row[-3].rpartition(":")[2] == number for row in rows if len(row) > 5)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`. Raises `AlreadyRunning` where it is held, here or elsewhere, and OSError.

    The file stays: removing it would let two processes lock two files of one name. Children do not inherit
    the descriptor (PEP 446), so that a worker that outlives its agent holds nothing.
    """
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError) as held:
            raise AlreadyRunning from held
        yield
    finally:
        os.close(descriptor)
