"""Our own demo panel under the check of panels, in a real Chromium: it does nothing wrong in any step."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from signer.cli.simulate.check.run import Asked, walk
from signer.cli.simulate.check.steps import STEP_CODES
from tests.browser.https_panel import serve
from tests.simulate.checking import QUICK, seen_as_public

pytestmark = pytest.mark.browser


#: How the panel must say that some of them ended.
ENDED = {"approve": "signed", "declined": "stopped", "agent-away": "unsigned", "reloaded": "signed"}
MIDDLE = len(STEP_CODES) // 2


@pytest.mark.parametrize("steps", [STEP_CODES[:MIDDLE], STEP_CODES[MIDDLE:]], ids=["first", "rest"])
def test_our_own_panel_does_nothing_wrong_in_any_step(steps: tuple[str, ...], tmp_path: Path) -> None:
    with serve(tmp_path) as panel:
        asked = Asked(
            url=f"{panel.origin}/demo/?agent={{port}}",
            port=0,
            only=steps,
            browser_arguments=seen_as_public(panel),
        )
        report = asyncio.run(walk(asked, lambda _: None, QUICK))
    assert {step.step: step.mistakes for step in report.steps if step.mistakes} == {}
    assert report.passed
    assert tuple(step.step for step in report.steps) == steps
    ended = {step.step: step.ended for step in report.steps if step.step in ENDED}
    assert ended == {step: ENDED[step] for step in steps if step in ENDED}
