"""Faults of the computer: the clock against a timestamp authority, the disk, Mohr's own folders.

What only a mount can break is set up in a mount namespace of a process of its own: `inside`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from drivers.catalogue import load_catalogue
from signer.cli.diagnosis.place import ask_the_time
from signer.diagnostics.check import probes
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.ground import Candidate, Ground
from signer.diagnostics.probing import run
from signer.model.policy import NetSettings, Tsa
from signer.platform.folders import Folders, folders_under
from tests import outside, tsa
from tests import softhsm as hsm
from tests.diagnostics.computer import A_DAY, Computer, paired_in
from tests.diagnostics.row import Table

TABLE = Table()
_MIB = 1024 * 1024


@TABLE.row("a clock that is a day ahead, by the timestamp authority", "clock-ahead", "clock")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    server = outside.Server()
    settings = NetSettings(tsa=(Tsa(url=server.serve("/tsa", tsa.OpensslTsa(folder / "tsa"))),), proxy="none")
    with server.running():
        yield computer.ground(
            now=lambda: datetime.now(UTC) + A_DAY, reference_time=lambda: ask_the_time(settings)
        )


@TABLE.row("a clock that is two hours behind, by the timestamp authority", "clock-behind", "clock")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    server = outside.Server()
    settings = NetSettings(tsa=(Tsa(url=server.serve("/tsa", tsa.OpensslTsa(folder / "tsa"))),), proxy="none")
    with server.running():
        yield computer.ground(
            now=lambda: datetime.now(UTC) - A_DAY / 12, reference_time=lambda: ask_the_time(settings)
        )


@TABLE.row("a data folder that others can write to", "folder-not-private", "disk")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    folders.data.chmod(0o777)
    yield computer.ground(folders=folders)


@TABLE.row("a data folder that belongs to another user", "folder-not-private", "disk")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    if os.getuid() == 0:
        os.chown(folders.data, 65534, 65534)
        yield computer.ground(folders=folders)
    else:
        yield computer.ground(folders=Folders(data=Path("/var"), runtime=folders.runtime))


@TABLE.row(
    "a session folder that is another user's, and no agent", "session-folder-unusable", "disk", "agent"
)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    if os.getuid() == 0:
        os.chown(folders.runtime, 65534, 65534)
        yield computer.ground(folders=folders)
    else:
        yield computer.ground(folders=Folders(data=folders.data, runtime=Path("/var")))


@TABLE.row("a data folder on a disk that is not there", "folder-unwritable", "disk", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "data").symlink_to(folder / "disk" / "mohr")
    yield computer.ground(folders=Folders(data=folder / "data", runtime=computer.folders.runtime))


#: Faults that need a mount: what the shell does inside the namespace, with the folder as `$0`, and the code.
MOUNTED = {
    "a disk that is full": ("mount -t tmpfs -o size=8m,mode=700 none $0/data", "disk-full"),
    "a disk with little room left": ("mount -t tmpfs -o size=64m,mode=700 none $0/data", "disk-low"),
    "a home folder that is read-only": (
        "mount --bind $0 $0 && mount -o remount,bind,ro $0",
        "home-read-only",
    ),
    "a module where nothing may be run": (
        "mkdir $0/opt; mount -t tmpfs -o noexec none $0/opt",
        "module-not-permitted",
    ),
}


def inside(name: str, folder: Path) -> str:
    """The code that a check names first in a namespace where this is mounted over the folder's data."""
    shell, _ = MOUNTED[name]
    unshare = ["unshare", "--mount"] + ([] if os.getuid() == 0 else ["--map-root-user"])
    command = [*unshare, "sh", "-ec", f'{shell}; exec "$@"', str(folder)]
    check_it = [sys.executable, "-m", "tests.diagnostics.faults_of_computers", str(folder), name]
    done = subprocess.run(
        [*command, *check_it], capture_output=True, text=True, check=True, env={**os.environ}, timeout=90
    )
    return done.stdout.strip()


def _first_inside(folder: Path, name: str) -> str | None:
    folders = Folders(data=folder / "data", runtime=folder / "runtime")
    if name == "a disk that is full":
        (folders.data / "filler").write_bytes(bytes(6 * _MIB))
    modules: tuple[Candidate, ...] = ()
    if (opt := folder / "opt").exists():
        shutil.copy(hsm.module_path(), opt / "module.so")
        modules = (Candidate(name="softhsm", path=opt / "module.so", profile=hsm.profile()),)
    ground = Ground(
        folders=folders,
        home=folder,
        modules=modules,
        profiles=load_catalogue(),
        ports=(),
        version="0",
        now=lambda: datetime.now(UTC),
        authority=lambda: None,
        paired=paired_in(folders),
        path=str(folder),
        policy_place=folder / "policy.toml",
    )
    wanted = [
        probe for probe in probes(ground) if probe.name in {"disk", "journal", "clock", "module softhsm"}
    ]
    found = [one for outcome in asyncio.run(run(wanted)) for one in outcome.seen.findings]
    return next((one.finding.code for one in conclude(found).causes), None)


if __name__ == "__main__":
    print(_first_inside(Path(sys.argv[1]), sys.argv[2]))
