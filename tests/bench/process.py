"""The agent as a process: how long until its endpoint answers, what it weighs and burns while idle.

Linux only: sizes come from `smaps_rollup`, processor time from `stat`. Each start has folders of its own, so
nothing of the user's is read.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

HEADLESS = ("signer.cli.main", "agent")
WINDOW = ("gui", "--hidden")
_TICK = os.sysconf("SC_CLK_TCK")


class _Told(msgspec.Struct):
    """What the endpoint's file says."""

    port: int


@contextmanager
def running(module: tuple[str, ...], env: dict[str, str]) -> Iterator[tuple[int, float]]:
    """A running agent: its process id, and the seconds from start to the first answer."""
    with tempfile.TemporaryDirectory() as home:
        runtime = Path(home) / "runtime"
        runtime.mkdir(mode=0o700)
        places = {
            "HOME": home,
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": f"{home}/data",
            "XDG_CONFIG_HOME": f"{home}/config",
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        }
        begun = time.perf_counter()
        agent = subprocess.Popen(
            [sys.executable, "-m", *module],
            env={**os.environ, **env, **places},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield agent.pid, _first_answer(runtime) - begun
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait(30)


def _first_answer(runtime: Path) -> float:
    """When the endpoint first answered."""
    until = time.perf_counter() + 30
    while time.perf_counter() < until:
        for told in runtime.rglob("endpoint.json"):
            connection = http.client.HTTPConnection("127.0.0.1", _port(told), timeout=5)
            connection.request("GET", "/openapi.json")
            if connection.getresponse().status == 200:
                connection.close()
                return time.perf_counter()
        time.sleep(0.002)
    raise TimeoutError("no agent answered")


def _port(told: Path) -> int:
    return msgspec.json.decode(told.read_bytes(), type=_Told).port


def with_children(pid: int) -> list[int]:
    """The process and everything below it; what ends meanwhile is left out."""
    found = [pid]
    for task in _tasks(pid):
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                found += with_children(int(child))
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def pss_mb(pid: int) -> float:
    """Proportional set size of the process and its workers, in MB (10^6 octets)."""
    return sum(map(pss_mb_of, with_children(pid)))


def pss_mb_of(pid: int) -> float:
    """Proportional set size of this process alone, in MB (10^6 octets)."""
    return _size(pid, "Pss:")


def allocated_mb(pid: int) -> float:
    """What this process alone has allocated and touched, in MB (10^6 octets).

    Unlike `pss_mb_of` it does not move when another process maps the same libraries, or no longer does.
    """
    return _size(pid, "Pss_Anon:")


def _size(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"no size of {pid}")


def cpu_seconds(pid: int) -> float:
    """Processor time used so far by the process and its workers, in seconds."""
    ticks = 0
    for one in with_children(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK
