"""What the desktop remembers between starts: language, calendar, digits, appearance. Nothing personal."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import msgspec

log = logging.getLogger(__name__)


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """Persian with its calendar and digits, and the system's appearance, unless the person said otherwise."""

    language: Literal["fa", "en"] = "fa"
    theme: Literal["system", "light", "dark"] = "system"
    text_percent: Literal[100, 125, 150, 200] = 100
    calendar: Literal["language", "jalali", "gregorian"] = "language"
    pin_paste: bool = True
    digits: Literal["language", "persian", "latin"] = "language"
    #: The first steps were shown, and finished or put away.
    welcomed: bool = False


def with_language(preferences: Preferences, language: str) -> Preferences:
    """The same in another language. Raises `msgspec.ValidationError` for one that does not exist."""
    return _changed(preferences, "language", language)


def with_theme(preferences: Preferences, theme: str) -> Preferences:
    """The same in another appearance. Raises `msgspec.ValidationError` for one that does not exist."""
    return _changed(preferences, "theme", theme)


def with_calendar(preferences: Preferences, calendar: str) -> Preferences:
    """The same in another calendar. Raises `msgspec.ValidationError` for one that does not exist."""
    return _changed(preferences, "calendar", calendar)


def with_digits(preferences: Preferences, digits: str) -> Preferences:
    """The same with other digits. Raises `msgspec.ValidationError` for some that do not exist."""
    return _changed(preferences, "digits", digits)


def with_pin_paste(preferences: Preferences, *, allowed: bool) -> Preferences:
    """The same with PIN fields that take pasted text, or refuse it."""
    return _changed(preferences, "pin_paste", allowed)


def with_text_size(preferences: Preferences, percent: str) -> Preferences:
    """The same with other letters, in per cent. Raises `msgspec.ValidationError` for a size not offered."""
    return _changed(preferences, "text_percent", int(percent))


def load(path: Path) -> Preferences:
    """The stored preferences; the defaults where there are none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Preferences)
    except FileNotFoundError:
        return Preferences()
    except (OSError, msgspec.DecodeError):
        log.warning("the desktop's preferences cannot be read; the defaults are used")
        return Preferences()


def begin_in(path: Path, language: str) -> None:
    """Store this language where nothing is stored yet: whoever installs may choose it, and the person after.

    Raises `msgspec.ValidationError` for one that does not exist.
    """
    if not path.exists():
        save(path, with_language(Preferences(), language))


def save(path: Path, preferences: Preferences) -> None:
    """Store them, replacing the file whole. A disk that refuses costs the preference, never the work."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(preferences))
        fresh.replace(path)
    except OSError:
        log.warning("the desktop's preferences cannot be written")


def _changed(preferences: Preferences, name: str, value: str | int | bool) -> Preferences:
    return msgspec.convert({**msgspec.to_builtins(preferences), name: value}, Preferences)
