"""Answers to reset, and patterns of them, by which a card is known before any module is loaded.

ISO/IEC 7816-3 §8.2 lets an ATR say how long it is and, for every protocol but T=0, close with a check
octet; a pattern that contradicts itself there is a slip of the pen and is refused. Reading an ATR from a
reader is not done here.
"""

from __future__ import annotations

import re
from functools import cache, reduce
from operator import xor

from msgspec import Struct

_PATTERN = re.compile(r"[0-9A-F?]{2}(?: [0-9A-F?]{2})*")
_DIRECT, _INVERSE = 0x3B, 0x3F
_LONGEST = 33


class AtrPattern(Struct, frozen=True):
    """The octets of an ATR, and in `mask` the bits of them that count; both are equally long."""

    value: bytes
    mask: bytes

    def matches(self, atr: bytes) -> bool:
        """True where `atr` is as long and agrees in every bit that counts."""
        return len(atr) == len(self.value) and all(
            a & m == v for a, v, m in zip(atr, self.value, self.mask, strict=True)
        )

    def overlaps(self, other: AtrPattern) -> bool:
        """True where some ATR is matched by both."""
        return len(self.value) == len(other.value) and not any(
            (v ^ w) & m & n for v, w, m, n in zip(self.value, other.value, self.mask, other.mask, strict=True)
        )


@cache
def parse_pattern(text: str) -> AtrPattern:
    """A pattern: octets in upper-case hexadecimal, set apart by blanks, `?` for a digit of any value.

    Raises `ValueError` where the text is no such thing, where T0 or a TDi is not given whole, or where
    length or check octet are not those that the ATR itself declares.
    """
    if not _PATTERN.fullmatch(text):
        raise ValueError("not octets in upper-case hexadecimal, set apart by blanks")
    octets = text.split(" ")
    pattern = AtrPattern(
        bytes.fromhex("".join(octets).replace("?", "0")),
        bytes(
            sum(0 if digit == "?" else place for digit, place in zip(o, (0xF0, 0x0F), strict=True))
            for o in octets
        ),
    )
    length, checked = _declared(pattern)
    if length != len(octets):
        raise ValueError(f"{len(octets)} octets, where the ATR declares {length}")
    if checked and "?" not in text and reduce(xor, pattern.value[1:]):
        raise ValueError("the check octet does not fit the others")
    return pattern


def read_atr(text: str) -> bytes:
    """An ATR as people paste it: hexadecimal in either case, with or without blanks or colons.

    Raises `ValueError` where it is none: an odd digit, a wrong first octet, fewer than 2 or over 33 octets.
    """
    atr = bytes.fromhex(re.sub(r"[\s:]", "", text))
    if not 2 <= len(atr) <= _LONGEST or atr[0] not in (_DIRECT, _INVERSE):
        raise ValueError("an ATR begins with 3B or 3F and has 2 to 33 octets")
    return atr


def _declared(pattern: AtrPattern) -> tuple[int, bool]:
    """How many octets T0 and the TDi announce, and whether a check octet is among them."""
    if pattern.value[0] not in (_DIRECT, _INVERSE) or pattern.mask[0] != 0xFF:
        raise ValueError("an ATR begins with 3B or 3F")
    announcer, historical, checked = 1, 0, False
    while True:
        if pattern.mask[announcer : announcer + 1] != b"\xff":
            raise ValueError("T0 and each TDi have to be given whole: they say how long the ATR is")
        octet = pattern.value[announcer]
        if announcer == 1:
            historical = octet & 0x0F
        elif octet & 0x0F:
            checked = True
        interface = (octet >> 4).bit_count()
        if not octet & 0x80:
            return announcer + 1 + interface + historical + checked, checked
        announcer += interface
