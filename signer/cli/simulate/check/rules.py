"""What a panel may do wrong, as one table: how it is seen, what is said of it, where the docs say better."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from signer.cli.simulate.check import visit
from signer.cli.simulate.scenarios import Words


class Rule(Struct, frozen=True, kw_only=True):
    """One mistake. `find` gives a detail for each time it was made, empty where nothing is to be added."""

    code: str
    said: Words
    docs: str
    find: Callable[[visit.Visit], Iterator[str]]


class Mistake(Struct, frozen=True, kw_only=True):
    """A rule that was broken, and the first thing that shows it. `docs` is a page and its place."""

    code: str
    detail: str
    fa: str
    en: str
    docs: str


def judge(walked: visit.Visit) -> list[Mistake]:
    """Every rule that the visit breaks, once, in the order of the table."""
    found = []
    for rule in RULES:
        detail = next(rule.find(walked), None)
        if detail is not None:
            found.append(
                Mistake(code=rule.code, detail=detail, fa=rule.said.fa, en=rule.said.en, docs=rule.docs)
            )
    return found


RULES = (
    Rule(
        code="document-before-proof",
        said=Words(
            "پنل پیش از آنکه مُهر با امضای challenge خود را بشناساند سندی فرستاد؛ شاید مُهر نبوده باشد.",
            "The panel sent a document before the agent had signed a challenge: it may not be the agent.",
        ),
        docs="protocol.md",
        find=visit.document_before_proof,
    ),
    Rule(
        code="sent-to-another",
        said=Words(
            "برنامه‌ای بدون کلیدِ پیوندخورده پاسخ داد و پنل با این همه با آن سخن گفت.",
            "A program answered without the key that was pinned, and the panel spoke to it all the same.",
        ),
        docs="protocol.md",
        find=visit.sent_to_another,
    ),
    Rule(
        code="sent-before-paired",
        said=Words(
            "پنل پیش از پیوند، یا بدون امضا، سندی فرستاد.",
            "The panel sent a document before it was paired, or unsigned.",
        ),
        docs="protocol.md",
        find=visit.sent_before_paired,
    ),
    Rule(
        code="patient-in-name",
        said=Words(
            "کد ملی در کلید، شناسه یا نشانی آمده است؛ اینها در مرورگر و گزارش‌ها می‌مانند.",
            "A national code stands in a key, an id or an address, which stay in browsers and logs.",
        ),
        docs="contract.md",
        find=visit.patient_in_name,
    ),
    Rule(
        code="key-reused",
        said=Words(
            "همان Idempotency-Key با بدنه‌ای دیگر فرستاده شد.",
            "The same Idempotency-Key was sent with another body.",
        ),
        docs="errors.md#idempotency-conflict",
        find=visit.key_reused,
    ),
    Rule(
        code="signed-twice",
        said=Words(
            "همان سند با کلیدی دیگر فرستاده شد، در حالی که سرنوشت اولی معلوم نبود: ممکن است دو بار امضا شود.",
            "The same document was sent under another key while the first was open: it may be signed twice.",
        ),
        docs="simulator.md#the-same-key-until-it-is-over",
        find=visit.signed_twice,
    ),
    Rule(
        code="posted-twice",
        said=Words("دو کلیک پشت سر هم دو درخواست ساخت.", "Two quick clicks made two requests."),
        docs="simulator.md#the-same-key-until-it-is-over",
        find=visit.posted_twice,
    ),
    Rule(
        code="asked-after-no",
        said=Words(
            "پزشک نپذیرفت و پنل بی‌درنگ دوباره پرسید.",
            "The doctor said no, and the panel asked again by itself.",
        ),
        docs="simulator.md#a-no-is-a-no",
        find=visit.asked_after_no,
    ),
    Rule(
        code="tried-again-by-itself",
        said=Words(
            "امضا شکست خورد و پنل بدون کلیک دوباره فرستاد.",
            "Signing failed, and the panel posted again without a click.",
        ),
        docs="simulator.md#the-same-key-until-it-is-over",
        find=visit.tried_again,
    ),
    Rule(
        code="polls-too-fast",
        said=Words(
            "پنل پشت سر هم می‌پرسد؛ با wait تا ۲۵ ثانیه صبر کند.",
            "The panel asks again and again; let `wait` hold the answer for up to 25 s.",
        ),
        docs="contract.md",
        find=visit.polls_too_fast,
    ),
    Rule(
        code="wait-too-long",
        said=Words("wait باید ۰ تا ۲۵ ثانیه باشد.", "`wait` is 0 to 25 seconds."),
        docs="contract.md",
        find=visit.wait_too_long,
    ),
    Rule(
        code="contract-broken",
        said=Words(
            "مُهر درخواستی را چون خلاف قرارداد بود نپذیرفت.", "A call was refused that breaks the contract."
        ),
        docs="contract.md",
        find=visit.contract_broken,
    ),
    Rule(
        code="result-not-fetched",
        said=Words(
            "امضا ساخته شد و پنل آن را هرگز نگرفت.",
            "It was signed, and the panel never fetched the signature.",
        ),
        docs="simulator.md#follow-it-to-its-end",
        find=visit.result_not_fetched,
    ),
    Rule(
        code="cancel-not-told",
        said=Words(
            "پس گرفتن به مُهر گفته نشد (DELETE)؛ پزشک هنوز آن را پیش رو دارد.",
            "The agent was not told (DELETE) that it was taken back: the doctor still has it before her.",
        ),
        docs="contract.md",
        find=visit.cancel_not_told,
    ),
    Rule(
        code="lost-on-reload",
        said=Words(
            "پس از تازه‌کردن صفحه، پنل درخواست باز را پی نگرفت.",
            "After a reload the panel did not go on with its open request.",
        ),
        docs="simulator.md#follow-it-to-its-end",
        find=visit.lost_on_reload,
    ),
    Rule(
        code="pairing-nagged",
        said=Words("پنل بدون کلیک پیوند خواست.", "The panel asked to be paired without a click."),
        docs="protocol.md",
        find=visit.pairing_nagged,
    ),
    Rule(
        code="unsigned-after-no",
        said=Words(
            "پزشک نپذیرفت و پنل نسخه را با این همه فرستاد.",
            "The doctor said no, and the panel sent it all the same.",
        ),
        docs="simulator.md#a-no-is-a-no",
        find=visit.unsigned_after_no,
    ),
    Rule(
        code="said-signed",
        said=Words("پنل گفت امضا شد و نشده بود.", "The page says signed, and nothing was."),
        docs="simulator.md#follow-it-to-its-end",
        find=visit.said_signed,
    ),
    Rule(
        code="unsigned-too-soon",
        said=Words(
            "مُهر آماده بود و پنل بدون امضا ادامه داد.", "The agent was there, and the panel went on unsigned."
        ),
        docs="simulator.md#follow-it-to-its-end",
        find=visit.unsigned_too_soon,
    ),
    Rule(
        code="slow-to-go-on",
        said=Words(
            "مُهری پاسخ نداد و پنل پزشک را منتظر گذاشت؛ در ۳۰۰ میلی‌ثانیه معلوم است.",
            "No agent answered, and the panel kept the doctor waiting; that is known within 300 ms.",
        ),
        docs="simulator.md#go-on-without-an-agent",
        find=visit.slow_to_go_on,
    ),
    Rule(
        code="end-not-told",
        said=Words(
            "صفحه نگفت که درخواست چگونه پایان یافت، یا نادرست گفت.",
            "The page did not say how the request ended, or said it wrongly.",
        ),
        docs="simulator.md#follow-it-to-its-end",
        find=visit.end_not_told,
    ),
    Rule(
        code="pin-in-page",
        said=Words(
            "صفحه پین می‌خواهد؛ پین فقط در پنجرهٔ مُهر زده می‌شود.",
            "The page asks for a PIN, which is typed into Mohr's window alone.",
        ),
        docs="simulator.md#no-pin-in-the-page",
        find=visit.pin_in_page,
    ),
    Rule(
        code="page-error",
        said=Words("در صفحه خطایی گرفته‌نشده بود.", "An exception in the page was caught by nobody."),
        docs="errors.md",
        find=visit.page_error,
    ),
)
