"""The doctor's side as a process of the doctor's own, and what it is asked. What it does is `practice`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.smoke.root import DOCTOR

ROOT = Path(__file__).parent.parent.parent
#: Seconds in which a program that was told to end has ended.
PATIENCE = 30.0


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
            *("setpriv", f"--reuid={DOCTOR.number}", f"--regid={DOCTOR.number}", "--clear-groups"),
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
def folder_of_the_doctor() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mohr-doctor-") as folder:
        os.chown(folder, DOCTOR.number, DOCTOR.number)
        yield Path(folder)
