"""Other versions of a package: the same programs under another number, or ones whose data is further on.

They are packages in all that the package manager sees, and programs that say their number. They are packed
quickly and not small: nobody ships them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
#: The Python that froze the package: what it compiles, the programs in it read.
PYTHON = ROOT / "build" / "venv" / "bin" / "python"
_DATA_VERSION = Path("signer/platform/data_version")
_LAST_STEP = "\n)\n\n\nclass Marker"
_INSIDE = Path("usr/lib/mohr/_internal")


def repacked(package: Path, version: str, target: Path, *, further: bool = False) -> Path:
    """Write the package as `version` into `target`; its path.

    `further`: its programs bring the data folder one version further than the ones they were made of.
    """
    with tempfile.TemporaryDirectory(dir=target) as place:
        tree = Path(place) / "tree"
        subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
        _renumber(tree / "DEBIAN" / "control", version)
        _renumber(next((tree / _INSIDE).glob("mohr-*.dist-info")) / "METADATA", version)
        if further:
            _bring_further(tree / _INSIDE, Path(place))
        made = target / f"mohr_{version}_amd64.deb"
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return made


def _renumber(file: Path, version: str) -> None:
    lines = file.read_text("utf-8").split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith("Version: "))
    lines[place] = f"Version: {version}"
    file.write_text("\n".join(lines), encoding="utf-8")


def _bring_further(inside: Path, scratch: Path) -> None:
    source = (ROOT / _DATA_VERSION).with_suffix(".py").read_text("utf-8")
    assert source.count(_LAST_STEP) == 1
    further = scratch / "data_version.py"
    further.write_text(source.replace(_LAST_STEP, f"\n    lambda _: None,{_LAST_STEP}"), encoding="utf-8")
    compiled = scratch / "data_version.pyc"
    subprocess.run(
        [
            PYTHON,
            "-c",
            "import py_compile, sys; py_compile.compile(*sys.argv[1:], doraise=True)",
            further,
            compiled,
        ],
        check=True,
    )
    target = (inside / _DATA_VERSION).with_suffix(".pyc")
    assert target.is_file()
    shutil.copyfile(compiled, target)
