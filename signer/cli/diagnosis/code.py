"""`mohr support-code`: prints the findings that a code names, the first cause first."""

from __future__ import annotations

from signer.cli.diagnosis.words import LOOK
from signer.cli.language import Language, first_of, which
from signer.diagnostics.support_code import SupportCodeInvalid, meant


def support_code(text: str, language: Language) -> int:
    """0 where the code is right, 1 where a digit is not."""
    try:
        told = meant(text)
    except SupportCodeInvalid as problem:
        print(f"not a support code: {problem}")
        return 1
    if not told:
        print(first_of(("هنگام بررسی ایرادی پیدا نشد.", "The check found nothing wrong."), language))
    for number, meaning in told:
        if meaning is None:
            print(f"{number}: a finding of a newer version of Mohr")
            continue
        sentences = (meaning.fa, meaning.en), (meaning.fa_remedy, meaning.en_remedy)
        print(f"{meaning.code}: {sentences[0][which(language)]}")
        print(f"  {sentences[1][which(language)]}")
        print(f"  {LOOK[which(language)]}: {meaning.look}")
    return 0
