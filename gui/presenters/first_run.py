"""The first steps in words: find the token, sign a test document, pair a panel.

Nothing here is done for the person; each step says how it stands now, and any may be passed over.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from gui import translations as t
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue, left_to_right
from gui.translations import Text
from signer.model.errors import ConsentDeclined
from signer.model.presence import Presence, SeenToken
from signer.service.office import TokensNow
from signer.service.own_signing import OwnSigned
from signer.service.panels import PanelsNow


class Step(Enum):
    """In their order."""

    TOKEN = "token"  # noqa: S105  # the device
    SIGN = "sign"
    PAIR = "pair"


class Deed(Enum):
    """What the button of a step does."""

    CHECK = "check"
    SIGN = "sign"


class Known(Struct, frozen=True, kw_only=True):
    """All that the steps are told from. `signing` while a test document waits for its answer.

    `refused` is the stable code of why a test document was not even asked about.
    """

    presence: Presence | None = None
    tokens: TokensNow | None = None
    panels: PanelsNow | None = None
    tried: OwnSigned | None = None
    signing: bool = False
    refused: str | None = None


class StepMark(Struct, frozen=True):
    """One step in the row of them; `accessible` says all of it."""

    name: str
    here: bool
    done: bool
    accessible: str


class FirstRunView(Struct, frozen=True, kw_only=True):
    """The window as it must be drawn. `facts` are caption and value, `deed` the step's own button."""

    title: str
    marks: tuple[StepMark, ...]
    headline: str
    words: str
    state: Line | None
    remedy: str | None
    facts: tuple[tuple[str, str], ...]
    deed: Deed | None
    deed_words: str
    able: bool
    back: str | None
    go_on: str
    done: bool


_NAMES: dict[Step, Text] = {Step.TOKEN: t.FIRST_TOKEN, Step.SIGN: t.FIRST_SIGN, Step.PAIR: t.FIRST_PAIR}
_WORDS: dict[Step, tuple[Text, Text]] = {
    Step.TOKEN: (t.FIRST_TOKEN_TITLE, t.FIRST_TOKEN_WORDS),
    Step.SIGN: (t.FIRST_SIGN_TITLE, t.FIRST_SIGN_WORDS),
    Step.PAIR: (t.FIRST_PAIR_TITLE, t.FIRST_PAIR_WORDS),
}
_DEEDS: dict[Deed, Text] = {Deed.CHECK: t.FIRST_TO_CHECK, Deed.SIGN: t.FIRST_SIGN_GO}


class _Stand(Struct, frozen=True, kw_only=True):
    """How one step stands."""

    state: Line | None = None
    remedy: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    deed: Deed | None = None
    able: bool = True
    done: bool = False


def present_first_run(step: Step, known: Known, tongue: Tongue) -> FirstRunView:
    """One step, and how the others stand."""
    stands = {
        Step.TOKEN: _token(known, tongue),
        Step.SIGN: _sign(known, tongue),
        Step.PAIR: _pair(known, tongue),
    }
    steps, stand = list(Step), stands[step]
    last = step is steps[-1]
    headline, words = _WORDS[step]
    return FirstRunView(
        title=tongue.say(t.FIRST_STEPS),
        marks=tuple(_mark(one, at, step, stands[one].done, tongue) for at, one in enumerate(steps, 1)),
        headline=tongue.say(headline),
        words=tongue.say(words),
        state=stand.state,
        remedy=stand.remedy,
        facts=stand.facts,
        deed=stand.deed,
        deed_words="" if stand.deed is None else tongue.say(_DEEDS[stand.deed]),
        able=stand.able,
        back=None if step is steps[0] else tongue.say(t.FIRST_BACK),
        go_on=tongue.say(t.FIRST_FINISH if last else t.FIRST_NEXT if stand.done else t.FIRST_SKIP),
        done=stand.done,
    )


def _mark(step: Step, number: int, here: Step, done: bool, tongue: Tongue) -> StepMark:
    name = tongue.say(_NAMES[step])
    told = tongue.say(t.FIRST_STEP, number=number, total=len(Step), name=name)
    if done:
        told = f"{told} ({tongue.say(t.FIRST_STEP_DONE)})"
    return StepMark(name=name, here=step is here, done=done, accessible=told)


