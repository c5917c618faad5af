"""A worker that breaks the protocol as `ROGUE` says, once it is asked for the tokens; honest until then.

Run as `python -m` by a supervisor under test. It writes frames itself: the real loop cannot misbehave so.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator

from drivers import wire
from drivers.types import Library

_LOADED = wire.Loaded(Library(manufacturer="", description="", version="1.0", cryptoki="2.40"))
_NO_TOKENS = wire.Tokens(())


def say(number: int, message: wire.Answer | wire.Calling) -> None:
    write(wire.message_frame(number, message))


def write(octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(1, rest) :]


def flood(number: int) -> None:
    while True:
        say(number, wire.Calling("C_GetSlotList"))


def flood_answers(number: int) -> None:
    while True:
        say(number, _NO_TOKENS)


def stall(number: int) -> None:
    write(wire.message_frame(number, _NO_TOKENS)[:6])
    time.sleep(60)


def answer_another(number: int) -> None:
    say(number + 1, _NO_TOKENS)
    time.sleep(60)


def answer_twice(number: int) -> None:
    say(number, _NO_TOKENS)
    say(number, _NO_TOKENS)
    time.sleep(60)


def answer_the_load_again(number: int) -> None:
    say(number, _LOADED)
    time.sleep(60)


def talk_garbage(_: int) -> None:
    write(b"\x00\x00\x00\x05\x00\x00\x00\x02noise")
    time.sleep(60)


def announce_too_much(number: int) -> None:
    write((wire.MAX_ANSWER + 1).to_bytes(4, "big") + number.to_bytes(4, "big"))
    time.sleep(60)


def sign_too_long(number: int) -> None:
    say(number, wire.Signature(bytes(65 * 1024)))
    time.sleep(60)


def shout(number: int) -> None:
    """Four MiB to stderr, more than is kept or read at once, then an honest answer."""
    for _ in range(64):
        os.write(2, b"x" * (64 * 1024 - 1) + b"\n")
    os.write(2, b"the last word\n")
    say(number, _NO_TOKENS)


def leave_a_child(_: int) -> None:
    """A process that holds every descriptor, and the end of the worker."""
    if os.fork() == 0:
        time.sleep(60)
    os._exit(3)


_ROGUES: dict[str, Callable[[int], None]] = {
    one.__name__: one
    for one in (
        flood,
        flood_answers,
        stall,
        answer_another,
        answer_twice,
        answer_the_load_again,
        talk_garbage,
        announce_too_much,
        sign_too_long,
        shout,
        leave_a_child,
    )
}


def requests() -> Iterator[tuple[int, wire.Request]]:
    deframer = wire.Deframer(wire.MAX_REQUEST)
    while octets := os.read(0, 65536):
        for number, payload in deframer.feed(octets):
            yield number, wire.read_request(payload)


def main() -> None:
    rogue = os.environ["ROGUE"]
    greeting = wire.greeting(os.getpid())
    if rogue == "mute":
        time.sleep(60)
    if rogue == "another version":
        greeting = greeting[:4] + (wire.PROTOCOL + 1).to_bytes(4, "big") + greeting[8:] + b"\xffnew ways"
    if rogue == "no worker":
        greeting = b"Welcome to the token!\n"
    write(greeting)
    for number, request in requests():
        if isinstance(request, wire.Load):
            say(number, _LOADED)
        else:
            _ROGUES[rogue](number)


if __name__ == "__main__":
    main()
    sys.exit(0)
