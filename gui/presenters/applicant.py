"""The particulars of a certificate request as fields: what is typed, and what is wrong with it, in words.

The rules are `signer.model.applicant`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from gui import translations as t
from gui.presenters.tongue import Tongue
from signer.model.applicant import LONGEST_PART, Applicant
from signer.model.findings import FIELDS
from signer.model.text import hidden, latin_digits

PARTS = ("given_name", "surname", "national_code", "council_number", "centre", "province", "city")
CODES = frozenset({"national_code", "council_number"})
_OPTIONAL = frozenset({"council_number", "centre", "province", "city"})
_CODE_DIGITS = 10


class FieldView(Struct, frozen=True, kw_only=True):
    """One field. `code`: an identifier, left to right. `refusal` is None where nothing is wrong."""

    part: str
    caption: str
    code: bool
    refusal: str | None


def texts_of(applicant: Applicant) -> dict[str, str]:
    """What stands in the fields at first."""
    return {part: getattr(applicant, part) or "" for part in PARTS}


def applicant_of(texts: Mapping[str, str]) -> Applicant:
    """What was typed, without blanks around it, codes in ASCII digits; an empty field that may be is None."""
    parts: dict[str, str | None] = {}
    for part in PARTS:
        text = texts[part].strip()
        if part in CODES:
            text = latin_digits(text)
        parts[part] = None if part in _OPTIONAL and not text else text
    return structs.replace(Applicant(given_name="", surname="", national_code=""), **parts)


def refusals(applicant: Applicant, tongue: Tongue) -> dict[str, str]:
    """A sentence for each part that breaks a rule.

    Both names together are too long only where neither is by itself.
    """
    said = {part: _refusal(part, applicant, tongue) for part in applicant.broken()}
    if "given_name" in said and said.get("surname") == tongue.say(t.FIELD_NAME_LONG, count=LONGEST_PART):
        del said["surname"]
    return said


def present_fields(refused: Mapping[str, str], tongue: Tongue) -> tuple[FieldView, ...]:
    """The fields in the order in which they are typed."""
    return tuple(
        FieldView(part=part, caption=_caption(part, tongue), code=part in CODES, refusal=refused.get(part))
        for part in PARTS
    )


def _caption(part: str, tongue: Tongue) -> str:
    name = FIELDS[part][0 if tongue.rtl else 1]
    name = name if tongue.rtl else name[0].upper() + name[1:]
    return tongue.say(t.FIELD_MAY_BE_EMPTY, name=name) if part in _OPTIONAL else name


def _refusal(part: str, applicant: Applicant, tongue: Tongue) -> str:
    text: str = getattr(applicant, part)
    say = tongue.say
    if not text:
        return say(t.FIELD_EMPTY)
    if hidden(text):
        return say(t.FIELD_HIDDEN)
    if part == "national_code":
        ten = len(text) == _CODE_DIGITS and text.isascii() and text.isdigit()
        return say(t.FIELD_CODE_SUM if ten else t.FIELD_CODE_LENGTH)
    if len(text) > LONGEST_PART:
        return say(t.FIELD_LONG, count=LONGEST_PART)
    if part == "council_number":
        return say(t.FIELD_COUNCIL)
    return say(t.FIELD_NAME_LONG, count=LONGEST_PART)
