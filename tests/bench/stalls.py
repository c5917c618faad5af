"""How long Qt's loop is held, at rest and while 250 prescriptions are signed: medians of each run's worst.

`work` is the processor time of the longest turn, `wait` how long a key would have stood before the door.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.desktop.watched import Held, watch


def measure_stalls(rounds: int = 3) -> dict[str, dict[str, float]]:
    """Milliseconds, for each stretch."""
    with tempfile.TemporaryDirectory(prefix="mohr-") as scratch:
        seen = [watch(Path(scratch) / str(number)) for number in range(rounds)]
    return {
        "window_at_rest": _middle([one.rest for one in seen]),
        "window_signing_250": _middle([one.signing for one in seen]),
    }


def _middle(stretches: list[Held]) -> dict[str, float]:
    return {
        "ms work": statistics.median(one.work for one in stretches),
        "ms wait": statistics.median(one.wait for one in stretches),
    }
