"""The words around a report, in Persian and in English. What findings mean stands in their catalogue."""

from __future__ import annotations

from signer.cli.language import Pair
from signer.diagnostics.catalogue import Part, Severity

LOOK: Pair = ("برای پشتیبانی", "look at")
PAGE: Pair = ("صفحهٔ سازندهٔ توکن", "the maker's page")
CODE: Pair = ("کد پشتیبانی", "support code")
CLEAR: Pair = ("ایرادی پیدا نشد.", "Nothing is wrong.")
READY: Pair = ("توکن آمادهٔ امضا است.", "A token is ready to sign.")
FOLLOWS: Pair = ("پیامد", "follows from")
CONSEQUENCES: Pair = ("با رفع آن، اینها هم برطرف می‌شود", "These go when that is mended")
OTHERS: Pair = ("ایرادهای دیگر", "Also")
NOTES: Pair = ("آگاهی", "Worth knowing")
TITLE: Pair = ("عیب‌یابی مُهر", "Mohr: what is wrong")
PRIVATE: Pair = (
    "این گزارش نام، کد ملی، شمارهٔ نظام پزشکی، نام بیمار و رمز ندارد.",
    "This report holds no name, national code, council number, patient or PIN.",
)
CHECKS: Pair = ("بررسی‌ها", "What was checked")
SAVE: Pair = ("همین را ذخیره کنم؟", "Save exactly this?")
SAVED: Pair = ("ذخیره شد", "Saved")
NOT_SAVED: Pair = ("ذخیره نشد.", "Nothing was saved.")

SEVERITY: dict[str, Pair] = {
    Severity.STOPS.value: ("مانع امضا", "STOPS SIGNING"),
    Severity.HINDERS.value: ("هشدار", "WARNING"),
    Severity.NOTE.value: ("آگاهی", "NOTE"),
}
PARTS: dict[str, Pair] = {
    Part.COMPUTER.value: ("رایانه", "computer"),
    Part.READER.value: ("کارت‌خوان", "reader"),
    Part.MODULE.value: ("ماژول توکن", "module"),
    Part.TOKEN.value: ("توکن و رمز", "token and PIN"),
    Part.CERTIFICATE.value: ("گواهی", "certificate"),
    Part.CLINIC.value: ("درمانگاه و دفتر امضا", "clinic and journal"),
    Part.AGENT.value: ("مُهر روی این رایانه", "the agent"),
    Part.BROWSER.value: ("مرورگر", "browser"),
    Part.CHECK.value: ("خود بررسی", "the check itself"),
}
