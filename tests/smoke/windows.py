"""`make msi-smoke`: the package for Windows installed, updated and removed by wine's Windows Installer.

The programs in it are files with a word in them, or with `--payload` what was frozen on Linux: what is looked
at is what the installer does. Wine is not Windows; what is seen here has been seen in wine. 0 where all held.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from installer.windows.__main__ import main as installer
from installer.windows.payload import FOLDERS, files

OLD, NEW = "1.0.0", "1.1.0"
#: What a shell sees of 1603, "fatal error during installation".
REFUSED = 1603 & 0xFF
#: What may be told, and must not be: each is refused before anything is written.
UNFIT = (
    ("LANGUAGE=de",),
    ("AUTOSTART=yes",),
    ("POLICYFILE=policy.toml",),
    ("ANCHORS=anchors.pem",),
    ("PANEL1=https://panel.example",),
    ("PANEL1=*.example",),
    ("PANEL1=panel.example:443",),
    ("PANEL1=me@panel.example",),
    ("PANEL1=LOCALHOST",),
    ("PANEL1=127.0.0.1",),
    ("PANEL1=panel.example", "PANEL1PORT=https"),
    ("PANEL1=panel.example", "PANEL1PORT=65536"),
    ("PANEL2=panel.example",),
)
_PROGRAMS = r"Program Files\Mohr"
_JOURNAL = r"users\somebody\AppData\Local\mohr\journal.sqlite"
_SKIP = "Software\\Policies\\Mozilla\\Firefox\\LocalNetworkAccess\\SkipDomains"
_OURS = ("mohr", "panel.example", "localnetworkaccess", "loopbacknetwork")


class Unmet(Exception):
    """What was to be seen was not."""


class Computer:
    """A Windows of wine's in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._env = {
            **os.environ,
            "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all",
            # Neither a browser's engine nor .NET is asked for, and no menu of this desktop is written to.
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
        }
        self.run("wineboot", "--init")

    def run(self, *command: str) -> int:
        """Run a program of wine's and wait until all that it started has ended; its status."""
        done = subprocess.run(["wine", *command], env=self._env, capture_output=True, check=False)
        subprocess.run(["wineserver", "--wait"], env=self._env, check=True)
        return done.returncode

    def path(self, name: str) -> Path:
        """A file below C:, as this system calls it."""
        return self._folder.joinpath("drive_c", *name.split("\\"))

    def installer(self, doing: str, package: Path, *properties: str) -> int:
        """msiexec, silent; its status."""
        return self.run("msiexec", doing, f"Z:{package}".replace("/", "\\"), "/qn", *properties)

    def files(self) -> dict[str, bytes]:
        """All of the program's folder."""
        home = self.path(_PROGRAMS)
        return {
            str(file.relative_to(home)): file.read_bytes()
            for file in sorted(home.rglob("*"))
            if file.is_file()
        }

    def registry(self) -> dict[str, dict[str, str]]:
        """What is ours below HKEY_LOCAL_MACHINE: keys with their values, both as wine writes them."""
        keys: dict[str, dict[str, str]] = {}
        values: dict[str, str] = {}
        for line in (self._folder / "system.reg").read_text("utf-8", errors="replace").splitlines():
            if line.startswith("["):
                key = line[1 : line.rindex("]")].replace("\\\\", "\\")
                values = keys.setdefault(key, {})
            elif line.startswith(('"', "@=")):
                name, _, value = line.partition("=")
                values[name.strip('"').replace("@", "")] = _unquoted(value)
        return {
            key: {name: value for name, value in inside.items() if _is_ours(key + name + value)}
            for key, inside in keys.items()
            if not key.startswith("Software\\Microsoft\\Windows\\CurrentVersion\\Installer")
            and (_is_ours(key) or any(_is_ours(name + value) for name, value in inside.items()))
        }

    def shortcuts(self) -> list[str]:
        """The menu's entries of ours."""
        return sorted(file.name for file in self._folder.rglob("Mohr*.lnk"))


