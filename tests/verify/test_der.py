"""The strict reader takes one encoding for each value and leaves no octet unread."""

from __future__ import annotations

import pytest
from cryptography.hazmat import asn1
from hypothesis import given
from hypothesis import strategies as st

from signer.verify.der import OCTET_STRING, SEQUENCE, NotDer, only, over, split


@given(st.binary(max_size=70_000))
def test_what_an_encoder_writes_is_read_back(octets: bytes) -> None:
    reader = over(asn1.encode_der(octets))
    assert reader.contents(OCTET_STRING) == octets
    reader.done()


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "04",
        "0402ff",
        "0480ff0000",
        "048101ff",
        "04820001ff",
        "0484ffffffff00",
        "04ff",
        "0500",
        "24030401ff",
    ],
    ids=[
        "nothing",
        "no length",
        "cut short",
        "indefinite length",
        "long form of a short length",
        "leading zero in the length",
        "length beyond the end",
        "reserved length",
        "another tag",
        "constructed",
    ],
)
def test_what_is_not_der_is_refused(encoded: str) -> None:
    with pytest.raises(NotDer):
        over(bytes.fromhex(encoded)).contents(OCTET_STRING)
    with pytest.raises(NotDer):
        only(bytes.fromhex(encoded)).contents(OCTET_STRING)


@given(st.binary(max_size=300))
def test_both_ways_of_reading_take_and_refuse_the_same(octets: bytes) -> None:
    def one_by_one() -> list[bytes]:
        reader, found = over(octets), []
        while not reader.exhausted():
            found.append(reader.element())
        return found

    def at_once() -> list[bytes]:
        return [element.encoded(element.tag) for element in split(octets, 0, len(octets))]

    try:
        expected = one_by_one()
    except NotDer:
        with pytest.raises(NotDer):
            at_once()
    else:
        assert at_once() == expected


def test_an_element_may_not_reach_beyond_its_container() -> None:
    inside = over(bytes.fromhex("3003 0402ff ff".replace(" ", ""))).enter(SEQUENCE)
    with pytest.raises(NotDer):
        inside.contents(OCTET_STRING)


def test_octets_that_nobody_read_are_refused() -> None:
    reader = over(bytes.fromhex("0401ff00"))
    reader.contents(OCTET_STRING)
    with pytest.raises(NotDer):
        reader.done()
