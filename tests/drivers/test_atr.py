"""ATR patterns: read strictly, matched in the bits that count, compared for the cards they share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.atr import AtrPattern, parse_pattern, read_atr


@pytest.mark.parametrize(
    ("atr", "known"),
    [
        ("3B020AFF", True),
        ("3B0205FF", True),
        ("3B021AFF", False),
        ("3B030AFF", False),
        ("3B020A", False),
        ("3B020AFF00", False),
        ("", False),
    ],
)
def test_an_atr_is_known_by_the_digits_that_are_given(atr: str, known: bool) -> None:
    assert parse_pattern("3B 02 0? FF").matches(bytes.fromhex(atr)) is known


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "hexadecimal"),
        ("3b 02 00 FF", "hexadecimal"),
        ("3B0200FF", "hexadecimal"),
        ("3B  81 00 FF", "hexadecimal"),
        ("3B 02 00 FF ", "hexadecimal"),
        ("3B 02 00 FF\n", "hexadecimal"),
        ("3B 02 0 FF", "hexadecimal"),
        ("3B", "T0"),
        ("4B 81 00 FF", "3B or 3F"),
        ("?B 81 00 FF", "3B or 3F"),
        ("3B ?1 00 FF", "whole"),
        ("3B 80 ?1 00", "whole"),
        ("3B 80", "whole"),
        ("3B 02 00", "declares 4"),
        ("3B 02 00 FF FF", "declares 4"),
        ("3B 80 01", "declares 4"),
        ("3B 80 01 80", "check octet"),
    ],
)
def test_a_pattern_that_no_card_can_answer_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_pattern(text)


def test_a_check_octet_is_looked_at_only_where_every_octet_is_given() -> None:
    assert parse_pattern("3B 80 01 81").matches(bytes.fromhex("3B800181"))
    assert parse_pattern("3B 81 01 ?? 81").matches(bytes.fromhex("3B8101FF81"))


@pytest.mark.parametrize("text", ["3B 02 00 FF", "3b0200ff", "3B:02:00:FF", " 3b 02\t00 ff\n"])
def test_an_atr_is_read_however_it_was_pasted(text: str) -> None:
    assert read_atr(text) == b"\x3b\x02\x00\xff"


@pytest.mark.parametrize("text", ["", "3B", "3", "3B 8", "00 81", "ATR", "3B 02 ??", "3B" * 34])
def test_what_is_no_atr_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_atr(text)


# T0 of 0x0n announces n historical octets and nothing else, so any digits may follow it.
DIGITS = st.sampled_from("0123456789ABCDEF?")
OCTETS = st.integers(0, 15).flatmap(
    lambda n: st.lists(st.tuples(DIGITS, DIGITS).map("".join), min_size=n, max_size=n)
)
PATTERNS = OCTETS.map(lambda octets: " ".join(["3B", f"0{len(octets):X}", *octets]))


@st.composite
def answers(draw: st.DrawFn, pattern: AtrPattern) -> bytes:
    """An ATR that differs from the pattern only in bits that do not count."""
    noise = draw(st.binary(min_size=len(pattern.value), max_size=len(pattern.value)))
    return bytes(v | (n & ~m) for v, m, n in zip(pattern.value, pattern.mask, noise, strict=True))


@given(PATTERNS, st.data())
def test_bits_that_do_not_count_change_nothing_and_any_other_bit_does(text: str, data: st.DataObject) -> None:
    pattern = parse_pattern(text)
    atr = data.draw(answers(pattern))
    assert pattern.matches(atr)
    bit = data.draw(st.integers(0, 8 * len(atr) - 1))
    flipped = bytearray(atr)
    flipped[bit // 8] ^= 1 << bit % 8
    assert pattern.matches(bytes(flipped)) is not bool(pattern.mask[bit // 8] >> bit % 8 & 1)


@given(PATTERNS, PATTERNS, st.data())
def test_two_patterns_overlap_exactly_where_one_atr_is_known_by_both(
    one: str, other: str, data: st.DataObject
) -> None:
    a, b = parse_pattern(one), parse_pattern(other)
    assert a.overlaps(b) is b.overlaps(a)
    if a.overlaps(b):
        both = bytes(v | w for v, w in zip(a.value, b.value, strict=True))
        assert a.matches(both) and b.matches(both)
    else:
        assert not b.matches(data.draw(answers(a)))


@given(PATTERNS)
def test_a_pattern_overlaps_itself_and_any_widening_of_itself(text: str) -> None:
    pattern = parse_pattern(text)
    assert pattern.overlaps(pattern)
    wider = " ".join(text.split()[:2] + ["??" for _ in text.split()[2:]])
    assert pattern.overlaps(parse_pattern(wider))
