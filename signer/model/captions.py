"""What the parts of a prescription are called, in Persian and in English, wherever one is drawn.

The window and the terminal share them. A field's name inside a sentence is in `findings.FIELDS`.
"""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """One sentence or word in both languages, with the same `str.format` places in both."""

    fa: str
    en: str


PATIENT = Text("بیمار", "Patient")
NATIONAL_CODE = Text("کد ملی", "National code")
BIRTH_DATE = Text("تاریخ تولد", "Date of birth")
MOBILE = Text("تلفن همراه", "Mobile")
ISSUED = Text("تاریخ", "Date")
VALID_UNTIL = Text("اعتبار تا", "Valid until")
PRESCRIBER = Text("پزشک", "Prescriber")
CENTRE = Text("مرکز", "Centre")
KIND = Text("نوع", "Kind")
INSURER = Text("بیمه", "Insurer")
REPLACES = Text("جایگزین نسخهٔ", "Replaces prescription")
NOTES = Text("یادداشت", "Notes")

#: Kinds of prescription, by the word that a document has.
KINDS: dict[str, Text] = {
    "drug": Text("دارو", "Medicines"),
    "lab": Text("آزمایش", "Laboratory"),
    "imaging": Text("تصویربرداری", "Imaging"),
    "visit": Text("ویزیت", "Visit"),
    "service": Text("خدمت", "Service"),
    "referral": Text("ارجاع", "Referral"),
}
#: Insurers, the same way.
INSURERS: dict[str, Text] = {
    "tamin": Text("تأمین اجتماعی", "Social Security"),
    "salamat": Text("بیمهٔ سلامت", "Salamat Insurance"),
    "armed-forces": Text("نیروهای مسلح", "Armed Forces"),
    "free": Text("آزاد", "No insurer"),
}
