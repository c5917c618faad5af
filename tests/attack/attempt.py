"""One row tried, and what the agent is asked afterwards, whatever the row was about."""

from __future__ import annotations

from tests.attack.attack import Attack
from tests.attack.victim import Victim


async def attempt(attack: Attack, victim: Victim) -> None:
    """Try it. Raises AssertionError where it got through, left a trace, or stopped the agent."""
    before = victim.traces()
    try:
        await attack.run(victim)
    finally:
        await victim.settle()
    after = victim.traces()
    changed = {name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)}
    assert changed <= attack.leaves, f"it left its traces: {changed - attack.leaves}"
    assert await victim.answers(), "the agent no longer answers"
