"""What the agent does when a recording is asked for: every worker is told, and all else has a recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from drivers.supervisor import Supervisor
from signer.cli.trace.channel import BUSY
from signer.cli.trace.told import encoded, told
from signer.service.tracing import Recording, Trace


class Recorder:
    """Records one agent, one recording at a time. `supervisors` are asked for when one begins."""

    def __init__(self, trace: Trace, supervisors: Callable[[], Iterable[Supervisor]], version: str) -> None:
        self._trace, self._supervisors, self._version = trace, supervisors, version

    async def record(self, seconds: float, enough: asyncio.Future[None]) -> bytes:
        """See `channel.Record`."""
        if self._trace.recording is not None:
            return BUSY
        recording = self._trace.recording = Recording()
        recorded = tuple(self._supervisors())
        try:
            for supervisor in recorded:
                supervisor.record(recording.module())
            await asyncio.wait({enough}, timeout=seconds)
        finally:
            for supervisor in recorded:
                supervisor.record(None)
            self._trace.recording = None
        return encoded(told(recording, self._version))
