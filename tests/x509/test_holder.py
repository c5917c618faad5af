"""Every number in a subject that could be the holder's is told; none is chosen, and none is made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.text import is_national_code
from signer.x509.holder import holder
from signer.x509.names import Attribute

SERIAL, CN, OU, TITLE, DESCRIPTION = "2.5.4.5", "2.5.4.3", "2.5.4.11", "2.5.4.12", "2.5.4.13"
POSTAL_CODE, UNHEARD_OF = "2.5.4.17", "1.3.6.1.4.1.99999.7"


@pytest.mark.parametrize(
    ("oid", "text", "found"),
    [
        (SERIAL, "0012345679", ("0012345679",)),
        (SERIAL, "PNOIR-0012345679", ("0012345679",)),
        (CN, "سارا نمونه ۰۰۱۲۳۴۵۶۷۹", ("0012345679",)),
        (CN, "سارا نمونه ٠٠١٢٣٤٥٦٧٩ [Sign]", ("0012345679",)),
        (UNHEARD_OF, "001-234567-9", ("0012345679",)),
        (OU, "0012345679 0499370899", ("0012345679", "0499370899")),
        (SERIAL, "0012345678", ()),
        (SERIAL, "1111111111", ()),
        (SERIAL, "00012345679", ()),
        (POSTAL_CODE, "0012345679", ()),
    ],
)
def test_national_codes_are_found_wherever_they_stand_and_only_with_their_check_digit(
    oid: str, text: str, found: tuple[str, ...]
) -> None:
    assert holder((Attribute(oid, text),)).national_codes == found


@pytest.mark.parametrize(
    ("oid", "text", "found"),
    [
        (TITLE, "نظام پزشکی: ۱۲۳۴۵۶", ("123456",)),
        (CN, "Sara Nemoone (Medical Council No. 123456)", ("123456",)),
        (UNHEARD_OF, "شمارهٔ نظام پزشکی د-۱۲۳۴۵", ("12345",)),
        (DESCRIPTION, "0123456", ("0123456",)),
        (TITLE, "م-12345", ("12345",)),
        (SERIAL, "0012345679", ()),
        (OU, "1405", ()),
        (CN, "سارا نمونه", ()),
    ],
)
def test_council_numbers_are_those_named_as_such_or_alone_in_an_identifier(
    oid: str, text: str, found: tuple[str, ...]
) -> None:
    assert holder((Attribute(oid, text),)).council_numbers == found


def test_the_same_number_in_two_attributes_is_one_candidate() -> None:
    found = holder((Attribute(SERIAL, "0012345679"), Attribute(CN, "سارا نمونه 0012345679")))
    assert found.national_code == "0012345679"


def test_two_candidates_are_both_told_and_none_is_the_one() -> None:
    found = holder((Attribute(SERIAL, "0012345679"), Attribute(OU, "0499370899")))
    assert found.national_codes == ("0012345679", "0499370899")
    assert found.national_code is None


@given(st.integers(0, 999_999_999))
def test_each_nine_digits_have_one_check_digit_at_most(stem: int) -> None:
    valid = [digit for digit in range(10) if is_national_code(f"{stem:09d}{digit}")]
    assert len(valid) <= 1


@given(st.text(max_size=40))
def test_any_text_at_all_is_searched_without_fault(text: str) -> None:
    found = holder((Attribute(CN, text), Attribute(SERIAL, text)))
    assert all(code.isascii() and code.isdigit() for code in found.national_codes + found.council_numbers)
