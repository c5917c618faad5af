"""`make soak`: 10,000 signatures with faults at random moments, then two hundred tabs for ten minutes.

Nothing may be lost or made twice, no tab may see an error, and memory must stay flat. `--count N`,
`--seconds N` and `--seed N` change that, 0 leaves a part out; the seed is printed first, so that a run can
be had again. `--json` ends with the figures as one JSON object. Ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.run import FLAT, Figures, Soak
from tests.soak.tabs import TABS, soak

_EACH = 20


def main() -> int:
    """0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--seconds", type=float, default=600.0, help="for how long the tabs ask")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    told: dict[str, object] = {"seed": options.seed, "load": os.getloadavg()}
    faults: list[str] = []
    for wanted, part in ((options.count, _signatures), (options.seconds, _tabs)):
        if wanted:
            figures, wrong = part(wanted, options.seed)
            told |= figures
            faults += wrong
    if options.json:
        print(json.dumps({**told, "faults": faults}))
    for fault in faults:
        print(f"NOT OK: {fault}")
    return 1 if faults else 0


def _signatures(count: int, seed: int) -> tuple[dict[str, object], list[str]]:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = Soak(Path(folder), count, seed).run(_tell)
    seconds = time.monotonic() - begun
    failed = ", ".join(f"{number} {code}" for code, number in sorted(figures.failed.items()))
    print(
        f"{figures.signed} signed in {figures.requests} requests and {seconds:.0f} s, the agent killed"
        f" {figures.kills} times; failed and posted again: {failed or 'none'}"
    )
    print(f"allocated memory in the last half: {min(figures.memory):.1f} to {max(figures.memory):.1f} MB")
    faults = figures.faults()
    if figures.spread > FLAT:
        faults.append(f"memory moved by {figures.spread:.1%}")
    names = ("requests", "posted", "signed", "failed", "kills")
    told = {name: getattr(figures, name) for name in names}
    counts = {"lost": len(figures.lost), "doubled": len(figures.doubled), "spread": figures.spread}
    return {**told, **counts, "seconds": seconds}, faults


def _tabs(seconds: float, seed: int) -> tuple[dict[str, object], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        figures = soak(Path(folder) / "tabs", seconds, seed, lambda _: None)
    print(
        f"{figures.requests} requests of {TABS} tabs in {seconds:.0f} s, {figures.signed} of them signatures,"
        f" {figures.errors.total()} errors; GET /v1/agent {statistics.median(figures.agent_ms):.1f} ms,"
        f" 99 % within {figures.p99:.1f} ms; allocated memory {min(figures.memory):.1f} to"
        f" {max(figures.memory):.1f} MB, once settled within {figures.spread:.1%}"
    )
    told = {"requests": figures.requests, "p99": figures.p99, "spread": figures.spread}
    return {"tabs": told}, figures.faults()


def _tell(figures: Figures) -> None:
    if figures.requests % _EACH == 0:
        print(f"{figures.signed} signed of {figures.posted} posted", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
