"""A strict reader of DER (X.690 §10, §11): one encoding for each value, and no octet that nobody looked at.

Definite lengths in their shortest form, low tag numbers, nothing after the last element. Certificates are
read by `signer.x509.tlv`, whose tolerance has no place here.
"""

from __future__ import annotations

INTEGER, OCTET_STRING, OID, UTF8_STRING = 0x02, 0x04, 0x06, 0x0C
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT_0 = 0xA0


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
            if start > end or length < 0x80 or octets[at + 2] == 0:
                raise NotDer(f"length is not in its shortest form at {at}")
        if length > end - start:
            raise NotDer(f"element at {at} reaches beyond its container")
        self._at = start + length
        return start, self._at
