"""A recording as it leaves the process: what it is made of, and how a request's time divides. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from signer.service.tracing import Lane, Recording, Span

FORMAT = "mohr-trace/1"


class Told(Struct, frozen=True, kw_only=True):
    """The whole recording. `micros` is how long it took, `dropped` how many spans were not kept."""

    format: str = FORMAT
    version: str
    micros: int
    dropped: int
    spans: tuple[Span, ...]


class Share(Struct, frozen=True, kw_only=True):
    """One request's time. `lanes` adds up to `micros`: None is what nobody is known to have taken."""

    request: int
    began: int
    micros: int
    lanes: tuple[tuple[Lane | None, int], ...]


def told(recording: Recording, version: str) -> Told:
    """What was recorded until now."""
    return Told(version=version, micros=recording.now(), dropped=recording.dropped, spans=recording.spans)


def encoded(one: Told) -> bytes:
    """JSON, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(one), indent=1) + b"\n"


def decoded(octets: bytes) -> Told:
    """Raises `msgspec.MsgspecError`."""
    return msgspec.json.decode(octets, type=Told)


def end_of(span: Span, whole: int) -> int:
    """When it ended; what had not ended when the recording did is as long as that."""
    return whole if span.micros is None else span.began + span.micros


#: Whose a moment is where several have a hand in it: a person who thinks, before a module that is polled.
_FIRST = (Lane.PERSON, Lane.OUTSIDE, Lane.MODULE, Lane.SEALING, Lane.CARD)


def shares(one: Told) -> tuple[Share, ...]:
    """Where each request's time went, in the order in which they came."""
    numbers = dict.fromkeys(span.request for span in one.spans if span.request is not None)
    return tuple(_share(number, one) for number in numbers)


def _share(number: int, one: Told) -> Share:
    own = [span for span in one.spans if span.request == number]
    began = min(span.began for span in own)
    ended = max(end_of(span, one.micros) for span in own)
    # A module serves whoever asks: its calls count where they fall into the request's time.
    beside = [span for span in one.spans if span.lane is Lane.MODULE]
    stretches = [
        (max(span.began, began), min(end_of(span, one.micros), ended), span.lane) for span in (*own, *beside)
    ]
    spent: dict[Lane | None, int] = {}
    for start, end, at_work in _pieces(((s, e, lane) for s, e, lane in stretches if s < e), began, ended):
        lane = next((lane for lane in _FIRST if lane in at_work), None)
        spent[lane] = spent.get(lane, 0) + end - start
    lanes = tuple((lane, spent[lane]) for lane in (*_FIRST, None) if spent.get(lane))
    return Share(request=number, began=began, micros=ended - began, lanes=lanes)


def _pieces(
    stretches: Iterable[tuple[int, int, Lane]], began: int, ended: int
) -> Iterable[tuple[int, int, frozenset[Lane]]]:
    """The time between `began` and `ended`, cut wherever a stretch begins or ends."""
    turns: list[tuple[int, int, Lane]] = []
    for start, end, lane in stretches:
        turns += [(start, 1, lane), (end, -1, lane)]
    turns.sort(key=lambda turn: turn[0])
    open_now: dict[Lane, int] = {}
    at = began
    for moment, change, lane in turns:
        if moment > at:
            yield at, moment, frozenset(one for one, count in open_now.items() if count)
            at = moment
        open_now[lane] = open_now.get(lane, 0) + change
    if ended > at:
        yield at, ended, frozenset()
