"""`mohr pairings` and `mohr journal`: looking at what the agent keeps, from outside it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from signer.endpoint.pairings import Pairings
from signer.journal.store import ChainBroken, SqliteJournal
from signer.model.text import visible
from signer.platform.folders import user_data


def pairings(revoke: str | None) -> int:
    """List the paired origins, or revoke one; 1 where there is no such pairing. Raises `MohrError`."""
    kept = Pairings.open(user_data())
    if revoke is not None:
        if not kept.revoke(revoke):
            print(f"no pairing of {visible(revoke)}")
            return 1
        print(f"{visible(revoke)} may no longer ask")
        return 0
    for pairing in kept.list(datetime.now(UTC)):
        print(f"{visible(pairing.origin)}  since {pairing.paired_at:%Y-%m-%d}")
    return 0


def journal() -> int:
    """Walk the chain. 1 where it is broken. Raises `MohrError` where it cannot be read."""
    return asyncio.run(_check())


async def _check() -> int:
    kept = SqliteJournal(user_data() / "journal")
    try:
        print(f"{await kept.check()} entries, each following from the one before")
    except ChainBroken as broken:
        print(f"entry {broken.sequence} does not follow from the one before: damaged or edited")
        return 1
    finally:
        await kept.close()
    return 0
