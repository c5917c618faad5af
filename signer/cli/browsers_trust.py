"""Gives the user's browsers the agent's own authority for https while the agent starts, and aside.

Which store is given it, and once only, is `signer.platform.trust_upkeep`; `mohr ca` is `authority`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger(__name__)


def trusting(home: Path, tls: Path, authority: bytes) -> Callable[[], Awaitable[None]]:
    """Begin to give the stores below `home` the authority (PEM); what is given back ends it after a store.

    `tls` is the private folder where it is remembered. Call it on a running loop.
    """
    ended = threading.Event()
    working = asyncio.ensure_future(
        asyncio.to_thread(_trust, home, tls, authority, lambda: not ended.is_set())
    )

    async def end() -> None:
        ended.set()
        await working

    return end


def _trust(home: Path, tls: Path, authority: bytes, going_on: Callable[[], bool]) -> None:
    from signer.platform.trust_upkeep import keep_trusted

    try:
        for store, problem in keep_trusted(home, tls, authority, going_on):
            if problem is None:
                log.info("%s: a store trusts this agent's own authority for https now", store.kind.value)
            else:
                log.warning("%s: %s %s", store.kind.value, problem.code, problem.detail)
    except OSError as problem:
        log.warning("what the browsers' stores were given is not remembered: %s", type(problem).__name__)
