"""A live worker process and the queue of what it was asked: pipes, order, deadlines, and how it ended.

One object for one process; it never starts another. The worker answers in order, so the head of the queue
is what it has in hand: the deadline runs for the head alone, and only the head can have been begun. A worker
that says anything else than what `drivers.wire` lets it say is killed, and not listened to any more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

from drivers import wire
from drivers.errors import (
    DriverFault,
    FrameMalformed,
    WorkerDied,
    WorkerHung,
    WorkerKilled,
    WorkerOfAnotherVersion,
)
from drivers.recording import Observer, named

log = logging.getLogger(__name__)

_STDERR_KEPT = 16 * 1024
# asyncio asks its pipes for 256 KiB, for which malloc has the kernel map and unmap pages at each answer.
_READ = 64 * 1024
# A module that writes to stderr without end is read at 10 MiB/s at most, and then waits for us.
_STDERR_AT_ONCE = 1024 * 1024
_SECONDS_OF_SILENCE = 0.1
# A process that the module started, and that has left our session, may hold our pipes open for ever.
_SECONDS_FOR_LAST_ANSWERS = 0.5
_SECONDS_TO_LEAVE = 3.0


class _Pending:
    """One request on its way. The request itself is not kept: it may hold a PIN or a document."""

    __slots__ = ("answer", "callings", "function", "limit", "number", "recorded")

    def __init__(self, number: int, answer: asyncio.Future[wire.Answer], function: str, limit: float) -> None:
        self.number = number
        self.answer = answer
        self.function = function
        self.limit = limit
        self.callings = 0
        self.recorded = 0

    @property
    def is_load(self) -> bool:
        """The load is what a worker is asked first."""
        return self.number == 1


class WorkerLink(asyncio.SubprocessProtocol):
    """The pipes of one worker. Made by `spawn`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[_Pending] = deque()
        self._asked = 0
        self._opening = bytearray()
        self._greeting: wire.Greeting | None = None
        self._deframer = wire.Deframer(wire.MAX_ANSWER)
        self._stderr = bytearray()
        self._stderr_heard = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._head_since = 0.0
        self._transport: asyncio.SubprocessTransport | None = None
        self._requests: asyncio.WriteTransport | None = None
        self._killed_for: DriverFault | None = None
        self._retired = False
        self._gone = loop.create_future()
        #: Told of recorded calls, where somebody wants to know.
        self.observer: Observer | None = None

    @classmethod
    async def spawn(cls, command: Sequence[str], env: Mapping[str, str]) -> WorkerLink:
        """Start a process by exec and hold its three pipes. Raises `OSError` where it cannot be started.

        It gets a session of its own: Ctrl-C in the agent's terminal is the agent's to act on, which logs out
        first, and no module can reach that terminal.
        """
        loop = asyncio.get_running_loop()
        _, link = await loop.subprocess_exec(
            lambda: cls(loop),
            *command,
            env=env,
            start_new_session=True,
            # The worker is a program of the console, and none is to open for it.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        return link

    @property
    def alive(self) -> bool:
        """True while it takes requests."""
        return not self._retired and not self._gone.done()

    @property
    def pid(self) -> int | None:
        """The process id that the worker told; until then, that of what was started: a launcher, perhaps."""
        if self._greeting is not None:
            return self._greeting.pid
        return None if self._transport is None else self._transport.get_pid()

    async def ended(self) -> None:
        """Return when the process has gone."""
        await asyncio.shield(self._gone)

    @property
    def stderr(self) -> str:
        """The end of what the process wrote to stderr."""
        return self._stderr.decode("utf-8", "replace")

    def ask(self, request: wire.Request, function: str, limit: float) -> asyncio.Future[wire.Answer]:
        """Send a request; the future holds the answer, or the fault that a `Supervisor` call raises.

        `function` is what the request is about, until the worker says otherwise; `limit` is in seconds,
        from when the request becomes the head of the queue. The first request is the load: where it is lost,
        those behind it are lost to the same fault.
        """
        answer: asyncio.Future[wire.Answer] = self._loop.create_future()
        if self._gone.done() or self._requests is None:
            answer.set_exception(WorkerDied("gone", function, begun=False))
            return answer
        octets = wire.request_frame(self._asked + 1, request)
        self._asked += 1
        self._requests.write(octets)
        self._queue.append(_Pending(self._asked, answer, function, limit))
        if len(self._queue) == 1:
            self._time_head()
        return answer

    def retire(self) -> None:
        """Take no more requests; the process leaves when it has answered what it was sent."""
        self._retired = True
        if self._requests is not None:
            self._requests.close()

    def kill(self) -> None:
        """End the process, and what its module started, now.

        What is in the queue is answered even if the process cannot be ended.
        """
        self._retired = True
        if self._transport is None or self._gone.done():
            return
        with suppress(ProcessLookupError):
            self._transport.kill()
        self._sweep()
        # A process that waits inside the kernel, for a reader that does not answer, outlives SIGKILL.
        self._loop.call_later(_SECONDS_TO_LEAVE, self._end)

    async def close(self) -> None:
        """Let the process leave, and make it leave after a few seconds, or at once when cancelled."""
        self.retire()
        try:
            if self._queue:
                self.kill()
            await asyncio.wait({self._gone}, timeout=_SECONDS_TO_LEAVE)
        finally:
            self.kill()
        await self._gone

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._requests = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        for number in (1, 2):
            pipe = self._transport.get_pipe_transport(number)
            if hasattr(pipe, "max_size"):
                setattr(pipe, "max_size", _READ)  # noqa: B010  # no stub tells of it

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._hear_noise(data)
        elif not self._gone.done() and not self._unbelievable:
            try:
                for number, payload in self._deframer.feed(self._after_greeting(data)):
                    self._hear(number, wire.read_message(payload))
            except (FrameMalformed, WorkerOfAnotherVersion) as fault:
                log.warning("worker %s killed: %s", self.pid, fault)
                self._killed_for = fault
                self.kill()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1 and self._exited():
            self._end()

    def process_exited(self) -> None:
        self._sweep()
        self._loop.call_later(_SECONDS_FOR_LAST_ANSWERS, self._end)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    @property
    def _unbelievable(self) -> bool:
        """It was killed for what it said, and not for what it left unsaid."""
        return self._killed_for is not None and not isinstance(self._killed_for, WorkerHung)

    def _exited(self) -> bool:
        return self._transport is not None and self._transport.get_returncode() is not None

    def _sweep(self) -> None:
        """End what the module started and left in the worker's session: it may hold our pipes open.

        The worker leads that session's process group, whose number is not given to another process while
        the group has a member.
        """
        if sys.platform != "win32" and self._transport is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    def _hear_noise(self, data: bytes) -> None:
        self._stderr += data
        del self._stderr[:-_STDERR_KEPT]
        self._stderr_heard += len(data)
        if self._stderr_heard < _STDERR_AT_ONCE or self._transport is None:
            return
        self._stderr_heard = 0
        pipe = cast("asyncio.ReadTransport", self._transport.get_pipe_transport(2))
        pipe.pause_reading()
        self._loop.call_later(_SECONDS_OF_SILENCE, pipe.resume_reading)

    def _after_greeting(self, data: bytes) -> bytes:
        """What the worker said after its greeting, which is read here."""
        if self._greeting is not None:
            return data
        self._opening += data
        if len(self._opening) < wire.GREETING_OCTETS:
            return b""
        self._greeting = wire.read_greeting(bytes(self._opening[: wire.GREETING_OCTETS]))
        if self._greeting.protocol != wire.PROTOCOL:
            raise WorkerOfAnotherVersion(self._greeting.protocol, wire.PROTOCOL)
        return bytes(self._opening[wire.GREETING_OCTETS :])

    def _hear(self, number: int, message: wire.Answer | wire.Remark) -> None:
        if not self._queue or self._queue[0].number != number:
            raise FrameMalformed("an answer to what was not asked, or was answered")
        if isinstance(message, wire.Calling):
            head = self._queue[0]
            head.function = message.function
            head.callings += 1
            if head.callings > wire.MAX_CALLINGS:
                raise FrameMalformed("calls without end for one request")
            return
        if isinstance(message, wire.Entered | wire.Left):
            self._hear_recorded(self._queue[0], message)
            return
        answer = self._queue.popleft().answer
        self._time_head()
        if not answer.done():
            answer.set_result(message)

    def _hear_recorded(self, head: _Pending, message: wire.Entered | wire.Left) -> None:
        head.recorded += 1
        if head.recorded > 2 * wire.MAX_RECORDED:
            raise FrameMalformed("recorded calls without end for one request")
        if self.observer is None or self.pid is None:
            return
        if isinstance(message, wire.Entered):
            self.observer.entered(self.pid, named(message.function), message.octets)
        else:
            self.observer.left(self.pid, message.rv, message.micros, message.octets)

    @property
    def busy_for(self) -> float:
        """Seconds since the worker turned to what it has in hand; 0 where it has nothing."""
        return self._loop.time() - self._head_since if self._queue else 0.0

    def _time_head(self) -> None:
        self._head_since = self._loop.time()
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(self._queue[0].limit, self._overdue) if self._queue else None

    def _overdue(self) -> None:
        head = self._queue[0]
        self._killed_for = WorkerHung(head.function, head.limit)
        self.kill()

    def _end(self) -> None:
        """The process has gone, and all that it said was heard."""
        if self._gone.done():
            return
        if self._deadline is not None:
            self._deadline.cancel()
        head = self._queue[0] if self._queue else None
        while self._queue:
            pending = self._queue.popleft()
            # Without a module nothing was begun: what waited for it is told what became of it.
            cause = head if head is not None and head.is_load else pending
            if not pending.answer.done():
                pending.answer.set_exception(self._loss(cause.function, head=cause is head))
        if self.observer is not None and self.pid is not None:
            self.observer.ended(self.pid, self._how())
        # Who was told of it holds this link, through the call that raised it.
        self._killed_for = None
        if self._transport is not None:
            self._transport.close()
        self._gone.set_result(None)

    def _loss(self, function: str, *, head: bool) -> DriverFault:
        if head and self._killed_for is not None:
            return self._killed_for
        if isinstance(self._killed_for, WorkerHung):
            return WorkerKilled(function)
        return WorkerDied(self._how(), function, begun=head)

    def _how(self) -> str:
        code = self._transport.get_returncode() if self._transport is not None else None
        if code is None:
            return "gone"
        if code < 0:
            return signal.Signals(-code).name
        # Windows says how a process crashed in its exit code, an NTSTATUS.
        return f"exit {code}" if code < 0x100 else f"exit 0x{code:08X}"
