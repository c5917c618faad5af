"""The panels' page in words: who may ask, since when and how often, and what the clinic allows."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gui import translations as t
from gui.presenters.coded import finding_name, format_name
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue, left_to_right
from signer.model.policy import Policy
from signer.service.panels import Panel, PanelsNow


class PanelRow(Struct, frozen=True, kw_only=True):
    """One panel. `origin` is the key to it, `shown` how it is written; `refused`: policy stops it."""

    origin: str
    shown: str
    facts: tuple[tuple[str, str], ...]
    refused: str | None
    question: str
    accessible: str


class PanelsView(Struct, frozen=True, kw_only=True):
    """The page. `policy` are caption and value, None where the clinic has set none."""

    rows: tuple[PanelRow, ...]
    empty: str | None
    policy: tuple[tuple[str, str], ...] | None
    problem: Line | None
    remedy: str | None


def present_panels(now: PanelsNow, tongue: Tongue) -> PanelsView:
    """Everything on the page."""
    problem = remedy = None
    if now.problem is not None:
        sentence, remedy = condition_words(now.problem, tongue)
        problem = Line(sentence, Tone.BAD)
    return PanelsView(
        rows=tuple(_row(panel, tongue) for panel in now.panels),
        empty=None if now.panels else tongue.say(t.PANELS_NONE),
        policy=None if now.policy is None else _policy(now.policy, tongue),
        problem=problem,
        remedy=remedy,
    )


def _row(panel: Panel, tongue: Tongue) -> PanelRow:
    say = tongue.say
    shown = left_to_right(panel.origin)
    facts = (
        (say(t.PANEL_FIRST), f"{tongue.day(panel.paired_at)} ({tongue.other_day(panel.paired_at)})"),
        (say(t.PANEL_LAST), f"{tongue.day(panel.last_used)} ({tongue.other_day(panel.last_used)})"),
        (say(t.PANEL_SIGNED), tongue.number(panel.signed)),
    )
    refused = None if panel.admitted else say(t.PANEL_REFUSED)
    told = (shown, *(f"{caption}: {value}" for caption, value in facts), refused or "")
    return PanelRow(
        origin=panel.origin,
        shown=shown,
        facts=facts,
        refused=refused,
        question=say(t.PANEL_REVOKE_ASK, origin=shown),
        accessible=". ".join(filter(None, told)),
    )


def _policy(policy: Policy, tongue: Tongue) -> tuple[tuple[str, str], ...]:
    """What it says; an authority's account and password are not shown."""
    say = tongue.say
    facts = [(say(t.POLICY_PAIRING), say(t.POLICY_OPEN if policy.pairing else t.POLICY_CLOSED))]
    if policy.origins is not None:
        facts.append((say(t.POLICY_ORIGINS), _list(policy.origins) or say(t.POLICY_NONE)))
    if policy.loopback_origins:
        facts.append((say(t.POLICY_LOOPBACK), _list(policy.loopback_origins)))
    if policy.formats is not None:
        facts.append((say(t.POLICY_FORMATS), _list(sorted(format_name(one.value) for one in policy.formats))))
    if policy.red_findings:
        red = " · ".join(finding_name(code, tongue) for code in sorted(policy.red_findings))
        facts.append((say(t.POLICY_RED), red))
    if policy.net.tsa:
        facts.append((say(t.POLICY_TSA), _list(tsa.url for tsa in policy.net.tsa)))
    return tuple(facts)


def _list(values: Iterable[str]) -> str:
    return " · ".join(left_to_right(value) for value in values)
