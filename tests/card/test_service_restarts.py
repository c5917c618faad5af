"""Debian's PC/SC service stopped and started again under a whole agent, which nobody starts anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from signer.model.errors import ReaderServiceStopped, TokenAbsent
from signer.service.consent import Approved, ConsentQuestion
from tests.card.fixtures import doctors_card
from tests.card.piv import PIN, TRIES
from tests.card.reader import Contacts, Service
from tests.card.whole import TEXT, WholeAgent
from tests.service.doubles import again, yes


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own, which it starts and stops."""
    made = Service(tmp_path)
    yield made
    made.stop()


@pytest.fixture
async def whole(service: Service, tmp_path: Path) -> AsyncIterator[WholeAgent]:
    made = WholeAgent(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def test_a_service_that_stops_is_told_and_its_token_goes_on_when_both_are_back(
    service: Service, whole: WholeAgent
) -> None:
    await whole.until(ReaderServiceStopped.code)
    service.start()
    await whole.until(TokenAbsent.code)
    contacts = Contacts(service, doctors_card())
    contacts.insert()
    await whole.until(None)
    assert (await whole.sign()).code is None

    def stopped_before_the_yes(question: ConsentQuestion) -> Approved:
        service.stop()
        contacts.remove()
        return yes(question, PIN)

    whole.doctor.answers.append(stopped_before_the_yes)
    whole.doctor.on_pin = lambda: again(PIN)
    asked = asyncio.ensure_future(whole.agent.office.own_signing.sign(TEXT))
    await whole.until(ReaderServiceStopped.code)
    await whole.wanted()
    service.start()
    contacts.insert()
    assert (await asked).code is None
    await whole.until(None)
    assert (await whole.sign()).code is None
    assert (contacts.card.signatures, contacts.card.tries) == (3, TRIES)
    contacts.remove()
