"""`make fuzz`: run every fuzzer, or those named, over many examples; ends with 1 where one found something.

`--examples N` (10,000) is for each fuzzer. What Hypothesis found is printed with the way to have it again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
import traceback

from hypothesis import settings

from tests.fuzz import FUZZERS, SIGNATURE_FUZZERS

#: Those of signatures first: they hold this process to its memory, and the others take more.
ALL = SIGNATURE_FUZZERS | FUZZERS


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--examples", type=int, default=10_000)
    options = parser.parse_args()
    if unknown := set(options.names) - ALL.keys():
        parser.error(f"no such fuzzer: {', '.join(sorted(unknown))}")
    # What is refused is also logged, thousands of times.
    logging.getLogger().addHandler(logging.NullHandler())
    settings.register_profile("long", deadline=None, print_blob=True)
    settings.load_profile("long")
    found = 0
    for name in [name for name in ALL if name in (options.names or ALL)]:
        begun = time.monotonic()
        try:
            ALL[name](options.examples)
        except Exception:  # noqa: BLE001  # the other fuzzers still have their turn
            traceback.print_exc()
            found += 1
            verdict = "FOUND SOMETHING"
        else:
            verdict = "nothing found"
        print(
            f"{name:20} {options.examples} examples in {time.monotonic() - begun:.0f} s: {verdict}",
            flush=True,
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
