"""A token that stays open after one PIN, in words: what is open, what a PIN will open, what can be chosen."""

from __future__ import annotations

from msgspec import Struct

from gui import translations as t
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue
from signer.model.policy import LONGEST_SESSION, MOST_SIGNATURES
from signer.model.session_signing import Limits, OpenNow, Unoffered, narrowed
from signer.service.session_signing import HolderChoice, SessionSettings

_SIGNATURES = (5, 10, 20, 50, 100, MOST_SIGNATURES)
_MINUTES = (5, 15, 30, 60, 240, LONGEST_SESSION)
_WHY = {Unoffered.FORBIDDEN: t.SESSION_FORBIDDEN, Unoffered.UNSEEN: t.SESSION_UNSEEN}


class Option(Struct, frozen=True, kw_only=True):
    """One that can be picked, and all that picking it chooses."""

    words: str
    picked: bool
    limits: Limits


class HolderView(Struct, frozen=True, kw_only=True):
    """One holder's choice. `turned` is what pressing the box chooses; options are there where it is on."""

    caption: str
    credential_id: str
    on: bool
    turned: Limits | None
    signatures: tuple[Option, ...]
    minutes: tuple[Option, ...]


class SessionView(Struct, frozen=True, kw_only=True):
    """The section of the settings. `why_not` says why nothing can be chosen."""

    means: str
    why_not: Line | None
    most: str | None
    holders: tuple[HolderView, ...]


def open_state(opened: OpenNow, tongue: Tongue) -> str:
    """That a token is open, for how many more and until when."""
    return tongue.say(t.OPEN_STATE, left=opened.left, time=tongue.clock(opened.until))


def open_whose(opened: OpenNow, tongue: Tongue) -> Line:
    """The same with its holder's name, for the main window."""
    holder = tongue.within(opened.holder)
    words = tongue.say(t.OPEN_WHOSE, holder=holder, left=opened.left, time=tongue.clock(opened.until))
    return Line(words, Tone.WARN)


def open_left(opened: OpenNow, tongue: Tongue) -> str:
    """For how many more, and until when."""
    return tongue.say(t.OPEN_LEFT, left=opened.left, time=tongue.clock(opened.until))


def will_stay(limits: Limits, tongue: Tongue) -> Line:
    """Said beside a PIN that will open the token for more than this request."""
    time = time_words(limits.minutes, tongue)
    return Line(tongue.say(t.WILL_STAY, signatures=limits.signatures, time=time))


def time_words(minutes: int, tongue: Tongue) -> str:
    """Minutes, or whole hours."""
    if minutes >= 60 and minutes % 60 == 0:
        return tongue.say(t.HOURS, count=minutes // 60)
    return tongue.say(t.MINUTES, count=minutes)


def present_session(settings: SessionSettings | None, tongue: Tongue) -> SessionView:
    """What can be chosen, by whose token is in; None where the agent has not told yet."""
    say = tongue.say
    why_not: Line | None = None
    if settings is not None and settings.unoffered is not None:
        why_not = Line(say(_WHY[settings.unoffered]), Tone.WARN)
    elif settings is None or not settings.holders:
        why_not = Line(say(t.SESSION_NO_TOKEN))
    most = settings.most if settings is not None else None
    narrower = most is not None and most != Limits(MOST_SIGNATURES, LONGEST_SESSION)
    return SessionView(
        means=say(t.SESSION_MEANS),
        why_not=why_not,
        most=(
            say(t.SESSION_MOST, signatures=most.signatures, time=time_words(most.minutes, tongue))
            if most is not None and narrower
            else None
        ),
        holders=(
            tuple(_holder(one, most, tongue) for one in settings.holders)
            if settings is not None and most is not None and settings.unoffered is None
            else ()
        ),
    )


def _holder(choice: HolderChoice, most: Limits, tongue: Tongue) -> HolderView:
    now = None if choice.limits is None else narrowed(choice.limits, most)
    return HolderView(
        caption=tongue.say(t.SESSION_ON, holder=tongue.within(choice.name)),
        credential_id=choice.credential_id,
        on=now is not None,
        turned=narrowed(Limits(), most) if now is None else None,
        signatures=()
        if now is None
        else tuple(
            Option(
                words=tongue.say(t.SESSION_COUNT, count=count),
                picked=count == now.signatures,
                limits=Limits(count, now.minutes),
            )
            for count in _offered(_SIGNATURES, now.signatures, most.signatures)
        ),
        minutes=()
        if now is None
        else tuple(
            Option(
                words=time_words(count, tongue),
                picked=count == now.minutes,
                limits=Limits(now.signatures, count),
            )
            for count in _offered(_MINUTES, now.minutes, most.minutes)
        ),
    )


def _offered(usual: tuple[int, ...], now: int, most: int) -> list[int]:
    """The usual ones that are allowed, the most that is, and what was chosen."""
    return sorted({one for one in usual if one < most} | {most, now})
