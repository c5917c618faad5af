"""The lock of a data folder: one holder, and nothing left behind by a holder that died."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from signer.model.errors import AlreadyRunning
from signer.platform.only_one import FILE, held, only_one

_HOLD = (
    "import pathlib, subprocess, sys\n"
    "from signer.platform.only_one import only_one\n"
    "with only_one(pathlib.Path(sys.argv[1])):\n"
    "    child = subprocess.Popen(['sleep', '60'], close_fds=False)\n"
    "    print(child.pid, flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_folder_has_one_holder_at_a_time(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(AlreadyRunning), only_one(tmp_path):
        pytest.fail("held twice")
    with only_one(tmp_path):
        assert (tmp_path / FILE).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux alone")
def test_a_lock_that_is_held_is_told_to_who_only_looks_on(tmp_path: Path) -> None:
    assert held(tmp_path) is False
    with only_one(tmp_path):
        assert held(tmp_path) is True
        assert held(tmp_path.parent) is False
    assert held(tmp_path) is False
    assert held(tmp_path, tmp_path / "no-such-table") is None


def test_another_folder_is_free(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with only_one(tmp_path), only_one(other):
        pass


def test_a_holder_that_was_killed_holds_nothing_and_neither_does_its_child(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(AlreadyRunning), only_one(tmp_path):
            pytest.fail("held twice")
        holder.kill()
        holder.wait()
        with only_one(tmp_path):
            pass
    finally:
        subprocess.run(["kill", str(child)])
        holder.stdin.close()
        holder.stdout.close()


def test_a_folder_that_cannot_be_locked_is_not_taken_for_a_second_agent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), only_one(tmp_path / "absent"):
        pytest.fail("held nothing")
