"""A card's key that wants a PIN for each signature: slot 9C through OpenSC, by way of the whole service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signer.model.credential import KeyKind
from signer.model.request import DocumentState, RequestState
from signer.service.consent import ChoiceQuestion, PinProblem
from tests.card.desk import Desk
from tests.card.fixtures import doctors_card
from tests.card.piv import PIN, TRIES, PivCard
from tests.card.reader import Contacts, Service
from tests.service.doubles import again, yes


@pytest.fixture
def card() -> PivCard:
    """One whose key in 9A is on a curve, so that the RSA key is the one in 9C."""
    return doctors_card(signature_key="rsa-2048")


@pytest.fixture
async def desk(readers_service: Service, contacts: Contacts, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    made.doctor.choice = the_signature_key
    contacts.insert()
    await made.open()
    await made.ready()
    yield made
    await made.close()


def the_signature_key(question: ChoiceQuestion) -> str:
    (wanted,) = [c.id for c in question.credentials if c.key_kind is KeyKind.RSA]
    return wanted


def asked(desk: Desk) -> list[tuple[PinProblem, int, int]]:
    return [(r.problem, r.number, r.total) for r in desk.doctor.pin_requests]


async def test_each_signature_of_a_batch_takes_a_pin_of_its_own_and_a_wrong_one_is_asked_for_again(
    desk: Desk, contacts: Contacts
) -> None:
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    desk.doctor.pins += [again("739150"), again(PIN, last_try=True), again(PIN)]
    view = await desk.finished(await desk.post(2))
    assert view.state is RequestState.FINISHED
    assert [d.state for d in view.documents] == [DocumentState.SIGNED] * 2
    assert asked(desk) == [
        (PinProblem.EACH_SIGNATURE, 1, 2),
        (PinProblem.WRONG, 1, 2),
        (PinProblem.EACH_SIGNATURE, 2, 2),
    ]
    assert all(r.authorisation.each for r in desk.doctor.pin_requests)
    assert contacts.card.signatures == 2
    assert contacts.card.tries == TRIES


async def test_giving_up_after_a_wrong_pin_costs_one_try_and_no_more(desk: Desk, contacts: Contacts) -> None:
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    desk.doctor.pins += [again(PIN), again("739150"), None]
    view = await desk.finished(await desk.post(3))
    assert [d.state for d in view.documents] == [DocumentState.SIGNED] + [DocumentState.DECLINED] * 2
    assert contacts.card.signatures == 1
    assert contacts.card.tries == TRIES - 1
