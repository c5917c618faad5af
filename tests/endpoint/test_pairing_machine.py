"""Pairing attempts under any order of events: never a yes that the doctor did not give for those digits."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from signer.endpoint.keys import SigningKey
from signer.endpoint.pairing import LIFETIME, PairingAttempt, PairingState, panel_commitment
from signer.endpoint.pairing_desk import PairingDesk
from signer.endpoint.pairings import Pairings
from signer.model.errors import MohrError
from signer.model.policy import Policy
from signer.service.consent import PairingQuestion
from tests.endpoint.world import NOON, ORIGIN, OTHER_ORIGIN, ScriptedDoctor, SetClock

AGENT, PANEL, NONCE = SigningKey.generate(), SigningKey.generate(), bytes(32)
STEPS = st.sampled_from(["start", "start other", "reveal", "reveal wrong", "yes", "no", "wait", "long wait"])


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=20))
def test_only_a_yes_in_time_to_an_open_question_pairs(steps: list[str]) -> None:
    asyncio.run(_walk(steps))


async def _walk(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock, doctor, pairings = SetClock(), ScriptedDoctor(), Pairings.open(Path(folder))
        desk = PairingDesk(consent=doctor, clock=clock, pairings=pairings, key=AGENT, policy=Policy())
        open_questions: list[asyncio.Future[bool]] = []
        allowed: set[str] = set()
        current: PairingAttempt | None = None

        async def ask(question: PairingQuestion) -> bool:
            answer = asyncio.get_running_loop().create_future()
            open_questions.append(answer)
            return bool(await answer)

        doctor.answer = ask
        for step in steps:
            try:
                if step.startswith("start"):
                    origin = OTHER_ORIGIN if step.endswith("other") else ORIGIN
                    current = desk.start(origin, panel_commitment(PANEL.point, NONCE))
                elif step.startswith("reveal") and current is not None:
                    key = SigningKey.generate() if step.endswith("wrong") else PANEL
                    desk.reveal(current.origin, current.id, key.point, NONCE)
                elif step in {"yes", "no"}:
                    for answer in [answer for answer in open_questions if not answer.done()]:
                        answer.set_result(step == "yes")
                        in_time = current is not None and clock.now() < current.expires_at
                        if step == "yes" and in_time and current is not None:
                            allowed.add(current.origin)
                elif step.endswith("wait"):
                    clock.pass_(seconds=130 if step.startswith("long") else 40)
            except MohrError:
                pass
            for _ in range(5):
                await asyncio.sleep(0)
            assert len([answer for answer in open_questions if not answer.done()]) <= 1
            assert {pairing.origin for pairing in pairings.list(clock.now())} <= allowed
        desk.close()
        await asyncio.sleep(0)


@given(st.integers(min_value=-300, max_value=300))
def test_an_attempt_is_open_for_two_minutes_and_an_end_is_final(seconds: int) -> None:
    attempt = PairingAttempt(
        id="a",
        origin=ORIGIN,
        panel_commitment=bytes(32),
        agent_point=AGENT.point,
        agent_nonce=NONCE,
        expires_at=NOON + LIFETIME,
    )
    now = NOON + timedelta(seconds=seconds)
    assert attempt.at(now).open is (now < attempt.expires_at)
    for first in (PairingState.ACCEPTED, PairingState.REFUSED, PairingState.EXPIRED):
        for then in PairingState:
            assert attempt.ended(first).ended(then).at(now).state is first
