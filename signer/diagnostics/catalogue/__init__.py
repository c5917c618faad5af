"""What each finding means: severity, sentences in Persian and English, and what it follows from, as data.

The tables are the TOML files beside this one, in the order of the chain from the computer to the browser; the
order decides which of two broken links is told first. `number` stands in support codes and is never given to
another finding. `condition = true` takes its sentences from the error of the same code; `maker = true` says
that the page of the token's maker helps, where its profile names one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from signer.model.errors import by_code

#: Support codes have room for numbers below this.
NUMBERS = 300


class Severity(Enum):
    """Whether signing stops for it, or is hindered, or it is only worth knowing."""

    STOPS = "stops"
    HINDERS = "hinders"
    NOTE = "note"


class Part(Enum):
    """A stretch of the chain, in its order: one file of the catalogue each."""

    COMPUTER = "computer"
    READER = "reader"
    MODULE = "module"
    TOKEN = "token"  # noqa: S105  # a device
    CERTIFICATE = "certificate"
    CLINIC = "clinic"
    AGENT = "agent"
    BROWSER = "browser"
    CHECK = "check"


#: Where one way to a certificate that can sign makes up for all that is broken beside it.
REPLACEABLE = frozenset({Part.READER, Part.MODULE, Part.TOKEN, Part.CERTIFICATE})


class Meaning(Struct, frozen=True, kw_only=True):
    """One row. `follows` are codes of findings that explain this one; `place` is its place in the chain.

    `fa` and `en` say what it is, `*_remedy` what the doctor does next, `look` what the helpdesk looks at.
    """

    code: str
    number: int
    part: Part
    place: int
    severity: Severity
    follows: frozenset[str]
    fa: str
    en: str
    fa_remedy: str
    en_remedy: str
    look: str
    maker: bool


class _Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: str
    number: int
    severity: Severity
    follows: frozenset[str] = frozenset()
    condition: bool = False
    maker: bool = False
    fa: str = ""
    en: str = ""
    fa_remedy: str = ""
    en_remedy: str = ""
    look: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    finding: tuple[_Row, ...]


@cache
def meanings() -> Mapping[str, Meaning]:
    """Every finding's meaning by its code, in the order of the chain."""
    found: dict[str, Meaning] = {}
    for number, part in enumerate(Part, 1):
        text = files(__name__).joinpath(f"{number}-{part.value}.toml").read_text("utf-8")
        for row in msgspec.convert(tomllib.loads(text), _File).finding:
            found[row.code] = _meaning(row, part, len(found))
    return found


def numbered(number: int) -> Meaning | None:
    """The finding that has this number in support codes; None where this version knows none."""
    return next((meaning for meaning in meanings().values() if meaning.number == number), None)


def _meaning(row: _Row, part: Part, place: int) -> Meaning:
    condition = by_code(row.code) if row.condition else None
    return Meaning(
        code=row.code,
        number=row.number,
        part=part,
        place=place,
        severity=row.severity,
        follows=row.follows,
        fa=row.fa or (condition.fa if condition else ""),
        en=row.en or (condition.en if condition else ""),
        fa_remedy=row.fa_remedy or (condition.fa_remedy if condition else ""),
        en_remedy=row.en_remedy or (condition.en_remedy if condition else ""),
        look=row.look or (condition.helpdesk if condition else ""),
        maker=row.maker,
    )
