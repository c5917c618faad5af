"""`mohr support-code`: prints the findings that a code names, the first cause first."""

from __future__ import annotations

from signer.cli.diagnosis.words import LOOK
from signer.cli.language import Language, Pair, told, which
from signer.diagnostics.support_code import SupportCodeInvalid, meant

_WRONG: Pair = ("این کد پشتیبانی نیست: {why}", "not a support code: {why}")
_CLEAR: Pair = ("هنگام بررسی ایرادی پیدا نشد.", "The check found nothing wrong.")
_NEWER: Pair = ("{number}: یافته‌ای از نسخهٔ تازه‌تر مُهر", "{number}: a finding of a newer version of Mohr")


def support_code(text: str, language: Language) -> int:
    """0 where the code is right, 1 where a digit is not."""
    try:
        findings = meant(text)
    except SupportCodeInvalid as problem:
        print(told(_WRONG, language, why=problem.fa if language == "fa" else str(problem)))
        return 1
    if not findings:
        print(told(_CLEAR, language))
    for number, meaning in findings:
        if meaning is None:
            print(told(_NEWER, language, number=number))
            continue
        sentences = (meaning.fa, meaning.en), (meaning.fa_remedy, meaning.en_remedy)
        print(f"{meaning.code}: {sentences[0][which(language)]}")
        print(f"  {sentences[1][which(language)]}")
        print(f"  {LOOK[which(language)]}: {meaning.look}")
    return 0
