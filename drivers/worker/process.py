"""What makes a process fit to hold a vendor's module and a PIN.

Descriptors moved out of the module's reach, no core dumps, no swapping where the system allows that, a bound
on memory, an end when the agent ends, and a last word on stderr that holds places in our source alone.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import TracebackType

from drivers.no_core import forbid_core_files

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_SECONDS_TO_LEAVE = 5
# Seen: 10 to 22 MiB of data in a worker, with SoftHSM and with OpenSC, through either binding.
_MOST_DATA = 1024 * 1024 * 1024
_CAP_IPC_LOCK = 14
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def prepare() -> tuple[int, int]:
    """All of the below but the farewell; where the protocol is now, to read and to write."""
    report_places_only()
    forbid_core_dumps()
    limit_memory()
    lock_memory()
    return move_pipes()


def move_pipes() -> tuple[int, int]:
    """Take the protocol away from descriptors 0 and 1; return where it is now, to read and to write.

    A module that prints then prints to stderr, and one that reads stdin finds it empty.
    """
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def forbid_core_dumps() -> None:
    """Keep the process's memory, where a PIN passes, off the disk and away from other processes."""
    forbid_core_files()
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        # The end of file on the pipe is not seen by a process that hangs inside its module.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit_memory() -> None:
    """Refuse the module more than 1 GiB of data (`RLIMIT_DATA`, Linux alone): it cannot starve the PC.

    Address space is not bounded: what a runtime reserves and never writes harms nobody.
    """
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = _MOST_DATA if hard == resource.RLIM_INFINITY else min(_MOST_DATA, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def lock_memory() -> None:
    """Keep every page off the swap (`mlockall`), where Linux sets this user no limit on that.

    Under a limit nothing is locked: a desktop's usual 8 MiB hold no interpreter, and what a module maps later
    would be refused once the limit is used up.
    """
    if sys.platform == "linux" and _may_lock_everything():
        import ctypes

        # A page is locked when it is first touched: a mapping that nobody reads costs nothing.
        ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)


def _may_lock_everything() -> bool:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft == resource.RLIM_INFINITY:
        return True
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_IPC_LOCK & 1)
    return False


def limit_farewell() -> None:
    """From here the process has seconds to leave; a module that hangs while it is finalised dies of it."""
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS_TO_LEAVE)


def report_places_only() -> None:
    """Let an uncaught exception print its type and where it was, never its text: it may quote a value."""
    sys.excepthook = _print_places


def _print_places(kind: type[BaseException], _: BaseException, traceback: TracebackType | None) -> None:
    lines = [f"worker: {kind.__name__}"]
    while traceback is not None:
        code = traceback.tb_frame.f_code
        lines.append(f"  {code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    os.write(2, ("\n".join(lines) + "\n").encode())
