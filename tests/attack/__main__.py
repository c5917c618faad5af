"""`make attack-table`: who attacks from where, what is tried, and what must come of it.

`--run` tries every row on a real agent and says which got through; `--json` prints an object a row. Ends
with 1 where one got through.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path

from tests.attack.attack import Attack
from tests.attack.attempt import attempt
from tests.attack.table import TABLE
from tests.attack.victim import certified_token, victim


async def main() -> int:
    """0 when nothing got through."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    outcomes = await run_all() if options.run else {}
    for row in TABLE:
        print(_json(row, outcomes) if options.json else _lines(row, outcomes))
    through = [name for name, outcome in outcomes.items() if outcome]
    print(f"{len(TABLE)} attacks" + (f", {len(through)} got through" if options.run else ""), file=sys.stderr)
    return 1 if through else 0


async def run_all() -> dict[str, str]:
    """Each row's name, and what was wrong: nothing where the agent withstood it."""
    # What is refused is told to the log, as it should be.
    logging.getLogger().addHandler(logging.NullHandler())
    outcomes: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with victim(folder / "shared" / "agent", await certified_token(folder / "softhsm")) as shared:
            for row in TABLE:
                if not row.alone:
                    outcomes[row.name] = await _outcome(attempt(row, shared))
        for number, row in enumerate(row for row in TABLE if row.alone):
            async with victim(folder / str(number) / "agent") as alone:
                outcomes[row.name] = await _outcome(attempt(row, alone))
    return outcomes


async def _outcome(trying: Coroutine[None, None, None]) -> str:
    try:
        await trying
    except Exception as problem:  # noqa: BLE001 - whatever it was, the row is told and the next is tried
        return f"{type(problem).__name__}: {problem}"
    return ""


def _lines(row: Attack, outcomes: dict[str, str]) -> str:
    told = outcomes.get(row.name)
    mark = "" if told is None else "ok  " if not told else "THROUGH  "
    more = f"\n    {told}" if told else ""
    return f"{mark}{row.name} ({row.position.value})\n    {row.tried}\n    -> {row.outcome}{more}"


def _json(row: Attack, outcomes: dict[str, str]) -> str:
    told = {"name": row.name, "position": row.position.value, "tried": row.tried, "outcome": row.outcome}
    if row.name in outcomes:
        told["problem"] = outcomes[row.name]
    return json.dumps(told, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
