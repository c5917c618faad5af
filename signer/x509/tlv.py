"""Tag, length, value: the little of X.690 that reading a certificate needs, over asn1crypto's parser.

Tolerant where certificates of the field are (string alphabets, BER lengths) and never where bytes would be
left over. Every failure is a `ValueError`. The strict reader of signatures is `signer.verify.der`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asn1crypto import parser
from msgspec import Struct

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31


class Tlv(Struct, frozen=True):
    """One element: its identifier octet (X.690 §8.1.2, low tag numbers), contents, and whole encoding."""

    tag: int
    contents: bytes
    encoded: bytes

    def children(self) -> list[Tlv]:
        """The elements that fill the contents exactly."""
        return read_all(self.contents)

    def expect(self, tag: int) -> Tlv:
        """This element, if its identifier octet is `tag`."""
        if self.tag != tag:
            raise ValueError(f"tag 0x{tag:02X} expected, 0x{self.tag:02X} found")
        return self


def read_one(encoded: bytes) -> Tlv:
    """The single element that `encoded` is, with nothing after it."""
    elements = read_all(encoded)
    if len(elements) != 1:
        raise ValueError(f"one element expected, {len(elements)} found")
    return elements[0]


def read_all(encoded: bytes) -> list[Tlv]:
    """The elements that follow one another in `encoded`, to its end."""
    elements = []
    while encoded:
        try:
            class_, method, number, header, contents, trailer = parser.parse(encoded)
        except RecursionError:
            raise ValueError("indefinite lengths nested beyond reason") from None
        if number > 30:
            raise ValueError("high tag number")
        length = len(header) + len(contents) + len(trailer)
        elements.append(Tlv(class_ << 6 | method << 5 | number, contents, encoded[:length]))
        encoded = encoded[length:]
    return elements


def oid(contents: bytes) -> str:
    """An OBJECT IDENTIFIER's contents in dotted form (X.690 §8.19)."""
    if not contents or contents[-1] & 0x80:
        raise ValueError("object identifier is cut short")
    arcs: list[int] = []
    value = 0
    for octet in contents:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def integer(contents: bytes) -> int:
    """An INTEGER's contents, two's complement."""
    if not contents:
        raise ValueError("integer without contents")
    return int.from_bytes(contents, signed=True)


def bits(contents: bytes) -> bytes:
    """A BIT STRING's octets, unused bits left as they are."""
    if not contents or contents[0] > 7:
        raise ValueError("bit string is malformed")
    return contents[1:]


def octets(contents: bytes) -> bytes:
    """A BIT STRING's octets, where it must be whole octets: a signature."""
    if contents[:1] != b"\x00":
        raise ValueError("bit string with unused bits")
    return contents[1:]


def moment(element: Tlv) -> datetime:
    """A Time (RFC 5280 §4.1.2.5), aware, UTC. Offsets and missing seconds of old ones are understood."""
    text = element.contents.decode("ascii")
    if element.tag == UTC_TIME:
        year = int(text[:2])
        text = f"{2000 + year if year < 50 else 1900 + year}{text[2:]}"
    elif element.tag != GENERALIZED_TIME:
        raise ValueError(f"tag 0x{element.tag:02X} is no time")
    text, offset = (text[:-1], timedelta()) if text.endswith("Z") else (text[:-5], _offset(text[-5:]))
    form = "%Y%m%d%H%M%S" if len(text) == 14 else "%Y%m%d%H%M"
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC) - offset
    except OverflowError:
        raise ValueError("time out of range") from None


def _offset(text: str) -> timedelta:
    if text[:1] not in {"+", "-"} or not (text[1:].isascii() and text[1:].isdigit()):
        raise ValueError("time without a zone")
    span = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
    return span if text[0] == "+" else -span
