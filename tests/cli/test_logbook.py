"""The log on the disk, and what is left of a crash: places, numbers, and none of the marked secrets."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.errors import WorkerDied
from drivers.pin import Pin
from drivers.types import KeySpec
from signer.cli import logbook
from tests import softhsm as hsm
from tests.fault.module import FaultyModule, build

MARK = "s3kr3t of Zebedee Quillfeather"

_PROGRAM = """
import ctypes, logging, os, resource, signal, sys, threading
from pathlib import Path
from signer.cli import logbook
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
data, how, mark = Path(sys.argv[1]), sys.argv[2], os.read(0, 4096).decode()
if how == "none allowed":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setgid(65534); os.setuid(65534)
logbook.begin(data)
def holds(pin):
    if how == "raise":
        raise ValueError(pin)
    if how == "thread":
        def holds_too():
            raise RuntimeError(pin)
        one = threading.Thread(target=holds_too); one.start(); one.join()
    if how == "logged":
        try:
            raise ValueError(pin)
        except ValueError:
            logging.getLogger("one").exception("it broke")
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "many":
        for number in range(30000):
            logging.getLogger("many").info("line %d of %s/x", number, Path.home())
    print(resource.getrlimit(resource.RLIMIT_CORE))
holds(mark)
"""


def _ended(tmp_path: Path, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path), how],
        input=MARK,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        timeout=60,
    )


def _left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _leaks(folder: Path) -> list[Path]:
    return [
        path for path in _left(folder) if b"s3kr3t" in path.read_bytes() or b"Zebedee" in path.read_bytes()
    ]


@pytest.mark.parametrize("how", ["raise", "thread", "crash"])
def test_a_crash_leaves_its_place_and_nothing_of_what_was_in_hand(tmp_path: Path, how: str) -> None:
    ended = _ended(tmp_path, how)
    assert (ended.returncode == -signal.SIGSEGV) is (how == "crash")
    assert "s3kr3t" not in ended.stderr + ended.stdout
    assert _leaks(tmp_path) == []
    assert {path.name for path in _left(tmp_path)} == {logbook.FILE, logbook.CRASH}
    told = logbook.shown(tmp_path)
    assert "holds" in told
    assert ("incident" in told) is (how != "crash")
    assert ("Segmentation fault" in told) is (how == "crash")


def test_the_log_turns_over_is_its_owners_alone_and_names_no_home(tmp_path: Path) -> None:
    assert _ended(tmp_path, "many").returncode == 0
    files = _left(tmp_path / logbook.FOLDER)
    assert sorted(path.name for path in files if path.name.startswith(logbook.FILE)) == [
        logbook.FILE,
        *(f"{logbook.FILE}.{number}" for number in (1, 2, 3)),
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert sum(path.stat().st_size for path in files) < 3 * 1024 * 1024
    assert "line 29999 of ~/x" in logbook.shown(tmp_path)
    assert str(Path.home()) + "/x" not in logbook.shown(tmp_path)


def test_no_core_file_may_be_written(tmp_path: Path) -> None:
    assert _ended(tmp_path, "limits").stdout.strip() == "(1, 1)"


def test_an_administrator_who_allows_no_core_file_at_all_is_not_contradicted(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    if os.getuid() == 0:
        ended = _ended(tmp_path, "none allowed")
        assert (ended.returncode, ended.stdout.strip()) == (0, "(0, 0)")


def test_what_is_logged_with_its_error_is_told_by_its_place(tmp_path: Path) -> None:
    _ended(tmp_path, "logged")
    told = logbook.shown(tmp_path)
    assert "it broke" in told and "builtins.ValueError" in told and "s3kr3t" not in told


def test_a_disk_that_will_not_have_it_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / logbook.FOLDER).write_text("in the way")
    ended = _ended(tmp_path, "limits")
    assert (ended.returncode, ended.stdout.strip()) == (0, "(1, 1)")
    assert "no log is written" in ended.stderr
    assert logbook.shown(tmp_path) == ""


def _core_of(worker: int | None) -> list[Path]:
    """Where a kernel that is not told otherwise would have put it."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    folder = Path(pattern).parent if pattern.startswith("/") else Path.cwd()
    return [path for path in folder.glob("*core*") if str(worker) in path.name]


async def test_a_worker_that_dies_with_a_pin_in_hand_leaves_it_nowhere(
    softhsm: hsm.SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The token's own files hold the PIN's hash alone, so every file below the folder is looked through."""
    await hsm.make_keys(softhsm, {b"\x01": KeySpec.RSA_2048})
    faulty = FaultyModule(build(tmp_path), softhsm, tmp_path)
    faulty.fail("C_Login", "crash")
    place = tmp_path / "cwd"
    place.mkdir()
    monkeypatch.chdir(place)
    pin = "s3kr3t-48151"
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        async with faulty.token.supervisor() as supervisor:
            slot = await hsm.only_slot(supervisor)
            worker = supervisor.pid
            with pytest.raises(WorkerDied) as died:
                await supervisor.login(slot, Pin(pin))
            said = supervisor.stderr
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
    assert (died.value.how, died.value.begun) == ("SIGSEGV", True)
    assert pin not in said + repr(died.value) + caplog.text
    assert list(place.iterdir()) == []
    assert [path for path in _left(tmp_path) if pin.encode() in path.read_bytes()] == []
    assert await asyncio.to_thread(_core_of, worker) == []
