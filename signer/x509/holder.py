"""Who a certificate names: the person, and every number in it that could be theirs.

Where Iranian certificates keep the national code and the council number is not published, so all subject
attributes are searched and every candidate is told; choosing is for a person. What counts as a candidate is
the data below. It leans to precision: one false candidate would look like another person's certificate.
"""

from __future__ import annotations

import re

from msgspec import Struct

from signer.model.credential import Holder
from signer.model.text import is_national_code, latin_digits
from signer.x509 import names
from signer.x509.names import Attribute

#: Attributes whose numbers say where something is, not who: a postal code has ten digits too.
PLACES = frozenset(
    {names.STREET_ADDRESS, names.POSTAL_CODE, names.POST_OFFICE_BOX, names.TELEPHONE, names.FAX}
)

#: Attributes that may be nothing but a personal number.
IDENTIFIERS = frozenset(
    {
        names.SERIAL_NUMBER,
        names.TITLE,
        names.DESCRIPTION,
        names.BUSINESS_CATEGORY,
        names.UNIQUE_IDENTIFIER,
        names.DN_QUALIFIER,
        names.PSEUDONYM,
        names.USER_ID,
    }
)


class CandidateRule(Struct, frozen=True):
    """A way to write a number: its first group, found in `where` (None: every attribute but PLACES)."""

    pattern: re.Pattern[str]
    where: frozenset[str] | None = None


#: Ten digits standing alone, bare or grouped 3-6-1 as cards print them; `PNOIR-` or the like may precede.
NATIONAL_CODE = (
    CandidateRule(re.compile(r"(?<![0-9])([0-9]{10})(?![0-9])")),
    CandidateRule(re.compile(r"(?<![0-9-])([0-9]{3}-[0-9]{6}-[0-9])(?![0-9-])")),
)

#: Beside the council's name anywhere; or all of an identifying attribute, with or without a group's letter.
COUNCIL_NUMBER = (
    CandidateRule(re.compile(r"(?:نظام|council|irimc)[^0-9]{0,24}([0-9]{3,8})(?![0-9])", re.IGNORECASE)),
    CandidateRule(re.compile(r"^\s*(?:[؀-ۿ]{1,2}\s*[-/.]\s*)?([0-9]{3,8})\s*$"), IDENTIFIERS),
)


def holder(subject: tuple[Attribute, ...]) -> Holder:
    """The person a subject names. Codes are ASCII digits, leading zeros kept, in the order found."""
    given = " ".join(
        part for kind in (names.GIVEN_NAME, names.SURNAME) if (part := names.first(subject, kind))
    )
    centre = [a.text for a in subject if a.oid in {names.ORGANIZATION, names.ORGANIZATIONAL_UNIT} and a.text]
    codes = (code.replace("-", "") for code in _candidates(subject, NATIONAL_CODE))
    return Holder(
        name=names.first(subject, names.COMMON_NAME) or given or names.readable(subject),
        national_codes=tuple(dict.fromkeys(code for code in codes if is_national_code(code))),
        council_numbers=tuple(dict.fromkeys(_candidates(subject, COUNCIL_NUMBER))),
        centre="، ".join(centre) or None,
    )


def _candidates(subject: tuple[Attribute, ...], rules: tuple[CandidateRule, ...]) -> list[str]:
    found = []
    for attribute in subject:
        for rule in rules:
            searched = attribute.oid not in PLACES if rule.where is None else attribute.oid in rule.where
            if searched:
                found += rule.pattern.findall(latin_digits(attribute.text))
    return found
