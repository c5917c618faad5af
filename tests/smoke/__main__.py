"""`make smoke`: installs the package in a fresh root, signs with it, updates, removes and purges it.

Each step says what was seen. The last lines are the figures with their bars. 0 where all of it held.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.openssl import verified_content
from tests.smoke.root import NUMBER, USER, Entry, Root, differences

ROOT = Path(__file__).parent.parent.parent
OLDER = "0.0.1"
_DATA = f"home/{USER}/.local/share/mohr"
_AUTOSTART = f"home/{USER}/.config/autostart/mohr.desktop"
_ENDPOINT = f"run/user/{NUMBER}/mohr/endpoint.json"
_MARK = "MOHR_SMOKE_NAMESPACE"
#: What every desktop has, and this smallest of systems has not.
_ANY_COMPUTER = ("systemd-sysv", "libpam-systemd", "dbus", "polkitd")
#: What other programs leave: the user's font cache, the card service's folder, the notes of other packages.
_OTHERS = (
    f"home/{USER}/.cache/fontconfig",
    *("run/pcscd", "run/runit", "var/lib/ucf/hashfile", "var/lib/sgml-base/supercatalog.old"),
)
#: Folders that every desktop makes for its users and that are empty again.
_PLACES = {
    f"home/{USER}/{name}" for name in (".cache", ".config", ".config/autostart", ".local", ".local/share")
}
#: Seconds in which a program that was told to end has ended.
PATIENCE = 30.0


def main() -> int:
    """Run all steps on one suite; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.smoke")
    parser.add_argument("--suite", default="bookworm", help="Debian's name of the system to install on")
    parser.add_argument("--older", type=Path, help="the package to update from, instead of one made now")
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
        older = options.older or _older(Path(place))
        root = Root(Path(place) / "root", options.suite)
        temporary = Path(place) / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        subprocess.run(
            ["mount", "--bind", temporary, "/tmp"], check=True
        )  # the screen's and the bus's sockets
        try:
            return Smoke(root, Path(place), older, newer).run()
        finally:
            if options.keep:
                shutil.copytree(root.folder, f"{place}-kept", symlinks=True, ignore=_mounts)
            subprocess.run(["umount", "--recursive", *(root.folder / n for n in ("tmp", "dev", "proc"))])


def _mounts(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in ("proc", "dev", "tmp") and folder.endswith("root")]


