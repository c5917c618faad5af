"""The closed catalogue of what Mohr may find in a document: codes, weights and sentences.

Which finding a document earns is decided in `signer.prescription.rules` and `.compare`; how it is drawn is
the surface's matter. A sentence holds the document's own words, each as an isolate, and so belongs on a
screen and in no log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from signer.model.sheet import Finding, Weight
from signer.model.text import isolate, visible

Language = Literal["fa", "en"]

#: A fact longer than this is cut in a sentence, with an ellipsis; the sheet has it in full.
MAX_FACT = 120


class Kind(Struct, frozen=True, kw_only=True):
    """One sort of finding. `{places}` of the sentences are filled from the facts of the same names.

    `field` and `fields` are names of fields, singular and comma-separated; they are translated.
    """

    code: str
    weight: Weight
    fa: str
    en: str
    fa_remedy: str
    en_remedy: str


_KINDS = (
    Kind(
        code="items-differ-from-wire",
        weight=Weight.RED,
        fa="«{field}» در متن نسخه {here} است و در بدنهٔ بیمه {there} ({wire}).",
        en="The {field} is {here} in the readable prescription and {there} in the insurer's body ({wire}).",
        fa_remedy="تا پنل هر دو را یکی نکند، این نسخه امضا نمی‌شود. به پشتیبانی پنل خبر دهید.",
        en_remedy="The panel must make both say the same; until then this prescription is not signed.",
    ),
    Kind(
        code="holder-is-not-prescriber",
        weight=Weight.RED,
        fa="«{field}» صاحب گواهی {certificate} است و در نسخه {document}.",
        en="The certificate holder's {field} is {certificate}; the prescription says {document}.",
        fa_remedy="با توکن پزشک همین نسخه امضا کنید، یا نسخه را در پنل به نام خود بنویسید.",
        en_remedy="Sign with the prescriber's own token, or write the prescription under your own name.",
    ),
    Kind(
        code="credential-in-wire",
        weight=Weight.RED,
        fa="در بدنهٔ بیمه کلید ورودی به نام {name} هست که نباید امضا و نگهداری شود.",
        en="The insurer's body carries a live credential, {name}, which must not be signed and kept.",
        fa_remedy="به پشتیبانی پنل خبر دهید؛ این مقدار باید پیش از امضا برداشته شود.",
        en_remedy="The panel must leave session ids, tokens and passwords out of `wire`.",
    ),
    Kind(
        code="issued-in-future",
        weight=Weight.RED,
        fa="زمان صدور نسخه، {issued_fa}، هنوز نرسیده است.",
        en="The prescription is issued at {issued_en}, which is still to come.",
        fa_remedy="ساعت این رایانه را درست کنید؛ اگر درست است، ساعت پنل درست نیست.",
        en_remedy="Set this computer's clock right; if it is right, the panel's is wrong.",
    ),
    Kind(
        code="signed-too-late",
        weight=Weight.RED,
        fa="از صدور نسخه در {issued_fa} بیش از ۷۲ ساعت گذشته است.",
        en="More than 72 hours have passed since the prescription was issued at {issued_en}.",
        fa_remedy="نسخه را در پنل از نو صادر کنید؛ اگر تازه است، ساعت این رایانه را ببینید.",
        en_remedy="Issue it anew in the panel; if it is new, check this computer's clock.",
    ),
    Kind(
        code="signed-late",
        weight=Weight.AMBER,
        fa="نسخه در تاریخ دیگری صادر شده است: {issued_fa}.",
        en="The prescription was issued on another date: {issued_en}.",
        fa_remedy="اگر تاریخ را می‌پذیرید، آن را جداگانه تأیید کنید.",
        en_remedy="Confirm the date if it is right.",
    ),
    Kind(
        code="unreadable-date",
        weight=Weight.AMBER,
        fa="«{field}» خوانا نیست: {text}. قاعده‌های زمان سنجیده نشد.",
        en="The {field} cannot be understood: {text}. The rules about time were not applied to it.",
        fa_remedy="اگر مقدار درست است جداگانه تأیید کنید و به پشتیبانی پنل خبر دهید.",
        en_remedy="Confirm it if it is right; the panel should write dates as RFC 3339.",
    ),
    Kind(
        code="holder-code-unknown",
        weight=Weight.AMBER,
        fa="گواهی و نسخه کد ملی یا شمارهٔ نظام پزشکی مشترکی ندارند که با هم سنجیده شود.",
        en="Certificate and prescription share no national code or council number to be compared.",
        fa_remedy="نام صاحب گواهی را با نام پزشک نسخه بسنجید و جداگانه تأیید کنید.",
        en_remedy="Compare the holder's name with the prescriber's, then confirm.",
    ),
    Kind(
        code="holder-code-ambiguous",
        weight=Weight.AMBER,
        fa="در گواهی بیش از یک «{field}» پیدا شد: {candidates}.",
        en="More than one {field} was found in the certificate: {candidates}.",
        fa_remedy="ببینید این گواهی از آن شماست و جداگانه تأیید کنید.",
        en_remedy="Check that the certificate is yours, then confirm.",
    ),
    Kind(
        code="hidden-characters",
        weight=Weight.AMBER,
        fa="در {count} جای متن نویسهٔ ناپیدا یا گمراه‌کننده هست: {characters}.",
        en="Hidden or misleading characters stand in {count} places of the text: {characters}.",
        fa_remedy="متن را آن‌گونه که این‌جا نوشته شده بخوانید و جداگانه تأیید کنید.",
        en_remedy="Read the text as it is spelled out here, then confirm.",
    ),
    Kind(
        code="wire-unrecognised",
        weight=Weight.AMBER,
        fa="بدنهٔ بیمه به شکلی نیست که مُهر از {insurer} می‌شناسد؛ هیچ مقداری سنجیده نشد.",
        en="The insurer's body has no shape that Mohr knows of {insurer}; nothing was compared.",
        fa_remedy="مقدارهای بدنهٔ بیمه را در جزئیات ببینید و جداگانه تأیید کنید.",
        en_remedy="Look at the body's values under details, then confirm.",
    ),
    Kind(
        code="document-not-a-prescription",
        weight=Weight.AMBER,
        fa="این سند نسخهٔ مُهر نیست ({media_type})؛ پزشک، زمان و بدنهٔ بیمه سنجیده نشد.",
        en="This is no Mohr prescription ({media_type}); prescriber, time and insurer went unchecked.",
        fa_remedy="همهٔ سند را بخوانید و جداگانه تأیید کنید.",
        en_remedy="Read all of it, then confirm.",
    ),
    Kind(
        code="attachment-not-shown",
        weight=Weight.AMBER,
        fa="پیوست {attachment} همراه سند امضا می‌شود و مُهر محتوای آن را نشان نمی‌دهد.",
        en="The attachment {attachment} is signed with the document, and Mohr does not show what is in it.",
        fa_remedy="پیوست را در پنل ببینید و جداگانه تأیید کنید.",
        en_remedy="Look at the attachment in the panel, then confirm.",
    ),
    Kind(
        code="names-are-the-panels-words",
        weight=Weight.NOTE,
        fa="نام قلم‌ها را پنل نوشته است و مُهر جدولی ندارد که درستی آن را در برابر کد بسنجد.",
        en="The items' names are the panel's own words; Mohr has no table to check them against the codes.",
        fa_remedy="کاری لازم نیست؛ نام‌ها را بخوانید.",
        en_remedy="Nothing to do but to read them.",
    ),
    Kind(
        code="wire-not-comparable",
        weight=Weight.NOTE,
        fa="این‌ها در بدنهٔ بیمه همتای سنجیدنی ندارند: {fields}.",
        en="These have no counterpart in the insurer's body that could be compared: {fields}.",
        fa_remedy="مقدارهای بدنهٔ بیمه در جزئیات است.",
        en_remedy="The body's values stand under details.",
    ),
    Kind(
        code="pdf-active-content",
        weight=Weight.RED,
        fa="این PDF چیزی دارد که هنگام دیدن اجرا می‌شود یا از بیرون می‌آید: {what}.",
        en="This PDF holds what runs when it is viewed, or comes from elsewhere: {what}.",
        fa_remedy="سندی که می‌تواند خود را دگرگون نشان دهد امضا نمی‌شود. به پشتیبانی پنل خبر دهید.",
        en_remedy="What can show itself differently is not signed; the panel must send it without.",
    ),
    Kind(
        code="pdf-embedded-files",
        weight=Weight.AMBER,
        fa="{count} پرونده در این PDF جاسازی شده است که این‌جا دیده نمی‌شود ولی امضا می‌شود.",
        en="Files are embedded in this PDF ({count}); they are not shown here, and are signed with it.",
        fa_remedy="اگر می‌دانید چه پرونده‌هایی است، جداگانه تأیید کنید.",
        en_remedy="Confirm if you know what they are.",
    ),
    Kind(
        code="pdf-layers",
        weight=Weight.AMBER,
        fa="این PDF {count} لایه دارد که هر نمایشگر می‌تواند نشان دهد یا پنهان کند.",
        en="This PDF has layers ({count}), which a viewer may show or hide.",
        fa_remedy="آنچه این‌جا می‌بینید شاید همه‌جا دیده نشود؛ اگر می‌پذیرید جداگانه تأیید کنید.",
        en_remedy="What you see here may not be what others see; confirm if that is right.",
    ),
    Kind(
        code="pdf-form-fields",
        weight=Weight.AMBER,
        fa="این PDF {count} خانهٔ پرکردنی دارد.",
        en="Fields of this PDF can be filled in ({count}).",
        fa_remedy="مقدار خانه‌ها را ببینید و جداگانه تأیید کنید.",
        en_remedy="Look at what the fields hold, then confirm.",
    ),
    Kind(
        code="pdf-fonts-missing",
        weight=Weight.AMBER,
        fa="قلم‌های {fonts} درون این PDF نیست؛ حرف‌ها شاید این‌جا یا جای دیگر جور دیگری دیده شود.",
        en="The fonts {fonts} are not inside this PDF; letters may look different, or be missing, elsewhere.",
        fa_remedy="متن صفحه را ببینید و جداگانه تأیید کنید؛ پنل باید قلم را درون PDF بگذارد.",
        en_remedy="Read the page's text, then confirm; the panel should embed its fonts.",
    ),
    Kind(
        code="pdf-off-page",
        weight=Weight.AMBER,
        fa="در صفحه‌های {pages} چیزی بیرون از کاغذ هست که دیده نمی‌شود.",
        en="Something stands off the paper and is not seen, on pages {pages}.",
        fa_remedy="اگر سند را می‌شناسید جداگانه تأیید کنید.",
        en_remedy="Confirm if you know the document.",
    ),
    Kind(
        code="pdf-tiny-text",
        weight=Weight.AMBER,
        fa="در صفحه‌های {pages} نوشته‌ای هست که از ریزی خوانده نمی‌شود.",
        en="Some text is too small to be read, on pages {pages}.",
        fa_remedy="متن صفحه را ببینید و جداگانه تأیید کنید.",
        en_remedy="Read the page's text, then confirm.",
    ),
    Kind(
        code="pdf-unseen-text",
        weight=Weight.AMBER,
        fa="در صفحه‌های {pages} نوشته‌ای ناپیدا یا زیر تصویر هست.",
        en="Some text is invisible or lies under a picture, on pages {pages}.",
        fa_remedy="در برگهٔ اسکن‌شده عادی است؛ متن صفحه را ببینید و جداگانه تأیید کنید.",
        en_remedy="A scanned page has this; read the page's text, then confirm.",
    ),
    Kind(
        code="pdf-hidden-annotation",
        weight=Weight.AMBER,
        fa="در صفحه‌های {pages} یادداشتی پنهان هست.",
        en="A note is hidden on pages {pages}.",
        fa_remedy="اگر سند را می‌شناسید جداگانه تأیید کنید.",
        en_remedy="Confirm if you know the document.",
    ),
    Kind(
        code="pdf-signed-before",
        weight=Weight.NOTE,
        fa="این PDF پیش‌تر {count} بار امضا شده است؛ آن امضاها می‌ماند.",
        en="This PDF was signed before (signatures: {count}); those stay as they are.",
        fa_remedy="کاری لازم نیست.",
        en_remedy="Nothing to do.",
    ),
    Kind(
        code="pdf-seal-drawn",
        weight=Weight.NOTE,
        fa="مُهر شما در صفحهٔ {page} کشیده می‌شود.",
        en="Your seal will be drawn on page {page}.",
        fa_remedy="کاری لازم نیست.",
        en_remedy="Nothing to do.",
    ),
    Kind(
        code="pdf-seal-reason",
        weight=Weight.NOTE,
        fa="در مُهر نوشته می‌شود: {reason}.",
        en="Your seal will say: {reason}.",
        fa_remedy="این سخن پنل است؛ آن را بخوانید.",
        en_remedy="These are the panel's words; read them.",
    ),
    Kind(
        code="signs-in",
        weight=Weight.NOTE,
        fa="صفحهٔ {origin} می‌خواهد با توکن خود وارد شوید. نسخه‌ای امضا نمی‌شود. "
        "اگر خودتان این صفحه را باز نکرده‌اید، رد کنید.",
        en="The page {origin} asks you to sign in with your token. No prescription is signed. "
        "Decline if you did not open that page yourself.",
        fa_remedy="اگر نشانی بالا همان پنلی نیست که باز کرده‌اید، «رد» را بزنید.",
        en_remedy="If that address is not the panel that you opened, decline.",
    ),
    Kind(
        code="makes-key",
        weight=Weight.NOTE,
        fa="برای {origin} کلیدی تازه در توکن {token} ساخته می‌شود که هرگز از آن بیرون نمی‌رود. "
        "نسخه‌ای امضا نمی‌شود. آنچه این‌جا می‌بینید در درخواست گواهی نوشته می‌شود و به همین پنل می‌رسد.",
        en="For {origin} a new key is made on the token {token}, which it never leaves. No prescription is "
        "signed. What you see here is written into the certificate request, which that panel gets.",
        fa_remedy="اگر خودتان گواهی تازه‌ای نخواسته‌اید، یا نامی نادرست است، «رد» را بزنید.",
        en_remedy="Decline if you did not ask for a certificate, or if any of it is not right.",
    ),
    Kind(
        code="key-left-unfinished",
        weight=Weight.NOTE,
        fa="درخواستی مانند این در {begun_fa} نیمه‌کاره ماند. اگر کلیدش در توکن باشد، همان به کار می‌رود.",
        en="A request like this one was left unfinished at {begun_en}. "
        "Where its key is on the token, that is used.",
        fa_remedy="کاری لازم نیست؛ کلید دومی ساخته نمی‌شود.",
        en_remedy="Nothing to do; no second key is made.",
    ),
    Kind(
        code="request-in-progress",
        weight=Weight.AMBER,
        fa="از {made_fa} درخواستی با همین مشخصات در این توکن در انتظار گواهی است؛ این یکی کلید دیگری می‌سازد.",
        en="A request with the same particulars waits for its certificate since {made_en}; "
        "this one makes another key.",
        fa_remedy="اگر درخواست پیشین از دست رفته است، جداگانه تأیید کنید.",
        en_remedy="Confirm if the earlier request is lost.",
    ),
    Kind(
        code="token-of-another",
        weight=Weight.AMBER,
        fa="گواهی‌های این توکن به نام {holder} است، با کد ملی دیگر.",
        en="The certificates on this token are those of {holder}, with another national code.",
        fa_remedy="ببینید توکن خودتان وصل است؛ اگر درست است جداگانه تأیید کنید.",
        en_remedy="Check that it is your own token that is plugged in; confirm if it is right.",
    ),
    Kind(
        code="stores-certificate",
        weight=Weight.NOTE,
        fa="{origin} گواهی صادرشده‌ای آورده است تا کنار کلیدش در توکن نوشته شود. چیزی امضا نمی‌شود.",
        en="{origin} brings an issued certificate, to be written to the token beside its key. "
        "Nothing is signed.",
        fa_remedy="نام و مرکز را بخوانید؛ اگر از آن شما نیست «رد» را بزنید.",
        en_remedy="Read the name and the centre; decline if they are not yours.",
    ),
    Kind(
        code="issuer-not-trusted",
        weight=Weight.AMBER,
        fa="از این گواهی راهی به مرجعی که این رایانه می‌شناسد پیدا نشد: {issuer}.",
        en="No way was found from this certificate to an authority that this computer trusts: {issuer}.",
        fa_remedy="اگر صادرکننده را می‌شناسید جداگانه تأیید کنید. "
        "مرجع را در صفحهٔ «تنظیمات» پنجرهٔ مُهر، یا در پایانه با «mohr anchors»، می‌توان افزود.",
        en_remedy="Confirm if you know the issuer. An authority is added on the Settings page of Mohr's "
        "window, or in a terminal with `mohr anchors`.",
    ),
    Kind(
        code="certificate-for-another",
        weight=Weight.AMBER,
        fa="«{field}» در گواهی {certificate} است و در درخواست شما {document} بود.",
        en="The {field} is {certificate} in the certificate; in your request it was {document}.",
        fa_remedy="اگر تفاوت درست است جداگانه تأیید کنید، وگرنه از مرجع بپرسید.",
        en_remedy="Confirm if the difference is right; else ask the authority.",
    ),
    Kind(
        code="certificate-cannot-sign",
        weight=Weight.AMBER,
        fa="با این گواهی نمی‌توان نسخه امضا کرد: {why_fa}.",
        en="No prescription can be signed with this certificate: {why_en}.",
        fa_remedy="اگر با این حال باید در توکن باشد، جداگانه تأیید کنید.",
        en_remedy="Confirm if it belongs on the token all the same.",
    ),
)

CATALOGUE: dict[str, Kind] = {kind.code: kind for kind in _KINDS}

#: The names of fields, as sentences say them: Persian, English.
FIELDS: dict[str, tuple[str, str]] = {
    "items": ("شمار قلم‌ها", "number of items"),
    "kind": ("نوع نسخه", "kind of prescription"),
    "issued": ("زمان صدور", "time of issue"),
    "valid_until": ("پایان اعتبار", "end of validity"),
    "patient": ("نام بیمار", "patient's name"),
    "patient_code": ("کد ملی بیمار", "patient's national code"),
    "birth_date": ("تاریخ تولد", "birth date"),
    "mobile": ("تلفن همراه بیمار", "patient's mobile"),
    "prescriber": ("نام پزشک", "prescriber's name"),
    "national_code": ("کد ملی", "national code"),
    "prescriber_code": ("کد ملی پزشک", "prescriber's national code"),
    "council_number": ("شمارهٔ نظام پزشکی", "council number"),
    "centre": ("مرکز", "centre"),
    "notes": ("توضیحات", "notes"),
    "name": ("نام قلم", "item's name"),
    "code": ("کد قلم", "item's code"),
    "form": ("شکل", "form"),
    "strength": ("قدرت", "strength"),
    "quantity": ("تعداد", "quantity"),
    "amount": ("مقدار مصرف", "amount"),
    "instruction": ("دستور مصرف", "instruction"),
    "repeat": ("تکرار", "repeat"),
    "diagnosis": ("تشخیص", "diagnosis"),
    "not_before": ("تاریخ شروع", "first date"),
    "given_name": ("نام", "given name"),
    "surname": ("نام خانوادگی", "surname"),
    "province": ("استان", "province"),
    "city": ("شهر", "city"),
    "country": ("کشور", "country"),
    "key": ("کلید", "key"),
    "token": ("توکن", "token"),
    "holder": ("صاحب گواهی", "holder"),
    "issuer": ("صادرکننده", "issuer"),
    "valid_from": ("اعتبار از", "valid from"),
    "valid_to": ("اعتبار تا", "valid until"),
    "serial": ("شمارهٔ گواهی", "certificate number"),
}


def make(code: str, pointer: str = "", *, severe: frozenset[str] = frozenset(), **facts: str) -> Finding:
    """A finding of the catalogue, its facts made visible.

    `severe` holds the codes that policy makes red; only an amber finding can be raised. KeyError for a code
    that is not in the catalogue.
    """
    weight = CATALOGUE[code].weight
    if weight is Weight.AMBER and code in severe:
        weight = Weight.RED
    return Finding(
        code=code,
        weight=weight,
        pointer=pointer,
        facts=tuple((name, visible(value)) for name, value in facts.items()),
    )


def sentence(finding: Finding, language: Language) -> str:
    """What was found, one sentence, each fact as an isolate (UAX #9)."""
    kind = CATALOGUE[finding.code]
    return (kind.fa if language == "fa" else kind.en).format_map(dict(_places(finding, language)))


def remedy(finding: Finding, language: Language) -> str:
    """What to do next, one or two sentences."""
    kind = CATALOGUE[finding.code]
    return kind.fa_remedy if language == "fa" else kind.en_remedy


def _places(finding: Finding, language: Language) -> Iterator[tuple[str, str]]:
    for name, value in finding.facts:
        if name in {"field", "fields"}:
            words = [FIELDS[field][0 if language == "fa" else 1] for field in value.split(",")]
            yield name, ("، " if language == "fa" else ", ").join(words)
        else:
            yield name, isolate(value if len(value) <= MAX_FACT else f"{value[:MAX_FACT]}…")
