"""A card whose PIN is changed or unblocked, and which is pulled out by the way: through a whole agent.

OpenSC gives a PIV card a new PIN in one command, so what came of it is the card's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.pin import Pin
from signer.model.errors import TokenRemoved
from signer.service.token_desk import Secret
from tests.card.piv import PIN, TRIES, Instruction
from tests.card.reader import Contacts
from tests.card.whole import WholeAgent

NEW = "602846"


@pytest.fixture
async def whole(contacts: Contacts, tmp_path: Path) -> AsyncIterator[WholeAgent]:
    made = WholeAgent(tmp_path)
    await made.start()
    contacts.insert()
    await made.until(None)
    yield made
    await made.stop()


async def change(whole: WholeAgent) -> None:
    desk = whole.agent.office.desk
    await desk.change_pin(await desk.only_token(), Secret(pin=Pin(PIN)), Pin(NEW))


async def test_a_card_pulled_out_in_the_change_is_told_as_removed_and_its_old_pin_stands(
    whole: WholeAgent, contacts: Contacts
) -> None:
    for instruction in (Instruction.CHANGE_REFERENCE_DATA, Instruction.VERIFY):
        contacts.vanish[instruction] = 0
        with pytest.raises(TokenRemoved):
            await change(whole)
        await whole.until("token-absent")
        await asyncio.to_thread(contacts.take_away)
        contacts.insert()
        await whole.until(None)
        assert (contacts.card.pin, contacts.card.tries) == (PIN, TRIES)
    assert (await whole.sign(PIN)).code is None
    await change(whole)
    assert contacts.card.pin == NEW
    assert (await whole.sign(NEW)).code is None
    assert contacts.card.tries == TRIES
