"""`make fault-table`: run every cell of the fault table and print how the agent came through.

`--json` prints one JSON object a cell instead: `call`, `fault`, `outcome` (`signed`, an error code, or `n/a`
where the fault does not apply to the call) and `ok`. Ends with 1 where a cell is not ok.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from drivers.types import KeySpec
from signer.cli.demo.authority import PLAIN_DOCTOR
from tests import softhsm as hsm
from tests.fault.module import build
from tests.fault.table import Row, cells, run


async def rows(folder: Path) -> AsyncIterator[Row]:
    """Each cell's row, one after another."""
    built, token = build(folder), hsm.create(folder / "softhsm")
    await hsm.certify(token, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, datetime.now(UTC))
    for number, cell in enumerate(cells()):
        if not cell.applies:
            yield Row(cell.call.title, cell.fault.title, "n/a")
            continue
        own = folder / str(number)
        own.mkdir()
        yield await run(cell, built, token, own)


async def main() -> int:
    """0 when every cell is ok."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    # Each cell makes the agent warn, which is what it should do.
    logging.getLogger().addHandler(logging.NullHandler())
    made: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        async for row in rows(Path(folder)):
            made.append(row)
            print(_json(row) if as_json else _line(row), flush=True)
    real = [row for row in made if row.outcome != "n/a"]
    wrong = [row for row in real if not row.ok]
    print(f"{len(real)} cells, {len(wrong)} not ok, {len(made) - len(real)} n/a", file=sys.stderr)
    return 1 if wrong else 0


def _line(row: Row) -> str:
    verdict = "ok" if row.ok else "NOT OK: " + "; ".join(row.faults)
    return f"{row.call:34} {row.fault:16} {row.outcome:24} {'' if row.outcome == 'n/a' else verdict}".rstrip()


def _json(row: Row) -> str:
    return json.dumps({"call": row.call, "fault": row.fault, "outcome": row.outcome, "ok": row.ok})


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
