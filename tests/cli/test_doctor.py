"""The scripted doctor keeps to the port as a person would, and never says more yes than she may."""

from __future__ import annotations

import pytest

from signer.cli.demo.doctor import ScriptedDoctor
from signer.model.credential import TriesLeft
from signer.service.consent import (
    Approved,
    ConsentQuestion,
    Declined,
    DocumentOutcome,
    Outcome,
    PinProblem,
    PinRequest,
)
from tests.desktop import scenes

PIN = "4321"
#: Why a PIN is wanted that was not wrong.
NOT_REFUSED = (PinProblem.TOKEN_BACK, PinProblem.TOKEN_CLOSED, PinProblem.EACH_SIGNATURE)


async def test_she_approves_what_may_be_approved_and_names_each_amber_finding() -> None:
    question = scenes.consent(scenes.three_items("a"), scenes.differing("b"), scenes.late("c"))
    answer = await ScriptedDoctor(PIN).open(question).answer()
    assert isinstance(answer, Approved)
    assert [(a.document_id, a.accepted) for a in answer.answers] == [("a", ()), ("c", ("signed-late",))]
    assert answer.pin is not None
    assert answer.pin.reveal() == PIN.encode()


async def test_she_declines_where_a_red_finding_forbids_everything() -> None:
    answer = await ScriptedDoctor(PIN).open(scenes.consent(scenes.differing())).answer()
    assert isinstance(answer, Declined)


async def test_she_never_agrees_to_spend_the_last_try() -> None:
    last = scenes.Tried(TriesLeft.LAST).authorisation()
    question = scenes.consent(scenes.three_items(), authorisation=last)
    answer = await ScriptedDoctor(PIN).open(question).answer()
    assert isinstance(answer, Approved)
    assert not answer.last_try_accepted


async def test_where_the_token_stands_open_no_pin_is_typed() -> None:
    answer = await ScriptedDoctor(PIN).open(scenes.opened(scenes.consent(scenes.three_items()))).answer()
    assert isinstance(answer, Approved)
    assert answer.pin is None


@pytest.mark.parametrize("problem", NOT_REFUSED)
async def test_a_pin_that_was_not_refused_is_typed_again(problem: PinProblem) -> None:
    dialogue = ScriptedDoctor(PIN).open(scenes.consent(scenes.three_items()))
    await dialogue.answer()
    typed = await dialogue.ask_pin(PinRequest(problem=problem, authorisation=scenes.PIN_KNOWN))
    assert typed is not None
    assert typed.pin is not None


@pytest.mark.parametrize("problem", [p for p in PinProblem if p not in NOT_REFUSED])
async def test_a_pin_that_was_refused_is_not_typed_again(problem: PinProblem) -> None:
    dialogue = ScriptedDoctor(PIN).open(scenes.consent(scenes.three_items()))
    await dialogue.answer()
    assert await dialogue.ask_pin(PinRequest(problem=problem, authorisation=scenes.PIN_KNOWN)) is None


async def test_a_token_that_is_back_time_and_again_and_still_fails_is_given_up() -> None:
    dialogue = ScriptedDoctor(PIN).open(scenes.consent(scenes.three_items()))
    await dialogue.answer()
    back = PinRequest(problem=PinProblem.TOKEN_BACK, authorisation=scenes.PIN_KNOWN)
    typed = [await dialogue.ask_pin(back) for _ in range(4)]
    assert [answer is None for answer in typed] == [False, False, False, True]


async def test_she_pairs_and_chooses_the_certificate_that_lasts_longest() -> None:
    doctor = ScriptedDoctor(PIN)
    assert await doctor.pair(scenes.PAIRING) is True
    assert await doctor.choose(scenes.CHOICE) in {
        c.id for c in scenes.CHOICE.credentials if c.problem is None
    }


async def test_what_she_was_asked_and_how_it_ended_is_kept() -> None:
    asked: list[ConsentQuestion] = []
    doctor = ScriptedDoctor(PIN, on_question=asked.append)
    question = scenes.consent(scenes.three_items())
    outcome = Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),))
    dialogue = doctor.open(question)
    for done in range(501):
        dialogue.progress(done, 500)
    dialogue.close(outcome)
    assert asked == [question]
    assert list(doctor.outcomes) == [outcome]
