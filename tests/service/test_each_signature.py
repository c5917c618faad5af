"""Keys that want a PIN for each signature: asked one at a time, each PIN sent once, what is signed stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from signer.model.credential import TriesLeft
from signer.model.request import DocumentState, RequestState
from signer.service.consent import Declined, PinProblem
from tests.service.doubles import PIN, again, yes
from tests.service.test_signing import Clinic, codes, eventually, states, text

RIGHT, WRONG = PIN.encode(), b"0000"


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path / "journal")
    made.token.each = True
    yield made
    await made.close()


def asked(clinic: Clinic) -> list[tuple[PinProblem, int, int]]:
    return [(r.problem, r.number, r.total) for r in clinic.doctor.pin_requests]


async def test_a_batch_takes_one_pin_to_open_and_one_for_each_document_in_turn(clinic: Clinic) -> None:
    clinic.yes()
    clinic.doctor.pins += [again(), again(), again()]
    view = await clinic.finished(await clinic.post(text("a"), text("b"), text("c")))
    assert view.state is RequestState.FINISHED
    assert states(view) == [DocumentState.SIGNED] * 3
    assert clinic.token.logins == [RIGHT]
    assert clinic.token.context_logins == [RIGHT] * 3
    assert asked(clinic) == [(PinProblem.EACH_SIGNATURE, number, 3) for number in (1, 2, 3)]


async def test_the_doctor_is_told_before_the_first_pin_where_it_is_known(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda _: Declined())
    await clinic.finished(await clinic.post(text("a"), text("b")))
    assert clinic.doctor.questions[0].authorisation.each


async def test_a_wrong_pin_is_asked_for_again_for_the_same_signature_and_never_sent_twice(
    clinic: Clinic,
) -> None:
    clinic.yes()
    clinic.doctor.pins += [again("0000"), again(last_try=True), again()]
    view = await clinic.finished(await clinic.post(text("a"), text("b")))
    assert states(view) == [DocumentState.SIGNED] * 2
    assert clinic.token.context_logins == [WRONG, RIGHT, RIGHT]
    assert asked(clinic) == [
        (PinProblem.EACH_SIGNATURE, 1, 2),
        (PinProblem.WRONG, 1, 2),
        (PinProblem.EACH_SIGNATURE, 2, 2),
    ]


async def test_a_try_that_may_be_the_last_is_not_spent_without_its_own_yes(clinic: Clinic) -> None:
    clinic.yes()
    clinic.token.tries = TriesLeft.UNKNOWN
    clinic.doctor.pins += [again("0000"), again(), None]
    view = await clinic.finished(await clinic.post(text("a")))
    assert clinic.token.context_logins == [WRONG]
    assert asked(clinic)[-1] == (PinProblem.LAST_TRY_UNCONFIRMED, 1, 1)
    assert codes(view) == ["consent-declined"]


async def test_wrong_pins_for_signatures_cool_down_like_those_that_open(clinic: Clinic) -> None:
    clinic.yes()
    clinic.doctor.pins += [again("0000"), again("1111", last_try=True)]
    view = await clinic.finished(await clinic.post(text("a"), text("b")))
    assert codes(view) == ["pin-cool-down"] * 2
    assert clinic.token.context_logins == [WRONG, b"1111"]


async def test_giving_up_keeps_what_is_signed_and_declines_the_rest(clinic: Clinic) -> None:
    clinic.yes()
    clinic.doctor.pins += [again(), None]
    view = await clinic.finished(await clinic.post(text("a"), text("b"), text("c")))
    assert view.state is RequestState.FINISHED
    assert states(view) == [DocumentState.SIGNED, DocumentState.DECLINED, DocumentState.DECLINED]
    assert len(clinic.doctor.pin_requests) == 2, "nobody is asked for the others"
    await eventually(lambda: clinic.token.sessions_open == 0)


async def test_a_signature_is_durable_while_the_pin_for_the_next_is_awaited(clinic: Clinic) -> None:
    clinic.yes()
    waiting = asyncio.Event()
    clinic.doctor.pins.append(again())
    clinic.doctor.out_of_pins = waiting.wait
    posted = await clinic.post(text("a"), text("b"))
    await eventually(lambda: len(clinic.doctor.pin_requests) == 2)
    async with asyncio.timeout(10):
        while clinic.service is not None:
            view = await clinic.service.view(origin="https://panel.example", request_id=posted.id)
            if states(view)[0] is DocumentState.SIGNED:
                break
            await asyncio.sleep(0.01)
    cancelled = await clinic.service.cancel(origin="https://panel.example", request_id=posted.id)
    assert states(cancelled) == [DocumentState.SIGNED, DocumentState.CANCELLED]
    assert not waiting.is_set(), "the question is withdrawn with the request"


async def test_a_key_that_wants_none_is_not_asked_for(clinic: Clinic) -> None:
    clinic.token.each = False
    clinic.doctor.answers.append(yes)
    await clinic.finished(await clinic.post(text("a")))
    assert clinic.doctor.pin_requests == []
    assert clinic.token.context_logins == []
