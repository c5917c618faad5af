"""The PIN row in words: tries left, keyboard layout, digits of another script, lengths.

Sees a PIN only as a value passed in and forgotten; keeps none.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from gui import translations as t
from gui.presenters.tongue import Tongue, left_to_right
from gui.translations import Text
from signer.model.credential import Authorisation, AuthorisationKind, PinRole, TriesLeft
from signer.model.text import latin_digits
from signer.service.consent import PinProblem, PinRequest

_EASTERN_DIGIT = re.compile("[\u0660-\u0669\u06f0-\u06f9]")
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufeff]")


class Tone(Enum):
    """How loud a line is; each tone has a colour and a sign."""

    PLAIN = "plain"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


class Line(Struct, frozen=True):
    """A sentence and how loud it is."""

    text: str
    tone: Tone = Tone.PLAIN


def has_eastern_digits(pin: str) -> bool:
    """True where a PIN was typed in Persian or Arabic-Indic digits, so that the doctor must say which."""
    return _EASTERN_DIGIT.search(pin) is not None


def in_latin_digits(pin: str) -> str:
    """The same PIN with ASCII digits."""
    return latin_digits(pin)


def guarded(authorisation: Authorisation, *, wrong_before: bool) -> bool:
    """True where the next try may be the last, so that it needs an explicit yes."""
    tries = authorisation.tries
    return tries is TriesLeft.LAST or (tries is TriesLeft.UNKNOWN and wrong_before)


def last_try_words(authorisation: Authorisation, tongue: Tongue) -> str:
    """What the doctor says yes to before a guarded try."""
    certain = authorisation.tries is TriesLeft.LAST
    return tongue.say(t.LAST_TRY_YES if certain else t.LAST_TRY_YES_UNKNOWN)


def tries_line(tries: TriesLeft, tongue: Tongue, *, wrong_before: bool) -> Line:
    """What is known of the tries left; never a number, for none is known."""
    match tries:
        case TriesLeft.OK:
            return Line(tongue.say(t.TRIES_OK))
        case TriesLeft.LOW:
            return Line(tongue.say(t.TRIES_LOW), Tone.WARN)
        case TriesLeft.LAST:
            return Line(tongue.say(t.TRIES_LAST), Tone.BAD)
        case TriesLeft.LOCKED:
            return Line(tongue.say(t.TRIES_LOCKED), Tone.BAD)
        case TriesLeft.UNKNOWN if wrong_before:
            return Line(tongue.say(t.TRIES_UNKNOWN_AFTER_WRONG), Tone.WARN)
        case TriesLeft.UNKNOWN:
            return Line(tongue.say(t.TRIES_UNKNOWN))


def capitals(text: str, *, shift: bool) -> bool | None:
    """Is Caps Lock on, as far as one typed letter tells; None where it is no Latin letter."""
    if len(text) != 1 or not text.isascii() or not text.isalpha():
        return None
    return text.isupper() != shift


def layout_line(language: str | None, typed: str, tongue: Tongue, *, caps: bool = False) -> Line:
    """The keyboard: Caps Lock, else the language of what was typed, else what the system says (ISO 639)."""
    if has_eastern_digits(typed):
        return Line(tongue.say(t.LAYOUT_PERSIAN), Tone.WARN)
    if _ARABIC_SCRIPT.search(typed):
        return _layout("FA", tongue, Tone.WARN)
    if caps:
        key = left_to_right("Caps Lock")
        return Line(tongue.say(t.CAPS_LOCK, key=key), Tone.WARN)
    if any(c.isascii() and c.isalpha() for c in typed):
        return _layout("EN", tongue, Tone.PLAIN)
    if not language:
        return Line(tongue.say(t.LAYOUT_UNKNOWN))
    eastern = language in {"fa", "ar", "ur", "ps", "ckb"}
    return _layout(language.upper(), tongue, Tone.WARN if eastern else Tone.PLAIN)


def length_line(length: int, authorisation: Authorisation, tongue: Tongue) -> str | None:
    """Why a PIN of `length` characters cannot be this token's, or None where it can."""
    if length == 0:
        return tongue.say(t.WHY_PIN)
    if length < authorisation.pin_min:
        return tongue.say(t.WHY_PIN_SHORT, count=authorisation.pin_min)
    if authorisation.pin_max and length > authorisation.pin_max:
        return tongue.say(t.WHY_PIN_LONG, count=authorisation.pin_max)
    return None


_ELSEWHERE = {
    AuthorisationKind.PIN_PAD: (t.PIN_PAD, t.PIN_PAD_HINT),
    AuthorisationKind.MODULE_DIALOG: (t.PIN_IN_DIALOG, t.PIN_IN_DIALOG_HINT),
}

_AGAIN: dict[PinProblem, tuple[Text, Tone]] = {
    PinProblem.WRONG: (t.PIN_AGAIN_WRONG, Tone.BAD),
    PinProblem.MALFORMED: (t.PIN_AGAIN_MALFORMED, Tone.WARN),
    PinProblem.LOGGED_OUT: (t.PIN_AGAIN_LOGGED_OUT, Tone.WARN),
    PinProblem.TOKEN_CLOSED: (t.PIN_AGAIN_TOKEN_CLOSED, Tone.WARN),
    PinProblem.TOKEN_BACK: (t.PIN_AGAIN_TOKEN_BACK, Tone.OK),
    PinProblem.LAST_TRY_UNCONFIRMED: (t.PIN_AGAIN_LAST_TRY, Tone.WARN),
}


def again_line(request: PinRequest, tongue: Tongue) -> Line:
    """Why the PIN is asked again."""
    if request.problem is PinProblem.EACH_SIGNATURE:
        return Line(tongue.say(t.PIN_FOR_THIS_ONE, number=request.number, total=request.total))
    text, tone = _AGAIN[request.problem]
    return Line(tongue.say(text), tone)


def beforehand_line(count: int, tongue: Tongue) -> Line:
    """Said before the first PIN where the key wants one for each of `count` signatures."""
    return Line(tongue.say(t.PIN_FOR_EACH, count=count), Tone.WARN)


def elsewhere(authorisation: Authorisation) -> bool:
    """True where the reader's keys or the module's own window take the PIN, and Mohr takes none."""
    return authorisation.kind in _ELSEWHERE


def elsewhere_words(authorisation: Authorisation, tongue: Tongue) -> tuple[str, str]:
    """Where the PIN is to be typed, and when: only for an `elsewhere` one."""
    where, when = _ELSEWHERE[authorisation.kind]
    return tongue.say(where), tongue.say(when)


def name_of_the_pin(authorisation: Authorisation, tongue: Tongue) -> str:
    """What the holder calls the PIN that is wanted."""
    of_signature = authorisation.role is PinRole.SIGNATURE
    return tongue.say(t.SIGNATURE_PIN_LABEL if of_signature else t.PIN_LABEL)


def _layout(code: str, tongue: Tongue, tone: Tone) -> Line:
    return Line(tongue.say(t.LAYOUT, layout=left_to_right(code)), tone)
