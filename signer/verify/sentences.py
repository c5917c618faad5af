"""What the verifier's findings mean, in Persian and in English, one row a code, for a helpdesk to read out.

The one table of them is `sentences.toml`; `docs/verification.md` is generated from it, and no finding exists
without a row. A sentence names places and algorithms, and never a person.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

from signer.model.findings import FIELDS
from signer.model.text import isolate, persian_digits, visible
from signer.prescription.compare import HEADER
from signer.verify.report import Finding, Indication

Language = Literal["fa", "en"]

#: A detail longer than this is cut, with an ellipsis: some come out of the file.
MAX_DETAIL = 200


class Row(Struct, frozen=True):
    """One code's sentences. `{detail}` is the finding's, `{place}` the same as a place in a document."""

    code: str
    fa: str
    en: str


class Chapter(Struct, frozen=True):
    """Rows about one thing, under a title."""

    title: str
    row: tuple[Row, ...]


class _File(Struct, frozen=True):
    chapter: tuple[Chapter, ...]


def _load() -> tuple[Chapter, ...]:
    text = files("signer.verify").joinpath("sentences.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File).chapter


CHAPTERS = _load()
TABLE: dict[str, Row] = {row.code: row for chapter in CHAPTERS for row in chapter.row}

INDICATIONS: dict[Indication, tuple[str, str]] = {
    Indication.VALID: ("معتبر", "valid"),
    Indication.INVALID: ("نامعتبر", "invalid"),
    Indication.INDETERMINATE: ("نامعلوم", "indeterminate"),
}

_ITEM = re.compile(r"/items/([0-9]+)(?:/(.+))?")


def sentence(finding: Finding, language: Language) -> str:
    """What was found, one sentence; what comes out of the file is visible and an isolate (UAX #9)."""
    row = TABLE[finding.code]
    said = row.fa if language == "fa" else row.en
    detail = visible(finding.detail)
    if len(detail) > MAX_DETAIL:
        detail = f"{detail[:MAX_DETAIL]}…"
    return said.format_map({"detail": isolate(detail), "place": isolate(place(detail, language))})


def place(pointer: str, language: Language) -> str:
    """A JSON Pointer into a Mohr prescription, in words: "item 2's quantity"."""
    persian = language == "fa"
    item = _ITEM.fullmatch(pointer)
    if item is None:
        return _field(pointer, persian) or pointer or ("همهٔ سند" if persian else "all of it")
    number = str(int(item[1]) + 1)
    if persian:
        number = persian_digits(number)
    if item[2] is None:
        return f"قلم {number}" if persian else f"item {number}"
    field = FIELDS.get(item[2])
    name = item[2] if field is None else field[0 if persian else 1].removeprefix("item's ")
    return f"{name}، قلم {number}" if persian else f"item {number}'s {name}"


def _field(pointer: str, persian: bool) -> str | None:
    """A field of the header by its pointer, as the consent window calls it."""
    name = next((name for name, known in HEADER.items() if known == pointer), None)
    return None if name is None else FIELDS[name][0 if persian else 1]
