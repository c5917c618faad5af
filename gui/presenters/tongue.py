"""How one language writes numbers, dates and foreign runs: digits, Jalali and Gregorian, bidi isolation.

What the sentences are is `gui.translations`; which characters count as hidden is `signer.model.text`.
Nothing here changes a signed byte: these are ways of drawing.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from gui.translations import Lang, Text
from signer.model.text import FSI, LRI, PDI, isolate, isolate_latin, persian_digits
from signer.prescription.dates import long_date_in, parse_date, short_date, tehran, tehran_date

Calendar = Literal["jalali", "gregorian"]
Digits = Literal["persian", "latin"]

_LONG_RUN = re.compile(r"\S{32,}")
_FACT = re.compile(f"{FSI}([^{PDI}]*){PDI}")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LATIN = re.compile("[A-Za-z]")
_BREAK = "\u200b"


class Tongue:
    """One language at work, with its own calendar and digits or others. Immutable: a change makes another."""

    def __init__(self, lang: Lang, *, calendar: Calendar | None = None, digits: Digits | None = None) -> None:
        self.lang: Lang = lang
        self.rtl = lang == "fa"
        self._jalali = self.rtl if calendar is None else calendar == "jalali"
        self._persian = self.rtl if digits is None else digits == "persian"

    def say(self, text: Text, **values: int | str) -> str:
        """The sentence with its places filled: numbers in this language's digits, strings as they are."""
        filled = {
            name: self.number(value) if isinstance(value, int) else value for name, value in values.items()
        }
        return (text.fa if self.rtl else text.en).format(**filled)

    @property
    def _calendar(self) -> Lang:
        return "fa" if self._jalali else "en"

    def number(self, value: int) -> str:
        """An integer in this language's digits, ungrouped."""
        return self.digits(str(value))

    def digits(self, text: str) -> str:
        """ASCII digits as they are to be written; digits of other scripts are left alone."""
        return persian_digits(text) if self._persian else text

    def signed(self, raw: str) -> str:
        """A value of the document, to stand alone: Latin runs isolated, in Persian other digits localised.

        A run without a space is given places to break at, so that no window's edge can cut it.
        """
        return breakable(isolate_latin(raw, localise=self._persian))

    def within(self, raw: str) -> str:
        """A value of the document, to stand inside a sentence of ours."""
        return isolate(self.signed(raw))

    def finding(self, sentence: str) -> str:
        """A finding's sentence, whose facts are isolates already: each drawn as the value it is."""
        return breakable(_FACT.sub(self._fact, sentence))

    def _fact(self, match: re.Match[str]) -> str:
        fact = match[1]
        if _RIGHT_TO_LEFT.search(fact):
            return isolate(isolate_latin(fact, localise=self._persian))
        return left_to_right(fact if _LATIN.search(fact) else self.digits(fact))

    def code(self, raw: str) -> str:
        """An identifier: left to right whatever surrounds it, all-digit ones in this language's digits."""
        return left_to_right(self.digits(raw) if raw.isdecimal() else raw)

    def day(self, at: datetime) -> str:
        """The day in Tehran: `۱ آذر ۱۴۰۵` or `22 November 2026`."""
        return self.digits(long_date_in(tehran_date(at), self.lang, jalali=self._jalali))

    def other_day(self, at: datetime) -> str:
        """The same day in the other calendar, in ASCII digits: `2026-11-22` or `1405/09/01`."""
        return left_to_right(short_date(tehran_date(at), "en" if self._jalali else "fa"))

    def short_day(self, at: datetime) -> str:
        """The day in Tehran in digits: `۱۴۰۵/۰۹/۰۱` or `2026-11-22`."""
        return left_to_right(self.digits(short_date(tehran_date(at), self._calendar)))

    def signed_day(self, raw: str) -> str:
        """A date of the document in the calendar that days are written in; as written where it is no date."""
        day = parse_date(raw)
        return (
            self.signed(raw) if day is None else left_to_right(self.digits(short_date(day, self._calendar)))
        )

    def clock(self, at: datetime) -> str:
        """The time of day in Tehran, `۱۰:۱۵`."""
        return left_to_right(self.digits(f"{at.astimezone(tehran()):%H:%M}"))


def left_to_right(text: str) -> str:
    """`text` isolated and left to right: origins, codes, addresses."""
    return f"{LRI}{breakable(text)}{PDI}"


def breakable(text: str) -> str:
    """`text` with a zero-width space after every 24 characters of a run that has no space of its own."""
    return _LONG_RUN.sub(
        lambda run: _BREAK.join(run.group()[at : at + 24] for at in range(0, len(run.group()), 24)), text
    )
