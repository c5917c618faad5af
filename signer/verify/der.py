"""A strict reader of DER (X.690 §10, §11): one encoding for each value, and no octet that nobody looked at.

Definite lengths in their shortest form, low tag numbers, nothing after the last element. Certificates are
read by `signer.x509.tlv`, whose tolerance has no place here.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8_STRING = 0x0A, 0x0C
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1


class NotDer(ValueError):
    """The bytes break a rule of DER, or another element stands where one was expected."""


class Element(Struct, gc=False):
    """One element of some octets: its identifier octet, and where it, its contents and what follows begin.

    Every method raises `NotDer` where its identifier octet is another than `tag`.
    """

    octets: bytes
    tag: int
    at: int
    start: int
    end: int

    def contents(self, tag: int) -> bytes:
        """The contents octets."""
        if self.tag != tag:
            raise _other(tag, self.tag, self.at)
        return self.octets[self.start : self.end]

    def encoded(self, tag: int) -> bytes:
        """The element whole."""
        if self.tag != tag:
            raise _other(tag, self.tag, self.at)
        return self.octets[self.at : self.end]

    def parts(self, tag: int) -> list[Element]:
        """The elements that fill the contents exactly."""
        if self.tag != tag:
            raise _other(tag, self.tag, self.at)
        return split(self.octets, self.start, self.end)

    def only(self, tag: int) -> Element:
        """The one element that fills the contents exactly."""
        parts = self.parts(tag)
        if len(parts) != 1:
            raise NotDer(f"{len(parts)} elements instead of one in the one at {self.at}")
        return parts[0]


def split(octets: bytes, at: int, end: int) -> list[Element]:
    """The elements that fill `octets[at:end]` exactly, one after another. Raises `NotDer`."""
    found: list[Element] = []
    while at < end:
        start = at + 2
        if start > end:
            raise NotDer(f"cut short at {at}")
        tag, stop = octets[at], start + octets[at + 1]
        if tag & 0x1F == 0x1F:
            raise NotDer(f"high tag number at {at}")
        if octets[at + 1] >= 0x80:
            start, stop = _long(octets, at, end)
        if stop > end:
            raise NotDer(f"element at {at} reaches beyond its container")
        found.append(Element(octets, tag, at, start, stop))
        at = stop
    return found


def only(octets: bytes) -> Element:
    """The one element that these octets are. Raises `NotDer`."""
    parts = split(octets, 0, len(octets))
    if len(parts) != 1:
        raise NotDer(f"{len(parts)} elements instead of one")
    return parts[0]


def _long(octets: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the contents of an element begin and end, whose length is in the long form (X.690 §8.1.3.5)."""
    start = at + 2 + octets[at + 1] - 0x80
    if start == at + 2:
        raise NotDer(f"indefinite length at {at}")
    length = int.from_bytes(octets[at + 2 : start])
    if start > end or length < 0x80 or octets[at + 2] == 0:
        raise NotDer(f"length is not in its shortest form at {at}")
    return start, start + length


def _other(tag: int, found: int, at: int) -> NotDer:
    return NotDer(f"tag 0x{found:02X} instead of 0x{tag:02X} at {at}")


class Reader(Struct, gc=False):
    """Elements one after another within `octets[at:end]`; `at` moves on. Every method raises `NotDer`.

    Made by `over` and `enter`. Where an element's neighbours decide what it means; `Element` is faster.
    """

    octets: bytes
    at: int
    end: int

    def exhausted(self) -> bool:
        """True where no element is left."""
        return self.at == self.end

    def next_is(self, tag: int) -> bool:
        """Does an element with this identifier octet come next?"""
        return self.at < self.end and self.octets[self.at] == tag

    def since(self, place: int) -> bytes:
        """The octets passed since a place, which `at` was then."""
        return self.octets[place : self.at]

    def tag(self) -> int:
        """The identifier octet of the next element."""
        if self.at >= self.end:
            raise NotDer(f"nothing left at {self.at}")
        return self.octets[self.at]

    def enter(self, tag: int) -> Reader:
        """The elements inside the next one, which is passed."""
        start, end = self._pass(tag)
        return Reader(self.octets, start, end)

    def contents(self, tag: int) -> bytes:
        """The contents octets of the next element, which is passed."""
        start, end = self._pass(tag)
        return self.octets[start:end]

    def encoded(self, tag: int) -> bytes:
        """The next element whole, which is passed."""
        at = self.at
        _, end = self._pass(tag)
        return self.octets[at:end]

    def element(self) -> bytes:
        """The next element whole, whatever its tag, which is passed."""
        if self.tag() & 0x1F == 0x1F:
            raise NotDer(f"high tag number at {self.at}")
        return self.encoded(self.tag())

    def done(self) -> None:
        """State that nothing is left."""
        if self.at != self.end:
            raise NotDer(f"{self.end - self.at} octets too many at {self.at}")

    def _pass(self, tag: int) -> tuple[int, int]:
        octets, at, end = self.octets, self.at, self.end
        if end - at < 2:
            raise NotDer(f"cut short at {at}")
        if octets[at] != tag:
            raise _other(tag, octets[at], at)
        start, stop = at + 2, at + 2 + octets[at + 1]
        if octets[at + 1] >= 0x80:
            start, stop = _long(octets, at, end)
        if stop > end:
            raise NotDer(f"element at {at} reaches beyond its container")
        self.at = stop
        return start, stop


def over(octets: bytes) -> Reader:
    """A reader of all of these octets."""
    return Reader(octets, 0, len(octets))


def moment(time: Element) -> datetime:
    """A Time, aware, UTC (RFC 5652 §11.3, RFC 5280 §4.1.2.5).

    UTCTime to the second through 2049, GeneralizedTime from 2050, in Zulu.
    """
    if time.tag == UTC_TIME:
        return generalized(_century(time.contents(UTC_TIME)))
    digits = time.contents(GENERALIZED_TIME)
    if digits[:4] < b"2050":
        raise NotDer("a year before 2050 in a GeneralizedTime")
    return generalized(digits)


def small(octets: bytes) -> int:
    """The contents of an INTEGER or ENUMERATED of one octet."""
    if len(octets) != 1:
        raise NotDer("a small number of several octets")
    return octets[0]


def any_moment(fields: Reader) -> datetime:
    """The Time that comes next, whichever type its year stands in: authorities are not particular."""
    if fields.next_is(UTC_TIME):
        return generalized(_century(fields.contents(UTC_TIME)))
    return generalized(fields.contents(GENERALIZED_TIME))


def _century(digits: bytes) -> bytes:
    """The contents of a UTCTime, its year in four digits (RFC 5280 §4.1.2.5.1)."""
    return (b"20" if digits[:1] < b"5" else b"19") + digits


def generalized(digits: bytes) -> datetime:
    """The contents of a GeneralizedTime to the second, in Zulu."""
    if len(digits) != 15 or digits[14:] != b"Z" or not digits[:14].isdigit():
        raise NotDer("a time that is not in its shortest form")
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise NotDer("a time that does not exist") from None


def text(octets: bytes) -> str:
    """The contents of a UTF8String."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise NotDer("a string that is not UTF-8") from None
