"""The PC/SC service that stops and starts, and readers that are plugged in while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from drivers import readers as r
from drivers import winscard
from tests.card.driver import build
from tests.card.reader import Service
from tests.card.watching import EMPTY, watching


class Docked(winscard.Context):
    """The service, with its readers at a dock: they are there while `docked` is set.

    `news`: whether it tells of readers that come and go, as pcsc-lite and Windows do and macOS does not.
    """

    docked: threading.Event
    news: bool

    def readers(self) -> tuple[str, ...]:
        return super().readers() if self.docked.is_set() else ()

    def wait(
        self, known: Sequence[winscard.ReaderState], milliseconds: int
    ) -> tuple[winscard.ReaderState, ...]:
        pnp = [one for one in known if one.name == winscard.PNP]
        if pnp and not self.news:
            raise winscard.ServiceFault(winscard.SCARD_E_UNKNOWN_READER)
        docked = pnp[0].flags > 0 if pnp else self.docked.is_set()
        left = milliseconds
        while left > 0 and self.docked.is_set() is docked:
            try:
                return super().wait(known, min(left, 50))
            except winscard.ServiceFault as fault:
                if fault.code != winscard.SCARD_E_TIMEOUT:
                    raise
            left -= 50
        if left > 0 and pnp:
            return tuple(known)
        return super().wait(known, 0)


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A service that the test starts by itself."""
    service = Service(tmp_path)
    yield service
    service.stop()


async def test_a_service_that_stops_and_starts_again_is_told_and_found_again(own_service: Service) -> None:
    async with watching() as told:
        await told.until(lambda state: state == r.ServiceStopped())
        own_service.start()
        await told.until(lambda state: state == EMPTY)
        own_service.stop()
        await told.until(lambda state: state == r.ServiceStopped())
        own_service.start()
        await told.until(lambda state: state == EMPTY)


async def test_no_reader_is_a_state_of_its_own(own_service: Service) -> None:
    own_service.unplug()
    own_service.start()
    async with watching() as told:
        await told.until(lambda state: state == r.NoReader())
        own_service.stop()
        own_service.plug()
        own_service.start()
        await told.until(lambda state: state == EMPTY)


@pytest.mark.parametrize("news", [True, False])
async def test_readers_that_are_unplugged_and_plugged_in_again_are_told(
    own_service: Service, news: bool
) -> None:
    own_service.start()
    dock = threading.Event()
    kind = type("Dock", (Docked,), {"docked": dock, "news": news})
    async with watching(kind) as told:
        await told.until(lambda state: state == r.NoReader())
        dock.set()
        await told.until(lambda state: state == EMPTY)
        dock.clear()
        await told.until(lambda state: state == r.NoReader())


async def test_readers_that_a_service_loses_while_it_runs_are_told_as_gone_and_as_back(
    tmp_path: Path,
) -> None:
    service = Service(tmp_path, driver=build(tmp_path))
    service.start()
    try:
        async with watching() as told:
            for _ in range(2):
                await told.until(lambda state: state == EMPTY)
                service.pull_out_readers()
                await told.until(lambda state: state == r.NoReader())
                service.plug_in_readers()
            await told.until(lambda state: state == EMPTY)
    finally:
        service.stop()
