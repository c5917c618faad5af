"""`python -m tests.bench.card`: how soon a panel hears of a card, and what waiting for one costs.

A virtual card goes in and out of a virtual reader while a paired panel follows `GET /v1/events` of an agent
in a process of its own. What OpenSC takes to read the card is measured beside it, without an agent. Medians
are printed, never judged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.readers import CardPresent, Readers, ReaderWatch
from signer.client.events import EventStream
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from tests.bench.place import opensc
from tests.bench.process import cpu_seconds
from tests.card.fixtures import doctors_card
from tests.card.reader import NAMES, Contacts, Service, isolate

_PATIENCE = 60.0
#: Seconds between two moves of the card, so that the service and the module come to rest.
_REST = 2.5
#: Seconds between two looks of the service at a reader.
_RHYTHM = 0.4


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.card", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--idle", type=float, default=60.0, help="seconds to watch the idle agent for")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    isolate()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        service.start()
        try:
            contacts = Contacts(service, doctors_card())
            figures = measure(Path(folder), contacts, options.rounds, options.idle)
        finally:
            service.stop()
    for name, value in figures.items():
        print(f"{name:34}{value:10.2f}")
    if options.json:
        print(json.dumps(figures))
    return 0


def measure(folder: Path, contacts: Contacts, rounds: int, idle: float) -> dict[str, float]:
    """Milliseconds, medians over the rounds; `idle_cpu_percent` is of one core."""
    seen, read = asyncio.run(without_agent(contacts, rounds))
    told: dict[str, list[float]] = {"reading": [], "ready": [], "absent": []}
    with following(folder) as (pid, heard):
        for _ in range(rounds):
            moved = time.perf_counter()
            contacts.insert()
            for state in ("reading", "ready"):
                told[state].append((heard(state) - moved) * 1000)
            time.sleep(_rest())
            moved = time.perf_counter()
            contacts.remove()
            told["absent"].append((heard("absent") - moved) * 1000)
            time.sleep(_rest())
        contacts.insert()
        heard("ready")
        time.sleep(_rest())
        before = cpu_seconds(pid)
        time.sleep(idle)
        burnt = cpu_seconds(pid) - before
        contacts.remove()
    inserted, module = statistics.median(told["ready"]), statistics.median(read)
    return {
        "insertion_to_pcsc_ms": statistics.median(seen),
        "module_reads_ms": module,
        "insertion_to_reading_event_ms": statistics.median(told["reading"]),
        "insertion_to_ready_event_ms": inserted,
        "ready_event_beyond_module_ms": inserted - module,
        "removal_to_event_ms": statistics.median(told["absent"]),
        "idle_cpu_percent": burnt / idle * 100,
    }


async def without_agent(contacts: Contacts, rounds: int) -> tuple[list[float], list[float]]:
    """Insertion until PC/SC tells of it, and from there until the module has read the card."""
    seen, read = [], []
    arrived = asyncio.Event()
    watch = ReaderWatch(
        lambda state: (
            arrived.set()
            if isinstance(state, Readers) and isinstance(state.card_in(NAMES[0]), CardPresent)
            else arrived.clear()
        )
    )
    watch.start()
    async with opensc().supervisor() as supervisor:
        await supervisor.tokens()
        for _ in range(rounds):
            moved = time.perf_counter()
            contacts.insert()
            await arrived.wait()
            there = time.perf_counter()
            (token,) = await supervisor.tokens()
            await supervisor.certificates(token.slot)
            seen.append((there - moved) * 1000)
            read.append((time.perf_counter() - there) * 1000)
            contacts.remove()
            await asyncio.sleep(_rest())
            await supervisor.tokens()
    await watch.close()
    return seen, read


def _rest() -> float:
    """Seconds between two moves: not always the same, since the service looks at its readers in a rhythm."""
    return _REST + random.random() * _RHYTHM


@contextmanager
def following(folder: Path) -> Iterator[tuple[int, Callable[[str], float]]]:
    """An agent's process id, and a way to wait for a state of the tokens: when the panel heard of it."""
    command = [sys.executable, "-m", "tests.bench.agent", str(folder / "agent"), "--card"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        panel = PanelClient(agent.stdout.readline().strip(), "https://bench.example", MemoryKeys())
        panel.pair(lambda code: None)
        news: queue.Queue[tuple[str, float]] = queue.Queue()
        stream = panel.events()
        reading = threading.Thread(target=_read, args=(stream, news), daemon=True)
        reading.start()

        def heard(state: str) -> float:
            while True:
                told, at = news.get(timeout=_PATIENCE)
                if told == state:
                    return at

        heard("absent")
        yield agent.pid, heard
        assert agent.stdin is not None
        agent.stdin.close()
        agent.wait(30)
        stream.close()
        panel.close()


def _read(stream: EventStream, news: queue.Queue[tuple[str, float]]) -> None:
    for event in stream:
        if event.event == "tokens":
            news.put((event.data["state"], time.perf_counter()))


if __name__ == "__main__":
    sys.exit(main())
