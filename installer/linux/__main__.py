"""`python -m installer.linux deb|tarball`: freeze, stage and pack; prints what was made, its size and hash.

`--again FOLDER` packs what was frozen before: for a second version of the same programs.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

from installer import icons
from installer.freezing import ROOT, CannotPackage, bundled, freeze, last_change, own_version, starter
from installer.linux import package, tree
from installer.linux.copyright import copyright_file
from installer.linux.libraries import Needs, needs
from installer.linux.unaccounted import unaccounted
from installer.notices import bill, notices


def main() -> int:
    """0 when all archives were written; 1 where the tree must not be shipped."""
    parser = argparse.ArgumentParser(prog="python -m installer.linux")
    parser.add_argument("what", nargs="+", choices=("deb", "tarball"))
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="where it is frozen and staged")
    parser.add_argument("--target", type=Path, default=ROOT / "dist", help="where the archives go")
    parser.add_argument("--version", default=own_version(), help="of the package, not of the programs in it")
    parser.add_argument("--again", action="store_true", help="pack what lies frozen in WORK already")
    options = parser.parse_args()
    epoch = last_change()
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


def stage(work: Path, version: str, epoch: int) -> Path:
    """The tree of the package in `work`/root, whole. Raises `CannotPackage` where it must not be shipped."""
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    frozen = work / "frozen"
    distributions = [*bundled(frozen), starter()]
    trees = [frozen / name / "_internal" for name in ("mohr", "mohr-worker")]
    if nobodys := [name for tree_ in trees for name in unaccounted(tree_, distributions)]:
        raise CannotPackage(f"libraries of nobody whose licence is told: {', '.join(nobodys)}")
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


if __name__ == "__main__":
    sys.exit(main())
