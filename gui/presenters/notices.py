"""What to know of who asks and of who waits, in lines for the top row of a consent."""

from __future__ import annotations

from gui import translations as t
from gui.presenters.asker import asker
from gui.presenters.tongue import Tongue
from signer.model.lookalike import Caution, sentence


def present_notices(
    cautions: tuple[Caution, ...], waiting: tuple[str, ...], tongue: Tongue, *, away: bool
) -> tuple[str, ...]:
    """What is odd about the origin, whether its page is closed, and from where others wait."""
    lines = list(caution_lines(cautions, tongue))
    if away:
        lines.append(tongue.say(t.PANEL_AWAY))
    if waiting:
        origins = ("، " if tongue.rtl else ", ").join(asker(one, tongue) for one in dict.fromkeys(waiting))
        lines.append(tongue.say(t.WAITING_BEHIND, count=len(waiting), origins=origins))
    return tuple(lines)


def caution_lines(cautions: tuple[Caution, ...], tongue: Tongue) -> tuple[str, ...]:
    """What is odd about an origin."""
    return tuple(tongue.finding(sentence(one, tongue.lang)) for one in cautions)
