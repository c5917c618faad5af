"""The words of a recording's page and lines, in Persian and in English."""

from __future__ import annotations

from signer.cli.language import Pair
from signer.model.text import persian_digits
from signer.service.tracing import Lane, Step

TITLE: Pair = ("زمان در مُهر کجا رفت؟", "Mohr: where did the time go?")
PRIVATE: Pair = (
    "این پرونده نام تابع‌ها، کدها، زمان‌ها و اندازه‌ها را دارد؛ نام، رمز، سند و نشانی پنل در آن نیست.",
    "This file holds names of functions, codes, times and sizes; no name, PIN, document or panel.",
)
REQUEST: Pair = ("درخواست", "request")
MODULE: Pair = ("ماژول", "module")
ENDPOINT: Pair = ("پنل‌ها", "panels")
LONGEST: Pair = ("بلندترین‌ها", "The longest")
ALL_LANES: Pair = ("خط زمان", "Timeline")
NOTHING: Pair = ("در این مدت کاری انجام نشد.", "Nothing happened in this time.")
NEVER: Pair = ("هرگز برنگشت", "never returned")
STILL: Pair = ("هنوز ادامه داشت", "had not ended")
DROPPED: Pair = ("قدیمی‌ترین‌ها نگه داشته نشد", "the oldest were not kept")
UNKNOWN: Pair = ("دیگر", "else")
SECONDS: Pair = ("ثانیه", "s")

LANES: dict[Lane, Pair] = {
    Lane.PERSON: ("پزشک", "the doctor"),
    Lane.CARD: ("انتظار برای توکن", "waiting for the token"),
    Lane.MODULE: ("ماژول توکن", "the token's module"),
    Lane.SEALING: ("ساختن، وارسی و دفتر امضا", "building, verifying, journal"),
    Lane.OUTSIDE: ("مُهر زمان و ابطال", "timestamp and revocation"),
    Lane.ENDPOINT: ("پنل‌ها", "panels"),
}
STEPS: dict[str, Pair] = {
    Step.TURN.value: ("در صف پشت درخواستی دیگر", "in line behind another request"),
    Step.SEEK.value: ("جستجوی گواهی", "looking for certificates"),
    Step.CHOICE.value: ("انتخاب گواهی", "chooses a certificate"),
    Step.CONSENT.value: ("می‌خواند، تأیید می‌کند و رمز می‌نویسد", "reads, agrees and types the PIN"),
    Step.PIN_AGAIN.value: ("دوباره رمز می‌نویسد", "types the PIN again"),
    Step.PIN_EACH.value: ("رمز هر امضا را می‌نویسد", "types the PIN of one signature"),
    Step.AWAITED.value: ("توکن بیرون است", "the token is out"),
    Step.LOGIN.value: ("ورود به توکن", "logging in to the token"),
    Step.SIGNING.value: ("امضا", "signing"),
    Step.BUILD.value: ("ساختن", "building"),
    Step.VERIFY.value: ("کامل کردن و وارسی", "finishing and verifying"),
    Step.JOURNAL.value: ("نوشتن در دفتر امضا", "writing the journal"),
    Step.EVIDENCE.value: ("مُهر زمان و ابطال", "timestamp and revocation"),
}


def name(span_name: str, at: int) -> str:
    """A step in words; Cryptoki's and the contract's names are told as they are."""
    return STEPS[span_name][at] if span_name in STEPS else span_name


def numbered(what: Pair, number: int, at: int) -> str:
    """A request or a module by its number."""
    return f"{what[at]} {persian_digits(str(number)) if at == 0 else number}"


def seconds(micros: int) -> str:
    """A time as people compare it."""
    return f"{micros / 1_000_000:.2f} s" if micros >= 100_000 else f"{micros / 1000:.1f} ms"
