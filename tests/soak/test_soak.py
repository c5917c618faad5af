"""A short soak, of a fixed seed: whatever fails meanwhile, no signature is lost and none is made twice."""

from __future__ import annotations

from pathlib import Path

from tests.soak.run import Soak


def test_nothing_is_lost_and_nothing_doubled_while_the_module_fails_at_random(tmp_path: Path) -> None:
    figures = Soak(tmp_path, wanted=800, seed=4711).run(lambda _: None)
    assert figures.faults() == []
    assert figures.failed, "the module did fail"
    assert figures.kills, "the agent was killed"
