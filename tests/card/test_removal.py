"""Cards that come, go and vanish under a signature: the whole service over OpenSC and virtual readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from signer.model.presence import Presence
from signer.model.request import DocumentState, RequestState
from signer.model.session_signing import Limits
from signer.service.consent import Approved, ConsentQuestion, Pin, PinProblem
from tests.card.desk import ORIGIN, Desk
from tests.card.fixtures import doctors_card
from tests.card.piv import PIN, Instruction
from tests.card.reader import Contacts, Service
from tests.service.doubles import again, yes


def vanishing(
    contacts: Contacts, instruction: Instruction = Instruction.VERIFY, after: int = 0
) -> Callable[..., Approved]:
    """Yes, and then the card is pulled out at that instruction, when so many of it are done.

    Not before the yes: OpenSC asks a card for the tries left by VERIFY too, whenever it looks.
    """

    def answer(question: ConsentQuestion) -> Approved:
        contacts.vanish[instruction] = after
        return yes(question, PIN)

    return answer


@pytest.fixture
async def desk(readers_service: Service, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    await made.open()
    yield made
    await made.close()


async def test_a_card_is_told_as_being_read_as_ready_and_as_gone(desk: Desk, contacts: Contacts) -> None:
    await desk.until(lambda: desk.tokens.presence.problem == "token-absent")
    contacts.insert()
    await desk.ready()
    (token,) = desk.tokens.presence.tokens
    assert token.label == "سارا نمونه"
    assert token.family == "OpenSC"
    assert len(token.credentials) == 1
    assert Presence(reading=True) in desk.told
    contacts.remove()
    await desk.until(lambda: desk.tokens.presence.problem == "token-absent")
    assert desk.tokens.presence.tokens == ()


async def test_two_cards_of_one_kind_are_told_apart_by_serial_and_reader(
    desk: Desk, contacts: Contacts, readers_service: Service
) -> None:
    other = Contacts(readers_service, doctors_card(key="other-p256"), reader=1)
    contacts.insert()
    other.insert()
    try:
        await desk.until(lambda: len(desk.tokens.presence.tokens) == 2)
        first, second = desk.tokens.presence.tokens
        assert (first.label, first.family) == (second.label, second.family)
        assert first.serial != second.serial
        assert first.reader != second.reader
        contacts.remove()
        await desk.until(lambda: len(desk.tokens.presence.tokens) == 1)
        assert desk.tokens.presence.tokens[0].reader == second.reader
        assert desk.tokens.presence.tokens[0].serial == second.serial
    finally:
        other.take_away()


async def test_a_card_pulled_out_while_the_doctor_reads_is_waited_for(desk: Desk, contacts: Contacts) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.on_pin = lambda: again(PIN)

    def pulled_out_before_the_yes(question: object) -> object:
        contacts.remove()
        return yes(question, PIN)  # type: ignore[arg-type]

    desk.doctor.answers.append(pulled_out_before_the_yes)  # type: ignore[arg-type]
    posted = await desk.post()
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    assert desk.doctor.tokens_wanted[0].label == "سارا نمونه"
    contacts.insert()
    view = await desk.finished(posted)
    assert view.documents[0].state is DocumentState.SIGNED
    assert contacts.card.signatures == 1


async def test_a_card_that_vanishes_under_a_signature_costs_that_document_alone(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    desk.doctor.on_pin = lambda: again(PIN)
    contacts.vanish[Instruction.GENERAL_AUTHENTICATE] = 2
    posted = await desk.post(4)
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    contacts.insert()
    view = await desk.finished(posted)
    assert view.state is RequestState.FINISHED
    assert [d.problem.code if d.problem else None for d in view.documents] == [
        None,
        None,
        "token-removed",
        None,
    ]
    assert contacts.card.signatures == 3
    assert contacts.card.tries == 3


@pytest.mark.parametrize(
    ("seconds", "instruction", "after", "problems"),
    [
        (0.6, Instruction.GENERAL_AUTHENTICATE, 1, [None, "token-removed", None]),
        (1.5, Instruction.VERIFY, 0, [None, None, None]),
    ],
)
async def test_a_card_that_is_put_back_at_once_goes_on_after_a_new_pin(
    desk: Desk,
    contacts: Contacts,
    seconds: float,
    instruction: Instruction,
    after: int,
    problems: list[str | None],
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.answers.append(vanishing(contacts, instruction, after))
    desk.doctor.on_pin = lambda: again(PIN)
    posted = await desk.post(3)
    await desk.until(lambda: not contacts.inserted)
    await asyncio.sleep(seconds)
    contacts.insert()
    view = await desk.finished(posted)
    assert [d.problem.code if d.problem else None for d in view.documents] == problems
    assert contacts.card.signatures == problems.count(None)
    assert contacts.card.tries == 3


async def test_another_card_in_the_reader_is_not_the_one_that_is_wanted(
    desk: Desk, contacts: Contacts, readers_service: Service
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.on_pin = lambda: again(PIN)
    desk.doctor.answers.append(vanishing(contacts))
    posted = await desk.post()
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    other = Contacts(readers_service, doctors_card(key="other-p256"))
    other.insert()
    await desk.ready()
    assert not desk.doctor.pin_requests
    other.take_away()
    contacts.insert()
    assert (await desk.finished(posted)).documents[0].state is DocumentState.SIGNED
    assert other.card.signatures == 0
    assert other.card.tries == 3


async def test_a_card_pulled_out_while_a_new_key_is_asked_for_is_named_waited_for_and_gone_on_with(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.on_pin = lambda: again(PIN)

    def pulled_out_before_the_yes(question: object) -> object:
        contacts.remove()
        return yes(question, PIN)  # type: ignore[arg-type]

    desk.doctor.answers.append(pulled_out_before_the_yes)  # type: ignore[arg-type]
    asked = await desk.ask_for_a_key()
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    assert desk.doctor.tokens_wanted[0].serial == desk.doctor.token_questions[0].token.serial
    assert not desk.doctor.pin_requests
    contacts.insert()
    view = await desk.finished(asked)
    assert [request.problem for request in desk.doctor.pin_requests] == [PinProblem.TOKEN_BACK]
    # A PIV card makes no key for its holder: the module says so, and that is what the panel is told.
    assert view.state is RequestState.FAILED
    problem = view.documents[0].problem
    assert problem is not None
    assert problem.code in {"operation-unsupported", "mechanism-unsupported", "module-failed"}
    assert contacts.card.tries == 3


async def test_a_card_that_goes_and_comes_while_a_new_key_is_asked_for_is_told_and_changes_nothing(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    asked = await desk.ask_for_a_key()
    await desk.until(lambda: bool(desk.doctor.token_questions))
    wanted = desk.doctor.token_questions[0].token
    contacts.remove()
    await desk.until(lambda: bool(desk.doctor.tokens_away))
    contacts.insert()
    await desk.until(lambda: len(desk.doctor.tokens_away) == 2)
    assert [token and token.serial for token in desk.doctor.tokens_away] == [wanted.serial, None]
    view = await desk.service.cancel(origin=ORIGIN, request_id=asked.id)
    assert view.state is RequestState.CANCELLED


async def test_a_card_that_is_put_back_at_once_goes_on_with_the_new_key_after_a_new_pin(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.answers.append(vanishing(contacts))
    desk.doctor.on_pin = lambda: again(PIN)
    asked = await desk.ask_for_a_key()
    await desk.until(lambda: not contacts.inserted)
    await asyncio.sleep(0.6)
    contacts.insert()
    view = await desk.finished(asked)
    assert [request.problem for request in desk.doctor.pin_requests] == [PinProblem.TOKEN_BACK]
    problem = view.documents[0].problem
    assert problem is not None
    assert problem.code != "token-removed", "the card was asked, and makes no key for its holder"
    assert contacts.card.tries == 3


async def test_a_doctor_who_gives_the_card_up_has_declined_the_new_key(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.gives_up = True
    desk.doctor.answers.append(vanishing(contacts))
    view = await desk.finished(await desk.ask_for_a_key())
    assert view.state is RequestState.DECLINED


def answering(pin: str | None) -> Callable[[ConsentQuestion], Approved]:
    return lambda question: replace(yes(question), pin=None if pin is None else Pin(pin))


async def test_a_card_that_was_out_wants_its_pin_again_though_it_stood_open(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    present = await desk.tokens.credentials()
    desk.sessions.choose(present[0].id, Limits(), present)
    for key, pin in (("first", PIN), ("second", None)):
        desk.doctor.answers.append(answering(pin))
        assert await desk.ends(key) is RequestState.FINISHED
    openings = [question.opened is not None for question in desk.doctor.questions]
    assert openings == [False, True]
    contacts.remove()
    await desk.until(lambda: desk.sessions.open_now is None)
    contacts.insert()
    await desk.ready()
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    assert await desk.ends("third") is RequestState.FINISHED
    assert desk.doctor.questions[2].opened is None
    assert desk.doctor.pin_requests == []
