"""Distinguished names as text to read, never as something to compare: comparing is done on DER bytes.

No stringprep here: its rules refuse the mixed scripts of Persian names (RFC 5280 §7.1 would ask for it).
"""

from __future__ import annotations

from msgspec import Struct

from signer.x509.tlv import OID, SEQUENCE, SET, Tlv, oid

COMMON_NAME = "2.5.4.3"
SURNAME = "2.5.4.4"
SERIAL_NUMBER = "2.5.4.5"
STREET_ADDRESS = "2.5.4.9"
ORGANIZATION = "2.5.4.10"
ORGANIZATIONAL_UNIT = "2.5.4.11"
TITLE = "2.5.4.12"
DESCRIPTION = "2.5.4.13"
BUSINESS_CATEGORY = "2.5.4.15"
POSTAL_CODE = "2.5.4.17"
POST_OFFICE_BOX = "2.5.4.18"
TELEPHONE = "2.5.4.20"
FAX = "2.5.4.23"
GIVEN_NAME = "2.5.4.42"
UNIQUE_IDENTIFIER = "2.5.4.45"
DN_QUALIFIER = "2.5.4.46"
PSEUDONYM = "2.5.4.65"
USER_ID = "0.9.2342.19200300.100.1.1"

_SHORT = {
    COMMON_NAME: "CN",
    SURNAME: "SN",
    SERIAL_NUMBER: "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    ORGANIZATION: "O",
    ORGANIZATIONAL_UNIT: "OU",
    TITLE: "title",
    GIVEN_NAME: "GN",
    USER_ID: "UID",
}

_UNIVERSAL_STRING, _BMP_STRING = 0x1C, 0x1E
#: UTF8, Numeric, Printable, Teletex, IA5, Visible and General strings: one octet or UTF-8.
_NARROW = frozenset({0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1B})


class Attribute(Struct, frozen=True):
    """One AttributeTypeAndValue: the type as a dotted OID, the value as readable text."""

    oid: str
    text: str


def attributes(name: Tlv) -> tuple[Attribute, ...]:
    """All attributes of a Name (RFC 5280 §4.1.2.4), in the order written. Raises ValueError."""
    found = []
    for rdn in name.expect(SEQUENCE).children():
        for pair in rdn.expect(SET).children():
            kind, value = pair.expect(SEQUENCE).children()
            found.append(Attribute(oid(kind.expect(OID).contents), text(value)))
    return tuple(found)


def text(value: Tlv) -> str:
    """A string value as its bytes mean it, whatever alphabet its tag promises.

    Eight-bit strings are UTF-8 where they are valid UTF-8, Latin-1 otherwise; what is no string is shown
    as RFC 4514 §2.4 does, `#` and hex.
    """
    if value.tag == _BMP_STRING:
        return value.contents.decode("utf-16-be", "replace")
    if value.tag == _UNIVERSAL_STRING:
        return value.contents.decode("utf-32-be", "replace")
    if value.tag not in _NARROW:
        return "#" + value.encoded.hex()
    try:
        return value.contents.decode()
    except UnicodeDecodeError:
        return value.contents.decode("latin-1")


def readable(name: tuple[Attribute, ...]) -> str:
    """The whole name on one line, in the order written."""
    return ", ".join(f"{_SHORT.get(a.oid, a.oid)}={a.text}" for a in name)


def title(name: tuple[Attribute, ...]) -> str:
    """What to call its bearer: the common name, or the whole name where there is none."""
    return first(name, COMMON_NAME) or readable(name)


def first(name: tuple[Attribute, ...], kind: str) -> str | None:
    """The first non-empty value of a type."""
    return next((a.text for a in name if a.oid == kind and a.text), None)