def _older(target: Path) -> Path:
    """The same programs in a package of a lower version."""
    subprocess.run(
        [
            *(ROOT / "build/venv/bin/python", "-m", "installer.linux", "deb", "--again"),
            *("--version", OLDER, "--target", target),
        ],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{ROOT / 'build/venv/bin'}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return next(target.glob("*.deb"))


class Smoke:
    """The steps, in order. What they measured is in `figures`."""

    def __init__(self, root: Root, place: Path, older: Path, newer: Path) -> None:
        self.root = root
        self.older, self.newer = older, newer
        self.figures: list[tuple[str, float, float, str]] = []
        self._log = place / "desktop.log"
        self._desk: Desk | None = None
        self._pcscd: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """All of it."""
        told = f"{self.newer.stat().st_size / 1e6:.1f} MB"
        print(f"{self.newer.name}, {told}, on Debian {self.root.suite}")
        self.root.make("softhsm2", *_ANY_COMPUTER)
        self.root.log_in()
        assert not any(
            (self.root.folder / "usr/bin" / name).exists() for name in ("cc", "gcc", "python3", "pip")
        )
        _seen("a fresh root, without a compiler, Python or pip")
        before = self.root.entries()
        with _folder_of_the_doctor() as folder:
            with desk(folder, self.root.folder / _ENDPOINT) as self._desk:
                self.first_signature()
                self.worker_is_apart()
                self.updated()
                self.diagnosed()
                self.starts()
            self._desk = None
            self.removed()
            self.purged(before)
        return self.judged()

    def first_signature(self) -> None:
        """From apt to a signature that OpenSSL accepts."""
        began = time.monotonic()
        self._install(self.older)
        self._pcscd = self.root.start("/usr/sbin/pcscd", "--foreground")  # no systemd here that would
        token = msgspec.json.decode(
            self.root.run_as_user("mohr", "demo", "--auto", "--json", "--folder", f"/home/{USER}/token")
        )
        installed = time.monotonic()
        with self._agent():
            paired = self._asked("pair")
            assert paired == {"state": "accepted", "same": True}, paired
            self._signed_and_verified()
        self.figures.append(("install to first signature", time.monotonic() - began, 60.0, "s"))
        assert all(one["verdict"] == "valid" for one in token["documents"])
        _seen(f"installed in {installed - began:.1f} s, paired, signed in the window, accepted by OpenSSL")

    def diagnosed(self) -> None:
        """`mohr diagnose` finds the agent, the token and nothing that stops signing."""
        with self._agent():
            # Its status is 1 where no reader is there.
            told = self._user("sh", "-c", "mohr diagnose --json || true")
        report = msgspec.json.decode(told)
        findings = [*report["causes"], *report["consequences"]]
        codes = sorted({one["code"] for one in findings})
        # The token is a file here, so there is no reader; anything else that stops signing is a fault.
        stopping = {one["code"] for one in findings if one["severity"] == "stops"} - {"reader-absent"}
        assert not stopping, stopping
        assert {"agent-not-running", "token-absent", "bindings-missing"}.isdisjoint(codes), codes
        _seen(f"mohr diagnose: {', '.join(codes)}")

    def worker_is_apart(self) -> None:
        """The running worker has no Qt, no server and no library of the window's folder in its memory."""
        with self._agent():
            workers = [
                process for process in _inside(self.root) if process[1].endswith("/worker/mohr-worker")
            ]
            assert workers
            for number, _ in workers:
                maps = Path(f"/proc/{number}/maps").read_text()
                assert "/usr/lib/mohr/worker/_internal/" in maps
                assert "/usr/lib/mohr/_internal/" not in maps
                assert "Qt6" not in maps and "PySide6" not in maps
        _seen(f"{len(workers)} workers, none with a file of the window's")

    def updated(self) -> None:
        """The newer package over the older one, while it runs and with a journal in place."""
        with self._agent() as running:
            self._install(self.newer)
            assert running.wait(PATIENCE) == 0, "the agent did not end for the update"
        assert "ii  mohr" in self.root.run("dpkg", "-l", "mohr")
        with self._agent():
            self._signed_and_verified()
        told = self._user("mohr", "journal")
        _seen(f"updated from {OLDER}; paired still, signed again; {told.strip().splitlines()[-1]}")

    def starts(self) -> None:
        """How long a start takes, the disk's cache warm."""
        lasted = []
        for _ in range(3):
            began = time.monotonic()
            with self._agent(wait=False):
                lasted.append(float(str(self._asked("warm")["answered"])) - began)
        self.figures.append(("start to endpoint, warm", min(lasted), 1.5, "s"))

    def removed(self) -> None:
        """After a removal there is no program, and the journal is there."""
        self._user("mkdir", "-p", f"/{Path(_AUTOSTART).parent}")
        self._user("cp", "/usr/share/applications/mohr.desktop", f"/{_AUTOSTART}")
        with self._agent(env={"QT_QPA_PLATFORM": "offscreen"}) as running:
            self.root.apt("remove", "mohr")
            assert running.wait(PATIENCE) == 0, "the agent did not end for the removal"
        assert self._pcscd is not None
        self._pcscd.terminate()
        self._pcscd.wait()
        left = [path for path in self.root.entries() if "mohr" in path and not path.startswith("home/")]
        assert [path for path in left if not path.startswith("run/")] == [], left
        assert any((self.root.folder / _DATA).glob("journal*")), "the journal went with the program"
        _seen("removed: no program left, the journal kept")

    def purged(self, before: dict[str, Entry]) -> None:
        """After a purge the root is what it was."""
        self.root.apt("purge", "--autoremove", "mohr")
        shutil.rmtree(self.root.folder / "home" / USER / "token")  # the test's own
        left = differences(before, self.root.entries())
        strange = [line for line in left if not line[2:].startswith(_OTHERS) and line[2:] not in _PLACES]
        for line in strange:
            print(f"      {line}")
        self.figures.append(("files left after purge", float(len(strange)), 0.0, ""))
        _seen(f"purged: {len(left)} paths differ, all but {len(strange)} are of others")

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

    def _install(self, package: Path) -> None:
        inside = self.root.folder / "var/cache" / package.name
        shutil.copyfile(package, inside)
        self.root.apt("install", f"/var/cache/{package.name}")
        inside.unlink()

    def _signed_and_verified(self) -> None:
        done = self._asked("sign")
        anchors = self.root.folder / "home" / USER / "token/token/demo-ca.pem"
        assert (
            verified_content(Path(str(done["signature"])), anchors) == Path(str(done["content"])).read_bytes()
        )

    def _asked(self, what: str) -> dict[str, object]:
        assert self._desk is not None
        return self._desk.ask(what)

    def _user(self, *command: str) -> str:
        return self.root.run_as_user(*command, env=self._token)

    @property
    def _token(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": f"/home/{USER}/token/token/softhsm2.conf"}

    @contextlib.contextmanager
    def _agent(
        self, env: dict[str, str] | None = None, *, wait: bool = True
    ) -> Iterator[subprocess.Popen[bytes]]:
        """The installed desktop, started as the doctor, ended as a session ends it."""
        seen_on = self._desk.env if self._desk is not None else {}
        kept = {name: value for name, value in seen_on.items() if name != "XDG_RUNTIME_DIR"}
        running = self.root.start_as_user(
            "mohr-desktop", env={**kept, **self._token, **(env or {})}, log=self._log
        )
        try:
            if wait and self._desk is not None:
                self._desk.ask("warm")
            elif wait:
                _until((self.root.folder / _ENDPOINT).exists)
            yield running
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE) == 0, "the agent did not end well"
        except BaseException:
            print(self._log.read_text(errors="replace")[-4000:], file=sys.stderr)
            running.kill()
            raise


class Desk:
    """The program of `tests.smoke.practice`, asked line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.env = {name: str(value) for name, value in self._line().items()}

    def ask(self, what: str) -> dict[str, object]:
        """Have it do one thing; what it tells of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, object]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the doctor's side ended"
        told: dict[str, object] = msgspec.json.decode(line)
        return told


