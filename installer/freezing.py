"""Freezes the programs, the same way on every system: PyInstaller, one specification, no clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

from installer.notices import not_locked, shipped

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "desktop.txt"
SPEC = ROOT / "installer" / "frozen" / "mohr.spec"


class CannotPackage(Exception):
    """What was frozen must not be shipped, for the reason given."""


def freeze(work: Path, epoch: int) -> None:
    """Run PyInstaller into `work`/frozen. Same sources, same octets: no hash seed and no clock of its own."""
    for folder in ("frozen", "freezing"):
        shutil.rmtree(work / folder, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    log = work / "freezing.log"
    fixed = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    with log.open("wb") as told:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
                *("--distpath", work / "frozen", "--workpath", work / "freezing", SPEC),
            ],
            env={**os.environ, **fixed},
            check=False,
            stdout=told,
            stderr=told,
        )
    if done.returncode:
        raise CannotPackage(f"PyInstaller failed; see {log}")


def bundled(frozen: Path) -> list[Distribution]:
    """The distributions in both frozen folders. Raises `CannotPackage` where they are not to be shipped."""
    distributions = shipped(frozen / "mohr" / "_internal", frozen / "mohr-worker" / "_internal")
    if strange := not_locked(distributions, LOCK):
        raise CannotPackage(f"not in {LOCK.name} as shipped: {', '.join(strange)}")
    if any(
        "pyside" in entry.name.lower() or "qt6" in entry.name.lower()
        for entry in (frozen / "mohr-worker").rglob("*")
    ):
        raise CannotPackage("the worker's folder has Qt in it")
    return distributions


def starter() -> Distribution:
    """What starts each frozen program, and lies in it without being a module of its own."""
    return distribution("pyinstaller")


def own_version() -> str:
    """The version that this checkout is of."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def last_change() -> int:
    """When the sources were last changed, in seconds since 1970; SOURCE_DATE_EPOCH where that is set."""
    if (told := os.environ.get("SOURCE_DATE_EPOCH")) is not None:
        return int(told)
    log = subprocess.run(
        ["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, check=True, text=True
    )
    return int(log.stdout)
