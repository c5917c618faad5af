"""`make smoke`: installs the package in a fresh root, signs with it, updates, removes and purges it.

Each step says what was seen. The last lines are the figures with their bars. 0 where all of it held.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tests.browser.https_panel import serve
from tests.smoke import leaving
from tests.smoke.browsers import Browsers, let_through, let_through_no_longer
from tests.smoke.clinic import hosting
from tests.smoke.desk import PATIENCE, ROOT, desk, folder_of_the_doctor
from tests.smoke.installed import TOKEN, Installed, seen, until
from tests.smoke.repack import repacked
from tests.smoke.root import DOCTOR, Root

#: Before the package that is tried, and after it: what comes after knows data that it does not.
OLDER, NEXT = "0.0.1", "99.0"
_MARK = "MOHR_SMOKE_NAMESPACE"
#: What every desktop has, and this smallest of systems has not.
_ANY_COMPUTER = (
    *("systemd-sysv", "libpam-systemd", "dbus", "polkitd"),
    *("libnss3-tools", "xdg-utils", "desktop-file-utils"),
)
_BROWSERS = ("chromium", "firefox-esr")


def main() -> int:
    """Run all steps on one suite; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.smoke")
    parser.add_argument("--suite", default="bookworm", help="its maker's name of the system to install on")
    parser.add_argument("--older", type=Path, help="the package to update from, instead of one made now")
    parser.add_argument(
        "--browsers", action="store_true", help="with Debian's Chromium and Firefox in the root"
    )
    parser.add_argument("--keep", action="store_true", help="leave the root where it is, to look around")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("smoke: mounting and chroot need root", file=sys.stderr)
        return 1
    if _MARK not in os.environ:  # mounts of their own, which end with this process
        os.environ[_MARK] = "yes"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, "-m", "tests.smoke", *sys.argv[1:]])
    newer = max((ROOT / "dist").glob("mohr_*_amd64.deb"), key=lambda file: file.stat().st_mtime)
    with tempfile.TemporaryDirectory(prefix="mohr-smoke-", dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        older = options.older or repacked(newer, OLDER, Path(place))
        following = repacked(newer, NEXT, Path(place), further=True)
        root = Root(Path(place) / "root", options.suite)
        temporary = Path(place) / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        # The screen's and the bus's sockets lie there.
        subprocess.run(["mount", "--bind", temporary, "/tmp"], check=True)
        try:
            return Smoke(root, Path(place), (older, newer, following), with_browsers=options.browsers).run()
        finally:
            if options.keep:
                shutil.copytree(root.folder, f"{place}-kept", symlinks=True, ignore=_mounts)
            subprocess.run(["umount", "--recursive", *(root.folder / n for n in ("tmp", "dev", "proc"))])


def _mounts(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in ("proc", "dev", "tmp") and folder.endswith("root")]


class Smoke:
    """The steps, in order. What they measured is in `figures`."""

    def __init__(
        self, root: Root, place: Path, packages: tuple[Path, Path, Path], *, with_browsers: bool
    ) -> None:
        self.root = root
        self.mohr = Installed(root, place / "desktop.log")
        self.older, self.newer, self.following = packages
        self.with_browsers = with_browsers
        self.figures: list[tuple[str, float, float, str]] = []

    def run(self) -> int:
        """All of it."""
        told = f"{self.newer.stat().st_size / 1e6:.1f} MB"
        print(f"{self.newer.name}, {told}, on {self.root.suite}", flush=True)
        self.root.make("softhsm2", *_ANY_COMPUTER, *(_BROWSERS if self.with_browsers else ()))
        builders = ("cc", "gcc", "python3", "pip")
        assert not any((self.root.folder / "usr/bin" / name).exists() for name in builders)
        seen("a fresh root, without a compiler, Python or pip")
        with ExitStack() as undo:
            folder = undo.enter_context(folder_of_the_doctor())
            leaving.other_authority(self.root)
            before = self.root.entries()
            with desk(folder, self.root.inside(f"{DOCTOR.runtime}/mohr/endpoint.json")) as self.mohr.desk:
                pcscd = self.first_signature()
                self.worker_is_apart()
                self.every_format()
                self.updated(folder)
                self.diagnosed()
                self.started_by_a_panel()
                self.starts()
                self.went_back()
            self.mohr.desk = None
            browsers = leaf = None
            if self.with_browsers:
                browsers = Browsers(self.root, undo.enter_context(serve(folder)), folder)
                leaf = let_through(self.mohr, browsers)
            leaving.removed(self.mohr, browsers=self.with_browsers)
            pcscd.terminate()
            pcscd.wait()
            if browsers and leaf:
                let_through_no_longer(browsers, leaf)
            left = leaving.purged(self.root, before, browsers=self.with_browsers)
        self.figures.append(("files left after purge", float(left), 0.0, ""))
        return self.judged()

    def first_signature(self) -> subprocess.Popen[bytes]:
        """From apt to a signature that OpenSSL accepts; the card service, which runs on."""
        began = time.monotonic()
        self.mohr.install(self.older)
        pcscd = self.root.start("/usr/sbin/pcscd", "--foreground")  # no systemd here that would
        token = msgspec.json.decode(
            self.root.run_as(DOCTOR, "mohr", "demo", "--auto", "--json", "--folder", TOKEN)
        )
        installed = time.monotonic()
        with self.mohr.agent():
            paired = self.mohr.asked("pair")
            assert paired == {"state": "accepted", "same": True}, paired
            self.mohr.sign_and_verify()
        self.figures.append(("install to first signature", time.monotonic() - began, 60.0, "s"))
        assert all(one["verdict"] == "valid" for one in token["documents"])
        seen(f"installed in {installed - began:.1f} s, paired, signed in the window, accepted by OpenSSL")
        return pcscd

    def worker_is_apart(self) -> None:
        """The running worker has no Qt, no server and no library of the window's folder in its memory."""
        with self.mohr.agent():
            workers = self.mohr.running("worker/mohr-worker")
            assert workers
            for number in workers:
                maps = Path(f"/proc/{number}/maps").read_text()
                assert "/usr/lib/mohr/worker/_internal/" in maps
                assert "/usr/lib/mohr/_internal/" not in maps
                assert "Qt6" not in maps and "PySide6" not in maps
        seen(f"{len(workers)} workers, none with a file of the window's")

    def every_format(self) -> None:
        """The other formats, PDF among them, signed by the package, and judged by its own `mohr verify`."""
        anchors = f"{DOCTOR.home}/anchors"
        with self.mohr.agent():
            made = self.mohr.asked("formats")
        self.mohr.user("mohr", "anchors", "add", f"{TOKEN}/token/demo-ca.pem", "--anchors", anchors)
        for kind, files in made.items():
            assert isinstance(files, dict)
            told = self.mohr.user("mohr", "verify", str(files["signature"]), "--anchors", anchors)
            assert "valid" in told, (kind, told)
        shutil.rmtree(self.root.inside(anchors))
        seen(f"signed and verified by the package: {', '.join(sorted(made))}")

    def updated(self, scratch: Path) -> None:
        """The newer package, as the clinic says, over a running older one with a journal in place."""
        version = _field(self.newer, "Version")
        inside = scratch / self.newer.name
        shutil.copyfile(self.newer, inside)
        with hosting(self.root, scratch, self.newer, version):
            assert self.mohr.version() == OLDER
            assert version in self.mohr.refused("mohr update check", status=3)
            assert "genuine" in self.mohr.user("mohr", "update", "verify", str(inside))
            with inside.open("ab") as file:
                file.write(b"one octet more")
            assert "[package-not-listed]" in self.mohr.refused(f"mohr update verify {inside}")
            with self.mohr.agent() as running:
                self.mohr.install(self.newer)
                assert running.wait(PATIENCE) == 0, "the agent did not end for the update"
            assert self.mohr.version() == version
            assert "this is the newest" in self.mohr.user("mohr", "update", "check")
        with self.mohr.agent():
            self.mohr.sign_and_verify()
        told = self.mohr.user("mohr", "journal")
        seen("mohr update: another is to be installed, this one, and no other; then: this is the newest")
        seen(f"updated from {OLDER}; paired still, signed again; {told.strip().splitlines()[-1]}")

    def diagnosed(self) -> None:
        """`mohr diagnose` finds the agent, the token and nothing that stops signing."""
        with self.mohr.agent():
            report = self.mohr.report()
        findings = [*report["causes"], *report["consequences"]]
        codes = sorted({one["code"] for one in findings})
        # The token is a file here, so there is no reader; anything else that stops signing is a fault.
        stopping = {one["code"] for one in findings if one["severity"] == "stops"} - {"reader-absent"}
        assert not stopping, stopping
        assert {"agent-not-running", "token-absent", "bindings-missing"}.isdisjoint(codes), codes
        seen(f"mohr diagnose: {', '.join(codes)}")

    def started_by_a_panel(self) -> None:
        """The desktop's own tools know who answers `mohr:`, and start the agent; systemd takes the unit."""
        unit = "/usr/lib/systemd/user/mohr.service"
        self.mohr.user("systemd-analyze", "verify", "--user", "--man=no", unit)
        asked = self.mohr.user("xdg-mime", "query", "default", "x-scheme-handler/mohr").strip()
        assert asked == "mohr.desktop", asked
        opener = self.mohr.start("xdg-open", "mohr:")
        self.mohr.asked("warm")
        (number,) = self.mohr.running("mohr-desktop")
        os.kill(number, signal.SIGTERM)
        until(lambda: not self.mohr.running("mohr-desktop"))
        opener.wait(PATIENCE)
        seen("xdg-open mohr: starts the agent; systemd takes the user's unit")

    def starts(self) -> None:
        """How long a start takes, the disk's cache warm."""
        lasted = []
        for _ in range(3):
            began = time.monotonic()
            with self.mohr.agent(wait=False):
                lasted.append(float(str(self.mohr.asked("warm")["answered"])) - began)
        self.figures.append(("start to endpoint, warm", min(lasted), 1.5, "s"))

    def went_back(self) -> None:
        """An older package over newer data refuses and harms nothing; the newer one goes on with it."""
        self.mohr.install(self.following)
        with self.mohr.agent():
            self.mohr.sign_and_verify()
        self.mohr.install(self.newer)
        before = self.mohr.data()
        assert self.mohr.report()["causes"][0]["code"] == "data-newer"
        for command in ("pairings", "journal", "agent", "ca trust"):
            assert "[data-newer]" in self.mohr.refused(f"mohr {command}")
        window = self.mohr.start("mohr-desktop")
        self.mohr.asked("refused")
        window.send_signal(signal.SIGTERM)
        assert window.wait(PATIENCE) == 0
        assert self.mohr.data() == before, "the older version changed newer data"
        self.mohr.install(self.following)
        with self.mohr.agent():
            self.mohr.sign_and_verify()
        seen(f"{NEXT} brought the data forward; back at the older version: data-newer, not an octet changed")

    def judged(self) -> int:
        """Print the figures; 1 where a bar was missed."""
        size = self.newer.stat().st_size / 1e6
        installed = int(_field(self.newer, "Installed-Size")) * 1024 / 1e6
        self.figures += [(".deb", size, 60.0, "MB"), ("installed", installed, 200.0, "MB")]
        missed = 0
        for name, value, bar, unit in self.figures:
            held = value <= bar
            missed += not held
            print(f"{name:28} {value:8.2f} {unit:3} (bar {bar:g}) {'' if held else 'MISSED'}")
        return 1 if missed else 0


def _field(package: Path, name: str) -> str:
    return subprocess.run(
        ["dpkg-deb", "-f", package, name], capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