def _token(known: Known, tongue: Tongue) -> _Stand:
    say, presence = tongue.say, known.presence
    if presence is None or (presence.reading and not presence.tokens):
        return _Stand(state=Line(say(t.TOKEN_READING)))
    if not presence.tokens:
        words, remedy = condition_words(presence.problem or "token-absent", tongue)
        return _Stand(state=Line(words, Tone.WARN), remedy=remedy, deed=Deed.CHECK)
    facts = tuple(fact for token in presence.tokens for fact in _facts(token, known.tokens, tongue))
    if not presence.usable:
        return _Stand(
            state=Line(say(t.FIRST_TOKEN_EMPTY), Tone.WARN),
            remedy=say(t.FIRST_TOKEN_EMPTY_REMEDY),
            facts=facts,
            deed=Deed.CHECK,
        )
    problem = _why_none_signs(known.tokens)
    if problem is not None:
        words, remedy = condition_words(problem, tongue)
        return _Stand(
            state=Line(say(t.FIRST_TOKEN_UNUSABLE), Tone.WARN),
            remedy=f"{words} {remedy}",
            facts=facts,
            deed=Deed.CHECK,
        )
    return _Stand(state=Line(say(t.FIRST_TOKEN_FOUND), Tone.OK), facts=facts, done=True)


def _why_none_signs(now: TokensNow | None) -> str | None:
    """The code of what is wrong with the first certificate, where something is wrong with each of them."""
    problems = [one.problem for one in now.credentials] if now is not None else []
    return problems[0] if problems and all(one is not None for one in problems) else None


def _facts(token: SeenToken, now: TokensNow | None, tongue: Tongue) -> tuple[tuple[str, str], ...]:
    name = " · ".join(left_to_right(part) for part in (token.label, token.reader) if part.strip())
    holders = {
        one.holder.name: None
        for one in (now.credentials if now is not None else ())
        if one.id in token.credentials
    }
    return (
        (tongue.say(t.FIRST_TOKEN), name),
        *((tongue.say(t.FIRST_SIGN_BY), tongue.signed(holder)) for holder in holders),
    )


def _sign(known: Known, tongue: Tongue) -> _Stand:
    say, tried = tongue.say, known.tried
    if known.signing:
        return _Stand(state=Line(say(t.FIRST_SIGN_OPEN)), deed=Deed.SIGN, able=False)
    if tried is not None and tried.holder is not None and tried.at is not None:
        when = f"{tongue.day(tried.at)}  {tongue.clock(tried.at)}"
        return _Stand(
            state=Line(say(t.FIRST_SIGN_DONE), Tone.OK),
            facts=(
                (say(t.FIRST_SIGN_BY), tongue.signed(tried.holder.name)),
                (say(t.COLUMN_TIME), when),
            ),
            done=True,
        )
    code = known.refused if known.refused is not None else tried.code if tried is not None else None
    usable = known.presence is not None and known.presence.usable
    if code == ConsentDeclined.code:
        return _Stand(state=Line(say(t.FIRST_SIGN_DECLINED)), deed=Deed.SIGN, able=usable)
    if code is not None:
        words, remedy = condition_words(code, tongue)
        return _Stand(state=Line(words, Tone.BAD), remedy=remedy, deed=Deed.SIGN, able=usable)
    if not usable:
        return _Stand(state=Line(say(t.WHY_TOKEN_AWAY), Tone.WARN), deed=Deed.SIGN, able=False)
    return _Stand(deed=Deed.SIGN)


def _pair(known: Known, tongue: Tongue) -> _Stand:
    say, now = tongue.say, known.panels
    if now is None:
        return _Stand()
    if now.problem is not None:
        words, remedy = condition_words(now.problem, tongue)
        return _Stand(state=Line(words, Tone.BAD), remedy=remedy)
    if now.panels:
        facts = tuple(("", left_to_right(panel.origin)) for panel in now.panels)
        return _Stand(state=Line(say(t.FIRST_PAIR_DONE), Tone.OK), facts=facts, done=True)
    if now.policy is not None and not now.policy.pairing:
        return _Stand(state=Line(say(t.FIRST_PAIR_CLOSED), Tone.WARN))
    return _Stand(state=Line(say(t.PANELS_NONE)))
