"""Tokens that are a reader and its card in one: both are lost at once, in a service that runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from signer.model.errors import ReaderAbsent
from signer.model.request import DocumentState
from signer.service.consent import Approved, ConsentQuestion
from tests.card.desk import Desk
from tests.card.driver import build
from tests.card.piv import PIN
from tests.card.reader import Contacts, Service
from tests.service.doubles import again, yes


@pytest.fixture(scope="module")
def readers_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose readers can be pulled out."""
    folder = tmp_path_factory.mktemp("pcsc")
    service = Service(folder, driver=build(folder))
    service.start()
    yield service
    service.stop()


@pytest.fixture
async def desk(readers_service: Service, contacts: Contacts, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    await made.open()
    contacts.insert()
    await made.ready()
    yield made
    await made.close()


async def test_a_token_that_is_unplugged_is_told_as_gone_and_as_ready_when_it_is_back(
    desk: Desk, contacts: Contacts, readers_service: Service
) -> None:
    before = desk.tokens.presence.tokens
    readers_service.pull_out_readers()
    await desk.until(lambda: desk.tokens.presence.problem == ReaderAbsent.code)
    assert not desk.tokens.presence.usable
    readers_service.plug_in_readers()
    await desk.ready()
    assert desk.tokens.presence.tokens == before


async def test_a_request_waits_for_a_token_that_was_unplugged_before_the_yes(
    desk: Desk, contacts: Contacts, readers_service: Service
) -> None:
    def unplugged_before_the_yes(question: ConsentQuestion) -> Approved:
        readers_service.pull_out_readers()
        return yes(question, PIN)

    desk.doctor.answers.append(unplugged_before_the_yes)
    desk.doctor.on_pin = lambda: again(PIN)
    posted = await desk.post(2)
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    readers_service.plug_in_readers()
    view = await desk.finished(posted)
    assert [document.state for document in view.documents] == [DocumentState.SIGNED] * 2
    assert contacts.card.signatures == 2
