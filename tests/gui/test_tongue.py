"""Digits, dates and direction, as each language draws them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import pytest

from gui import translations as t
from gui.presenters.tongue import Tongue, breakable, left_to_right
from gui.translations import Lang
from signer.model.text import FSI, LRI, PDI

FA, EN = Tongue("fa"), Tongue("en")
#: 00:30 on the next day in Tehran.
LATE_EVENING = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tongue", "raw", "drawn"),
    [
        (FA, "آموکسی‌سیلین 500 mg کپسول", f"آموکسی‌سیلین {LRI}500 mg{PDI} کپسول"),
        (FA, "هر 8 ساعت 1 عدد", f"هر {LRI}۸{PDI} ساعت {LRI}۱{PDI} عدد"),
        (FA, "21", f"{LRI}۲۱{PDI}"),
        (FA, "شبی 5 ml", f"شبی {LRI}5 ml{PDI}"),
        (FA, "طبق دستور", "طبق دستور"),
        (EN, "هر 8 ساعت", f"هر {LRI}8{PDI} ساعت"),
        (EN, "Amoxicillin 500 mg", f"{LRI}Amoxicillin 500 mg{PDI}"),
    ],
)
def test_a_signed_value_keeps_its_order_and_takes_the_languages_digits(
    tongue: Tongue, raw: str, drawn: str
) -> None:
    assert tongue.signed(raw) == drawn


@pytest.mark.parametrize(
    ("lang", "day", "other", "short", "clock"),
    [
        ("fa", "۱ آذر ۱۴۰۵", "2026-11-22", "۱۴۰۵/۰۹/۰۱", "۰۰:۳۰"),
        ("en", "22 November 2026", "1405/09/01", "2026-11-22", "00:30"),
    ],
)
def test_a_moment_is_told_in_both_calendars_and_in_tehran(
    lang: Lang, day: str, other: str, short: str, clock: str
) -> None:
    tongue = Tongue(lang)
    assert tongue.day(LATE_EVENING) == day
    assert tongue.other_day(LATE_EVENING) == left_to_right(other)
    assert tongue.short_day(LATE_EVENING) == left_to_right(short)
    assert tongue.clock(LATE_EVENING) == left_to_right(clock)


@pytest.mark.parametrize(
    ("tongue", "raw", "drawn"),
    [
        (FA, "2026-12-22", left_to_right("۱۴۰۵/۱۰/۰۱")),
        (FA, "14051001", left_to_right("۱۴۰۵/۱۰/۰۱")),
        (EN, "14051001", left_to_right("2026-12-22")),
        (FA, "فردا", "فردا"),
    ],
)
def test_a_signed_date_is_drawn_in_the_readers_calendar_where_it_is_one(
    tongue: Tongue, raw: str, drawn: str
) -> None:
    assert tongue.signed_day(raw) == drawn


def test_numbers_in_our_own_sentences_take_the_languages_digits() -> None:
    assert FA.say(t.TITLE_MANY, count=40) == "۴۰ سند برای امضا"
    assert EN.say(t.TITLE_MANY, count=40) == "40 documents to sign"


@pytest.mark.parametrize(
    ("sentence", "drawn"),
    [
        (f"در متن {FSI}20{PDI} است", f"در متن {LRI}۲۰{PDI} است"),
        (f"در {FSI}/wire/srvQty{PDI}", f"در {LRI}/wire/srvQty{PDI}"),
        (f"نام {FSI}قرص 5 mg{PDI}", f"نام {FSI}قرص {LRI}5 mg{PDI}{PDI}"),
    ],
)
def test_the_facts_of_a_finding_are_drawn_as_the_values_they_are(sentence: str, drawn: str) -> None:
    assert FA.finding(sentence) == drawn


def test_a_code_reads_from_the_left_in_any_surroundings() -> None:
    assert FA.code("0012345679") == f"{LRI}۰۰۱۲۳۴۵۶۷۹{PDI}"
    assert FA.code("J02.9") == f"{LRI}J02.9{PDI}"
    assert EN.code("0012345679") == f"{LRI}0012345679{PDI}"


def test_a_run_without_a_space_can_break_so_that_no_edge_cuts_it() -> None:
    run = "x" * 100
    broken = breakable(f"a {run} b")
    assert broken.replace("\u200b", "") == f"a {run} b"
    assert max(len(part) for part in broken.replace(" ", "\u200b").split("\u200b")) <= 24
    assert breakable("short words stay as they are") == "short words stay as they are"


@pytest.mark.parametrize(
    ("tongue", "day", "other", "short"),
    [
        (Tongue("fa"), "۱ آذر ۱۴۰۵", "2026-11-22", "۱۴۰۵/۰۹/۰۱"),
        (Tongue("fa", digits="latin"), "1 آذر 1405", "2026-11-22", "1405/09/01"),
        (Tongue("fa", calendar="gregorian"), "۲۲ نوامبر ۲۰۲۶", "1405/09/01", "۲۰۲۶-۱۱-۲۲"),
        (Tongue("en"), "22 November 2026", "1405/09/01", "2026-11-22"),
        (Tongue("en", calendar="jalali"), "1 Azar 1405", "2026-11-22", "1405/09/01"),
        (Tongue("en", calendar="jalali", digits="persian"), "۱ Azar ۱۴۰۵", "2026-11-22", "۱۴۰۵/۰۹/۰۱"),
    ],
)
def test_a_calendar_and_digits_may_be_others_than_the_languages(
    tongue: Tongue, day: str, other: str, short: str
) -> None:
    at = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
    assert tongue.day(at) == day
    assert tongue.other_day(at) == left_to_right(other)
    assert tongue.short_day(at) == left_to_right(short)


@pytest.mark.parametrize(("digits", "drawn"), [("persian", "۲۰"), ("latin", "20")])
def test_digits_of_a_document_are_drawn_as_was_chosen(
    digits: Literal["persian", "latin"], drawn: str
) -> None:
    assert drawn in Tongue("fa", digits=digits).signed("20 عدد")
