"""A strict reader of DER (X.690 §10, §11): one encoding for each value, and no octet that nobody looked at.

Definite lengths in their shortest form, low tag numbers, nothing after the last element. Certificates are
read by `signer.x509.tlv`, whose tolerance has no place here.
"""

from __future__ import annotations

from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8_STRING = 0x0A, 0x0C
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1


class NotDer(ValueError):
    """The bytes break a rule of DER, or another element stands where one was expected."""


class Reader:
    """Elements one after another within `octets[start:end]`. Every method raises `NotDer`."""

    __slots__ = ("_at", "_end", "_octets")

    def __init__(self, octets: bytes, start: int = 0, end: int | None = None) -> None:
        self._octets = octets
        self._at = start
        self._end = len(octets) if end is None else end

    def exhausted(self) -> bool:
        """True where no element is left."""
        return self._at == self._end

    def next_is(self, tag: int) -> bool:
        """Does an element with this identifier octet come next?"""
        return self._at < self._end and self._octets[self._at] == tag

    @property
    def place(self) -> int:
        """Where the next element begins, for `since`."""
        return self._at

    def since(self, place: int) -> bytes:
        """The octets passed since a `place`."""
        return self._octets[place : self._at]

    def tag(self) -> int:
        """The identifier octet of the next element."""
        if self._at >= self._end:
            raise NotDer(f"nothing left at {self._at}")
        return self._octets[self._at]

    def enter(self, tag: int) -> Reader:
        """The elements inside the next one, which is passed."""
        return Reader(self._octets, *self._pass(tag))

    def contents(self, tag: int) -> bytes:
        """The contents octets of the next element, which is passed."""
        start, end = self._pass(tag)
        return self._octets[start:end]

    def encoded(self, tag: int) -> bytes:
        """The next element whole, which is passed."""
        start = self._at
        _, end = self._pass(tag)
        return self._octets[start:end]

    def element(self) -> bytes:
        """The next element whole, whatever its tag, which is passed."""
        if self.tag() & 0x1F == 0x1F:
            raise NotDer(f"high tag number at {self._at}")
        return self.encoded(self.tag())

    def done(self) -> None:
        """State that nothing is left."""
        if self._at != self._end:
            raise NotDer(f"{self._end - self._at} octets too many at {self._at}")

    def _pass(self, tag: int) -> tuple[int, int]:
        octets, at, end = self._octets, self._at, self._end
        if end - at < 2:
            raise NotDer(f"cut short at {at}")
        if octets[at] != tag:
            raise NotDer(f"tag 0x{octets[at]:02X} instead of 0x{tag:02X} at {at}")
        length = octets[at + 1]
        start = at + 2
        if length >= 0x80:
            start += length - 0x80
            length = int.from_bytes(octets[at + 2 : start])
            if start == at + 2:
                raise NotDer(f"indefinite length at {at}")
            if start > end or length < 0x80 or octets[at + 2] == 0:
                raise NotDer(f"length is not in its shortest form at {at}")
        if length > end - start:
            raise NotDer(f"element at {at} reaches beyond its container")
        self._at = start + length
        return start, self._at


def moment(fields: Reader) -> datetime:
    """The Time that comes next, aware, UTC (RFC 5652 §11.3, RFC 5280 §4.1.2.5).

    UTCTime to the second through 2049, GeneralizedTime from 2050, in Zulu.
    """
    if fields.next_is(UTC_TIME):
        digits = fields.contents(UTC_TIME)
        digits = (b"20" if digits[:1] < b"5" else b"19") + digits
    else:
        digits = fields.contents(GENERALIZED_TIME)
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
        digits = fields.contents(UTC_TIME)
        return generalized((b"20" if digits[:1] < b"5" else b"19") + digits)
    return generalized(fields.contents(GENERALIZED_TIME))


def generalized(digits: bytes) -> datetime:
    """The contents of a GeneralizedTime to the second, in Zulu."""
    if len(digits) != 15 or digits[14:] != b"Z" or not digits[:14].isdigit():
        raise NotDer("a time that is not in its shortest form")
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    try:
        return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise NotDer("a time that does not exist") from None


def text(octets: bytes) -> str:
    """The contents of a UTF8String."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise NotDer("a string that is not UTF-8") from None