def main() -> int:
    """Run all steps; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.smoke.windows")
    parser.add_argument(
        "--payload", type=Path, help="programs that were frozen on Linux, instead of small files"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mohr-msi-") as place:
        try:
            _all(Path(place), options.payload)
        except Unmet as reason:
            print(f"msi-smoke: {reason}", file=sys.stderr)
            return 1
    return 0


def _all(place: Path, frozen: Path | None) -> None:
    payload = place / "payload"
    if frozen is None:
        small_payload(payload)
    else:
        _frozen(frozen, payload)
    old = _package(payload, OLD, place)
    whole = {"/".join(one.place): (payload / one.source).read_bytes() for one in files(payload)}
    (payload / "mohr" / "_internal" / "gone.pyc").unlink()
    (payload / "mohr" / "_internal" / "come.pyc").write_text("come")
    (payload / "mohr" / "_internal" / "changed.pyc").write_text("changed since")
    new = _package(payload, NEW, place)
    computer = Computer(place / "wine")
    given = place / "given"
    given.mkdir()
    (given / "policy.toml").write_text("pairing = false\n")
    (given / "ours.pem").write_text("authorities")
    Steps(computer, old, new, given, whole).run()


class Steps:
    """One after the other, on one computer."""

    def __init__(
        self, computer: Computer, old: Path, new: Path, given: Path, whole: dict[str, bytes]
    ) -> None:
        """`whole` is what the older package holds, by its place; `given` has an administrator's files."""
        self._computer, self._old, self._new, self._given = computer, old, new, given
        self._whole = whole

    def run(self) -> None:
        """Raises `Unmet` at the first thing that was to be seen and was not."""
        for unfit in UNFIT:
            _same(f"{' '.join(unfit)} is refused", self._computer.installer("/i", self._old, *unfit), REFUSED)
        _same("a refused installation writes nothing", self._state(), ({}, {}, []))
        self._installed()
        self._updated()
        self._removed()
        self._plain()
        self._list_of_firefox()

    def _installed(self) -> None:
        folder = f"Z:{self._given}".replace("/", "\\")
        status = self._computer.installer(
            "/i",
            self._old,
            *(
                "LANGUAGE=en",
                "AUTOSTART=1",
                rf"POLICYFILE={folder}\policy.toml",
                rf"ANCHORS={folder}\ours.pem",
            ),
            *("PANEL1=panel.example", "PANEL2=second.panel.example", "PANEL2PORT=8443"),
        )
        _same("it installs", status, 0)
        there = self._computer.files()
        different = [name for name, octets in self._whole.items() if there.get(name) != octets]
        _same(f"all {len(self._whole)} files are there, to the octet", different, [])
        _same("the policy is copied", there.get("policy.toml"), b"pairing = false\n")
        _same("the anchors are copied", there.get("anchors/anchors.pem"), b"authorities")
        _same("the menu has it", self._computer.shortcuts(), ["Mohr.lnk"])
        self._decided("panel.example")

    def _decided(self, panel: str) -> None:
        said = self._computer.registry()
        program = f'"C:\\{_PROGRAMS}\\mohr-desktop.exe"'
        policies = "Software\\Policies"
        wanted = {
            "Software\\Classes\\mohr\\shell\\open\\command": {"": f'{program} --language en -- "%1"'},
            "Software\\Microsoft\\Windows\\CurrentVersion\\Run": {
                "Mohr": f"{program} --language en --hidden"
            },
            f"{policies}\\Mohr": {"PolicyFile": f"C:\\{_PROGRAMS}\\policy.toml"},
            _SKIP: {"1": panel, "2": "second.panel.example"},
            **{
                f"{policies}\\{browser}\\LoopbackNetworkAllowedForUrls": {
                    "18717": f"https://{panel}:443",
                    "18718": "https://second.panel.example:8443",
                }
                for browser in ("Chromium", "Google\\Chrome", "Microsoft\\Edge")
            },
        }
        for key, values in wanted.items():
            _same(key, said.get(key), values)

    def _updated(self) -> None:
        """Told less than before: the rest is kept, though what was copied is not there to be copied again."""
        (self._given / "policy.toml").unlink()
        _same("it updates", self._computer.installer("/i", self._new, "PANEL1=new.panel.example"), 0)
        there = self._computer.files()
        _same("a file that came is there", there.get("_internal/come.pyc"), b"come")
        _same("a file that changed has changed", there.get("_internal/changed.pyc"), b"changed since")
        _same("a file that went is gone", "_internal/gone.pyc" in there, False)
        _same("the policy stays", there.get("policy.toml"), b"pairing = false\n")
        self._decided("new.panel.example")

    def _removed(self) -> None:
        journal = self._computer.path(_JOURNAL)
        journal.parent.mkdir(parents=True)
        journal.write_text("what was signed")
        _same("it goes", self._computer.installer("/x", self._new), 0)
        _same("nothing is left", self._state(), ({}, {}, []))
        _same("nor its folder", self._computer.path(_PROGRAMS).exists(), False)
        _same("the journal stays", journal.read_text(), "what was signed")

    def _plain(self) -> None:
        """Told nothing: no policy, no panel, no start at login, and Persian. An older version is refused.

        That is tried here, and not after the update: where wine 8 removes one version it forgets which
        product any other version belongs to.
        """
        _same("it installs with nothing told", self._computer.installer("/i", self._new), 0)
        keys = {key for key in self._computer.registry() if "Policies" in key or key.endswith("Run")}
        _same("nothing is decided for anybody", keys, set())
        start = self._computer.registry()["Software\\Classes\\mohr\\shell\\open\\command"][""]
        _same("it begins in Persian", "--language fa" in start, True)
        before = self._state()
        _same("an older version is refused", self._computer.installer("/i", self._old), REFUSED)
        _same("a refused version changes nothing", self._state(), before)
        _same("it goes again", self._computer.installer("/x", self._new), 0)
        _same("nothing is left again", self._state(), ({}, {}, []))

    def _list_of_firefox(self) -> None:
        """A list that the clinic has for Firefox is neither changed nor removed."""
        key = f"HKLM\\{_SKIP}"
        self._computer.run("reg", "add", key, "/v", "1", "/d", "intranet.panel.example", "/f")
        before = self._state()
        _same(
            "it installs beside a list", self._computer.installer("/i", self._new, "PANEL1=panel.example"), 0
        )
        said = self._computer.registry()
        _same("the list is as it was", said[_SKIP], {"1": "intranet.panel.example"})
        _same("Chrome has the panel", any("Chrome" in key for key in said), True)
        _same("it goes from beside it", self._computer.installer("/x", self._new), 0)
        _same("the list stays", self._state(), before)

    def _state(self) -> tuple[dict[str, bytes], dict[str, dict[str, str]], list[str]]:
        return self._computer.files(), self._computer.registry(), self._computer.shortcuts()


