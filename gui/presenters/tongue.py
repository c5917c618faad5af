"""How one language writes numbers, dates and foreign runs: digits, Jalali and Gregorian, bidi isolation.

What the sentences are is `gui.translations`; which characters count as hidden is `signer.model.text`.
Nothing here changes a signed byte: these are ways of drawing.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import jdatetime

from gui.translations import Lang, Text
from signer.model.text import LRI, PDI, isolate, isolate_latin, persian_digits

_LONG_RUN = re.compile(r"\S{32,}")
_BREAK = "\u200b"

TEHRAN = ZoneInfo("Asia/Tehran")
_JALALI_MONTHS = (
    Text("فروردین", "Farvardin"),
    Text("اردیبهشت", "Ordibehesht"),
    Text("خرداد", "Khordad"),
    Text("تیر", "Tir"),
    Text("مرداد", "Mordad"),
    Text("شهریور", "Shahrivar"),
    Text("مهر", "Mehr"),
    Text("آبان", "Aban"),
    Text("آذر", "Azar"),
    Text("دی", "Dey"),
    Text("بهمن", "Bahman"),
    Text("اسفند", "Esfand"),
)


class Tongue:
    """One language at work. Immutable; changing the language means another tongue."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self.rtl = lang == "fa"

    def say(self, text: Text, **values: int | str) -> str:
        """The sentence with its places filled: numbers in this language's digits, strings as they are."""
        filled = {
            name: self.number(value) if isinstance(value, int) else value for name, value in values.items()
        }
        return (text.fa if self.rtl else text.en).format(**filled)

    def number(self, value: int) -> str:
        """An integer in this language's digits, ungrouped."""
        return self.digits(str(value))

    def digits(self, text: str) -> str:
        """ASCII digits as this language writes them; digits of other scripts are left alone."""
        return persian_digits(text) if self.rtl else text

    def signed(self, raw: str) -> str:
        """A value of the document, to stand alone: Latin runs isolated, in Persian other digits localised.

        A run without a space is given places to break at, so that no window's edge can cut it.
        """
        return breakable(isolate_latin(raw, localise=self.rtl))

    def within(self, raw: str) -> str:
        """A value of the document, to stand inside a sentence of ours."""
        return isolate(self.signed(raw))

    def code(self, raw: str) -> str:
        """An identifier: left to right whatever surrounds it, all-digit ones in this language's digits."""
        return left_to_right(self.digits(raw) if raw.isdecimal() else raw)

    def day(self, at: datetime) -> str:
        """The day in Tehran, this language's calendar: `۱ آذر ۱۴۰۵` or `22 November 2026`."""
        local = at.astimezone(TEHRAN)
        if self.rtl:
            return self._jalali_words(local)
        return f"{local.day} {local:%B} {local.year}"

    def other_day(self, at: datetime) -> str:
        """The same day in the other calendar, for the brackets: `2026-11-22` or `1 Azar 1405`."""
        local = at.astimezone(TEHRAN)
        if self.rtl:
            return left_to_right(local.date().isoformat())
        return self._jalali_words(local)

    def short_day(self, at: datetime) -> str:
        """The day in Tehran in digits: `۱۴۰۵/۰۹/۰۱` or `2026-11-22`."""
        local = at.astimezone(TEHRAN)
        if not self.rtl:
            return local.date().isoformat()
        jalali = jdatetime.date.fromgregorian(date=local.date())
        return self.digits(f"{jalali.year}/{jalali.month:02}/{jalali.day:02}")

    def clock(self, at: datetime) -> str:
        """The time of day in Tehran, `۱۰:۱۵`."""
        return left_to_right(self.digits(f"{at.astimezone(TEHRAN):%H:%M}"))

    def _jalali_words(self, local: datetime) -> str:
        jalali = jdatetime.date.fromgregorian(date=local.date())
        month = self.say(_JALALI_MONTHS[jalali.month - 1])
        return f"{self.number(jalali.day)} {month} {self.number(jalali.year)}"


def left_to_right(text: str) -> str:
    """`text` isolated and left to right: origins, codes, addresses."""
    return f"{LRI}{breakable(text)}{PDI}"


def breakable(text: str) -> str:
    """`text` with a zero-width space after every 24 characters of a run that has no space of its own."""
    return _LONG_RUN.sub(
        lambda run: _BREAK.join(run.group()[at : at + 24] for at in range(0, len(run.group()), 24)), text
    )
