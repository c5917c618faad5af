"""The verdict in twelve digits to be read aloud: the first cause and up to three others. Pure.

Four numbers of the catalogue in ten digits, and two check digits after ISO/IEC 7064 (MOD 97-10), which catch
every wrong digit and every two that changed places.
"""

from __future__ import annotations

import re

from signer.diagnostics.catalogue import NUMBERS, Meaning, Severity, numbered
from signer.diagnostics.conclusion import Conclusion
from signer.model.text import latin_digits

_FINDINGS = 4
_DIGITS = 12


class SupportCodeInvalid(ValueError):
    """These are not the twelve digits of a support code: one was misheard, or left out.

    `fa` says which rule is broken in Persian, the text of the exception in English.
    """

    def __init__(self, fa: str, en: str) -> None:
        super().__init__(en)
        self.fa = fa


def support_code(conclusion: Conclusion) -> str:
    """The code of a verdict, as in `417-290-813-562`; one that found nothing to tell has one too."""
    told = (one.finding.meaning.number for one in conclusion.causes if one.severity is not Severity.NOTE)
    return spell(tuple(dict.fromkeys(told))[:_FINDINGS])


def spell(numbers: tuple[int, ...]) -> str:
    """At most four numbers, each above 0 and below 300, as a code."""
    payload = 0
    for place in range(_FINDINGS):
        payload = payload * NUMBERS + (numbers[place] if place < len(numbers) else 0)
    digits = f"{payload:010}{98 - payload * 100 % 97:02}"
    return "-".join(digits[start : start + 3] for start in range(0, _DIGITS, 3))


def read(text: str) -> tuple[int, ...]:
    """The numbers in a code, in Persian, Arabic or Latin digits, with any marks between. Raises
    `SupportCodeInvalid`.
    """
    digits = re.sub(r"[\s\W_]+", "", latin_digits(text))
    if len(digits) != _DIGITS or not digits.isascii() or not digits.isdigit():
        raise SupportCodeInvalid("کد پشتیبانی دوازده رقم دارد", "a support code has twelve digits")
    payload, rest = int(digits[:10]), int(digits) % 97
    if rest != 1:
        raise SupportCodeInvalid(
            "رقمی درست نیست یا دو رقم جابه‌جا شده است", "a digit is not right, or two have changed places"
        )
    numbers: list[int] = []
    for _ in range(_FINDINGS):
        payload, number = divmod(payload, NUMBERS)
        numbers.insert(0, number)
    if payload:
        raise SupportCodeInvalid("هیچ نسخه‌ای از مُهر این کد را نمی‌دهد", "no version of Mohr gives this code")
    return tuple(number for number in numbers if number)


def meant(text: str) -> tuple[tuple[int, Meaning | None], ...]:
    """What a code says: each number and its meaning, None where a newer version has it. As `read` raises."""
    return tuple((number, numbered(number)) for number in read(text))
