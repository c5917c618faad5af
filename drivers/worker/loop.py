"""Requests in, answers out, one at a time and in order, until the agent closes its end.

One thread, blocking reads: a worker that waits uses no CPU.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from drivers import wire
from drivers.cryptoki import Cryptoki
from drivers.types import Binding
from drivers.worker.operations import Operations

# Below the size from which malloc asks the kernel for pages each time.
_READ = 64 * 1024


def serve(
    requests: int,
    answers: int,
    open_binding: Callable[[Binding], Cryptoki],
    farewell: Callable[[], None],
) -> None:
    """Greet, then serve until end of file on the descriptor `requests`; then `farewell`, log out, finalise.

    Raises `FrameMalformed` when what comes is not of `drivers.wire`, and `BrokenPipeError` when nobody
    reads the answers.
    """

    in_hand = 0

    def write(octets: bytes) -> None:
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(answers, rest) :]

    def say(message: wire.Answer | wire.Remark) -> None:
        write(wire.message_frame(in_hand, message))

    class Said:
        def entered(self, function: str, octets: int) -> None:
            say(wire.Entered(function, octets))

        def left(self, rv: int, micros: int, octets: int) -> None:
            say(wire.Left(rv, micros, octets))

    operations = Operations(open_binding, lambda function: say(wire.Calling(function)), Said())
    deframer = wire.Deframer(wire.MAX_REQUEST)
    try:
        write(wire.greeting(os.getpid()))
        while octets := os.read(requests, _READ):
            for in_hand, payload in deframer.feed(octets):  # noqa: B007  # `say` reads it
                say(operations.answer(wire.read_request(payload)))
    finally:
        farewell()
        operations.close()
