"""The reader driver of the tests' own: how it is built. What it does is written in `pluggable.c`."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SOURCE = Path(__file__).parent / "pluggable.c"


def build(folder: Path) -> Path:
    """Compile the driver into `folder`; its path."""
    built = folder / "pluggable.so"
    warnings = ("-Wall", "-Wextra", "-Werror")
    command = ("gcc", "-shared", "-fPIC", "-O1", *warnings, "-o", str(built), str(_SOURCE), "-ldl")
    subprocess.run(command, check=True)
    return built
