"""`mohr simulate --check`: a simulator, a browser, a panel, and the report of what it did wrong.

The simulator of a check has folders of its own that are thrown away, so the panel is paired anew each time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.check.chromium import NoBrowser, PageBroke, chromium
from signer.cli.simulate.check.rules import Mistake, judge
from signer.cli.simulate.check.steps import STEP_CODES, STEPS, Step
from signer.cli.simulate.check.walk import CannotWalk, Tempo, Walker
from signer.cli.simulate.run import BANNER
from signer.cli.simulate.scenarios import BY_CODE, Stage
from signer.endpoint.listener import PORTS
from signer.model.errors import PortsTaken
from signer.model.text import visible


class Asked(Struct, frozen=True, kw_only=True):
    """What the command line says. `only` are steps; all of them where it is empty."""

    url: str
    port: int | None = None
    only: tuple[str, ...] = ()
    headed: bool = False
    by_hand: bool = False
    browser: Path | None = None
    browser_arguments: tuple[str, ...] = ()
    language: str = "en"
    as_json: bool = False


class Walked(Struct, frozen=True, kw_only=True):
    """One step in the report: what was played, what the page said at its end, and what was wrong."""

    step: str
    scenario: str
    ended: str | None
    mistakes: list[Mistake]


class Report(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    simulator: bool
    panel: str
    passed: bool
    steps: list[Walked]


def check(asked: Asked) -> int:
    """0 where the panel did everything right, 1 where it did not, 2 where it could not be walked through."""
    unknown = [code for code in asked.only if code not in STEP_CODES]
    if unknown:
        print(
            f"mohr simulate: no step {visible(unknown[0])}. Known: {', '.join(STEP_CODES)}", file=sys.stderr
        )
        return 2
    if urlsplit(asked.url).scheme not in {"http", "https"}:
        print("mohr simulate: --check wants the panel's address, http or https", file=sys.stderr)
        return 2
    tell: Callable[[str], None] = _on_stderr if asked.as_json else print
    try:
        report = asyncio.run(walk(asked, tell))
    except PortsTaken as problem:
        print(
            f"mohr simulate: {problem.detail}. A panel asks there first: end the agent that answers, or have"
            " the panel ask another port and name it with --port.",
            file=sys.stderr,
        )
        return 2
    except (NoBrowser, PageBroke, CannotWalk, OSError) as problem:
        print(f"mohr simulate: {visible(str(problem))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 2
    if asked.as_json:
        print(msgspec.json.encode(report).decode())
    else:
        wrong = sum(bool(step.mistakes) for step in report.steps)
        print(
            f"{len(report.steps)} steps, nothing wrong."
            if report.passed
            else f"{wrong} of {len(report.steps)} steps went wrong."
        )
    return 0 if report.passed else 1


async def walk(asked: Asked, tell: Callable[[str], None], tempo: Tempo | None = None) -> Report:
    """The whole check. Raises `NoBrowser`, `CannotWalk`, `PageBroke`, `PortsTaken`, OSError."""
    tempo = tempo or Tempo()
    chosen = [step for step in STEPS if not asked.only or step.code in asked.only]
    with tempfile.TemporaryDirectory(prefix="mohr-simulator-") as folder:
        agent = SimulatedAgent(
            Path(folder),
            Stage(BY_CODE["approve"], tempo.pace),
            ports=(PORTS[0] if asked.port is None else asked.port,),
            keeping=True,
        )
        await agent.start()
        try:
            async with chromium(
                asked.browser, headed=asked.headed, arguments=asked.browser_arguments
            ) as browser:
                tell(BANNER)
                walker = Walker(agent, browser, asked.url, tempo=tempo, by_hand=asked.by_hand, say=tell)
                await walker.begin()
                tell(f"Paired with {visible(walker.origin)}.")
                steps = [await _one(walker, step, asked.language, tell) for step in chosen]
        finally:
            await agent.stop()
    passed = not any(step.mistakes for step in steps)
    return Report(simulator=True, panel=asked.url, passed=passed, steps=steps)


async def _one(walker: Walker, step: Step, language: str, tell: Callable[[str], None]) -> Walked:
    visit = await walker.step(step)
    mistakes = judge(visit)
    tell(f"{'WRONG' if mistakes else 'ok   '} {step.code}{f' ({visit.ended})' if visit.ended else ''}")
    for one in mistakes:
        said = one.fa if language == "fa" else one.en
        detail = f" [{visible(one.detail)}]" if one.detail else ""
        tell(f"      {one.code}: {said}{detail} docs/{one.docs}")
    return Walked(step=step.code, scenario=step.scenario.code, ended=visit.ended, mistakes=mistakes)


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
