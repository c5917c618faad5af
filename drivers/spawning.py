"""How a worker process is started: which command, and what it inherits of the environment."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from drivers.bitness import bits_of

# What makes a loader or an interpreter load something else, and what leads a module's own traffic astray.
_DROPPED = frozenset({"LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"})
_BOOT = (
    "import runpy, sys\n"
    "if sys.argv[1] not in sys.path: sys.path.insert(0, sys.argv[1])\n"
    "runpy.run_module({module!r}, run_name='__main__')"
)

WORKER = "drivers.worker"
_SUFFIX = ".exe" if sys.platform == "win32" else ""


def worker_command(module: str = WORKER, library: Path | None = None) -> tuple[str, ...]:
    """Start `module` in this interpreter, isolated: no current directory, no PYTHON* variable, no user site.

    The folder that holds `drivers` is passed on, so that a checkout and an installation both work.
    A packaged agent has no interpreter to start: its worker is a program, isolated from the outset, and
    there may be a second one for a `library` of 32 bits.
    """
    if getattr(sys, "frozen", False) and module == WORKER:
        other = worker_for_32_bits()
        if other is not None and library is not None and bits_of(library) == 32:
            return (str(other),)
        return (str(Path(sys.executable).parent / "worker" / f"mohr-worker{_SUFFIX}"),)
    root = str(Path(__file__).resolve().parent.parent)
    return (sys.executable, "-I", "-c", _BOOT.format(module=module), root)


def worker_for_32_bits() -> Path | None:
    """The program of a packaged agent that loads what was built for 32 bits; None where there is none."""
    program = Path(sys.executable).parent / "worker32" / f"mohr-worker{_SUFFIX}"
    return program if getattr(sys, "frozen", False) and program.exists() else None


def bindings_here() -> bool:
    """Has a worker what it loads modules with? A packaged agent's are in the worker's program."""
    if getattr(sys, "frozen", False):
        return Path(worker_command()[0]).exists()
    return all(importlib.util.find_spec(name) for name in ("PyKCS11", "pkcs11"))


def scrubbed_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without preloads, PYTHON* and proxies; then `extra`.

    The rest stays: modules need SOFTHSM2_CONF, OPENSC_CONF, DISPLAY and the like.
    """
    kept = {name: value for name, value in os.environ.items() if not _dropped(name)}
    return {**kept, **extra}


def _dropped(name: str) -> bool:
    upper = name.upper()
    return upper in _DROPPED or upper.startswith("PYTHON") or upper.endswith("_PROXY")
