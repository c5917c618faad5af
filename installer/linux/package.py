"""Makes the archives of a staged tree: a Debian package, and a tarball for all other systems.

Both come out the same, octet for octet, for the same tree, version and time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from installer.linux.libraries import Needs

FILES = Path(__file__).parent / "files"
MAINTAINER = "The Mohr project <mohr@localhost>"
#: Needed, but not seen by the linker: the card service and the library that speaks to it.
BESIDE = ("libpcsclite1", "pcscd")

_CONTROL = """\
Package: mohr
Version: {version}
Architecture: amd64
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Recommends: libnss3
Suggests: opensc
Section: utils
Priority: optional
Description: signs electronic prescriptions with PKCS#11 tokens
 Mohr is asked by a browser's prescribing panel, over loopback, to sign. It
 shows the doctor what will be signed, takes the token's PIN, which never
 leaves it, and signs through the module of the token's vendor, which runs in
 a process of its own.
 .
 The package brings its own Python and Qt.
"""


def control(needs: Needs, version: str, kilobytes: int) -> str:
    """The control file. Raises `LookupError` where a library's package is not known."""
    depends = ", ".join(sorted([*needs.packages(), *BESIDE]))
    return _CONTROL.format(version=version, maintainer=MAINTAINER, size=kilobytes, depends=depends)


def kilobytes(root: Path) -> int:
    """Installed-Size: each file rounded up to a kilobyte, one for each other entry (deb-substvars(5))."""
    return sum(
        -(-entry.stat().st_size // 1024) if entry.is_file() and not entry.is_symlink() else 1
        for entry in root.rglob("*")
    )


def debian(root: Path, needs: Needs, version: str, epoch: int, target: Path) -> Path:
    """Write `mohr_VERSION_amd64.deb` into `target`; its path. `root` gets a DEBIAN folder for the moment."""
    about = root / "DEBIAN"
    text = control(needs, version, kilobytes(root))
    about.mkdir()
    about.chmod(0o755)  # whatever the mask
    try:
        (about / "control").write_text(text, encoding="utf-8")
        (about / "md5sums").write_text(_sums(root), encoding="utf-8")
        for script in ("prerm", "postrm"):
            shutil.copyfile(FILES / script, about / script)
        for entry in about.iterdir():
            entry.chmod(0o755 if entry.name in ("prerm", "postrm") else 0o644)
        for entry in (*about.iterdir(), about, root):
            os.utime(entry, (epoch, epoch))
        package = target / f"mohr_{version}_amd64.deb"
        subprocess.run(
            # One thread: how many there are would show in the octets.
            ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--threads-max=1", "--build", root, package],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    finally:
        shutil.rmtree(about)
    return package


def tarball(root: Path, version: str, epoch: int, target: Path) -> Path:
    """Write `mohr-VERSION-linux-x86_64.tar.xz` into `target`; its path. It unpacks to one folder."""
    package = target / f"mohr-{version}-linux-x86_64.tar.xz"
    top = f"mohr-{version}"

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = epoch
        return entry

    with tarfile.open(package, "w:xz", format=tarfile.GNU_FORMAT, preset=6) as archive:
        for entry in sorted(root.rglob("*")):
            name = f"{top}/{entry.relative_to(root / 'usr')}" if entry != root / "usr" else top
            archive.add(entry, name, recursive=False, filter=plain)
    return package


def _sums(root: Path) -> str:
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and not file.is_symlink())
    return "".join(
        f"{hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()}  {file.relative_to(root)}\n"
        for file in files
        if "DEBIAN" not in file.parts
    )
