"""Whether a window can open here: where it cannot, Qt ends the process without a word to the caller."""

from __future__ import annotations

import os
import sys


def has_display() -> bool:
    """Is there a screen to open a window on, as far as the environment tells?"""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
