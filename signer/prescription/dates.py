"""Dates as prescriptions write them and as a person in Iran reads them.

RFC 3339 in, Solar Hijri (Jalali) and Gregorian out, judged in Asia/Tehran. The zone comes from the bundled
`tzdata` package and never from the operating system: Iran dropped daylight saving in 2022, and a system
with older data would be an hour, and at midnight a day, off. No clock is read here.
"""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from importlib import resources
from typing import Literal
from zoneinfo import ZoneInfo

from jalali_core import GregorianToJalali, JalaliToGregorian

from signer.model.text import latin_digits, persian_digits

Language = Literal["fa", "en"]

JALALI_MONTHS = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)
GREGORIAN_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: The months of each calendar in the other's language.
JALALI_MONTHS_IN_ENGLISH = (
    "Farvardin",
    "Ordibehesht",
    "Khordad",
    "Tir",
    "Mordad",
    "Shahrivar",
    "Mehr",
    "Aban",
    "Azar",
    "Dey",
    "Bahman",
    "Esfand",
)
GREGORIAN_MONTHS_IN_PERSIAN = (
    "ژانویه",
    "فوریه",
    "مارس",
    "آوریل",
    "مه",
    "ژوئن",
    "ژوئیه",
    "اوت",
    "سپتامبر",
    "اکتبر",
    "نوامبر",
    "دسامبر",
)
#: The Jalali years that are understood: of living people's births and of prescriptions.
FIRST_YEAR, LAST_YEAR = 1250, 1499

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_FULL_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_JALALI_DATE = re.compile(r"(\d{4})(/?)(\d\d)\2(\d\d)", re.ASCII)


@cache
def tehran() -> tzinfo:
    """Asia/Tehran from the bundled IANA data."""
    data = resources.files("tzdata.zoneinfo.Asia").joinpath("Tehran")
    with data.open("rb") as file:
        return ZoneInfo.from_file(file, key="Asia/Tehran")


@lru_cache(maxsize=64)
def parse_instant(text: str) -> datetime | None:
    """An RFC 3339 §5.6 date-time as an aware datetime with the offset as written, or None.

    `T` and `Z` in upper case and an offset are required; a leap second (`:60`) is not understood. Digits
    after the sixth of a fraction are dropped.
    """
    if _RFC3339.fullmatch(text) is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        at.astimezone(tehran())
    except (ValueError, OverflowError):  # no such date, or one that no other zone can express
        return None
    return at


@lru_cache(maxsize=64)  # one prescription says the same few days many times over
def parse_date(text: str) -> date | None:
    """A day, or None: an RFC 3339 date-time (its day in Tehran), an RFC 3339 full-date, or a Jalali date.

    Jalali dates are `1405/09/01` or `14050901`. A full-date of a year that may be Jalali, `1405-09-01`, is
    not understood, since writer and reader may mean two days. Digits may be of any of the three kinds.
    """
    text = latin_digits(text).strip()
    instant = parse_instant(text)
    if instant is not None:
        return tehran_date(instant)
    match = _FULL_DATE.fullmatch(text)
    if match is not None and int(match[1]) > LAST_YEAR:
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None
    match = _JALALI_DATE.fullmatch(text)
    return from_jalali(int(match[1]), int(match[3]), int(match[4])) if match is not None else None


def tehran_date(at: datetime) -> date:
    """The day in Tehran of an aware instant."""
    return at.astimezone(tehran()).date()


def from_jalali(year: int, month: int, day: int) -> date | None:
    """The Gregorian day of a Jalali one; None for a day that does not exist or lies out of range."""
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    gregorian = date(*JalaliToGregorian(year, month, day).getGregorianList())
    # The conversion carries a 31st of Mehr over into Aban: a day exists when it comes back as itself.
    return gregorian if to_jalali(gregorian) == (year, month, day) else None


def to_jalali(day: date) -> tuple[int, int, int] | None:
    """Jalali year, month and day; None outside of `FIRST_YEAR` to `LAST_YEAR`."""
    jalali = GregorianToJalali(day.year, day.month, day.day).getJalaliList()
    return jalali if FIRST_YEAR <= jalali[0] <= LAST_YEAR else None


def short_date(day: date, language: Language) -> str:
    """`1405/09/01` in Persian (ASCII digits, localised where drawn), `2026-11-22` in English.

    A day that no Jalali year understood here holds is written in the Gregorian way in both.
    """
    jalali = to_jalali(day) if language == "fa" else None
    return day.isoformat() if jalali is None else "{:04d}/{:02d}/{:02d}".format(*jalali)


def long_date(day: date, language: Language) -> str:
    """`۱ آذر ۱۴۰۵` in Persian, `22 November 2026` in English; as `short_date` where it cannot."""
    if language == "en" or to_jalali(day) is None:
        return long_date_in(day, "en", jalali=False) if language == "en" else day.isoformat()
    return persian_digits(long_date_in(day, "fa", jalali=True))


def long_date_in(day: date, language: Language, *, jalali: bool) -> str:
    """The day of either calendar in either language, in ASCII digits: `1 Azar 1405`, `22 نوامبر 2026`."""
    found = to_jalali(day) if jalali else (day.year, day.month, day.day)
    if found is None:
        return day.isoformat()
    if jalali:
        months = JALALI_MONTHS if language == "fa" else JALALI_MONTHS_IN_ENGLISH
    else:
        months = GREGORIAN_MONTHS_IN_PERSIAN if language == "fa" else GREGORIAN_MONTHS
    return f"{found[2]} {months[found[1] - 1]} {found[0]}"


def short_instant(at: datetime, language: Language) -> str:
    """`1405/09/01 10:15` or `2026-11-22 10:15`, in Tehran."""
    local = at.astimezone(tehran())
    return f"{short_date(local.date(), language)} {local:%H:%M}"
