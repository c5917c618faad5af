"""Readers and cards as PC/SC tells them, from a real service with virtual readers."""

from __future__ import annotations

import asyncio
import resource

import pytest

from drivers import readers as r
from drivers import winscard
from tests.card.piv import PivCard
from tests.card.reader import NAMES, Contacts, Service
from tests.card.watching import EMPTY, card_in_first, holds, watching


async def test_readers_with_persian_names_are_told_at_once(readers_service: Service) -> None:
    async with watching() as told:
        assert await told.until(lambda _: True) == EMPTY


async def test_a_card_that_comes_and_goes_is_told_with_its_atr(
    readers_service: Service, contacts: Contacts
) -> None:
    async with watching() as told:
        await told.until(lambda state: state == EMPTY)
        contacts.insert()
        present = await told.until(holds(r.CardPresent))
        first = card_in_first(present)
        assert isinstance(first, r.CardPresent)
        assert first.atr == PivCard.ATR
        contacts.remove()
        assert await told.until(holds(r.CardAbsent)) == EMPTY
        contacts.insert()
        second = card_in_first(await told.until(holds(r.CardPresent)))
        assert second != first, "a card put back is told from one that never went"


async def test_a_card_without_an_answer_to_reset_is_mute(
    readers_service: Service, contacts: Contacts
) -> None:
    contacts.mute = True
    async with watching() as told:
        contacts.insert()
        await told.until(holds(r.CardMute))


async def test_two_readers_are_told_apart(readers_service: Service, contacts: Contacts) -> None:
    other = Contacts(readers_service, PivCard(), reader=1)
    async with watching() as told:
        other.insert()
        try:
            state = await told.until(
                lambda state: (
                    isinstance(state, r.Readers) and isinstance(state.card_in(NAMES[1]), r.CardPresent)
                )
            )
            assert card_in_first(state) == r.CardAbsent()
        finally:
            other.take_away()
        await told.until(lambda state: state == EMPTY)


async def test_without_a_library_the_service_counts_as_stopped() -> None:
    def no_library() -> winscard.Context:
        raise winscard.ServiceFault(0)

    async with watching(no_library) as told:
        assert await told.until(lambda _: True) == r.ServiceStopped()


async def test_a_watch_that_waits_takes_no_time_of_the_processor(readers_service: Service) -> None:
    async with watching() as told:
        await told.until(lambda state: state == EMPTY)
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
        await asyncio.sleep(1.0)
        # One for the sleep, and a few for the interpreter: a loop that polls makes hundreds.
        assert resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - switches < 20


LONG = "Reader of a maker with a name that does not fit, بخش قلب و عروق 00 00"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Maker Reader 00 00", "Maker Reader 00 00", True),
        ("Maker Reader 00 00", "Maker Reader 00 00      ", True),
        ("Maker Reader ", "Maker Reader\0\0", True),
        ("کارت‌خوان مطب 00 00", "کارت‌خوان مطب 00 00  ", True),
        ("Maker Reader 00 00", "Maker Reader 01 00", False),
        ("Maker Reader 00 00", "Maker Reader", False),
        (LONG, LONG.encode()[:64].decode("utf-8", "replace"), True),
        (LONG, LONG[:40], False),
        ("", "", False),
        ("   ", "", False),
    ],
)
def test_names_of_readers_mean_the_same_reader_or_not(one: str, other: str, same: bool) -> None:
    assert r.same_reader(one, other) is same
    assert r.same_reader(other, one) is same
