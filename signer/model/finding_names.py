"""What was found, in a few words: for a record that no longer holds the facts of a finding's sentence.

Only findings that a person can accept have a name here, since only those are recorded. The sentences are
`signer.model.findings`.
"""

from __future__ import annotations

from signer.model.findings import Language

_NAMES = {
    "signed-late": ("صدور در تاریخی دیگر", "issued on another date"),
    "unreadable-date": ("تاریخ ناخوانا", "a date that cannot be understood"),
    "holder-code-unknown": ("کد پزشک نسنجیده", "no code to compare the prescriber by"),
    "holder-code-ambiguous": ("چند کد در گواهی", "several codes in the certificate"),
    "hidden-characters": ("نویسه‌های ناپیدا", "hidden characters"),
    "wire-unrecognised": ("بدنهٔ بیمهٔ ناشناخته", "an insurer's body of unknown shape"),
    "document-not-a-prescription": ("سندی جز نسخه", "a document that is no prescription"),
    "attachment-not-shown": ("پیوست نادیده", "an attachment that was not shown"),
    "pdf-embedded-files": ("پروندهٔ جاسازی‌شده در PDF", "files embedded in the PDF"),
    "pdf-layers": ("لایه‌ها در PDF", "layers in the PDF"),
    "pdf-form-fields": ("خانه‌های پرکردنی در PDF", "fields to be filled in the PDF"),
    "pdf-fonts-missing": ("قلم‌های نبوده در PDF", "fonts missing from the PDF"),
    "pdf-off-page": ("نوشتهٔ بیرون از کاغذ", "something off the paper"),
    "pdf-tiny-text": ("نوشتهٔ ناخوانا از ریزی", "text too small to be read"),
    "pdf-unseen-text": ("نوشتهٔ ناپیدا در PDF", "invisible text in the PDF"),
    "pdf-hidden-annotation": ("یادداشت پنهان در PDF", "a hidden note in the PDF"),
    "request-in-progress": ("درخواست همانند در جریان", "a like request in progress"),
    "token-of-another": ("توکن به نام دیگری", "a token in another name"),
    "issuer-not-trusted": ("صادرکنندهٔ ناشناخته", "an issuer that was not trusted"),
    "certificate-for-another": ("مشخصات دیگر در گواهی", "other particulars in the certificate"),
    "certificate-cannot-sign": ("گواهی ناتوان از امضا", "a certificate that cannot sign"),
}


def name_of(code: str, language: Language) -> str | None:
    """The name of a finding that was accepted; None for a code of another version."""
    both = _NAMES.get(code)
    return None if both is None else both[language == "en"]


def named() -> frozenset[str]:
    """The codes that have a name."""
    return frozenset(_NAMES)
