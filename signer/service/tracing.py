"""What a recording of the agent holds: spans of time in lanes, each with a name from a closed list.

A `Trace` is always there and costs a look at one attribute; only while somebody records does it hold a
`Recording`, whose ring is bounded. There is no room in it for a value: a span's name is Cryptoki's, the
contract's or ours, a request is a number that counts from 1, and a code is one of `signer.model.errors`.
Who may ask for it, and how it is drawn, is the command line's.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum

from msgspec import Struct

from signer.model.errors import MohrError

#: Spans that are kept; the oldest go first. About 2 MiB.
KEPT = 10_000
#: Requests that are told apart; those beyond share the last number.
MOST_REQUESTS = 10_000


class Lane(Enum):
    """Whose time it is."""

    PERSON = "person"
    CARD = "token"
    MODULE = "module"
    SEALING = "sealing"
    OUTSIDE = "outside"
    ENDPOINT = "endpoint"


class Step(Enum):
    """What a span is, where neither Cryptoki nor the contract names it."""

    TURN = "turn"
    SEEK = "seek"
    CHOICE = "choice"
    CONSENT = "consent"
    PIN_AGAIN = "pin-again"
    PIN_EACH = "pin-each"
    AWAITED = "token-awaited"
    LOGIN = "login"
    SIGNING = "signing"
    BUILD = "build"
    VERIFY = "verify"
    JOURNAL = "journal"
    EVIDENCE = "evidence"


class Span(Struct, kw_only=True):
    """A stretch of time. `began` and `micros` are in microseconds, `began` since the recording did.

    `micros` is None where it had not ended when the recording was read, `lost` says that it never will: how
    the worker ended (a signal's name, or an exit code). `code` is an error's, a CK_RV or an HTTP status.
    """

    lane: Lane
    name: str
    began: int
    micros: int | None = None
    request: int | None = None
    module: int | None = None
    code: str | None = None
    sent: int = 0
    got: int = 0
    lost: str | None = None


class Recording:
    """What was seen since it began. Used from the agent's event loop alone."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._since = clock()
        self._spans: deque[Span] = deque(maxlen=KEPT)
        self._begun = 0
        self._requests: dict[str, int] = {}
        self._modules = 0

    def now(self) -> int:
        """Microseconds since it began."""
        return (self._clock() - self._since) // 1000

    def begin(self, lane: Lane, name: str, *, request: str | None = None, module: int | None = None) -> Span:
        """A span that begins now; `request` is an id, of which nothing but a number is kept."""
        number = None if request is None else self._number(request)
        span = Span(lane=lane, name=name, began=self.now(), request=number, module=module)
        self._spans.append(span)
        self._begun += 1
        return span

    def end(self, span: Span) -> None:
        """It ended now."""
        span.micros = self.now() - span.began

    def module(self) -> ModuleCalls:
        """An observer for one more module."""
        self._modules += 1
        return ModuleCalls(self, self._modules)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Those that are kept, in the order in which they began."""
        return tuple(self._spans)

    @property
    def dropped(self) -> int:
        """How many were too many to be kept."""
        return self._begun - len(self._spans)

    def _number(self, request: str) -> int:
        if request not in self._requests and len(self._requests) < MOST_REQUESTS:
            self._requests[request] = len(self._requests) + 1
        return self._requests.get(request, MOST_REQUESTS)


class ModuleCalls:
    """Implements `drivers.recording.Observer`: one module's calls, through however many workers."""

    def __init__(self, recording: Recording, number: int) -> None:
        self._recording, self._number = recording, number
        self._open: dict[int, Span] = {}

    def entered(self, worker: int, function: str, octets: int) -> None:
        """See `Observer`."""
        span = self._open[worker] = self._recording.begin(Lane.MODULE, function, module=self._number)
        span.sent = octets

    def left(self, worker: int, rv: int, micros: int, octets: int) -> None:
        """See `Observer`. The worker timed the call; it is told here when the loop came to hear of it."""
        span = self._open.pop(worker, None)
        if span is not None:
            heard = self._recording.now()
            span.micros = max(0, min(micros, heard))
            span.began = min(span.began, heard - span.micros)
            span.code, span.got = f"0x{rv & 0xFFFFFFFF:08X}", octets

    def ended(self, worker: int, how: str) -> None:
        """See `Observer`."""
        span = self._open.pop(worker, None)
        if span is not None:
            span.lost = how


class Trace:
    """Handed to whatever may be recorded. Without a recording nothing is noted and nothing is made."""

    def __init__(self) -> None:
        self.recording: Recording | None = None

    def span(self, lane: Lane, step: Step, request: str | None = None) -> AbstractContextManager[None]:
        """The time that is spent inside, and the code of the error that ends it."""
        return _NOTHING if self.recording is None else _spent(self.recording, lane, step.value, request)

    def call(self, name: str) -> Span | None:
        """A panel's call begins; `name` is a method and a path of the contract."""
        return None if self.recording is None else self.recording.begin(Lane.ENDPOINT, name)

    def answered(self, span: Span | None, status: int, sent: int, got: int) -> None:
        """It was answered; `got` octets went out for the `sent` ones that came in."""
        if span is not None and self.recording is not None:
            self.recording.end(span)
            span.code, span.sent, span.got = str(status), sent, got


_NOTHING: AbstractContextManager[None] = nullcontext()


@contextmanager
def _spent(recording: Recording, lane: Lane, name: str, request: str | None) -> Iterator[None]:
    span = recording.begin(lane, name, request=request)
    try:
        yield
    except MohrError as problem:
        span.code = problem.code
        raise
    finally:
        recording.end(span)
