"""Dates as prescriptions write them and as a person in Iran reads them.

RFC 3339 in, Solar Hijri (Jalali) and Gregorian out, judged in Asia/Tehran. The zone comes from the bundled
`tzdata` package and never from the operating system: Iran dropped daylight saving in 2022, and a system
with older data would be an hour, and at midnight a day, off. No clock is read here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from importlib import resources
from typing import Literal
from zoneinfo import ZoneInfo

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
#: The Jalali years that are understood: of living people's births and of prescriptions.
FIRST_YEAR, LAST_YEAR = 1250, 1499

# The places of the leap years in the calendar's 33-year cycle, and the day that anchors it.
_LEAP = (1, 5, 9, 13, 17, 22, 26, 30)
_ANCHOR = (1405, date(2026, 3, 21))

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_FULL_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_JALALI_DATE = re.compile(r"(\d{4})(/?)(\d\d)\2(\d\d)", re.ASCII)


@cache
def tehran() -> tzinfo:
    """Asia/Tehran from the bundled IANA data."""
    data = resources.files("tzdata.zoneinfo.Asia").joinpath("Tehran")
    with data.open("rb") as file:
        return ZoneInfo.from_file(file, key="Asia/Tehran")


def parse_instant(text: str) -> datetime | None:
    """An RFC 3339 §5.6 date-time as an aware datetime with the offset as written, or None.

    `T` and `Z` in upper case and an offset are required; a leap second (`:60`) is not understood. Digits
    after the sixth of a fraction are dropped.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    try:
        offset = timedelta()
        if sign is not None:
            if int(offset_hours) > 23 or int(offset_minutes) > 59:
                return None
            offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
        at = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=timezone(-offset if sign == "-" else offset),
        )
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
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= _length(year, month)):
        return None
    return _nowruz(year) + timedelta(days=_days_before(month) + day - 1)


def to_jalali(day: date) -> tuple[int, int, int] | None:
    """Jalali year, month and day; None outside of `FIRST_YEAR` to `LAST_YEAR`."""
    year = day.year - 621
    if not FIRST_YEAR <= year <= LAST_YEAR + 1:  # far enough off, the first of Farvardin is no `date`
        return None
    if day < _nowruz(year):
        year -= 1
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    past = (day - _nowruz(year)).days
    month = past // 31 + 1 if past < 186 else (past - 186) // 30 + 7
    return year, month, past - _days_before(month) + 1


def short_date(day: date, language: Language) -> str:
    """`1405/09/01` in Persian (ASCII digits, localised where drawn), `2026-11-22` in English.

    A day that no Jalali year understood here holds is written in the Gregorian way in both.
    """
    jalali = to_jalali(day) if language == "fa" else None
    return day.isoformat() if jalali is None else "{:04d}/{:02d}/{:02d}".format(*jalali)


def long_date(day: date, language: Language) -> str:
    """`۱ آذر ۱۴۰۵` in Persian, `22 November 2026` in English; as `short_date` where it cannot."""
    if language == "en":
        return f"{day.day} {GREGORIAN_MONTHS[day.month - 1]} {day.year}"
    jalali = to_jalali(day)
    if jalali is None:
        return day.isoformat()
    return persian_digits(f"{jalali[2]} {JALALI_MONTHS[jalali[1] - 1]} {jalali[0]}")


def short_instant(at: datetime, language: Language) -> str:
    """`1405/09/01 10:15` or `2026-11-22 10:15`, in Tehran."""
    local = at.astimezone(tehran())
    return f"{short_date(local.date(), language)} {local:%H:%M}"


def _years_days(year: int) -> int:
    """Days of the calendar before a year, from a fixed but arbitrary start."""
    return 365 * year + year // 33 * len(_LEAP) + bisect_left(_LEAP, year % 33)


def _nowruz(year: int) -> date:
    """The first of Farvardin."""
    return _ANCHOR[1] + timedelta(days=_years_days(year) - _years_days(_ANCHOR[0]))


def _days_before(month: int) -> int:
    """Days of a year before a month: six months of 31 days come first, then those of 30."""
    return (month - 1) * 31 - max(0, month - 7)


def _length(year: int, month: int) -> int:
    return 31 if month <= 6 else 30 if month <= 11 or year % 33 in _LEAP else 29
