"""The certificate requests in progress, in words: whose each is, where its key is, and how it stands."""

from __future__ import annotations

from msgspec import Struct

from gui import translations as t
from gui.presenters.asker import asker
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue, left_to_right
from signer.model.origin import OWN_ORIGIN
from signer.service.key_requests import KeyRequest
from signer.service.office import TokensNow
from signer.service.token_desk import ManagedToken


class RequestRow(Struct, frozen=True, kw_only=True):
    """One request. `away` says which token to plug in, where it is not; `question` asks before it goes."""

    request: KeyRequest
    who: str
    facts: str
    stand: Line
    away: str | None
    question: str
    accessible: str


def present_in_progress(now: TokensNow, tongue: Tongue) -> tuple[RequestRow, ...]:
    """All of them, in the order in which they were begun."""
    return tuple(_row(request, now, tongue) for request in now.requests)


def its_token(request: KeyRequest, now: TokensNow) -> ManagedToken | None:
    """The token that holds its key, where that is in."""
    return next((token for token in now.managed if token.ref.serial == request.token_serial), None)


def request_words(request: KeyRequest, tongue: Tongue) -> str:
    """Whose it is, and for which centre."""
    applicant = request.applicant
    parts = (applicant.name, applicant.centre or tongue.say(t.NO_CENTRE))
    return " · ".join(tongue.within(part) for part in parts)


def away_words(label: str, serial: str, tongue: Tongue) -> str:
    """Which token is to be plugged in."""
    return tongue.say(t.REQUEST_TOKEN_AWAY, label=tongue.within(label), serial=left_to_right(serial))


def _row(request: KeyRequest, now: TokensNow, tongue: Tongue) -> RequestRow:
    say, who = tongue.say, request_words(request, tongue)
    stand = Line(say(t.REQUEST_WAITS)) if request.finished else Line(say(t.REQUEST_UNFINISHED), Tone.WARN)
    facts = " · ".join(
        (
            f"{tongue.day(request.made_at)} {tongue.clock(request.made_at)}",
            say(t.TOKEN, label=tongue.within(request.token_label)),
            say(t.REQUEST_ASKED, who=asker(request.origin or OWN_ORIGIN, tongue)),
        )
    )
    there = its_token(request, now) is not None
    away = None if there else away_words(request.token_label, request.token_serial, tongue)
    return RequestRow(
        request=request,
        who=who,
        facts=facts,
        stand=stand,
        away=away,
        question=say(t.REQUEST_FORGET_ASK, what=who),
        accessible=". ".join(filter(None, (who, stand.text, facts, away))),
    )
