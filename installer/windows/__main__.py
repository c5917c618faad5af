"""`python -m installer.windows msi|sources`: a package for Windows out of a folder of frozen programs.

`msi` builds it with wixl. `sources` writes what candle and light build it from on Windows, into a folder that
has the payload as `payload`: `candle -arch x64 mohr.wxs`, `light mohr.wixobj`.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

from installer.icons import windows_icon
from installer.windows import wixl
from installer.windows.payload import CannotPackage, files
from installer.windows.source import ICON, PAYLOAD, package

ROOT = Path(__file__).parent.parent.parent


def main(arguments: list[str] | None = None) -> int:
    """0 when it was written; 1 where the payload must not be packed."""
    parser = argparse.ArgumentParser(prog="python -m installer.windows")
    doing = parser.add_subparsers(dest="doing", required=True)
    msi = doing.add_parser("msi", help="build the package with wixl")
    msi.add_argument(
        "--payload", type=Path, required=True, help="has mohr, mohr-worker and maybe mohr-worker32"
    )
    msi.add_argument("--out", type=Path, help="the package; left out: dist/mohr-VERSION-x64.msi")
    sources = doing.add_parser("sources", help="write what WiX builds the package from")
    sources.add_argument("--folder", type=Path, required=True, help="has the payload, named payload, in it")
    for one in (msi, sources):
        one.add_argument("--version", type=_version, default=_own_version(), help="three numbers")
    options = parser.parse_args(arguments)
    try:
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


def _own_version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


if __name__ == "__main__":
    sys.exit(main())
