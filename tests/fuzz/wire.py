"""What a worker may say, however the pipe cuts it: the agent's link answers in order or with typed faults."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import wire
from drivers.errors import DriverFault, FrameMalformed
from drivers.types import Library, LoginOutcome
from drivers.worker_link import WorkerLink
from tests.fuzz.mutations import nearly

_ASKED = 3
_NOBODY = 2**31 - 1  # above every process id of Linux
_GREETING = wire.greeting(_NOBODY)
_MESSAGES = st.sampled_from(
    (
        wire.Calling("C_Sign"),
        wire.Loaded(Library(manufacturer="m", description="d", version="1.0", cryptoki="2.40")),
        wire.Tokens(()),
        wire.LoggedIn(LoginOutcome.ALREADY),
        wire.Signature(b"\x01\x02"),
        wire.Returned(0x30, "C_Sign"),
        wire.Refused(wire.Reason.NO_SUCH_KEY),
    )
)
_FRAMES = st.builds(wire.message_frame, st.integers(0, _ASKED + 1) | st.just(2**32 - 1), _MESSAGES)
_STREAMS = nearly(st.lists(_FRAMES, max_size=8).map(b"".join), st.binary(max_size=12))


class _Pipes(asyncio.SubprocessTransport):
    """A process that is not there."""

    def get_pid(self) -> int:
        return _NOBODY

    def get_returncode(self) -> int | None:
        return None

    def get_pipe_transport(self, fd: int) -> Any:
        return self

    def write(self, _: bytes) -> None: ...

    def kill(self) -> None: ...

    def close(self) -> None: ...


def fuzz(examples: int) -> None:
    """The frames alone, and a link that hears them after an honest greeting or none."""

    @settings(max_examples=examples)
    @given(_STREAMS | st.binary(max_size=60), st.integers(1, 30))
    def frames(stream: bytes, step: int) -> None:
        whole, in_pieces = (_cut([stream]), _cut(_pieces(stream, step)))
        assert whole == in_pieces
        for _, payload in whole[0]:
            for read in (wire.read_message, wire.read_request):
                try:
                    read(payload)
                except FrameMalformed as fault:
                    assert fault.__cause__ is None

    @settings(max_examples=examples)
    @given(
        st.just(_GREETING) | nearly(st.just(_GREETING), st.binary(max_size=4)), _STREAMS, st.integers(1, 30)
    )
    def link(greeting: bytes, stream: bytes, step: int) -> None:
        asyncio.run(_hear(_pieces(greeting + stream, step)))

    frames()
    link()


def _pieces(stream: bytes, step: int) -> list[bytes]:
    return [stream[start : start + step] for start in range(0, len(stream), step)]


def _cut(pieces: Sequence[bytes]) -> tuple[list[tuple[int, bytes]], bool]:
    """The frames up to the first that is over the cap, and whether there was such a one."""
    deframer, frames = wire.Deframer(200), []
    try:
        for octets in pieces:
            for frame in deframer.feed(octets):
                frames.append(frame)  # those before a fault count
    except FrameMalformed:
        return frames, True
    return frames, False


async def _hear(pieces: Sequence[bytes]) -> None:
    link = WorkerLink(asyncio.get_running_loop())
    link.connection_made(_Pipes())
    asked = [link.ask(wire.ListTokens(), "C_GetSlotList", 60.0) for _ in range(_ASKED)]
    for octets in pieces:
        link.pipe_data_received(1, octets)
    answered = [future.done() for future in asked]
    assert answered == sorted(answered, reverse=True), "answers are in order"
    link.connection_lost(None)
    lost = [fault for future in asked if (fault := future.exception()) is not None]
    assert all(isinstance(fault, DriverFault) for fault in lost)
    assert len(lost) == answered.count(False)
