"""When a readable value and a wire value are equal, differ, or cannot be compared.

Each judge takes (readable, wire), both as signed and neither empty. A judge says EQUAL only of what means
the same to everyone, and DIFFERS only of what cannot mean the same.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from signer.model.sheet import Comparison
from signer.model.text import latin_digits
from signer.prescription.dates import parse_date
from signer.prescription.wire import Judge

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ARABIC_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "\u066b": "."})
_COUNTRY = re.compile(r"(?:\+98|0098|98(?=9\d{9}$)|0)")
_ICD10 = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")


# As in `compare`: a look through the class is slow.
_EQUAL, _DIFFERS = Comparison.EQUAL, Comparison.DIFFERS


def _verdict(equal: bool) -> Comparison:
    return _EQUAL if equal else _DIFFERS


def _words(text: str) -> str:
    """Latin digits, Persian letters for their Arabic twins, single spaces."""
    return " ".join(latin_digits(text).translate(_ARABIC_LETTERS).split())


_often = lru_cache(maxsize=256)(_words)  # doctors say the same few things of most drugs


def _decimal(text: str) -> Decimal | None:
    text = _plain(text)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _plain(text: str) -> str:
    return text.strip() if text.isascii() else latin_digits(text).translate(_ARABIC_LETTERS).strip()


def number(readable: str, wire: str) -> Comparison:
    """Numbers by value: 5, 5.0 and ۵ are one. What is no number differs from every number."""
    if readable == wire:
        return _verdict(_NUMBER.fullmatch(_plain(readable)) is not None)
    here, there = _decimal(readable), _decimal(wire)
    return _verdict(here is not None and here == there)


def code(readable: str, wire: str) -> Comparison:
    """Codes character by character, digits mapped."""
    return _verdict(readable == wire or bare_code(readable) == bare_code(wire))


def bare_code(text: str) -> str:
    """Digits mapped, no blanks around."""
    return latin_digits(text).strip()


def council_number(readable: str, wire: str) -> Comparison:
    """Council numbers without their leading zeros."""
    return _verdict(bare_council_number(readable) == bare_council_number(wire))


def bare_council_number(text: str) -> str:
    """ASCII digits, no leading zeros."""
    return bare_code(text).lstrip("0")


def mobile(readable: str, wire: str) -> Comparison:
    """Mobile numbers, whichever way Iran's prefix is written."""

    def bare(text: str) -> str:
        return _COUNTRY.sub("", re.sub(r"[\s-]", "", latin_digits(text)), count=1)

    return _verdict(readable == wire or bare(readable) == bare(wire))


def text(readable: str, wire: str) -> Comparison:
    """Free texts of one meaning, by their words."""
    return _verdict(readable == wire or _words(readable) == _words(wire))


def name(readable: str, wire: str) -> Comparison:
    """Two names of one thing: equal by their words, otherwise perhaps a translation or a title."""
    same = readable == wire or _words(readable) == _words(wire)
    return Comparison.EQUAL if same else Comparison.INCOMPARABLE


def day(readable: str, wire: str) -> Comparison:
    """Days in Tehran, in whichever calendar they are written. No day is equal to one that does not exist."""
    here = parse_date(readable)
    return Comparison.INCOMPARABLE if here is None else _verdict(here == parse_date(wire))


def icd10(readable: str, wire: str) -> Comparison:
    """A diagnosis against an ICD-10 code: comparable where it names exactly one such code itself."""
    codes = _ICD10.findall(latin_digits(readable).upper())
    if len(codes) != 1:
        return Comparison.INCOMPARABLE
    return _verdict(codes[0] == bare_code(wire).upper())


def periods(readable: str, wire: str) -> Comparison:
    """Repeats against a number of periods, of which the guides do not say whether it counts the first."""
    repeats, count = _decimal(readable), _decimal(wire)
    if repeats is None or count is None:
        return Comparison.DIFFERS
    if repeats == 0 and count <= 1:
        return Comparison.EQUAL
    return Comparison.INCOMPARABLE if repeats in {count, count - 1} else Comparison.DIFFERS


def coded(concepts: dict[str, str]) -> Judge:
    """A text against a code of which only some concepts are known for certain.

    EQUAL to the code's own concept; DIFFERS where it is word for word another known code's.
    """
    by_words = {_words(concept): concept_code for concept_code, concept in concepts.items()}

    def judge(readable: str, wire: str) -> Comparison:
        if wire not in concepts:
            return Comparison.INCOMPARABLE
        known = by_words.get(_often(readable))
        return Comparison.INCOMPARABLE if known is None else _verdict(known == wire)

    return judge
