"""The contract of every `ConsentSurface`: the same scenarios, whoever asks and however it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from signer.model.credential import Authorisation, AuthorisationKind, TokenRef, TriesLeft
from signer.service.consent import (
    Approved,
    ConsentQuestion,
    Declined,
    DocumentOutcome,
    Outcome,
    PinProblem,
    PinRequest,
    Standing,
    TokenQuestion,
)
from tests.cli.theatre import TerminalTheatre
from tests.contract.surfaces import (
    Approve,
    GiveUp,
    Leave,
    Pick,
    PickToken,
    SayNo,
    SayYes,
    Scenario,
    Stage,
    Theatre,
    TypePin,
)
from tests.desktop import scenes
from tests.gui.theatre import WindowTheatre

SURFACES: dict[str, Callable[[], Theatre]] = {"windows": WindowTheatre, "terminal": TerminalTheatre}

SIGNED = Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),))
SIGNED_IN = Outcome(documents=(("sign-in", DocumentOutcome.SIGNED),))
DECLINED = Outcome(documents=(("rx-1", DocumentOutcome.DECLINED),), problem="consent-declined")
CANCELLED = Outcome(documents=(("rx-1", DocumentOutcome.DECLINED),), problem="request-cancelled")


@pytest.fixture(params=list(SURFACES))
def theatre(request: pytest.FixtureRequest) -> Theatre:
    return SURFACES[request.param]()


def _answer(question: ConsentQuestion, outcome: Outcome) -> Scenario[Approved | Declined]:
    async def scenario(stage: Stage) -> Approved | Declined:
        dialogue = stage.surface.open(question)
        try:
            return await dialogue.answer()
        finally:
            dialogue.close(outcome)

    return scenario


def test_a_yes_names_the_document_and_carries_the_pin_as_typed(theatre: Theatre) -> None:
    answer = theatre.perform(_answer(scenes.consent(scenes.three_items()), SIGNED), Approve("4321"))
    assert isinstance(answer, Approved)
    assert [a.document_id for a in answer.answers] == ["rx-1"]
    assert answer.pin is not None
    assert answer.pin.reveal() == b"4321"
    assert not answer.last_try_accepted


def test_an_amber_finding_that_got_its_own_yes_is_named_by_its_code(theatre: Theatre) -> None:
    answer = theatre.perform(_answer(scenes.consent(scenes.late()), SIGNED), Approve())
    assert isinstance(answer, Approved)
    assert answer.answers[0].accepted == ("signed-late",)


def test_a_sign_in_gets_its_yes_and_its_pin_as_a_signature_does(theatre: Theatre) -> None:
    answer = theatre.perform(_answer(scenes.consent(scenes.sign_in()), SIGNED_IN), Approve("4321"))
    assert isinstance(answer, Approved)
    assert [a.document_id for a in answer.answers] == ["sign-in"]
    assert answer.pin is not None
    assert answer.pin.reveal() == b"4321"


def test_a_sign_in_can_be_declined(theatre: Theatre) -> None:
    assert isinstance(theatre.perform(_answer(scenes.consent(scenes.sign_in()), DECLINED), SayNo()), Declined)
    assert theatre.still_asking() == 0


def test_a_no_declines_the_whole_request(theatre: Theatre) -> None:
    answer = theatre.perform(_answer(scenes.consent(scenes.three_items()), DECLINED), SayNo())
    assert isinstance(answer, Declined)
    assert theatre.still_asking() == 0


def test_of_many_documents_only_the_approved_are_named(theatre: Theatre) -> None:
    question = scenes.consent(scenes.three_items("a"), scenes.prescription("b"), scenes.late("c"))
    answer = theatre.perform(_answer(question, SIGNED), Approve(refusing=("b",)))
    assert isinstance(answer, Approved)
    assert [a.document_id for a in answer.answers] == ["a", "c"]
    assert [a.accepted for a in answer.answers] == [(), ("signed-late",)]


def test_a_document_with_a_red_finding_is_never_among_the_approved(theatre: Theatre) -> None:
    question = scenes.consent(scenes.differing("bad"), scenes.three_items("good"))
    answer = theatre.perform(_answer(question, SIGNED), Approve())
    assert isinstance(answer, Approved)
    assert [a.document_id for a in answer.answers] == ["good"]


def test_a_reader_with_keys_of_its_own_gets_a_yes_without_a_pin(theatre: Theatre) -> None:
    pad = Authorisation(kind=AuthorisationKind.PIN_PAD, tries=TriesLeft.OK)
    question = scenes.consent(scenes.three_items(), authorisation=pad)
    answer = theatre.perform(_answer(question, SIGNED), Approve(pin=None))
    assert isinstance(answer, Approved)
    assert answer.pin is None


def test_the_last_try_is_spent_only_with_an_explicit_yes(theatre: Theatre) -> None:
    last = scenes.Tried(TriesLeft.LAST).authorisation()
    question = scenes.consent(scenes.three_items(), authorisation=last)
    answer = theatre.perform(_answer(question, SIGNED), Approve())
    assert isinstance(answer, Approved)
    assert answer.last_try_accepted


def test_a_wrong_pin_is_asked_again_in_the_same_dialogue(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> tuple[Approved | Declined, Approved | None]:
        dialogue = stage.surface.open(scenes.consent(scenes.three_items()))
        first = await dialogue.answer()
        again = PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN)
        second = await dialogue.ask_pin(again)
        dialogue.close(SIGNED)
        return first, second

    first, second = theatre.perform(scenario, Approve("1111"), TypePin("2222"))
    assert isinstance(first, Approved)
    assert second is not None
    assert second.pin is not None
    assert second.pin.reveal() == b"2222"
    assert second.last_try_accepted, "after a wrong PIN an unknown number of tries is guarded like the last"


def test_giving_up_at_the_second_pin_answers_none(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> Approved | None:
        dialogue = stage.surface.open(scenes.consent(scenes.three_items()))
        await dialogue.answer()
        again = PinRequest(problem=PinProblem.MALFORMED, authorisation=scenes.PIN_KNOWN)
        answer = await dialogue.ask_pin(again)
        dialogue.close(DECLINED)
        return answer

    assert theatre.perform(scenario, Approve("1111"), SayNo()) is None
    assert theatre.still_asking() == 0


def test_a_token_that_comes_back_is_followed_by_a_pin_in_the_same_dialogue(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> Approved | None:
        question = scenes.consent(scenes.three_items())
        dialogue = stage.surface.open(question)
        await dialogue.answer()
        wanted = asyncio.create_task(dialogue.want_token(question.credential.token))
        await asyncio.sleep(0.2)
        assert not wanted.done()
        wanted.cancel()
        with suppress(asyncio.CancelledError):
            await wanted
        back = PinRequest(problem=PinProblem.TOKEN_BACK, authorisation=scenes.PIN_KNOWN)
        answer = await dialogue.ask_pin(back)
        dialogue.close(SIGNED)
        return answer

    answer = theatre.perform(scenario, Approve("1111"), TypePin("2222"))
    assert answer is not None
    assert answer.pin is not None
    assert answer.pin.reveal() == b"2222"
    assert not answer.last_try_accepted, "a token that was away is no wrong PIN"
    assert theatre.still_asking() == 0


def test_a_token_that_goes_and_comes_while_a_question_is_read_changes_no_answer(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> Approved | Declined:
        question = scenes.consent(scenes.three_items())
        dialogue = stage.surface.open(question)
        dialogue.token_away(question.credential.token)
        dialogue.token_away(None)
        try:
            return await dialogue.answer()
        finally:
            dialogue.close(SIGNED)

    assert isinstance(theatre.perform(scenario, Approve("4321")), Approved)


def test_a_panel_that_goes_and_comes_and_others_that_wait_change_no_answer(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> Approved | Declined:
        dialogue = stage.surface.open(scenes.consent(scenes.three_items()))
        answering = asyncio.create_task(dialogue.answer())
        dialogue.standing(Standing(panel_away=True, waiting=(scenes.ORIGIN,)))
        await stage.presented()
        dialogue.standing(Standing())
        try:
            return await answering
        finally:
            dialogue.standing(Standing(panel_away=True))
            dialogue.close(SIGNED)

    answer = theatre.perform(scenario, Approve("4321"))
    assert isinstance(answer, Approved)
    assert answer.pin is not None
    assert answer.pin.reveal() == b"4321"


def test_giving_up_on_a_token_ends_the_wait(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        question = scenes.consent(scenes.three_items())
        dialogue = stage.surface.open(question)
        await dialogue.answer()
        await dialogue.want_token(question.credential.token)
        dialogue.close(DECLINED)
        return True

    assert theatre.perform(scenario, Approve("1111"), GiveUp())
    assert theatre.still_asking() == 0


def test_closing_while_a_token_is_wanted_ends_the_question(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> None:
        question = scenes.consent(scenes.three_items())
        dialogue = stage.surface.open(question)
        await dialogue.answer()
        task = asyncio.create_task(dialogue.want_token(question.credential.token))
        await asyncio.sleep(0.1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        dialogue.close(CANCELLED)

    theatre.perform(scenario, Approve("1111"))
    assert theatre.still_asking() == 0


def test_cancelling_the_wait_leaves_no_question_behind(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> None:
        dialogue = stage.surface.open(scenes.consent(scenes.three_items()))
        task = asyncio.create_task(dialogue.answer())
        await stage.presented()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        dialogue.close(CANCELLED)

    theatre.perform(scenario, Leave())
    assert theatre.still_asking() == 0


def test_cancelling_a_pairing_withdraws_it(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        task = asyncio.create_task(stage.surface.pair(scenes.PAIRING))
        await stage.presented()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert theatre.perform(scenario, Leave())
    assert theatre.still_asking() == 0


def test_a_question_after_a_withdrawn_one_is_asked_as_ever(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        task = asyncio.create_task(stage.surface.pair(scenes.PAIRING))
        await stage.presented()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return await stage.surface.pair(scenes.PAIRING)

    assert theatre.perform(scenario, Leave(), SayYes())


def test_progress_may_be_told_five_hundred_times_at_once(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> None:
        dialogue = stage.surface.open(scenes.consent(scenes.three_items()))
        await dialogue.answer()
        for done in range(501):
            dialogue.progress(done, 500)
        dialogue.close(SIGNED)

    theatre.perform(scenario, Approve())
    assert theatre.still_asking() == 0


def test_closing_before_any_answer_ends_the_question(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> None:
        dialogue = stage.surface.open(scenes.consent(scenes.three_items()))
        await stage.presented()
        dialogue.close(CANCELLED)

    theatre.perform(scenario, Leave())
    assert theatre.still_asking() == 0


def test_pairing_is_true_on_an_explicit_yes_alone(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        return await stage.surface.pair(scenes.PAIRING)

    assert theatre.perform(scenario, SayYes()) is True


def test_pairing_is_false_on_a_no(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        return await stage.surface.pair(scenes.PAIRING)

    assert theatre.perform(scenario, SayNo()) is False


def test_a_credential_is_chosen_by_its_id(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> str | None:
        return await stage.surface.choose(scenes.CHOICE)

    wanted = scenes.CHOICE.credentials[1].id
    assert theatre.perform(scenario, Pick(wanted)) == wanted


@pytest.mark.parametrize("picked", scenes.TOKEN_CHOICE.tokens, ids=lambda token: token.serial)
def test_a_token_is_chosen_as_it_was_offered(theatre: Theatre, picked: TokenRef) -> None:
    async def scenario(stage: Stage) -> TokenRef | None:
        return await stage.surface.choose_token(scenes.TOKEN_CHOICE)

    assert theatre.perform(scenario, PickToken(picked)) == picked


def test_choosing_no_token_answers_none(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> TokenRef | None:
        return await stage.surface.choose_token(scenes.TOKEN_CHOICE)

    assert theatre.perform(scenario, SayNo()) is None
    assert theatre.still_asking() == 0


TOKEN_QUESTIONS = {
    "certificate-request": scenes.certificate_request(),
    "certificate": scenes.certificate(),
}


def _answer_for_token(question: TokenQuestion, state: DocumentOutcome) -> Scenario[Approved | Declined]:
    async def scenario(stage: Stage) -> Approved | Declined:
        dialogue = stage.surface.open_token(question)
        try:
            return await dialogue.answer()
        finally:
            dialogue.progress(0, 1)
            dialogue.close(Outcome(documents=((question.sheets[0].document_id, state),)))

    return scenario


@pytest.mark.parametrize("asked", TOKEN_QUESTIONS)
def test_work_on_a_token_gets_its_yes_with_each_warning_and_its_pin(theatre: Theatre, asked: str) -> None:
    question = TOKEN_QUESTIONS[asked]
    answer = theatre.perform(_answer_for_token(question, DocumentOutcome.SIGNED), Approve("4321"))
    assert isinstance(answer, Approved)
    (about,) = answer.answers
    warned = tuple(finding.code for finding in question.sheets[0].needs_yes)
    assert (about.document_id, about.accepted) == (asked, warned)
    assert answer.pin is not None
    assert answer.pin.reveal() == b"4321"


@pytest.mark.parametrize("asked", TOKEN_QUESTIONS)
def test_work_on_a_token_can_be_declined(theatre: Theatre, asked: str) -> None:
    scenario = _answer_for_token(TOKEN_QUESTIONS[asked], DocumentOutcome.DECLINED)
    assert isinstance(theatre.perform(scenario, SayNo()), Declined)
    assert theatre.still_asking() == 0


def test_a_wrong_pin_for_work_on_a_token_is_asked_again_in_the_same_dialogue(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> Approved | None:
        dialogue = stage.surface.open_token(scenes.certificate_request())
        await dialogue.answer()
        answer = await dialogue.ask_pin(PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN))
        dialogue.close(Outcome(documents=(("certificate-request", DocumentOutcome.SIGNED),)))
        return answer

    answer = theatre.perform(scenario, Approve("1111"), TypePin("2222"))
    assert answer is not None
    assert answer.pin is not None
    assert answer.pin.reveal() == b"2222"


def test_a_token_pulled_out_of_its_own_work_is_waited_for_or_given_up(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        question = scenes.certificate_request()
        dialogue = stage.surface.open_token(question)
        await dialogue.answer()
        await dialogue.want_token(question.token)
        dialogue.close(Outcome(documents=(("certificate-request", DocumentOutcome.DECLINED),)))
        return True

    assert theatre.perform(scenario, Approve("1111"), GiveUp())
    assert theatre.still_asking() == 0


def test_choosing_none_answers_none(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> str | None:
        return await stage.surface.choose(scenes.CHOICE)

    assert theatre.perform(scenario, SayNo()) is None


def test_a_changed_module_is_used_on_an_explicit_yes_alone(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> tuple[bool, bool]:
        return await stage.surface.use_module(scenes.MODULE), await stage.surface.use_module(scenes.MODULE)

    assert theatre.perform(scenario, SayYes(), SayNo()) == (True, False)


def test_cancelling_the_question_about_a_module_withdraws_it(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> bool:
        task = asyncio.create_task(stage.surface.use_module(scenes.MODULE))
        await stage.presented()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert theatre.perform(scenario, Leave())
    assert theatre.still_asking() == 0


def test_two_questions_at_once_are_asked_one_after_the_other(theatre: Theatre) -> None:
    async def scenario(stage: Stage) -> tuple[bool, str | None]:
        pairing = asyncio.create_task(stage.surface.pair(scenes.PAIRING))
        await asyncio.sleep(0)
        choice = asyncio.create_task(stage.surface.choose(scenes.CHOICE))
        return await pairing, await choice

    picked = scenes.CHOICE.credentials[0].id
    assert theatre.perform(scenario, SayYes(), Pick(picked)) == (True, picked)