@contextlib.contextmanager
def desk(folder: Path, endpoint: Path) -> Iterator[Desk]:
    """Start the doctor's side as the doctor; it may read this checkout, and is otherwise nobody special."""
    rights = "+dac_read_search"
    process = subprocess.Popen(
        [
            *("setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups"),
            *(f"--inh-caps={rights}", f"--ambient-caps={rights}"),
            *(sys.executable, "-m", "tests.smoke.practice", folder, endpoint),
        ],
        cwd=ROOT,
        env={**os.environ, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Desk(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the screen too, where it is still there
        process.wait()


@contextlib.contextmanager
def _folder_of_the_doctor() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mohr-doctor-") as folder:
        os.chown(folder, NUMBER, NUMBER)
        yield Path(folder)


def _inside(root: Root) -> list[tuple[int, str]]:
    """Every process that runs a program of the root, with the program."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = str((entry / "exe").readlink())
            if program.startswith(str(root.folder)):
                found.append((int(entry.name), program))
    return found


def _field(package: Path, name: str) -> str:
    return subprocess.run(
        ["dpkg-deb", "-f", package, name], capture_output=True, text=True, check=True
    ).stdout.strip()


def _until(held: object) -> None:
    end = time.monotonic() + PATIENCE
    while not held():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


def _seen(what: str) -> None:
    print(f"ok    {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
