"""What the tokens page says: days left and what to do, in both languages, without Qt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from gui.presenters.pin import Tone
from gui.presenters.pin_change import PinChange, Stage, Task
from gui.presenters.tokens import days_left, present_tokens, present_warnings
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from signer.model.credential import AuthorisationKind, PinRole, TriesLeft
from signer.model.errors import by_code
from signer.model.presence import Presence
from signer.service.office import TokensNow, Unblocking
from tests.desktop import scenes

EN, FA = Tongue("en"), Tongue("fa")


def with_days(days: int) -> TokensNow:
    """One token with one certificate that ends in so many days."""
    now = scenes.tokens()
    first = replace(now.credentials[0], not_after=now.at + timedelta(days=days))
    seen = replace(now.presence.tokens[0], credentials=(first.id,))
    return replace(now, credentials=(first,), presence=Presence(tokens=(seen,)))


@pytest.mark.parametrize(
    ("days", "tone", "told", "at_home"),
    [
        (61, Tone.OK, None, None),
        (60, Tone.WARN, "before it ends", Tone.PLAIN),
        (30, Tone.WARN, "before it ends", Tone.WARN),
        (8, Tone.WARN, "before it ends", Tone.WARN),
        (7, Tone.BAD, "this week", Tone.BAD),
        (1, Tone.BAD, "this week", Tone.BAD),
        (-1, Tone.BAD, "sign no more", Tone.BAD),
    ],
)
def test_a_certificate_that_ends_is_told_in_time(
    days: int, tone: Tone, told: str | None, at_home: Tone | None
) -> None:
    now = with_days(days)
    ((row,),) = [card.certificates for card in present_tokens(now, EN).cards]
    assert row.left.tone is tone
    assert (told or "") in (row.remedy or "")
    assert (row.remedy is None) == (told is None)
    assert [one.line.tone for one in present_warnings(now, EN)] == ([] if at_home is None else [at_home])


def test_days_are_those_of_the_calendar_in_tehran() -> None:
    now = scenes.tokens()
    evening = now.at.replace(hour=20, minute=0)  # 23:30 in Tehran
    ends = replace(now.credentials[0], not_after=evening + timedelta(hours=1))
    assert days_left(ends, evening) == 1
    assert days_left(ends, ends.not_after) == -1


def test_a_certificate_says_whose_it_is_where_and_when_in_both_calendars() -> None:
    row = present_tokens(scenes.tokens(), FA).cards[0].certificates[0]
    assert row.centre == "مطب ونک"
    assert "۱۲۳۴۵۶" in row.holder
    assert "بهمن" in row.validity
    assert "2026" in row.other_validity
    assert "GICA" in row.issuer
    assert row.centre in row.accessible


def test_what_is_wrong_with_a_certificate_is_told_with_its_remedy() -> None:
    now = with_days(90)
    wrong = replace(now.credentials[0], problem="certificate-unusable")
    row = present_tokens(replace(now, credentials=(wrong,)), EN).cards[0].certificates[0]
    condition = by_code("certificate-unusable")
    assert (row.problem, row.remedy) == (condition.en, condition.en_remedy)


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("code", ["token-absent", "reader-absent", "reader-service-stopped"])
def test_without_a_token_the_page_says_why_and_what_to_do(code: str, lang: Lang) -> None:
    view = present_tokens(replace(scenes.tokens(), presence=Presence(problem=code)), Tongue(lang))
    assert view.cards == ()
    assert view.notice is not None
    condition = by_code(code)
    assert view.remedy == (condition.fa_remedy if lang == "fa" else condition.en_remedy)


def test_a_locked_token_that_only_its_issuer_unblocks_says_so() -> None:
    first, second = present_tokens(scenes.tokens(TriesLeft.LOCKED), EN).cards
    assert (first.unblock, first.no_unblock) == ("Unblock with PUK", None)
    assert second.unblock is None
    assert second.no_unblock is not None


def test_a_token_that_its_module_does_not_show_now_offers_no_change() -> None:
    card = present_tokens(replace(scenes.tokens(), managed=()), EN).cards[0]
    assert (card.managed, card.pin, card.unblock) == (None, None, None)


def change(task: Task = Task.CHANGE, tries: TriesLeft = TriesLeft.OK) -> PinChange:
    return PinChange(task, scenes.tokens(tries).managed[0], EN)


@pytest.mark.parametrize(
    ("secret", "new", "again", "why"),
    [
        ("", "", "", "Type the token PIN"),
        ("123", "", "", "at least 4"),
        ("1234", "", "", "Type the token PIN"),
        ("1234", "123456789", "", "at most 8"),
        ("1234", "1234", "1234", "the present one"),
        ("1234", "4321", "4312", "differ"),
    ],
)
def test_what_cannot_be_a_change_is_not_sent(secret: str, new: str, again: str, why: str) -> None:
    assert why in (change().why_not(secret, new, again, last_try=False) or "")


def test_what_can_be_sent_is_and_the_last_try_wants_its_own_yes() -> None:
    assert change().why_not("1234", "4321", "4321", last_try=False) is None
    last = change(tries=TriesLeft.LAST)
    assert last.view().last_try is not None
    assert "last try" in (last.why_not("1234", "4321", "4321", last_try=False) or "")
    assert last.why_not("1234", "4321", "4321", last_try=True) is None


def test_after_a_wrong_pin_unknown_tries_are_guarded() -> None:
    made = change(tries=TriesLeft.UNKNOWN)
    assert made.view().last_try is None
    made.begin()
    assert made.view().busy is not None
    made.failed("pin-wrong")
    assert made.stage is Stage.ASKING
    assert made.view().last_try is not None
    banner = made.view().banner
    assert banner is not None
    assert banner.text == by_code("pin-wrong").en


def test_each_way_of_unblocking_has_its_own_words() -> None:
    token = scenes.tokens().managed[0]
    assert change(Task.UNBLOCK).view().captions == ("PUK", "New PIN", "New PIN again")
    officer = replace(token, unblocking=Unblocking.SO_PIN)
    assert PinChange(Task.UNBLOCK, officer, EN).view().title == "Unblock with SO-PIN"
    first = PinChange(Task.UNBLOCK, replace(officer, pin_set=False), EN)
    assert first.view().title == "Set a PIN with the SO-PIN"
    assert first.wants.role is PinRole.OFFICER


def test_a_reader_with_keys_of_its_own_takes_the_pins() -> None:
    token = scenes.tokens().managed[0]
    pad = replace(token, user=replace(token.user, kind=AuthorisationKind.PIN_PAD))
    made = PinChange(Task.CHANGE, pad, EN)
    assert made.view().captions is None
    assert made.view().elsewhere
    assert made.why_not("", "", "", last_try=False) is None
