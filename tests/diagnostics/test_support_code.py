"""The code that is read aloud: twelve digits, which say the findings again or that a digit is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.cli.main import main
from signer.diagnostics.catalogue import NUMBERS, meanings
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import finding
from signer.diagnostics.support_code import SupportCodeInvalid, read, spell, support_code
from signer.model.text import persian_digits

NUMBERS_OF_A_CODE = st.lists(st.integers(1, NUMBERS - 1), max_size=4).map(tuple)


@given(NUMBERS_OF_A_CODE)
def test_a_code_is_twelve_digits_and_says_its_numbers_again(numbers: tuple[int, ...]) -> None:
    code = spell(numbers)
    assert [len(group) for group in code.split("-")] == [3, 3, 3, 3]
    assert read(code) == numbers
    assert read(persian_digits(code).replace("-", " ")) == numbers


@given(NUMBERS_OF_A_CODE, st.integers(0, 11), st.integers(1, 9))
def test_a_wrong_digit_is_noticed(numbers: tuple[int, ...], place: int, more: int) -> None:
    digits = list(spell(numbers).replace("-", ""))
    digits[place] = str((int(digits[place]) + more) % 10)
    with pytest.raises(SupportCodeInvalid):
        read("".join(digits))


@given(NUMBERS_OF_A_CODE, st.integers(0, 10))
def test_two_digits_that_changed_places_are_noticed(numbers: tuple[int, ...], place: int) -> None:
    digits = list(spell(numbers).replace("-", ""))
    if digits[place] == digits[place + 1]:
        return
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    with pytest.raises(SupportCodeInvalid):
        read("".join(digits))


@pytest.mark.parametrize("text", ["", "417", "4172908135620", "999-999-999-999", "۴۱۷-۲۹۰-۸۱۳-abc"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(SupportCodeInvalid):
        read(text)


def test_the_code_of_a_verdict_holds_its_first_causes_and_no_consequence_or_note() -> None:
    codes = ("token-absent", "reader-service-stopped", "agent-not-running", "anchors-none", "disk-low")
    numbers = read(support_code(conclude(finding(code) for code in codes)))
    told = ("reader-service-stopped", "agent-not-running", "disk-low")
    assert numbers == tuple(meanings()[code].number for code in told)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_helpdesk_reads_what_a_code_means(capsys: pytest.CaptureFixture[str], language: str) -> None:
    code = persian_digits(spell((meanings()["pin-locked"].number, 299)))
    assert main(["support-code", code, "--language", language]) == 0
    printed = capsys.readouterr().out
    assert getattr(meanings()["pin-locked"], language) in printed
    assert meanings()["pin-locked"].look in printed
    assert "299: " in printed.replace("\u2066", "").replace("\u2069", "")


def test_a_code_that_was_misheard_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["support-code", "123-456-789-012"]) == 1
    assert "not a support code" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "fa", "en"),
    [
        ("1", "دوازده رقم", "twelve digits"),
        ("417-290-813-563", "جابه‌جا", "changed places"),
        (spell((299,)), "نسخهٔ تازه‌تر", "newer version"),
        (spell(()), "ایرادی پیدا نشد", "nothing wrong"),
    ],
)
def test_what_a_code_says_is_told_in_both_languages(
    capsys: pytest.CaptureFixture[str], code: str, fa: str, en: str
) -> None:
    for language, words in (("fa", fa), ("en", en)):
        main(["support-code", code, "--language", language])
        assert words in capsys.readouterr().out
