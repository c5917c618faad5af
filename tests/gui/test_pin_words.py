"""What the PIN row says, and when it wants more than a PIN."""

from __future__ import annotations

import pytest

from gui.presenters import pin as pins
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from signer.model.credential import Authorisation, AuthorisationKind, PinRole, TriesLeft
from signer.service.consent import PinProblem, PinRequest

FA, EN = Tongue("fa"), Tongue("en")


def _authorisation(tries: TriesLeft, minimum: int = 0, maximum: int = 0) -> Authorisation:
    return Authorisation(kind=AuthorisationKind.PIN, tries=tries, pin_min=minimum, pin_max=maximum)


@pytest.mark.parametrize(
    ("tries", "wrong_before", "fa", "en", "tone"),
    [
        (TriesLeft.OK, False, "تلاش باقی‌مانده: کافی", "Tries left: enough", Tone.PLAIN),
        (
            TriesLeft.LOW,
            False,
            "تلاش باقی‌مانده: کم؛ با دقت بزنید",
            "Tries left: few; type with care",
            Tone.WARN,
        ),
        (TriesLeft.LAST, False, "تنها یک تلاش مانده است", "Only one try is left", Tone.BAD),
        (TriesLeft.LOCKED, False, "رمز توکن قفل است", "The PIN is locked", Tone.BAD),
        (TriesLeft.UNKNOWN, False, "تلاش باقی‌مانده: نامعلوم", "Tries left: not known", Tone.PLAIN),
        (
            TriesLeft.UNKNOWN,
            True,
            "تلاش باقی‌مانده نامعلوم است؛ شاید همین آخری باشد",
            "Tries left: not known; this may be the last",
            Tone.WARN,
        ),
    ],
)
def test_tries_left_are_told_as_far_as_they_are_known_and_never_as_a_number(
    tries: TriesLeft, wrong_before: bool, fa: str, en: str, tone: Tone
) -> None:
    for tongue, words in ((FA, fa), (EN, en)):
        line = pins.tries_line(tries, tongue, wrong_before=wrong_before)
        assert (line.text, line.tone) == (words, tone)


@pytest.mark.parametrize(
    ("tries", "wrong_before", "guarded"),
    [
        (TriesLeft.OK, False, False),
        (TriesLeft.OK, True, False),
        (TriesLeft.LOW, True, False),
        (TriesLeft.LAST, False, True),
        (TriesLeft.UNKNOWN, False, False),
        (TriesLeft.UNKNOWN, True, True),
        (TriesLeft.LOCKED, True, False),
    ],
)
def test_what_may_be_the_last_try_needs_a_yes_of_its_own(
    tries: TriesLeft, wrong_before: bool, guarded: bool
) -> None:
    assert pins.guarded(_authorisation(tries), wrong_before=wrong_before) is guarded


@pytest.mark.parametrize(
    ("typed", "eastern", "latin"),
    [
        ("1234", False, "1234"),
        ("۱۲۳۴", True, "1234"),
        ("١٢٣٤", True, "1234"),
        ("12۳4", True, "1234"),
        ("abcd", False, "abcd"),
        ("رمز", False, "رمز"),
        ("", False, ""),
    ],
)
def test_eastern_digits_in_a_pin_are_noticed_and_have_a_latin_form(
    typed: str, eastern: bool, latin: str
) -> None:
    assert pins.has_eastern_digits(typed) is eastern
    assert pins.in_latin_digits(typed) == latin


@pytest.mark.parametrize(
    ("language", "typed", "words", "tone"),
    [
        ("en", "", "Keyboard: \u2066EN\u2069", Tone.PLAIN),
        ("fa", "", "Keyboard: \u2066FA\u2069", Tone.WARN),
        (None, "", "Check the keyboard layout", Tone.PLAIN),
        (None, "ab", "Keyboard: \u2066EN\u2069", Tone.PLAIN),
        ("en", "ش", "Keyboard: \u2066FA\u2069", Tone.WARN),
        ("en", "۱", "You typed Persian digits", Tone.WARN),
        (None, "12", "Check the keyboard layout", Tone.PLAIN),
    ],
)
def test_the_layout_is_told_by_what_was_typed_before_what_the_system_says(
    language: str | None, typed: str, words: str, tone: Tone
) -> None:
    line = pins.layout_line(language, typed, EN)
    assert (line.text, line.tone) == (words, tone)


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (0, "Type the token PIN."),
        (3, "This token's PIN has at least 4 characters."),
        (4, None),
        (8, None),
        (9, "This token's PIN has at most 8 characters."),
    ],
)
def test_a_pin_that_cannot_be_this_tokens_is_not_sent(length: int, reason: str | None) -> None:
    assert pins.length_line(length, _authorisation(TriesLeft.OK, 4, 8), EN) == reason


def test_lengths_that_the_token_does_not_tell_forbid_nothing() -> None:
    assert pins.length_line(1, _authorisation(TriesLeft.OK), EN) is None
    assert pins.length_line(60, _authorisation(TriesLeft.OK), EN) is None


@pytest.mark.parametrize("problem", PinProblem)
def test_each_reason_to_ask_again_has_words_in_both_languages(problem: PinProblem) -> None:
    request = PinRequest(problem=problem, authorisation=_authorisation(TriesLeft.OK), number=2, total=5)
    assert pins.again_line(request, FA).text != pins.again_line(request, EN).text


@pytest.mark.parametrize("kind", [AuthorisationKind.PIN_PAD, AuthorisationKind.MODULE_DIALOG])
def test_a_pin_that_is_typed_elsewhere_is_said_where_in_both_languages(kind: AuthorisationKind) -> None:
    authorisation = Authorisation(kind=kind, tries=TriesLeft.OK)
    assert pins.elsewhere(authorisation)
    assert pins.elsewhere_words(authorisation, FA) != pins.elsewhere_words(authorisation, EN)


def test_a_signature_pin_is_called_by_its_name() -> None:
    authorisation = Authorisation(kind=AuthorisationKind.PIN, tries=TriesLeft.OK, role=PinRole.SIGNATURE)
    assert pins.name_of_the_pin(authorisation, EN) == "Signature PIN"
    assert pins.name_of_the_pin(authorisation, FA) == "رمز امضا"


def test_caps_lock_is_told_by_a_latin_letter_alone() -> None:
    assert pins.capitals("A", shift=False) is True
    assert pins.capitals("a", shift=True) is True
    assert pins.capitals("A", shift=True) is False
    assert pins.capitals("a", shift=False) is False
    assert [pins.capitals(text, shift=False) for text in ("1", "ش", "", "AB", "É")] == [None] * 5
    line = pins.layout_line("en", "A", EN, caps=True)
    assert (line.text, line.tone) == ("\u2066Caps Lock\u2069 is on", Tone.WARN)
    assert pins.layout_line("en", "۱", EN, caps=True).text == "You typed Persian digits"
