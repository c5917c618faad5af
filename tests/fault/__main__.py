"""`make fault-table`: run every cell of the fault table and print how the agent came through.

`--binding python-pkcs11` runs it through the second binding. `--json` prints one JSON object a cell instead:
`call`, `fault`, `outcome` (`signed`, an error code, or `n/a` where the fault does not apply to the call) and
`ok`. Ends with 1 where a cell is not ok.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from drivers.types import Binding, KeySpec
from signer.cli.demo.authority import PLAIN_DOCTOR
from tests import softhsm as hsm
from tests.fault.module import build
from tests.fault.table import NOT_APPLICABLE, Row, cells, run_all


async def main() -> int:
    """0 when every cell is ok."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--binding", type=Binding, default=Binding.PYKCS11, metavar="|".join(b.value for b in Binding)
    )
    options = parser.parse_args()
    # Each cell makes the agent warn, which is what it should do.
    logging.getLogger().addHandler(logging.NullHandler())
    made: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built, token = build(folder), hsm.create(folder / "softhsm")
        await hsm.certify(token, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, datetime.now(UTC))
        rows = folder / "rows"
        rows.mkdir()
        async for row in run_all(cells(options.binding), built, token, rows):
            made.append(row)
            print(_json(row) if options.json else _line(row), flush=True)
    real = [row for row in made if row.outcome != NOT_APPLICABLE]
    wrong = [row for row in real if not row.ok]
    print(f"{len(real)} cells, {len(wrong)} not ok, {len(made) - len(real)} n/a", file=sys.stderr)
    return 1 if wrong else 0


def _line(row: Row) -> str:
    line = f"{row.call:34} {row.fault:16} {row.outcome:24} "
    if row.outcome != NOT_APPLICABLE:
        line += "ok" if row.ok else "NOT OK: " + "; ".join(row.faults)
    return line.rstrip()


def _json(row: Row) -> str:
    return json.dumps({"call": row.call, "fault": row.fault, "outcome": row.outcome, "ok": row.ok})


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
