"""What an attack is: who stands where, what is tried, what must come of it, and how that is done for real.

The rows themselves are in the modules beside this one, the agent that they attack is `victim`, and what is
asked of the agent after each of them is `attempt`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

from msgspec import Struct

from tests.attack.victim import Panel, Victim
from tests.endpoint.caller import ORIGIN, Reply
from tests.endpoint.test_refusals import Sent


class Position(Enum):
    """Where the attacker stands; the value is what a reader of the table sees."""

    PAGE = "any page in the doctor's browser"
    REBOUND = "a page whose name leads to this computer"
    PANEL = "a panel that the doctor has paired"
    LISTENER = "who has a panel's key or has recorded its traffic"
    PROGRAM = "another program of the same user"
    USER = "another user of the same computer"


class Attack(Struct, frozen=True, kw_only=True):
    """One row.

    `outcome` is for readers; `run` does what is tried and raises AssertionError where anything else comes of
    it. `leaves` names what of the agent's `Traces` may differ afterwards: everything else must be as before.
    `alone`: on an agent without a token that no other row attacks.
    """

    name: str
    position: Position
    tried: str
    outcome: str
    run: Callable[[Victim], Awaitable[None]]
    leaves: frozenset[str] = frozenset()
    alone: bool = False


def request(
    position: Position,
    name: str,
    tried: str,
    make: Callable[[Panel], Sent],
    status: int,
    code: str,
    *,
    as_itself: bool = False,
) -> Attack:
    """One HTTP request that gets this status and this problem, unsigned and without help from CORS.

    It is made by the honest panel, or by one of its own where it fails behind admission: such failures use
    up an origin's calls.
    """

    async def run(victim: Victim) -> None:
        own = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        panel = victim.panel(f"https://{own}.example" if as_itself else ORIGIN)
        sent = make(panel)
        reply = await panel.send(sent.method, sent.target, sent.headers, sent.body)
        refused(reply, status, code)

    return Attack(name=name, position=position, tried=tried, outcome=f"{status} `{code}`", run=run)


def refused(reply: Reply, status: int, code: str) -> None:
    """That problem, unsigned where nobody has proved anything, and not to be read where admission said no."""
    assert (reply.status, reply.code) == (status, code), (reply.status, reply.code)
    assert reply.headers["content-type"] == "application/problem+json"
    if code in {"host-refused", "origin-refused", "fetch-mode-refused"}:
        assert not [name for name in reply.headers if name.startswith("access-control")]
    if status in {401, 403}:
        assert "signature" not in reply.headers


def attack(
    position: Position, name: str, tried: str, outcome: str, **more: Any
) -> Callable[[Callable[[Victim], Awaitable[None]]], Attack]:
    """A row of what the decorated function does."""

    def row(run: Callable[[Victim], Awaitable[None]]) -> Attack:
        more["leaves"] = frozenset(more.get("leaves", ()))
        return Attack(name=name, position=position, tried=tried, outcome=outcome, run=run, **more)

    return row
