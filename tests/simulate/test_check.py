"""The check of a panel, in a real Chromium: our own panel passes, and each mistake of a bad one is named."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.check.chromium import chromium
from signer.cli.simulate.check.rules import RULES, Mistake, judge
from signer.cli.simulate.check.run import Asked, walk
from signer.cli.simulate.check.steps import STEP_CODES, STEPS
from signer.cli.simulate.check.walk import Tempo, Walker
from signer.cli.simulate.scenarios import BY_CODE, Pace, Stage
from tests.browser.https_panel import HOST, SDK, Panel, serve

pytestmark = pytest.mark.browser

BAD = Path(__file__).parent / "bad"
QUICK = Tempo(
    pace=Pace(reading=0.2, long_reading=1.5, slow_signature=0.5, hang=0.5, away=0.5, unanswered=0.7),
    ends=8.0,
    lingers=0.5,
)
#: Each mistake, and the step in which it is made.
MISTAKES = {
    "document-before-proof": "approve",
    "sent-before-paired": "approve",
    "patient-in-name": "approve",
    "key-reused": "approve",
    "signed-twice": "agent-restarts",
    "posted-twice": "two-clicks",
    "asked-after-no": "declined",
    "tried-again-by-itself": "locked",
    "polls-too-fast": "slow",
    "wait-too-long": "slow",
    "contract-broken": "approve",
    "result-not-fetched": "slow",
    "cancel-not-told": "taken-back",
    "lost-on-reload": "reloaded",
    "unsigned-after-no": "declined",
    "said-signed": "locked",
    "unsigned-too-soon": "approve",
    "slow-to-go-on": "agent-away",
    "end-not-told": "approve",
    "pin-in-page": "approve",
    "page-error": "approve",
    "pairing-nagged": "pairing-refused",
}
#: What else a mistake shows itself as.
BESIDES = {
    "signed-twice": {"document-before-proof"},
    "wait-too-long": {"contract-broken"},
    "lost-on-reload": {"result-not-fetched", "end-not-told"},
    "unsigned-too-soon": set[str](),
    "sent-before-paired": {"contract-broken", "document-before-proof", "signed-twice"},
}


def seen_as_public(panel: Panel) -> tuple[str, ...]:
    """Arguments of a Chromium to which the panel is a page from the internet."""
    return (
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
        f"--ip-address-space-overrides=127.0.0.1:{panel.port}=public",
        f"--ignore-certificate-errors-spki-list={panel.spki}",
    )


def test_our_own_panel_walks_through_every_step_and_does_nothing_wrong(tmp_path: Path) -> None:
    with serve(tmp_path) as panel:
        asked = Asked(
            url=f"{panel.origin}/demo/?agent={{port}}", port=0, browser_arguments=seen_as_public(panel)
        )
        report = asyncio.run(walk(asked, lambda _: None, QUICK))
    assert {step.step: step.mistakes for step in report.steps if step.mistakes} == {}
    assert report.passed
    assert tuple(step.step for step in report.steps) == STEP_CODES
    ended = {step.step: step.ended for step in report.steps}
    assert (ended["approve"], ended["declined"], ended["agent-away"]) == ("signed", "stopped", "unsigned")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Mistake]]]:
    """What the check says of each bad panel, and of one without a mistake: one browser, one simulator."""
    scratch = tmp_path_factory.mktemp("bad")
    folder = Path(shutil.copytree(SDK, scratch / "panel", ignore=shutil.ignore_patterns("demo")))
    shutil.copytree(BAD, folder, dirs_exist_ok=True)

    async def walked(panel: Panel) -> dict[str, list[Mistake]]:
        agent = SimulatedAgent(
            scratch / "simulator", Stage(BY_CODE["approve"], QUICK.pace), ports=(0,), keeping=True
        )
        await agent.start()
        said = {}
        try:
            async with chromium(arguments=seen_as_public(panel)) as browser:
                address = f"{panel.origin}/?agent={agent.address.port}&mistake="
                # Two of them never end a step.
                walker = Walker(agent, browser, address, tempo=replace(QUICK, ends=5.0))
                await walker.begin()
                for mistake, wanted in {"none": "agent-restarts", **MISTAKES}.items():
                    (step,) = (step for step in STEPS if step.code == wanted)
                    walker.url = address + mistake
                    said[mistake] = judge(await walker.step(step))
        finally:
            await agent.stop()
        return said

    with serve(scratch, folder) as panel:
        yield asyncio.run(walked(panel))


def test_every_rule_has_a_panel_that_breaks_it() -> None:
    assert set(MISTAKES) == {rule.code for rule in RULES}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_panel_that_makes_a_mistake_is_told_of_it(mistake: str, found: dict[str, list[Mistake]]) -> None:
    codes = {one.code for one in found[mistake]}
    assert mistake in codes
    assert codes - {mistake} <= BESIDES.get(mistake, set())


def test_the_same_panel_without_a_mistake_is_told_of_none(found: dict[str, list[Mistake]]) -> None:
    assert found["none"] == []
