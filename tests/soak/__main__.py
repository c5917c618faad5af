"""`make soak`: 10,000 signatures with faults at random moments; none lost, none doubled, memory flat.

`--count N` and `--seed N` change that; the seed is printed first, so that a run can be had again. `--json`
ends with the figures as one JSON object. Ends with 1 where something is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.run import FLAT, Figures, Soak

_EACH = 20


def main() -> int:
    """0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = Soak(Path(folder), options.count, options.seed).run(_tell)
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
    if options.json:
        told = {
            name: getattr(figures, name)
            for name in ("seed", "requests", "posted", "signed", "failed", "kills")
        }
        counts = {"lost": len(figures.lost), "doubled": len(figures.doubled), "spread": figures.spread}
        print(json.dumps({**told, **counts, "seconds": seconds, "faults": faults}))
    for fault in faults:
        print(f"NOT OK: {fault}")
    return 1 if faults else 0


def _tell(figures: Figures) -> None:
    if figures.requests % _EACH == 0:
        print(f"{figures.signed} signed of {figures.posted} posted", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
