"""What the doctor is told of an origin's looks, beside the panels that are paired or that the clinic pinned.

What counts as odd is `signer.model.lookalike`.
"""

from __future__ import annotations

from datetime import datetime

from signer.endpoint.pairings import Pairings
from signer.model.lookalike import Caution, cautions
from signer.model.origin import OWN_ORIGIN
from signer.model.policy import Policy


def cautions_of(origin: str, pairings: Pairings, policy: Policy, now: datetime) -> tuple[Caution, ...]:
    """Nothing where the clinic itself names the origin, or the agent is the one who asks.

    Of two alike only the one paired later is told.
    """
    pinned = {*(policy.origins or ()), *policy.loopback_origins}
    if origin in pinned or origin == OWN_ORIGIN:
        return ()
    own = pairings.find(origin, now)
    earlier = {p.origin for p in pairings.list(now) if own is None or p.paired_at < own.paired_at}
    return cautions(origin, pinned | earlier)
