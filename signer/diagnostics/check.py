"""The whole check of one computer: its probes, run side by side, and the verdict over what they found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import partial

from msgspec import Struct

from signer.diagnostics import (
    agent_probe,
    browser_probe,
    clinic_probe,
    computer_probe,
    module_probe,
    reader_probe,
)
from signer.diagnostics.across import across, beside_the_point
from signer.diagnostics.conclusion import Conclusion, conclude
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.ground import Ground
from signer.diagnostics.probing import Outcome, Probe, Seen, aside, run
from signer.diagnostics.trial_judgement import judge_trials
from signer.service.self_test import Trial

#: Seconds for a probe that waits for nothing but this computer.
_BRIEF = 6.0
_MODULE = "module "


class Checked(Struct, frozen=True, kw_only=True):
    """What one check gave: each probe's outcome, findings over all of them, the verdict; `at` is aware."""

    at: datetime
    version: str
    outcomes: tuple[Outcome, ...]
    conclusion: Conclusion


async def check(ground: Ground, ended: Callable[[Outcome], None] = lambda _: None) -> Checked:
    """Run every probe; `ended` is told each outcome as it comes. Never raises for what it looks at."""
    return _checked(ground, await run(probes(ground), ended))


async def check_again(
    before: Checked, ground: Ground, names: Collection[str], ended: Callable[[Outcome], None] = lambda _: None
) -> Checked:
    """Run the probes of these names once more, after a fix; the others' outcomes stay as they were."""
    anew = {one.probe: one for one in await run((p for p in probes(ground) if p.name in names), ended)}
    return _checked(ground, tuple(anew.get(one.probe, one) for one in before.outcomes))


async def check_these(ground: Ground, names: Collection[str]) -> Checked:
    """Run these probes alone: what only the others could tell is not known, and not concluded."""
    outcomes = await run(probe for probe in probes(ground) if probe.name in names)
    found = tuple(one for outcome in outcomes for one in outcome.seen.findings)
    idle = beside_the_point(ground.modules, {}, found)
    conclusion = conclude(one for one in found if one not in idle)
    return Checked(at=ground.now(), version=ground.version, outcomes=outcomes, conclusion=conclusion)


def with_trials(before: Checked, ground: Ground, module: str, tried: tuple[Trial, ...]) -> Checked:
    """The check with what came of signing on a token of this module, by the module's name."""
    outcome = Outcome(probe="sign", seconds=0.0, seen=Seen(findings=judge_trials(tried, (module,))))
    return _checked(ground, (*(one for one in before.outcomes if one.probe != "sign"), outcome))


def probes(ground: Ground) -> tuple[Probe, ...]:
    """The probes for this computer, one for each module among them, in the order of the chain."""

    async def module(one: int) -> Seen:
        trusted = await aside(lambda: clinic_probe.known(ground))
        return await module_probe.look(ground.modules[one], ground, trusted)

    brief: tuple[tuple[str, Callable[[Ground], Awaitable[Seen]]], ...] = (
        ("system", computer_probe.system),
        ("clock", computer_probe.clock),
        ("disk", computer_probe.disk),
    )
    after: tuple[tuple[str, Callable[[Ground], Awaitable[Seen]]], ...] = (
        ("authorities", clinic_probe.authorities),
        ("policy", clinic_probe.policy),
        ("profiles", clinic_probe.profiles),
        ("panels", clinic_probe.pairings),
        ("journal", clinic_probe.journal),
        ("agent", agent_probe.agent),
        ("ports", agent_probe.ports),
        ("browsers", browser_probe.browsers),
        ("stores", browser_probe.stores),
    )
    return (
        *(Probe(name=name, seconds=_BRIEF, run=partial(look, ground)) for name, look in brief),
        Probe(name="readers", seconds=_BRIEF, run=partial(reader_probe.look, ground.profiles)),
        *(
            Probe(
                name=f"{_MODULE}{one.name}", seconds=module_probe.seconds(ground), run=partial(module, number)
            )
            for number, one in enumerate(ground.modules)
        ),
        *(Probe(name=name, seconds=_BRIEF, run=partial(look, ground)) for name, look in after),
    )


def _checked(ground: Ground, outcomes: tuple[Outcome, ...]) -> Checked:
    conclusion = conclude(_together(ground, outcomes))
    return Checked(at=ground.now(), version=ground.version, outcomes=outcomes, conclusion=conclusion)


def _together(ground: Ground, outcomes: tuple[Outcome, ...]) -> tuple[Finding, ...]:
    """What the probes found, and what they say together, without what explains nothing here."""
    surveys = {
        outcome.probe.removeprefix(_MODULE): outcome.seen.survey
        for outcome in outcomes
        if outcome.seen.survey is not None
    }
    readers = next((o.seen.readers for o in outcomes if o.probe == "readers"), None)
    found = (
        *(one for outcome in outcomes for one in outcome.seen.findings),
        *across(ground.modules, surveys, readers, ground.profiles, bindings=ground.bindings),
        *((finding("modules-list-damaged"),) if ground.damaged_list else ()),
    )
    idle = beside_the_point(ground.modules, surveys, found)
    return tuple(one for one in found if one not in idle)
