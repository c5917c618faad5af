"""Whether Mohr starts when the user logs in: on Linux a file in the desktop's autostart folder.

freedesktop.org's Desktop Application Autostart Specification 0.5. On other systems nothing is known yet, and
nothing is changed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from signer.model.errors import FileUnusable
from signer.platform.private_files import write_private

FILE = "mohr.desktop"


def autostart_folder() -> Path | None:
    """Where this user's desktop looks for what to start; None on a system where that is not known."""
    if sys.platform != "linux":
        return None
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "autostart"


def starts(folder: Path) -> bool:
    """Is Mohr among what is started? A file that the desktop has switched off counts as absent."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return "Hidden=true" not in lines and "X-GNOME-Autostart-enabled=false" not in lines


def set_start(folder: Path, command: tuple[str, ...] | None) -> None:
    """Start `command` at each login, or nothing. Raises `FileUnusable` where the file refuses."""
    try:
        if command is None:
            (folder / FILE).unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / FILE, _entry(command).encode())
    except OSError as fault:
        raise FileUnusable(f"{FILE}: {type(fault).__name__}") from fault


def _entry(command: tuple[str, ...]) -> str:
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Name=Mohr",
            "Name[fa]=مُهر",
            f"Exec={' '.join(map(_quoted, command))}",
            "Terminal=false",
            "",
        )
    )


def _quoted(argument: str) -> str:
    """One argument of `Exec` (Desktop Entry Specification 1.5, "The Exec key"), its escapes escaped again."""
    for special in ("\\", '"', "`", "$"):
        argument = argument.replace(special, f"\\{special}")
    quoted = argument.replace("%", "%%")
    return '"{}"'.format(quoted.replace("\\", "\\\\"))
