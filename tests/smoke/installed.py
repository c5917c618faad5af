"""The installed Mohr in the root: started, asked and read as its users do. `__main__` judges what it says."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from tests.openssl import verified_content
from tests.smoke.desk import PATIENCE, Desk
from tests.smoke.root import DOCTOR, Person, Root

#: Below a home: what Mohr keeps, and the store of Chromium's that it fills.
DATA, STORE = ".local/share/mohr", ".pki/nssdb"
TOKEN = f"{DOCTOR.home}/token"
#: The doctor's token, for every program that is to see it.
TOKEN_ENV = {"SOFTHSM2_CONF": f"{TOKEN}/token/softhsm2.conf"}
#: For an agent that nobody looks at.
UNSEEN = {"QT_QPA_PLATFORM": "offscreen"}


class Installed:
    """`desk` is the doctor's side while there is one. `log` takes what agents say."""

    def __init__(self, root: Root, log: Path) -> None:
        self.root = root
        self.desk: Desk | None = None
        self._log = log

    def install(self, package: Path) -> None:
        """As an administrator does, an older one too."""
        inside = self.root.folder / "var/cache" / package.name
        shutil.copyfile(package, inside)
        self.root.apt("install", "--allow-downgrades", f"/var/cache/{package.name}")
        inside.unlink()

    def user(self, *command: str) -> str:
        """What a command prints that the doctor runs. Raises `CalledProcessError`."""
        return self.root.run_as(DOCTOR, *command, env=TOKEN_ENV)

    def refused(self, command: str, status: int = 1) -> str:
        """What a command says that ends with that status."""
        told = self.user("sh", "-c", f"{command} 2>&1; echo $?")
        assert told.endswith(f"\n{status}\n"), told
        return told

    def asked(self, what: str) -> dict[str, object]:
        """Have the doctor's side do one thing."""
        assert self.desk is not None
        return self.desk.ask(what)

    def sign_and_verify(self) -> None:
        """One prescription in the window, and OpenSSL as the judge."""
        done = self.asked("sign")
        content = verified_content(
            Path(str(done["signature"])), self.root.inside(f"{TOKEN}/token/demo-ca.pem")
        )
        assert content == Path(str(done["content"])).read_bytes()

    @contextlib.contextmanager
    def agent(
        self, env: dict[str, str] | None = None, *, wait: bool = True, person: Person = DOCTOR
    ) -> Iterator[subprocess.Popen[bytes]]:
        """The desktop, started as that user, ended as a session ends it."""
        running = self.start("mohr-desktop", env=env, person=person)
        try:
            if wait and self.desk is not None:
                self.desk.ask("warm")
            elif wait:
                until(self.root.inside(f"{person.runtime}/mohr/endpoint.json").exists)
            yield running
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE) == 0, "the agent did not end well"
        except BaseException:
            print(self._log.read_text(errors="replace")[-4000:], file=sys.stderr)
            running.kill()
            raise

    def start(
        self, *command: str, env: dict[str, str] | None = None, person: Person = DOCTOR
    ) -> subprocess.Popen[bytes]:
        """Start a program before the doctor's screen, where there is one."""
        screen = self.desk.env if self.desk is not None else {}
        seen_on = {name: value for name, value in screen.items() if name != "XDG_RUNTIME_DIR"}
        return self.root.start_as(
            person, *command, env={**seen_on, **TOKEN_ENV, **(env or {})}, log=self._log
        )

    def version(self) -> str:
        """Of the installed programs, as they say it themselves."""
        return self.user("mohr", "--version").split()[-1]

    def port(self) -> int:
        """Where the doctor's agent answers."""
        told = msgspec.json.decode(self.root.inside(f"{DOCTOR.runtime}/mohr/endpoint.json").read_bytes())
        return int(told["port"])

    def report(self) -> dict[str, list[dict[str, str]]]:
        """What `mohr diagnose` finds, whatever its status."""
        told: dict[str, list[dict[str, str]]] = msgspec.json.decode(
            self.user("sh", "-c", "mohr diagnose --json || true")
        )
        return told

    def data(self) -> dict[str, bytes]:
        """What Mohr keeps for the doctor. The log goes on, whatever else stands still."""
        folder = self.root.inside(f"{DOCTOR.home}/{DATA}")
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if path.parent.name != "logs"}

    def authorities(self, person: Person, store: str = STORE) -> str:
        """What Mozilla's own tool finds in a store below a user's home."""
        return self.root.run_as(person, "sh", "-c", f"certutil -L -d sql:{person.home}/{store} 2>&1 || true")

    def running(self, program: str) -> list[int]:
        """Every process that runs this program of the package, by its path below usr/lib/mohr."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "exe").readlink() == self.root.folder / "usr/lib/mohr" / program:
                    found.append(int(entry.name))
        return found


def until(held: Callable[[], object]) -> None:
    """Wait for it. Raises AssertionError where it takes too long."""
    end = time.monotonic() + PATIENCE
    while not held():
        assert time.monotonic() < end
        time.sleep(0.05)


def seen(what: str) -> None:
    """Tell what held."""
    print(f"ok    {what}", flush=True)
