"""A certificate request in words, without Qt: each refusal of a field, and why a key is not made yet."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gui.presenters.applicant import PARTS, applicant_of, present_fields, refusals, texts_of
from gui.presenters.pin import Tone
from gui.presenters.request_steps import RequestSteps, Stage, Step
from gui.presenters.tongue import Tongue
from signer.model.applicant import KeyType
from signer.model.credential import AuthorisationKind, TriesLeft
from signer.service.office import TokensNow
from signer.service.own_requests import Begun
from tests.desktop import scenes

EN, FA = Tongue("en"), Tongue("fa")

REFUSALS = [
    ("given_name", "", "Write this"),
    ("given_name", "سا\u200fرا", "cannot be seen"),
    ("given_name", "س" * 65, "No more than 64"),
    ("surname", "", "Write this"),
    ("surname", "ن" * 62, "together"),
    ("national_code", "", "Write this"),
    ("national_code", "001234567", "ten digits"),
    ("national_code", "00123456x9", "ten digits"),
    ("national_code", "0012345678", "a digit is wrong"),
    ("national_code", "1111111111", "a digit is wrong"),
    ("council_number", "12a", "digits alone"),
    ("council_number", "1" * 65, "No more than 64"),
    ("centre", "م" * 65, "No more than 64"),
    ("centre", "مطب\u202eونک", "cannot be seen"),
    ("province", "م" * 65, "No more than 64"),
    ("city", "م" * 65, "No more than 64"),
]


@pytest.mark.parametrize(("part", "text", "words"), REFUSALS)
def test_every_refusal_of_a_field_has_its_sentence(part: str, text: str, words: str) -> None:
    applicant = applicant_of(texts_of(scenes.APPLICANT) | {part: text})
    assert words in refusals(applicant, EN)[part]
    assert set(refusals(applicant, FA)) == set(refusals(applicant, EN))
    (field,) = [one for one in present_fields(refusals(applicant, EN), EN) if one.refusal is not None]
    assert field.part == part


def test_what_is_typed_is_trimmed_and_its_codes_are_ascii() -> None:
    typed = dict.fromkeys(PARTS, "") | {
        "given_name": " سارا ",
        "surname": "نمونه",
        "national_code": " ۰۰۱۲۳۴۵۶۷۹",
        "council_number": "١٢٣",
    }
    applicant = applicant_of(typed)
    assert refusals(applicant, EN) == {}
    assert (applicant.given_name, applicant.national_code) == ("سارا", "0012345679")
    assert (applicant.council_number, applicant.centre, applicant.city) == ("123", None, None)


def at_the_key(now: TokensNow | None = None) -> RequestSteps:
    steps = scenes.steps(EN)
    steps.go_on()
    assert steps.step is Step.KEY
    steps.drafted(scenes.draft())
    if now is not None:
        steps.tokens_are(now)
    return steps


def why_not(steps: RequestSteps, typed: str = "12345") -> str | None:
    footer = steps.footer(typed, None, caps=False)
    assert footer is not None
    return footer.why_not


def tokens(**changed: object) -> TokensNow:
    now = scenes.tokens(TriesLeft.OK)
    return replace(now, managed=tuple(replace(one, **changed) for one in now.managed))


def test_a_key_is_made_where_nothing_speaks_against_it() -> None:
    assert why_not(at_the_key()) is None


def _yes_missing() -> RequestSteps:
    steps = at_the_key()
    steps.drafted(scenes.draft(scenes.earlier_request(finished=True)))
    return steps


def _not_drafted() -> RequestSteps:
    steps = at_the_key()
    steps.pick(KeyType.EC_P256)
    return steps


def _last_try() -> RequestSteps:
    return at_the_key(scenes.tokens(TriesLeft.LAST))


def _wrong_before() -> RequestSteps:
    steps = at_the_key(scenes.tokens(TriesLeft.UNKNOWN))
    steps.failed("pin-wrong")
    return steps


def _away() -> RequestSteps:
    return at_the_key(replace(tokens(), managed=()))


def _makes_none() -> RequestSteps:
    return at_the_key(tokens(keys=()))


WHY_NOT = [
    (_yes_missing, "12345", "own yes"),
    (_not_drafted, "12345", "Checking"),
    (_last_try, "12345", "last try"),
    (_wrong_before, "12345", "last try"),
    (_away, "12345", "not connected"),
    (_makes_none, "12345", "makes no key"),
    (at_the_key, "", "Type the token PIN"),
    (at_the_key, "12", "at least 4"),
    (at_the_key, "123456789", "at most 8"),
]


@pytest.mark.parametrize(
    ("situation", "typed", "words"), WHY_NOT, ids=lambda one: getattr(one, "__name__", one)
)
def test_why_a_key_cannot_be_made_yet_is_said(situation: object, typed: str, words: str) -> None:
    assert callable(situation)
    assert words in (why_not(situation(), typed) or "")


def test_the_yes_to_one_draft_is_none_to_another() -> None:
    steps = _yes_missing()
    steps.accept(0, True)
    assert why_not(steps) is None
    before = steps.accepted
    steps.drafted(scenes.draft(scenes.earlier_request(finished=False)))
    assert (before, steps.accepted) == (("request-in-progress",), ())
    assert why_not(steps) is None, "what only tells wants no yes"


def test_a_token_that_is_pulled_out_is_named_and_nothing_is_lost() -> None:
    steps = at_the_key()
    steps.work()
    steps.failed("token-removed")
    steps.tokens_are(replace(tokens(), managed=()))
    view = steps.view()
    assert view.banner is not None
    assert view.banner.tone is Tone.BAD
    assert "Nothing is lost" in (view.remedy or "")
    assert "2A410009" in (view.remedy or "")
    steps.tokens_are(tokens())
    assert "2A410009" not in (steps.view().remedy or "")


def test_a_reader_with_keys_of_its_own_takes_the_pin() -> None:
    now = scenes.tokens(TriesLeft.OK)
    pad = replace(now.managed[0].user, kind=AuthorisationKind.PIN_PAD)
    steps = at_the_key(tokens(user=pad))
    footer = steps.footer("", None, caps=False)
    assert footer is not None
    assert (footer.takes_pin, footer.why_not) == (False, None)
    assert footer.pin_pad is not None


def test_a_key_that_the_token_does_not_make_is_none_that_is_offered() -> None:
    steps = RequestSteps(EN, tokens(keys=(KeyType.EC_P256,)), scenes.credential().token.serial)
    steps.begin(Begun(applicant=scenes.APPLICANT, key=KeyType.RSA_4096), renews=True)
    steps.go_on()
    assert [(key, picked) for key, _, picked in steps.view().keys] == [(KeyType.EC_P256, True)]


def test_while_the_token_works_the_window_may_be_closed_and_nothing_be_sent_twice() -> None:
    steps = at_the_key()
    steps.work()
    footer = steps.footer("", None, caps=False)
    assert footer is not None
    assert footer.why_not is not None
    assert (footer.can_decline, footer.decline) == (True, "Close")
    assert steps.stage is Stage.WORKING


@pytest.mark.parametrize("finished", [True, False])
def test_one_in_progress_goes_on_at_its_step(finished: bool) -> None:
    steps = RequestSteps(FA, scenes.in_progress(), "another")
    steps.take_up(scenes.earlier_request(finished=finished))
    assert steps.step is (Step.SEND if finished else Step.KEY)
    assert steps.token is not None
    assert steps.key is KeyType.RSA_2048
    assert steps.texts["national_code"] == scenes.APPLICANT.national_code


def test_another_language_says_the_same_problem() -> None:
    steps = at_the_key()
    steps.failed("pin-wrong")
    steps.set_tongue(FA)
    banner = steps.view().banner
    assert banner is not None
    assert "رمز" in banner.text
