"""Looking at the processes that a supervisor started, from outside."""

from __future__ import annotations

import os
import time
from pathlib import Path

from drivers.supervisor import Supervisor


def pid_of(supervisor: Supervisor) -> int:
    """The worker that is there."""
    assert supervisor.pid is not None
    return supervisor.pid


def running(pid: int) -> bool:
    """Is there such a process?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    """Wait until there is none."""
    deadline = time.monotonic() + 30
    while running(pid):
        assert time.monotonic() < deadline, "the process is still there"
        time.sleep(0.01)


def group(leader: int) -> set[int]:
    """The processes that live in a process group; those that are dead and not yet buried do not count."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(group) == leader and state != "Z":
            found.add(int(stat.parent.name))
    return found
