"""Short soaks, of a fixed seed: whatever fails, nothing is lost or made twice, and many tabs are served."""

from __future__ import annotations

from pathlib import Path

from tests.soak.run import Soak
from tests.soak.tabs import soak


def test_nothing_is_lost_and_nothing_doubled_while_the_module_fails_at_random(tmp_path: Path) -> None:
    figures = Soak(tmp_path, wanted=800, seed=4711).run(lambda _: None)
    assert figures.faults() == []
    assert figures.failed, "the module did fail"
    assert figures.kills, "the agent was killed"


def test_two_hundred_tabs_lose_nothing_and_memory_stays_flat(tmp_path: Path) -> None:
    figures = soak(tmp_path / "tabs", seconds=20, seed=4711, tell=lambda _: None)
    assert figures.faults() == []
    assert figures.p99 < 2000
