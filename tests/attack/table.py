"""The whole table, in the order of where the attacker stands."""

from __future__ import annotations

from tests.attack import neighbours, octets, pages, panels
from tests.attack.attack import Attack

TABLE: tuple[Attack, ...] = (*pages.ATTACKS, *panels.ATTACKS, *octets.ATTACKS, *neighbours.ATTACKS)
