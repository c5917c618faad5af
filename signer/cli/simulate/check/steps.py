"""The steps of a check: which scenario is played while the panel does what. Data, in their order."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from signer.cli.simulate.scenarios import BY_CODE, SCENARIOS, Scenario


class Act(Enum):
    """What is done to the panel."""

    SIGN = "sign"
    SIGN_TWICE = "sign-twice"
    CANCEL = "cancel"
    RELOAD = "reload"
    PAIR = "pair"


class Step(Struct, frozen=True, kw_only=True):
    """One step; `ends` are the words of `data-mohr-state` that it may end with."""

    code: str
    scenario: Scenario
    act: Act
    ends: frozenset[str]


def _steps() -> tuple[Step, ...]:
    own = {"pairing-refused"}
    each = tuple(
        Step(code=scenario.code, scenario=scenario, act=Act.SIGN, ends=scenario.ends)
        for scenario in SCENARIOS
        if scenario.code not in own
    )
    slow = BY_CODE["slow"]
    # The last one ends the pairing, so nothing can come after it.
    return (
        *each,
        Step(code="two-clicks", scenario=slow, act=Act.SIGN_TWICE, ends=frozenset({"signed"})),
        Step(code="taken-back", scenario=slow, act=Act.CANCEL, ends=frozenset({"stopped"})),
        Step(code="reloaded", scenario=slow, act=Act.RELOAD, ends=frozenset({"signed"})),
        Step(
            code="pairing-refused",
            scenario=BY_CODE["pairing-refused"],
            act=Act.PAIR,
            ends=BY_CODE["pairing-refused"].ends,
        ),
    )


STEPS = _steps()
STEP_CODES = tuple(step.code for step in STEPS)
