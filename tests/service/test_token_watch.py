"""The watch over tokens: when it looks, what it says of readers, and that it leaves an idle worker alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.readers import (
    CardAbsent,
    CardMute,
    CardPresent,
    NoReader,
    Reader,
    Readers,
    ReadersState,
    ServiceStopped,
)
from drivers.types import KeySpec
from signer.cli.assembly import SystemClock
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.model.errors import by_code
from signer.model.presence import Presence
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from tests import softhsm as hsm


class Desk:
    """A watch over one SoftHSM, and what it told."""

    def __init__(self, token: hsm.SoftHsm) -> None:
        profile = hsm.profile()
        quick = replace(profile, events=replace(profile.events, slot_list_seconds=0.05))
        self.token = token
        self.supervisor = token.supervisor()
        module = TokenModule(path=str(token.module), profile=quick, supervisor=self.supervisor)
        self.signers = TokenSigners((module,), SystemClock())
        self.watch = TokenWatch(self.signers, (module,))
        self.told: list[Presence] = []
        self.watch.on_change(self.told.append)
        self.looks = 0

    async def until(self, condition: Callable[[Presence], bool]) -> Presence:
        async with asyncio.timeout(30):
            while not condition(self.watch.presence):
                await asyncio.sleep(0.01)
        return self.watch.presence

    async def close(self) -> None:
        self.watch.close()
        await self.supervisor.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(hsm.create(tmp_path / "softhsm"))
    yield made
    await made.close()


READER = "Maker Reader 00 00"
PRESENT = Readers((Reader(READER, CardPresent(b"\x3b\x00", 1)),))


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (ServiceStopped(), "reader-service-stopped"),
        (NoReader(), "reader-absent"),
        (Readers((Reader(READER, CardAbsent()),)), "token-absent"),
        (Readers((Reader(READER, CardMute()),)), "card-mute"),
        (Readers((Reader("other", CardAbsent()), Reader(READER, CardMute()))), "card-mute"),
        (PRESENT, "token-not-recognised"),
    ],
)
async def test_without_a_token_what_the_readers_say_is_why(state: ReadersState, problem: str) -> None:
    watch = TokenWatch(TokenSigners((), SystemClock()), ())
    watch.start()
    watch.readers_changed(state)
    async with asyncio.timeout(10):
        while watch.presence.problem is None:
            await asyncio.sleep(0.005)
    watch.close()
    assert watch.presence == Presence(problem=problem)
    assert watch.absence() == problem
    assert by_code(problem).fa_remedy


async def test_a_card_that_came_is_told_as_being_read_at_once() -> None:
    watch = TokenWatch(TokenSigners((), SystemClock()), ())
    told: list[Presence] = []
    watch.on_change(told.append)
    watch.readers_changed(NoReader())
    watch.readers_changed(PRESENT)
    assert told[-1] == Presence(reading=True)


async def test_tokens_in_no_reader_are_found_at_the_start_and_keep_no_worker_busy(desk: Desk) -> None:
    await hsm.certify(desk.token, {b"\x01": KeySpec.EC_P256}, PLAIN_DOCTOR, datetime.now(UTC))
    desk.watch.start()
    presence = await desk.until(lambda presence: not presence.reading)
    assert [token.label for token in presence.tokens] == [desk.token.label]
    assert presence.usable
    asked = _asked(desk)
    await asyncio.sleep(0.3)
    assert asked == [], "nobody listens, so nobody looks"


async def test_tokens_in_no_reader_are_looked_for_while_somebody_listens(desk: Desk) -> None:
    desk.watch.start()
    await desk.until(lambda presence: not presence.reading)
    asked = _asked(desk)
    with desk.watch.attention():
        async with asyncio.timeout(30):
            while len(asked) < 2:
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    before = len(asked)
    await asyncio.sleep(0.3)
    assert len(asked) == before


async def test_where_no_family_uses_readers_they_are_not_why_there_is_no_token(desk: Desk) -> None:
    desk.watch.readers_changed(ServiceStopped())
    assert desk.watch.absence() == "token-absent"


async def test_readers_say_nothing_of_a_token_that_stands_in_none(desk: Desk) -> None:
    await hsm.certify(desk.token, {b"\x01": KeySpec.EC_P256}, PLAIN_DOCTOR, datetime.now(UTC))
    desk.watch.start()
    await desk.until(lambda presence: presence.usable)
    desk.watch.readers_changed(ServiceStopped())
    assert desk.watch.presence.usable
    assert desk.watch.presence.problem is None


def _asked(desk: Desk) -> list[str]:
    """Grows with each look at the module's slots."""
    asked: list[str] = []
    real = desk.supervisor.tokens

    async def counted() -> object:
        asked.append("tokens")
        return await real()

    desk.supervisor.tokens = counted  # type: ignore[method-assign, assignment]
    return asked
