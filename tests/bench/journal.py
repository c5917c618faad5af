"""What a long journal costs to look at: `python -m tests.bench.journal [--entries N] [--rounds N]`.

A journal of N signed documents of two certificates in a folder of its own. Measured are the search, from the
request to painted rows; a page far down; scrolling through it all; a look-up by hash; the check of the chain;
and what a batch's commit costs. Wall time and the process's own processor time, medians; nothing is judged.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from msgspec.structs import replace
from PySide6.QtWidgets import QTableView

from gui.bridge.line import Line
from gui.bridge.messages import Answered
from gui.bridge.requests import JournalPage, Request
from gui.presenters.tongue import Tongue
from gui.views.journal import JournalPage as Page
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.history import Result, Wanted
from signer.model.record import Intent, Seal
from signer.service.records import PAGE, Opened
from tests.gui.theatre import application, settle

BATCH = 250
NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
ORIGIN = "https://panel.example"
FIRST, SECOND = "aa" * 32, "bb" * 32
WANTED = Wanted(credentials=(FIRST, SECOND))


def _batch(first: int) -> tuple[tuple[Intent, ...], tuple[Seal, ...]]:
    intents, seals = [], []
    for n in range(first, first + BATCH):
        at = NOW + timedelta(seconds=40 * n)
        who, digest = (FIRST if n % 3 else SECOND), hashlib.sha256(b"%d" % n).digest()
        name, key = f"rx-{n}", f"k{first}"
        intent = Intent(
            request_id="r",
            origin=ORIGIN,
            idempotency_key=key,
            document_id=name,
            body_hash=b"b" * 32,
            content_hash=digest,
            media_type="text/plain",
            format="cades",
            level="B-B",
            attached=True,
            credential_id=who,
            signing_time=at,
            binding=b"d" * 32,
        )
        seal = Seal(
            request_id="r",
            origin=ORIGIN,
            idempotency_key=key,
            document_id=name,
            body_hash=b"b" * 32,
            content_hash=digest,
            signature=b"s" * 2000,
            signature_hash=digest,
            credential_id=who,
            signed_at=at,
        )
        intents.append(intent)
        seals.append(seal)
    return tuple(intents), tuple(seals)


class _Figures:
    """Milliseconds by what was measured."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    async def take(self, name: str, work: Callable[[], Coroutine[object, object, object]]) -> None:
        """Measure `rounds` times, and print."""
        wall, cpu = [], []
        for _ in range(self._rounds):
            began, spent = time.perf_counter(), time.process_time()
            await work()
            wall.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - spent) * 1000)
        print(f"{name:34}{statistics.median(wall):9.1f} ms {statistics.median(cpu):9.1f} ms of processor")


async def measure(folder: Path, entries: int, rounds: int) -> None:
    """Fill, look, print."""
    journal = SqliteJournal(folder / "journal")
    figures = _Figures(rounds)
    spent = []
    for first in range(0, entries, BATCH):
        intents, seals = _batch(first)
        began = time.perf_counter()
        await journal.intend(intents)
        await journal.seal(seals)
        spent.append((time.perf_counter() - began) * 1000)
    print(
        f"{'commit of a batch of 250':34}{statistics.median(spent):9.1f} ms, 500 entries of intent and seal"
    )
    reader = JournalReader(journal)
    day = replace(WANTED, since=NOW + timedelta(days=3), before=NOW + timedelta(days=4))
    top = (await reader.find(WANTED, 1)).top
    await figures.take("search: everything", lambda: reader.find(WANTED, PAGE))
    await figures.take("search: one centre", lambda: reader.find(replace(WANTED, centre=(SECOND,)), PAGE))
    await figures.take("search: one day", lambda: reader.find(day, PAGE))
    await figures.take(
        "search: failures, none there", lambda: reader.find(replace(WANTED, result=Result.FAILED), PAGE)
    )
    await figures.take("the last page", lambda: reader.page(WANTED, top, entries - PAGE, PAGE))
    await figures.take("by hash", lambda: reader.by_hash((b"\0" * 31 + b"\7",)))
    await figures.take("which panels", lambda: reader.origins(WANTED.credentials))
    await figures.take("check of the chain", reader.broken_at)
    await _on_screen(reader, figures, entries)
    await journal.close()


async def _on_screen(reader: JournalReader, figures: _Figures, entries: int) -> None:
    application()
    asked: list[tuple[int, Request[object]]] = []
    line = Line(lambda number, request: asked.append((number, request)))
    page = Page(line)
    page.set_tongue(Tongue("fa"))
    page.resize(1000, 700)
    page.show()
    settle()

    async def shown() -> None:
        found = await reader.find(WANTED, PAGE)
        centres = {FIRST: "مطب ونک", SECOND: "بیمارستان نمونه"}
        opened = Opened(holders=("د",), wanted=WANTED, found=found, origins=(ORIGIN,), centres=centres)
        page.show_opened(opened)
        page.table.viewport().repaint()

    await figures.take("search to painted rows", shown)
    longest = 0.0
    steps = 200
    for step in range(steps):
        longest = max(longest, _scrolled(page.table, entries * step // steps))
        for number, request in tuple(asked):
            assert isinstance(request, JournalPage)
            rows = await reader.page(request.wanted, request.top, request.skip, PAGE)
            began = time.perf_counter()
            line.receive(Answered(number, rows))
            page.table.viewport().repaint()
            longest = max(longest, (time.perf_counter() - began) * 1000)
        asked.clear()
    print(f"{'longest hold of Qt while scrolling':34}{longest:9.1f} ms in {steps} leaps through all")


def _scrolled(table: QTableView, row: int) -> float:
    began = time.perf_counter()
    table.scrollTo(table.model().index(row, 0))
    table.viewport().repaint()
    return (time.perf_counter() - began) * 1000


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.journal", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mohr-") as folder:
        asyncio.run(measure(Path(folder), options.entries, options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
