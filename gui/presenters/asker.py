"""Who asks: a panel's origin as the browser gave it, or Mohr itself, which no panel can pass for.

An origin begins with its scheme, so that none can read like the agent's own name.
"""

from __future__ import annotations

from gui import translations as t
from gui.presenters.tongue import Tongue, left_to_right
from signer.model.origin import OWN_ORIGIN


def asker(origin: str, tongue: Tongue) -> str:
    """How who asks is written."""
    return tongue.say(t.MOHR_ITSELF) if origin == OWN_ORIGIN else left_to_right(origin)


def asker_lead(origin: str, tongue: Tongue) -> str:
    """The word before it."""
    return tongue.say(t.FROM_MOHR if origin == OWN_ORIGIN else t.FROM_PANEL)
