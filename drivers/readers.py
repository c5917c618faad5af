"""Readers and what stands in them, as PC/SC tells it: an event for each change, and no polling.

A thread of its own blocks in the service until something happens; what it saw arrives on the event loop as a
frozen value. What a card is, and whether a token can sign, is not asked here: that is a module's to say.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct

from drivers import winscard as sc

log = logging.getLogger(__name__)

#: Seconds between two looks for a service that does not run: nothing tells when it comes.
SERVICE_EVERY = 2.0
#: Seconds between two lists of the readers where the service cannot tell that one came (macOS).
LIST_EVERY = 2.0
#: Seconds after which the readers are listed though nothing was told: pcsc-lite counts them when the wait
#: begins, so that one which came just before, after the list, would never be noticed.
LIST_AT_LEAST_EVERY = 60.0
_CANCEL_EVERY = 0.05
_COUNTER = 16
# CK_SLOT_INFO.slotDescription has 64 octets for the name of the reader, which may have more.
_SLOT_DESCRIPTION = 64


class CardAbsent(Struct, frozen=True, tag="absent"):
    """The reader is empty."""


class CardPresent(Struct, frozen=True, tag="present"):
    """A card that answered with this ATR. `arrival` tells it from one that was there a moment before."""

    atr: bytes
    arrival: int


class CardMute(Struct, frozen=True, tag="mute"):
    """Something is in the reader and gives no ATR: put in the wrong way round, dirty, or dead."""


Card = CardAbsent | CardPresent | CardMute


class Reader(Struct, frozen=True):
    """One reader, by the name that PC/SC has for it, trailing blanks and all."""

    name: str
    card: Card


class ServiceStopped(Struct, frozen=True, tag="service-stopped"):
    """The PC/SC service does not run, or is not installed."""


class NoReader(Struct, frozen=True, tag="no-reader"):
    """The service runs, and no reader is connected."""


class Readers(Struct, frozen=True, tag="readers"):
    """The connected readers, in the service's order; at least one."""

    readers: tuple[Reader, ...]

    def card_in(self, name: str) -> Card:
        """The card in the reader that a module calls so; a reader that has gone holds none."""
        return next((r.card for r in self.readers if same_reader(r.name, name)), CardAbsent())


ReadersState = ServiceStopped | NoReader | Readers


def same_reader(one: str, other: str) -> bool:
    """Do two names mean one reader?

    A module gives the name as a slot's description: padded with blanks, and cut after 64 octets, which may be
    in the middle of a letter. Blanks at the end tell no reader apart.
    """
    first, second = (_octets(name) for name in (one, other))
    if first == second:
        return bool(first)
    shorter, longer = sorted((first, second), key=len)
    return len(shorter) > _SLOT_DESCRIPTION - 4 and longer.startswith(shorter)


def _octets(name: str) -> bytes:
    return name.rstrip(" \0\ufffd").encode("utf-8", "surrogateescape")


class ReaderWatch:
    """One watch for the agent. `changed` is called on the event loop with each new state."""

    def __init__(
        self,
        changed: Callable[[ReadersState], None],
        open_context: Callable[[], sc.Context] = sc.Context,
    ) -> None:
        self._changed = changed
        self._open_context = open_context
        self._context: sc.Context | None = None
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last: ReadersState | None = None
        # A daemon: a service that hangs must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name="mohr-readers", daemon=True)

    def start(self) -> None:
        """Begin; the first state follows at once. Call it on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self, patience: float = 3.0) -> None:
        """End the thread; nothing is told after this. Gives up on a service that hangs after `patience` s."""
        self._stopping.set()
        ends = asyncio.get_running_loop().time() + patience
        # A cancel that comes just before the wait is lost, so it is said until it was heard.
        while self._thread.is_alive() and asyncio.get_running_loop().time() < ends:
            if (context := self._context) is not None:
                context.cancel()
            await asyncio.sleep(_CANCEL_EVERY)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._context = self._open_context()
            except sc.ServiceFault:
                self._tell(ServiceStopped())
                self._stopping.wait(SERVICE_EVERY)
                continue
            try:
                self._watch(self._context)
            except sc.ServiceFault as fault:
                if not self._stopping.is_set():
                    log.info("the PC/SC service is gone: %s", fault)
            finally:
                context, self._context = self._context, None
                context.release()

    def _watch(self, context: sc.Context) -> None:
        """Tell each change until stopped. Raises `ServiceFault` when the service ends."""
        notifies = _tells_of_readers(context)
        patience = int((LIST_AT_LEAST_EVERY if notifies else LIST_EVERY) * 1000)
        known: tuple[sc.ReaderState, ...] = ()
        while not self._stopping.is_set():
            names = context.readers()
            before = {state.name: state for state in known}
            known = tuple(before.get(name, sc.ReaderState(name, sc.STATE_UNAWARE)) for name in names)
            if not names:
                self._tell(NoReader())
            elif any(state.flags == sc.STATE_UNAWARE for state in known):
                known = self._look(context, known, 0)
                self._tell(_state(known))
            # Windows wants to be told how many readers are known; pcsc-lite counts them itself.
            pnp = sc.ReaderState(sc.PNP, len(names) << _COUNTER)
            if notifies:
                known = self._look(context, (pnp, *known), patience)[1:]
            elif known:
                known = self._look(context, known, patience)
            else:
                self._stopping.wait(LIST_EVERY)
            if known:
                self._tell(_state(known))

    def _look(
        self, context: sc.Context, known: tuple[sc.ReaderState, ...], patience: int
    ) -> tuple[sc.ReaderState, ...]:
        try:
            seen = context.wait(known, patience)
        except sc.ServiceFault as fault:
            # A reader that was pulled out between the list and the wait is not in the next list.
            if fault.code in (sc.SCARD_E_TIMEOUT, sc.SCARD_E_UNKNOWN_READER):
                return known
            raise
        return tuple(sc.ReaderState(s.name, s.flags & ~sc.STATE_CHANGED, s.atr) for s in seen)

    def _tell(self, state: ReadersState) -> None:
        if state == self._last or self._loop is None:
            return
        self._last = state
        # The loop may be closed where the thread outlived the patience of `close`.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._heard, state)

    def _heard(self, state: ReadersState) -> None:
        if not self._stopping.is_set():
            self._changed(state)


def _tells_of_readers(context: sc.Context) -> bool:
    try:
        context.wait((sc.ReaderState(sc.PNP, sc.STATE_UNAWARE),), 0)
    except sc.ServiceFault as fault:
        return fault.code == sc.SCARD_E_TIMEOUT
    return True


def _state(states: tuple[sc.ReaderState, ...]) -> Readers | NoReader:
    gone = sc.STATE_UNKNOWN | sc.STATE_UNAVAILABLE
    readers = tuple(Reader(state.name, _card(state)) for state in states if not state.flags & gone)
    return Readers(readers) if readers else NoReader()


def _card(state: sc.ReaderState) -> Card:
    if not state.flags & sc.STATE_PRESENT:
        return CardAbsent()
    if state.flags & sc.STATE_MUTE or not state.atr:
        return CardMute()
    return CardPresent(state.atr, state.flags >> _COUNTER)
