"""`make diagnose-table`: set every prepared fault up, and print what the check names first.

`--json` prints one JSON object a row instead: `fault`, `expected`, `first`, `consequences`, `ok`. Ends with 1
where a row is not ok.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from signer.diagnostics.check import check
from signer.platform.folders import folders_under
from tests.card.reader import isolate
from tests.diagnostics.computer import healthy
from tests.diagnostics.faults_of_computers import MOUNTED, inside
from tests.diagnostics.row import told_first
from tests.diagnostics.table import ROWS


class _Told(Struct, frozen=True, kw_only=True):
    fault: str
    expected: str
    first: str | None
    consequences: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.first == self.expected


def main() -> int:
    """0 when every row is ok."""
    parser = argparse.ArgumentParser(prog="python -m tests.diagnostics", description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    isolate()
    told = []
    with tempfile.TemporaryDirectory() as name:
        for row in _rows(Path(name)):
            told.append(row)
            print(_json(row) if options.json else _line(row), flush=True)
    wrong = [row for row in told if not row.ok]
    print(f"{len(told)} faults, {len(wrong)} not named first", file=sys.stderr)
    return 1 if wrong else 0


def _rows(folder: Path) -> Iterator[_Told]:
    with healthy(folder / "computer") as computer:
        health = asyncio.run(check(computer.ground()))
        for number, row in enumerate(ROWS):
            place = folder / f"row-{number}"
            place.mkdir()
            checked = row.run(computer, place, health)
            consequences = tuple(sorted({one.finding.code for one in checked.conclusion.consequences}))
            yield _Told(
                fault=row.name, expected=row.first, first=told_first(checked), consequences=consequences
            )
    for number, (name, (_, expected)) in enumerate(MOUNTED.items()):
        place = folder / f"mounted-{number}"
        folders_under(place)
        yield _Told(fault=name, expected=expected, first=inside(name, place))


def _line(row: _Told) -> str:
    follows = f"  <- {', '.join(row.consequences)}" if row.consequences else ""
    return f"{row.fault:<66} {row.first or '-':<28} {'ok' if row.ok else f'NOT {row.expected}'}{follows}"


def _json(row: _Told) -> str:
    return json.dumps(
        {
            "fault": row.fault,
            "expected": row.expected,
            "first": row.first,
            "consequences": row.consequences,
            "ok": row.ok,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
