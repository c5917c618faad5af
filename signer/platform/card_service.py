"""Starts the computer's PC/SC service where this user may: nobody is asked for a password, nothing is set up.

Run on Linux (systemd) alone. The Windows command is written after its documentation and was never run; macOS
starts its service itself.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

_SECONDS = 20.0
_COMMANDS: dict[str, tuple[str, ...]] = {
    "linux": ("systemctl", "--no-ask-password", "start", "pcscd.socket"),
    "win32": ("sc.exe", "start", "SCardSvr"),
}


def start(command: Sequence[str] | None = None) -> bool:
    """True where the system says that it runs now. False where this user may not, or nothing can start it."""
    wanted = _COMMANDS.get(sys.platform, ()) if command is None else tuple(command)
    program = shutil.which(wanted[0]) if wanted else None
    if program is None:
        return False
    try:
        ended = subprocess.run(  # noqa: S603  # a constant command
            (program, *wanted[1:]),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