def _same(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise Unmet(f"not so: {what}: {seen!r}, and not {wanted!r}")
    print(f"  {what}")


def _is_ours(text: str) -> bool:
    return any(word in text.lower() for word in _OURS)


def _unquoted(value: str) -> str:
    return value.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")


def small_payload(payload: Path) -> None:
    """Programs that are files with a word in them, the 32-bit worker too."""
    for name in (
        "mohr/mohr.exe",
        "mohr/mohr-desktop.exe",
        "mohr/mohr-pdf.exe",
        "mohr-worker/mohr-worker.exe",
    ):
        _write(payload / name)
    _write(payload / "mohr-worker32" / "mohr-worker.exe")
    for name in ("gone", "changed", "stays"):
        _write(payload / "mohr" / "_internal" / f"{name}.pyc")


def _frozen(frozen: Path, payload: Path) -> None:
    """What was frozen on Linux, with programs named as Windows names them."""
    for folder in FOLDERS:
        if (frozen / folder).is_dir():
            shutil.copytree(frozen / folder, payload / folder)
            for program in (payload / folder).glob("mohr*"):
                program.rename(program.with_name(f"{program.name}.exe"))
    for name in ("gone", "changed"):
        _write(payload / "mohr" / "_internal" / f"{name}.pyc")


def _write(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(file.name)


def _package(payload: Path, version: str, place: Path) -> Path:
    package = place / f"mohr-{version}.msi"
    if installer(["msi", "--payload", str(payload), "--version", version, "--out", str(package)]):
        raise Unmet(f"{package.name} could not be built")
    return package


if __name__ == "__main__":
    sys.exit(main())
