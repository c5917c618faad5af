"""The whole table, in the order of where the attacker stands."""

from __future__ import annotations

from tests.attack import neighbours, octets, pages, panels, sockets, targets
from tests.attack.attack import Attack

TABLE: tuple[Attack, ...] = (
    *pages.ATTACKS,
    *panels.ATTACKS,
    *octets.ATTACKS,
    *sockets.ATTACKS,
    *targets.ATTACKS,
    *neighbours.ATTACKS,
)
