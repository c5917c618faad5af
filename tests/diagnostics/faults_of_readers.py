"""Faults of the smart card service, the readers and the cards: a pcscd of the tests' own, a virtual card.

The module is OpenSC, whose tokens stand in readers.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers import winscard as sc
from drivers.catalogue import load_catalogue
from signer.diagnostics.ground import Candidate, Ground
from tests.card.driver import build
from tests.card.fixtures import MODULE, doctors_card
from tests.card.piv import Instruction, PivCard
from tests.card.reader import NAMES, Contacts, Service, wait_until
from tests.diagnostics.computer import Computer
from tests.diagnostics.row import Table

TABLE = Table()
_EPASS3003 = bytes.fromhex("3B9F958131FE9F00654653051206 71DF00000001020304")
_NOT_FOUND = 0x6A82


def opensc() -> Candidate:
    """The module that shows the virtual card."""
    profile = next(one for one in load_catalogue() if one.family == "opensc")
    return Candidate(name="opensc", path=MODULE, profile=profile)


def _ground(computer: Computer) -> Ground:
    """With OpenSC alone, which takes seven seconds over an unknown card, and more on a busy machine."""
    return computer.ground(modules=(opensc(),), patience=40.0)


@contextmanager
def running(folder: Path, *, driver: Path | None = None) -> Iterator[Service]:
    """A service with two empty readers."""
    place = folder / "pcsc"
    place.mkdir()
    service = Service(place, driver=driver)
    service.start()
    try:
        yield service
    finally:
        service.stop()


@contextmanager
def inserted(
    folder: Path, card: PivCard, spoil: Callable[[Contacts], None] = lambda _: None
) -> Iterator[Service]:
    """A service with a card in its first reader, spoilt before it goes in."""
    with running(folder) as service:
        contacts = Contacts(service, card)
        spoil(contacts)
        contacts.insert()
        wait_until(lambda: service.holds_a_card(NAMES[0]))
        try:
            yield service
        finally:
            contacts.remove()


@TABLE.row("the smart card service is stopped", "reader-service-stopped")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield _ground(computer)


@TABLE.row("the smart card service hangs", "reader-service-hung")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with running(folder) as service:
        os.kill(service.pid, signal.SIGSTOP)
        try:
            yield computer.ground(modules=(opensc(),), patience=2.0)
        finally:
            os.kill(service.pid, signal.SIGCONT)


@TABLE.row("no reader is connected", "reader-absent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "pcsc").mkdir()
    service = Service(folder / "pcsc")
    service.unplug()
    service.start()
    try:
        yield _ground(computer)
    finally:
        service.stop()


@TABLE.row("the reader is pulled out while the service runs", "reader-absent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with running(folder, driver=build(folder)) as service:
        service.pull_out_readers()
        wait_until(_no_reader_in_reach)
        yield _ground(computer)


def _no_reader_in_reach() -> bool:
    context = sc.Context()
    try:
        names = context.readers()
        states = context.wait(tuple(sc.ReaderState(name, sc.STATE_UNAWARE) for name in names), 0)
    except sc.ServiceFault:
        return False
    finally:
        context.release()
    return all(state.flags & (sc.STATE_UNKNOWN | sc.STATE_UNAVAILABLE) for state in states)


@TABLE.row("the readers are empty", "reader-empty")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with running(folder):
        yield _ground(computer)


@TABLE.row("the card is upside down and mute", "card-mute")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    def mute(contacts: Contacts) -> None:
        contacts.mute = True

    with inserted(folder, doctors_card(), mute):
        yield _ground(computer)


def _silent(contacts: Contacts) -> None:
    """A card that no applet answers on: no module knows it."""
    contacts.status[Instruction.SELECT] = _NOT_FOUND


@TABLE.row("a card of an unknown kind", "card-unknown")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with inserted(folder, doctors_card(), _silent):
        yield _ground(computer)


@TABLE.row("a known token whose software is not installed", "module-missing")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    card = doctors_card()
    card.ATR = _EPASS3003
    with inserted(folder, card, _silent):
        yield _ground(computer)


@TABLE.row("a card, and no module at all", "module-none")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with inserted(folder, doctors_card()):
        yield computer.ground(modules=())


@TABLE.row("another program holds the card for itself", "card-held")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with inserted(folder, doctors_card()), _exclusively(NAMES[0]):
        yield _ground(computer)


@contextmanager
def _exclusively(reader: str) -> Iterator[None]:
    library = ctypes.CDLL("libpcsclite.so.1")
    context, card, protocol = ctypes.c_long(), ctypes.c_long(), ctypes.c_ulong()
    assert library.SCardEstablishContext(ctypes.c_ulong(0), None, None, ctypes.byref(context)) == 0
    exclusive, any_protocol = ctypes.c_ulong(1), ctypes.c_ulong(3)
    pointers = ctypes.byref(card), ctypes.byref(protocol)
    assert library.SCardConnect(context, reader.encode(), exclusive, any_protocol, *pointers) == 0
    try:
        yield
    finally:
        library.SCardDisconnect(card, ctypes.c_ulong(0))
        library.SCardReleaseContext(context)


def _pin(name: str, first: str, tries: int) -> None:
    @TABLE.row(name, first)
    @contextmanager
    def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
        card = doctors_card()
        card.tries = tries
        with inserted(folder, card):
            yield _ground(computer)


_pin("a card whose PIN is locked", "pin-locked", 0)
_pin("a card with one last try", "pin-last-try", 1)
