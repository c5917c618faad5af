"""Looks at the smart card service, its readers and the cards in them. Talks to no card."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers import winscard as sc
from drivers.catalogue import Profile, known_by_atr
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.probing import InReader, Seen, aside

#: A service that does not answer within these seconds hangs.
SECONDS = 5.0


async def look(
    profiles: tuple[Profile, ...] = (), open_context: Callable[[], sc.Context] = sc.Context
) -> Seen:
    """The service, the readers, and whether each holds a card that answers and may be shared.

    `profiles` say of which family a card is by its ATR.
    """
    try:
        async with asyncio.timeout(SECONDS):
            states = await aside(lambda: _states(open_context))
    except TimeoutError:
        return Seen(findings=(finding("reader-service-hung", (), seconds=f"{SECONDS:g}"),))
    except sc.ServiceFault as fault:
        known = {0: "pcsc-missing", sc.SCARD_W_SECURITY_VIOLATION: "reader-access-denied"}
        code = known.get(fault.code, "reader-service-stopped")
        return Seen(findings=(finding(code, (), rv=f"0x{fault.code:08X}" if fault.code else None),))
    gone = sc.STATE_UNKNOWN | sc.STATE_UNAVAILABLE
    here = [state for state in states if not state.flags & gone]
    if not here:
        return Seen(findings=(finding("reader-absent"),), readers=())
    readers = tuple(_reader(state) for state in here)
    return Seen(
        findings=tuple(_findings(here)),
        told=(("readers", str(len(here))), *_cards(readers, profiles)),
        readers=readers,
    )


def _cards(readers: tuple[InReader, ...], profiles: tuple[Profile, ...]) -> tuple[tuple[str, str], ...]:
    """How many cards there are, and of which families the answering ones."""
    cards = [reader.atr for reader in readers if reader.atr is not None]
    known = [known_by_atr(profiles, atr) for atr in cards if atr]
    families = "+".join(one.family if one is not None else "unknown" for one in known)
    return (("cards", str(len(cards))), *((("families", families),) if families else ()))


def _states(open_context: Callable[[], sc.Context]) -> tuple[sc.ReaderState, ...]:
    context = open_context()
    try:
        names = context.readers()
        if not names:
            return ()
        return context.wait(tuple(sc.ReaderState(name, sc.STATE_UNAWARE) for name in names), 0)
    finally:
        context.release()


def _reader(state: sc.ReaderState) -> InReader:
    present = bool(state.flags & sc.STATE_PRESENT)
    return InReader(name=state.name, atr=(b"" if _mute(state) else state.atr) if present else None)


def _mute(state: sc.ReaderState) -> bool:
    return bool(state.flags & sc.STATE_MUTE) or not state.atr


def _findings(states: list[sc.ReaderState]) -> list[Finding]:
    found = []
    for number, state in enumerate(states, 1):
        subject = (f"reader {number}",)
        if not state.flags & sc.STATE_PRESENT:
            continue
        if _mute(state):
            found.append(finding("card-mute", subject, reader=state.name))
        elif state.flags & sc.STATE_EXCLUSIVE:
            found.append(finding("card-held", subject, reader=state.name, atr=state.atr.hex().upper()))
    if not any(state.flags & sc.STATE_PRESENT for state in states):
        found.append(finding("reader-empty", (), count=len(states)))
    return found
