"""ATRs and their patterns, as people and profiles write them: read, or refused as no ATR."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.atr import parse_pattern, read_atr
from drivers.catalogue import load_catalogue
from tests.fuzz.mutations import nearly

_KNOWN = sorted({atr for profile in load_catalogue() for atr in profile.match.atrs})
_PIECES = st.sampled_from(["3B", "3F", " ", ":", "?", "??", "F", "0", "FF", "80", "\n"]) | st.text(max_size=3)


def fuzz(examples: int) -> None:
    """The patterns of real families with small changes."""

    @settings(max_examples=examples)
    @given(nearly(st.sampled_from(_KNOWN), _PIECES))
    def pattern(text: str) -> None:
        try:
            read = parse_pattern(text)
        except ValueError:
            return
        assert len(read.value) == len(read.mask) == len(text.split(" "))
        assert read.matches(read.value)
        assert read.overlaps(read)
        # Each digit that is given counts, and no other does.
        for place, octet in enumerate(read.mask):
            for bit in (0x80, 0x01):
                changed = bytearray(read.value)
                changed[place] ^= bit
                assert read.matches(bytes(changed)) is not bool(octet & bit)

    @settings(max_examples=examples)
    @given(nearly(st.sampled_from([atr.replace("?", "0") for atr in _KNOWN]), _PIECES))
    def whole(text: str) -> None:
        try:
            atr = read_atr(text)
        except ValueError:
            return
        assert read_atr(atr.hex(":")) == read_atr(atr.hex().upper()) == atr
        assert 2 <= len(atr) <= 33

    pattern()
    whole()
