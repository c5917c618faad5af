"""How a consent ended, in words: what was signed, what stopped the rest, and what to do next."""

from __future__ import annotations

from msgspec.structs import replace

from gui import translations as t
from gui.presenters.consent_views import Ending
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue, left_to_right
from gui.presenters.wish import Wish
from signer.model.errors import ConsentDeclined, by_code
from signer.service.consent import DocumentOutcome, Outcome


def present_ending(outcome: Outcome, tongue: Tongue, *, wish: Wish, many: bool, away: bool = False) -> Ending:
    """The last words for this outcome. `away` where the panel is closed: then somebody has to read them."""
    ending = _ending(outcome, tongue, wish=wish, many=many)
    if not away or all(state is not DocumentOutcome.SIGNED for _, state in outcome.documents):
        return ending
    kept = " ".join(filter(None, (ending.remedy, tongue.say(t.PANEL_AWAY_KEPT))))
    return replace(ending, remedy=kept, silent=False)


def _ending(outcome: Outcome, tongue: Tongue, *, wish: Wish, many: bool) -> Ending:
    states = [state for _, state in outcome.documents]
    signed = states.count(DocumentOutcome.SIGNED)
    declined = states.count(DocumentOutcome.DECLINED)
    failed = states.count(DocumentOutcome.FAILED)
    problem = outcome.problem
    by_doctor = problem == ConsentDeclined.code or (problem is None and signed == 0 and failed == 0)
    if problem is not None and not by_doctor:
        return _failed(problem, signed, tongue, many=many)
    if failed or (declined and signed):
        sentence = tongue.say(t.DONE_SOME, signed=signed, total=len(states), declined=declined, failed=failed)
    elif not signed:
        sentence = tongue.say(wish.nothing)
    else:
        sentence = tongue.say(t.DONE_MANY, signed=signed) if many else tongue.say(wish.done)
    return Ending(
        sentence=Line(sentence, Tone.BAD if failed else Tone.OK if signed else Tone.PLAIN),
        remedy=None,
        code=None,
        silent=failed == 0 and (signed == 0 or not many),
    )


def _failed(problem: str, signed: int, tongue: Tongue, *, many: bool) -> Ending:
    condition = by_code(problem)
    fa = tongue.rtl
    sentence = condition.fa if fa else condition.en
    if many and signed:
        sentence = f"{sentence} {tongue.say(t.DONE_MANY, signed=signed)}"
    return Ending(
        sentence=Line(sentence, Tone.BAD),
        remedy=condition.fa_remedy if fa else condition.en_remedy,
        code=tongue.say(t.SUPPORT_CODE, code=left_to_right(problem)),
        silent=False,
    )
