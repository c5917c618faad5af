"""Calendars and the zone: agreed with an independent implementation, and not with the system's data."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import jdatetime  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.prescription.dates import (
    FIRST_YEAR,
    LAST_YEAR,
    from_jalali,
    long_date,
    parse_date,
    parse_instant,
    short_date,
    short_instant,
    tehran,
    tehran_date,
    to_jalali,
)

FIRST, LAST = (
    jdatetime.date(FIRST_YEAR, 1, 1).togregorian(),
    jdatetime.date(LAST_YEAR + 1, 1, 1).togregorian() - timedelta(days=1),
)


@given(st.dates(FIRST, LAST))
def test_the_calendar_agrees_with_jdatetime_both_ways(day: date) -> None:
    other = jdatetime.date.fromgregorian(date=day)
    assert to_jalali(day) == (other.year, other.month, other.day)
    assert from_jalali(other.year, other.month, other.day) == day


def test_each_new_year_and_year_end_agrees_with_jdatetime() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        assert from_jalali(year, 1, 1) == jdatetime.date(year, 1, 1).togregorian()
        assert (from_jalali(year, 12, 30) is not None) == jdatetime.date(year, 1, 1).isleap()


@pytest.mark.parametrize(
    "year, month, day",
    [(1404, 12, 30), (1405, 7, 31), (1405, 13, 1), (1405, 0, 1), (1405, 1, 0), (1100, 1, 1), (1600, 1, 1)],
)
def test_a_day_that_does_not_exist_or_is_out_of_range_is_none(year: int, month: int, day: int) -> None:
    assert from_jalali(year, month, day) is None


def test_days_out_of_range_are_written_in_the_gregorian_way() -> None:
    for day in (date.min, FIRST - timedelta(days=1), LAST + timedelta(days=1), date.max):
        assert to_jalali(day) is None
        assert short_date(day, "fa") == long_date(day, "fa") == day.isoformat()


def test_dates_are_written_for_both_languages() -> None:
    day = date(2026, 11, 22)
    assert (short_date(day, "fa"), short_date(day, "en")) == ("1405/09/01", "2026-11-22")
    assert (long_date(day, "fa"), long_date(day, "en")) == ("۱ آذر ۱۴۰۵", "22 November 2026")
    at = datetime(2026, 11, 21, 20, 45, tzinfo=UTC)
    assert (short_instant(at, "fa"), short_instant(at, "en")) == ("1405/09/01 00:15", "2026-11-22 00:15")


def test_summer_in_tehran_has_no_daylight_saving_since_2022() -> None:
    assert datetime(2021, 7, 1, tzinfo=tehran()).utcoffset() == timedelta(hours=4, minutes=30)
    for year in range(2023, 2040):
        assert datetime(year, 7, 1, tzinfo=tehran()).utcoffset() == timedelta(hours=3, minutes=30)


def test_a_stale_zone_of_the_system_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "Asia").mkdir()
    with (Path(sys.modules["tzdata"].__path__[0]) / "zoneinfo" / "Asia" / "Tokyo").open("rb") as wrong:
        (tmp_path / "Asia" / "Tehran").write_bytes(wrong.read())
    program = (
        "from datetime import datetime; from zoneinfo import ZoneInfo;"
        "from signer.prescription.dates import tehran;"
        "print(datetime(2026, 7, 1, tzinfo=ZoneInfo('Asia/Tehran')).utcoffset(),"
        " datetime(2026, 7, 1, tzinfo=tehran()).utcoffset())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["9:00:00", "3:30:00"]


def test_the_day_in_tehran_begins_at_half_past_eight_in_the_evening_utc() -> None:
    assert tehran_date(datetime(2026, 11, 21, 20, 29, 59, tzinfo=UTC)) == date(2026, 11, 21)
    assert tehran_date(datetime(2026, 11, 21, 20, 30, tzinfo=UTC)) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026-11-22T10:15:00",
        "2026-11-22 10:15:00Z",
        "2026-11-22t10:15:00z",
        "2026-11-22T10:15Z",
        "2026-11-22T10:15:00+0330",
        "2026-11-22T10:15:00+24:00",
        "2026-11-22T10:15:00+03:60",
        "2026-11-22T10:15:00.Z",
        "2026-11-22T10:15:00.1234567890Z",
        "2026-11-22T10:15:60Z",
        "2026-11-22T24:00:00Z",
        "2026-02-29T10:15:00Z",
        "2026-13-01T10:15:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+03:30",
        "9999-12-31T23:59:59Z",
        "2026-11-22T10:15:00Z ",
        "2026-11-22T10:15:00Z\n",
        "۲۰۲۶-11-22T10:15:00Z",
        "20261122T101500Z",
        "",
    ],
)
def test_what_is_no_rfc_3339_date_time_is_not_understood(text: str) -> None:
    assert parse_instant(text) is None


def test_rfc_3339_date_times_are_understood() -> None:
    at = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
    assert parse_instant("2026-11-22T10:15:00+03:30") == at
    assert parse_instant("2026-11-22T06:45:00Z") == at
    assert parse_instant("2026-11-22T03:45:00-03:00") == at
    assert parse_instant("2026-11-22T06:45:00-00:00") == at
    assert parse_instant("2026-11-22T06:45:00.5Z") == at + timedelta(milliseconds=500)
    assert parse_instant("2026-11-22T06:45:00.123456789Z") == at + timedelta(microseconds=123456)


@given(st.integers(-2_000_000_000, 4_000_000_000), st.integers(-23 * 60, 23 * 60))
def test_what_is_written_as_rfc_3339_is_read_back(seconds: int, minutes: int) -> None:
    at = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    assert parse_instant(at.isoformat()) == at


@pytest.mark.parametrize(
    "text, day",
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("2026-11-21T22:00:00Z", date(2026, 11, 22)),
        ("1405/09/01", date(2026, 11, 22)),
        ("14050901", date(2026, 11, 22)),
        ("۱۴۰۵/۰۹/۰۱", date(2026, 11, 22)),
        ("1405/0901", None),
        ("1405-09-01", None),
        ("14051301", None),
        ("2026-02-30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_days_are_understood_in_both_calendars(text: str, day: date | None) -> None:
    assert parse_date(text) == day
