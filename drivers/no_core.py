"""No core file of this process: for each one through which a PIN passes."""

from __future__ import annotations

import sys


def forbid_core_files() -> None:
    """Have the system write none, nor hand one to a program. Windows writes none unless it was set up to."""
    if sys.platform == "win32":
        return
    import resource

    # One octet rather than none: Linux ignores a limit of 0 when cores are piped to a program (core(5)).
    # Where an administrator has set the most to 0 it stays so: raising it is not ours to do.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    least = 1 if hard == resource.RLIM_INFINITY else min(1, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (least, least))
