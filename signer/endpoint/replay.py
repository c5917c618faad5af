"""Is a signed request fresh, and is it the first of its nonce? Kept in memory, bounded, by time.

The agent's start bounds what memory must hold: a request signed before it is stale, so nothing needs to be
remembered on disk.
"""

from __future__ import annotations

import math
from datetime import datetime

from signer.model.errors import RequestReplayed, RequestStale, TooManyRequests

WINDOW = 300
MAX_NONCES = 20_000
_BUCKET = 60


class ReplayGuard:
    """Takes each (key, nonce) once. All times are Unix seconds but for the aware datetimes given."""

    def __init__(self, started: datetime) -> None:
        self._floor = math.floor(started.timestamp())
        self._buckets: dict[int, set[tuple[str, str]]] = {}
        self._count = 0

    def check_fresh(self, created: int, now: datetime) -> None:
        """Raise `RequestStale` unless `created` lies within the window and not before the start."""
        seconds = now.timestamp()
        # A clock that was ahead at the start and has been set right since would refuse everything.
        # Nothing older than this moment is taken then, so no earlier request becomes fresh again.
        if seconds < self._floor:
            self._floor = math.floor(seconds)
        if created < self._floor:
            raise RequestStale("created before the agent's start")
        if abs(seconds - created) > WINDOW:
            raise RequestStale(f"created more than {WINDOW} s from the agent's clock")

    def take(self, keyid: str, nonce: str, created: int, now: datetime) -> None:
        """Take the nonce of a request whose signature was verified.

        Raises `RequestReplayed` where it was taken before, `TooManyRequests` where no more can be held: one
        that is still fresh is never forgotten.
        """
        self._forget(now)
        bucket = self._buckets.setdefault(created // _BUCKET, set())
        if (keyid, nonce) in bucket:
            raise RequestReplayed("nonce taken before")
        if self._count >= MAX_NONCES:
            raise TooManyRequests("replay window is full", retry_after=_BUCKET)
        bucket.add((keyid, nonce))
        self._count += 1

    def _forget(self, now: datetime) -> None:
        oldest = math.floor(now.timestamp() - WINDOW) // _BUCKET
        for number in [number for number in self._buckets if number < oldest]:
            self._count -= len(self._buckets.pop(number))
            # What is forgotten stays stale, even if the clock is set back a little later.
            self._floor = max(self._floor, (number + 1) * _BUCKET)
