"""A fresh Debian or Ubuntu in a folder: made by mmdebstrap, entered by chroot, compared with itself, removed.

It shares the machine's kernel, its network and /tmp (where the screen's and the bus's sockets are), and has
neither a compiler nor pip. Mounts live in the namespace of the process that made them and end with it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

#: What the package manager and the system keep of their own work, and what is only mounted here.
_NOT_COMPARED = (
    "proc",
    "dev",
    "tmp",
    "var/cache",
    "var/lib/apt",
    "var/lib/dpkg",
    "var/log",
    "etc/ld.so.cache",
)
#: How this machine reaches its packages: taken over for apt to work, whatever it says.
_APT = ("etc/resolv.conf", "etc/hosts", "etc/apt/apt.conf.d")


#: Ubuntu's systems; everything else is Debian's. Much of what a Debian has in main is in its universe.
_UBUNTU = frozenset({"jammy", "noble"})


class Person(Struct, frozen=True):
    """A user of the system."""

    name: str
    number: int

    @property
    def home(self) -> str:
        """As the system inside names it."""
        return f"/home/{self.name}"

    @property
    def runtime(self) -> str:
        """The folder that a session has while it lasts."""
        return f"/run/user/{self.number}"

    @property
    def env(self) -> dict[str, str]:
        """What a login gives."""
        return {"HOME": self.home, "USER": self.name, "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": self.runtime}


#: Who signs, and who sits at the same computer in the afternoon.
DOCTOR, NURSE = Person("doctor", 1000), Person("nurse", 1001)


class Entry(Struct, frozen=True):
    """What one path is. Times are not told."""

    kind: int
    mode: int
    owner: int
    content: str


class Root:
    """One fresh system below `folder`."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.folder = folder
        self.suite = suite

    def make(self, *packages: str) -> None:
        """The smallest system that has apt, with `packages` and two users. Takes half a minute.

        Ubuntu's wants its archive's keyring in /usr/share/keyrings.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        components = "main,universe" if self.suite in _UBUNTU else "main"
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=apt", "--include=ca-certificates"),
                *(f"--components={components}", self.suite, self.folder),
            ],
            check=True,
        )
        for place in _APT:
            source, target = Path("/") / place, self.folder / place
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.exists():
                target.unlink(missing_ok=True)
                shutil.copyfile(source, target)
        for name in ("proc", "dev", "tmp"):
            subprocess.run(["mount", "--rbind", f"/{name}", self.folder / name], check=True)
        self.run("apt-get", "update", "-q")
        self.apt("install", *packages)
        for person in (DOCTOR, NURSE):
            self.run("useradd", "--create-home", "--uid", str(person.number), person.name)
            self.run("install", "-d", "-m", "700", "-o", person.name, "-g", person.name, person.runtime)

    def apt(self, *arguments: str) -> str:
        """Run apt-get as an administrator would, without questions. Raises `CalledProcessError`."""
        return self.run("apt-get", "-q", "-y", "--no-install-recommends", *arguments)

    def run(self, *command: str | Path, env: dict[str, str] | None = None) -> str:
        """Run as root inside; what it printed. Raises `CalledProcessError`, and prints what it said then."""
        return self._run(("chroot", self.folder), command, {"HOME": "/root", **(env or {})})

    def run_as(self, person: Person, *command: str | Path, env: dict[str, str] | None = None) -> str:
        """The same as that user."""
        return self._run(self._as(person), command, {**person.env, **(env or {})})

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program as root. What it says of this strange root is nobody's business."""
        nothing = subprocess.DEVNULL
        return subprocess.Popen(
            ["chroot", self.folder, *command], env=_PATH, stdin=nothing, stdout=nothing, stderr=nothing
        )

    def start_as(
        self, person: Person, *command: str, env: dict[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a program as that user; its words go to `log`."""
        with log.open("ab") as told:
            return subprocess.Popen(
                [*self._as(person), *command],
                env={**_PATH, **person.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
            )

    def inside(self, place: str) -> Path:
        """What the system inside calls by this absolute path."""
        return self.folder / place.lstrip("/")

    def entries(self) -> dict[str, Entry]:
        """Every path that is compared."""
        found: dict[str, Entry] = {}
        for place, folders, files in os.walk(self.folder):
            inside = Path(place).relative_to(self.folder)
            folders[:] = [name for name in folders if str(inside / name) not in _NOT_COMPARED]
            for name in (*folders, *files):
                if str(inside / name) not in _NOT_COMPARED:
                    found[str(inside / name)] = _entry(Path(place) / name)
        return found

    def _as(self, person: Person) -> tuple[str | Path, ...]:
        return ("chroot", f"--userspec={person.number}:{person.number}", "--groups=", self.folder)

    def _run(self, prefix: Sequence[str | Path], command: Sequence[str | Path], env: dict[str, str]) -> str:
        done = subprocess.run(
            [*prefix, *command],
            env={**_PATH, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(f"{' '.join(map(str, command))}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}", flush=True)
        done.check_returncode()
        return done.stdout


_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def _entry(path: Path) -> Entry:
    told = path.lstat()
    content = ""
    if stat.S_ISLNK(told.st_mode):
        content = str(path.readlink())
    elif stat.S_ISREG(told.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return Entry(stat.S_IFMT(told.st_mode), stat.S_IMODE(told.st_mode), told.st_uid, content)


def differences(before: dict[str, Entry], after: dict[str, Entry]) -> list[str]:
    """What was added (+), is missing (-) or is another (~), by path."""
    marks = dict.fromkeys(after.keys() - before.keys(), "+")
    marks |= dict.fromkeys(before.keys() - after.keys(), "-")
    marks |= {path: "~" for path in before.keys() & after.keys() if before[path] != after[path]}
    return [f"{marks[path]} {path}" for path in sorted(marks)]
