"""A token bucket for each origin that is not, or not yet, let in. Bounded: the longest unseen goes first."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import datetime

from signer.model.errors import TooManyRequests

BURST = 40
PER_SECOND = 4.0
MAX_ORIGINS = 256


class RateLimit:
    """Spends one token for each call of an origin."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, origin: str, now: datetime) -> None:
        """Raise `TooManyRequests` where the origin has used up its calls for now."""
        seconds = now.timestamp()
        tokens, since = self._buckets.pop(origin, (float(BURST), seconds))
        tokens = min(BURST, tokens + max(0.0, seconds - since) * PER_SECOND)
        allowed = tokens >= 1
        self._buckets[origin] = (tokens - 1 if allowed else tokens, seconds)
        if len(self._buckets) > MAX_ORIGINS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = math.ceil((1 - tokens) / PER_SECOND)
            raise TooManyRequests("calls of this origin are used up", retry_after=wait)
