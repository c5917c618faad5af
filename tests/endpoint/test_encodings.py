"""Base64 on the wire has one spelling."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.endpoint.encodings import b64, b64u, unb64, unb64u


@given(st.binary(max_size=200))
def test_octets_survive_both_encodings_and_are_written_as_the_standard_library_does(octets: bytes) -> None:
    assert b64(octets) == base64.b64encode(octets).decode()
    assert b64u(octets) == base64.urlsafe_b64encode(octets).decode().rstrip("=")
    assert unb64(b64(octets)) == octets
    assert unb64u(b64u(octets)) == octets


@given(st.text(alphabet="AQgwZ_-+/= \n", max_size=12) | st.text(max_size=12))
def test_whatever_is_read_is_the_one_spelling_of_its_octets(text: str) -> None:
    for read, write in ((unb64, b64), (unb64u, b64u)):
        try:
            octets = read(text)
        except ValueError:
            continue
        assert write(octets) == text


@pytest.mark.parametrize(
    "text", ["AB==", "AAB=", "A", "AA", "AA=", "A===", "AA==AA==", "AAA-", "AA\n=", "=AAA"]
)
def test_loose_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        unb64(text)


@pytest.mark.parametrize("text", ["AB", "AAB", "A", "AA==", "AA+A", "AA/A", "AAAAA"])
def test_loose_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        unb64u(text)
