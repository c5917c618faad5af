"""`python -m installer.linux deb|tarball`: freeze, stage and pack; prints what was made, its size and hash.

`--again FOLDER` packs what was frozen before: for a second version of the same programs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from installer import icons
from installer.linux import package, tree
from installer.linux.copyright import copyright_file
from installer.linux.libraries import Needs, needs
from installer.linux.notices import bill, not_locked, notices, shipped

ROOT = Path(__file__).parent.parent.parent
LOCK = ROOT / "requirements" / "desktop.txt"
SPEC = ROOT / "installer" / "frozen" / "mohr.spec"


class CannotPackage(Exception):
    """The tree must not be shipped, for the reason given."""


def main() -> int:
    """0 when all archives were written; 1 where the tree must not be shipped."""
    parser = argparse.ArgumentParser(prog="python -m installer.linux")
    parser.add_argument("what", nargs="+", choices=("deb", "tarball"))
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="where it is frozen and staged")
    parser.add_argument("--target", type=Path, default=ROOT / "dist", help="where the archives go")
    parser.add_argument("--version", default=_version(), help="of the package, not of the programs in it")
    parser.add_argument("--again", action="store_true", help="pack what lies frozen in WORK already")
    options = parser.parse_args()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or _last_commit())
    options.target.mkdir(parents=True, exist_ok=True)
    try:
        if not options.again:
            freeze(options.work, epoch)
        root = stage(options.work, options.version, epoch)
        asked = what_it_needs(root)
        made = []
        if "deb" in options.what:
            made.append(package.debian(root, asked, options.version, epoch, options.target))
        if "tarball" in options.what:
            made.append(package.tarball(root, options.version, epoch, options.target))
    except CannotPackage as reason:
        print(f"installer.linux: {reason}", file=sys.stderr)
        return 1
    symbols = ", ".join(
        f"{name} {'.'.join(map(str, number))}" for name, number in sorted(asked.symbols.items())
    )
    print(f"needs of the system at most: {symbols}")
    for file in made:
        octets = file.read_bytes()
        print(f"{hashlib.sha256(octets).hexdigest()}  {file}  {len(octets) / 1e6:.1f} MB")
    print(f"installed: {package.kilobytes(root) * 1024 / 1e6:.1f} MB")
    return 0


def what_it_needs(root: Path) -> Needs:
    """Of the system. Raises `CannotPackage` where the oldest supported one does not have it."""
    asked = needs(root)
    if new := asked.too_new():
        raise CannotPackage(f"Ubuntu 22.04 has no {', '.join(new)}")
    return asked


def freeze(work: Path, epoch: int) -> None:
    """Run PyInstaller into `work`/frozen. Same sources, same octets: no hash seed and no clock of its own."""
    for folder in ("frozen", "freezing"):
        shutil.rmtree(work / folder, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    log = work / "freezing.log"
    with log.open("wb") as told:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
                *("--distpath", work / "frozen", "--workpath", work / "freezing", SPEC),
            ],
            env=_fixed(os.environ, epoch),
            check=False,
            stdout=told,
            stderr=told,
        )
    if done.returncode:
        raise CannotPackage(f"PyInstaller failed; see {log}")


def stage(work: Path, version: str, epoch: int) -> Path:
    """The tree of the package in `work`/root, whole. Raises `CannotPackage` where it must not be shipped."""
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    frozen = work / "frozen"
    distributions = shipped(frozen / "mohr" / "_internal", frozen / "mohr-worker" / "_internal")
    if strange := not_locked(distributions, LOCK):
        raise CannotPackage(f"not in {LOCK.name} as shipped: {', '.join(strange)}")
    if any(
        "pyside" in entry.name.lower() or "qt6" in entry.name.lower()
        for entry in (frozen / "mohr-worker").rglob("*")
    ):
        raise CannotPackage("the worker's folder has Qt in it")
    tree.stage_programs(root, frozen)
    tree.stage_desktop(root, version, epoch)
    tree.stage_papers(
        root,
        ROOT / "CHANGELOG.md",
        copyright_file(distributions),
        notices(distributions),
        bill(distributions, version, epoch),
    )
    icons.paint(root / tree.SHARE / "icons")
    if told := tree.traces(root, str(ROOT), str(work.absolute())):
        raise CannotPackage(f"holds a path of this machine: {', '.join(told)}")
    tree.settle(root, epoch)
    return root


def _fixed(env: Mapping[str, str], epoch: int) -> dict[str, str]:
    return {**env, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _last_commit() -> str:
    """When the sources were last changed, in seconds since 1970."""
    told = subprocess.run(
        ["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, check=True, text=True
    )
    return told.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
