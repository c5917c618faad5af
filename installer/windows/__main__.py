"""`python -m installer.windows freeze|msi|sources`: a package for Windows out of a folder of frozen programs.

`freeze` makes that folder, on Windows. `msi` builds the package with wixl. `sources` writes what candle and
light build it from on Windows, into a folder that has the payload as `payload`.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from installer.freezing import ROOT, CannotPackage, freeze, last_change, own_version, starter
from installer.icons import windows_icon
from installer.windows import wixl
from installer.windows.payload import files, stage
from installer.windows.source import ICON, PAYLOAD, package


def main(arguments: list[str] | None = None) -> int:
    """0 when it was written; 1 where the payload must not be packed."""
    parser = argparse.ArgumentParser(prog="python -m installer.windows")
    doing = parser.add_subparsers(dest="doing", required=True)
    freezing = doing.add_parser("freeze", help="freeze the programs and lay out the payload")
    freezing.add_argument(
        "--work", type=Path, default=ROOT / "build", help="its windows/payload is the payload"
    )
    freezing.add_argument("--again", action="store_true", help="lay out what lies frozen in WORK already")
    msi = doing.add_parser("msi", help="build the package with wixl")
    msi.add_argument(
        "--payload", type=Path, required=True, help="has mohr, mohr-worker and maybe mohr-worker32"
    )
    msi.add_argument("--out", type=Path, help="the package; left out: dist/mohr-VERSION-x64.msi")
    sources = doing.add_parser("sources", help="write what WiX builds the package from")
    sources.add_argument("--folder", type=Path, required=True, help="has the payload, named payload, in it")
    for one in (freezing, msi, sources):
        one.add_argument("--version", type=_version, default=own_version(), help="three numbers")
    options = parser.parse_args(arguments)
    try:
        if options.doing == "freeze":
            _freeze(options.work, options.version, again=options.again)
            return 0
        if options.doing == "sources":
            _write_sources(options.folder, options.version)
            return 0
        out = options.out or ROOT / "dist" / f"mohr-{options.version}-x64.msi"
        source = package(files(options.payload), options.version)
        wixl.build(source, options.payload, windows_icon(), out)
    except CannotPackage as reason:
        print(f"installer.windows: {reason}", file=sys.stderr)
        return 1
    octets = out.read_bytes()
    print(f"{hashlib.sha256(octets).hexdigest()}  {out}  {len(octets) / 1e6:.1f} MB")
    return 0


def _freeze(work: Path, version: str, *, again: bool) -> None:
    epoch = last_change()
    if not again:
        freeze(work, epoch)
    stage(work / "frozen", work / "windows" / PAYLOAD, version, epoch, (starter(),))


def _write_sources(folder: Path, version: str) -> None:
    source = package(files(folder / PAYLOAD), version)
    ET.indent(source)
    ET.ElementTree(source).write(folder / "mohr.wxs", encoding="utf-8", xml_declaration=True)
    (folder / ICON).write_bytes(windows_icon())


def _version(text: str) -> str:
    """What Windows Installer compares ("ProductVersion property"): three numbers, each with its bound."""
    numbers = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})", text)
    if numbers is None or any(
        int(n) > most for n, most in zip(numbers.groups(), (255, 255, 65535), strict=True)
    ):
        raise argparse.ArgumentTypeError("three numbers, up to 255.255.65535")
    return text


if __name__ == "__main__":
    sys.exit(main())
