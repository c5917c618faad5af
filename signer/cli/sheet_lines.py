"""A document's sheet as lines for the terminal: findings first, then every signed value on a line of its own.

A line is a tuple of parts, ours and the document's apart, so that each part can be drawn by itself. What a
sheet holds is `signer.model.sheet`; nothing of it is left out here. What its parts are called is
`signer.model.captions` and `signer.model.findings`; the words that only a terminal needs stand here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from signer.cli.drawing import drawn
from signer.model import captions, findings, lookalike
from signer.model.captions import Text
from signer.model.findings import FIELDS, Language
from signer.model.sheet import (
    Cell,
    Comparison,
    DocumentSheet,
    FactsSheet,
    Finding,
    Moment,
    Page,
    PdfSheet,
    PlainSheet,
    PrescriptionSheet,
    Weight,
)
from signer.model.text import FSI, PDI, persian_digits


class Ours(str):
    """Words of ours, which need no isolation from one another."""

    __slots__ = ()


Line = tuple[str, ...]

_WEIGHTS = {
    Weight.RED: Text("ایراد", "STOP"),
    Weight.AMBER: Text("توجه", "CARE"),
    Weight.NOTE: Text("آگاهی", "NOTE"),
}
_COMPARISONS = {Comparison.EQUAL: " [=]", Comparison.DIFFERS: " [≠]", Comparison.INCOMPARABLE: " [?]"}
_LEGEND = Text(
    "[=] همان که در بدنهٔ بیمه است  [≠] با آن یکی نیست  [?] واژه‌های پنل که با آن سنجیدنی نیست",
    "[=] as in the insurer's body  [≠] differs from it  [?] the panel's words, which cannot be compared",
)
_ITEM = Text("قلم {number} از {count}", "item {number} of {count}")
_REST = Text("باقی آنچه امضا می‌شود", "the rest of what is signed")
_NO_TIME = Text(" (به عنوان زمان خوانده نشد)", " (not understood as a time)")
_PDF = (
    Text(
        "PDF، {count} صفحه. پایانه تنها متن آن را نشان می‌دهد: تصویر، نقاشی، مهر و جای",
        "PDF, {count} page(s). A terminal shows their text only: pictures, drawings, stamps and",
    ),
    Text(
        "چیزها اینجا دیده نمی‌شود. اگر سند را نمی‌شناسید نپذیرید.",
        "where things stand cannot be seen here. Decline if you do not know the document.",
    ),
)
_PAGE = Text("صفحهٔ {number} از {count}", "page {number} of {count}")
_NO_TEXT = Text("(این صفحه متنی ندارد)", "(no text on this page)")
_NAME = Text("نام", "name")
#: Captions of what a person has; an item's are `FIELDS`.
_OF_PERSONS = {
    "name": _NAME,
    "national_code": captions.NATIONAL_CODE,
    "birth_date": captions.BIRTH_DATE,
    "mobile": captions.MOBILE,
    "centre": captions.CENTRE,
}
_FACT = re.compile(f"{FSI}([^{PDI}]*){PDI}")


def sheet_lines(sheet: DocumentSheet, language: Language = "en") -> Iterator[Line]:
    """The whole sheet."""
    for finding in sheet.findings:
        yield from finding_lines(finding, language)
    say = _Words(language)
    match sheet.body:
        case PlainSheet(media_type=media_type, leaves=leaves):
            yield ("  ", media_type)
            for leaf in leaves:
                yield ("  ", leaf.pointer, ": ", leaf.text)
        case FactsSheet(facts=facts):
            for fact in facts:
                yield ("  ", say(Text(*FIELDS[fact.name])), ": ", fact.text)
        case PdfSheet(pages=pages):
            yield from _pages(pages, say)
        case PrescriptionSheet() as body:
            yield from _prescription(body, say)


def printed(line: Line) -> str:
    """A line for a file or a pipe: what is not ours is drawn as a terminal may show it."""
    return "".join(part if isinstance(part, Ours) or part.isascii() else drawn(part) for part in line)


def finding_lines(finding: Finding, language: Language = "en") -> Iterator[Line]:
    """A finding's weight, sentence and code, and what to do about it."""
    say = _Words(language)
    # The pattern's group makes every second piece a fact, which is drawn by itself.
    said = [
        piece if place % 2 else Ours(piece)
        for place, piece in enumerate(_FACT.split(findings.sentence(finding, language)))
    ]
    yield (Ours(f"  [{say(_WEIGHTS[finding.weight])}] "), *said, f" ({finding.code})")
    yield ("         ", Ours(findings.remedy(finding, language)))


class _Words:
    """Words of ours in one language, numbers in its digits. English captions of fields are in lower case."""

    def __init__(self, language: Language) -> None:
        self._persian = language == "fa"

    def __call__(self, text: Text, **numbers: int) -> Ours:
        words = text.fa if self._persian else text.en
        filled = {
            name: persian_digits(str(number)) if self._persian else str(number)
            for name, number in numbers.items()
        }
        return Ours(words.format_map(filled))

    def caption(self, text: Text) -> Ours:
        return Ours(text.fa if self._persian else text.en.lower())

    def field(self, name: str, *, of_item: bool) -> Ours:
        """What a cell is called, by the name that the sheet's type has for it."""
        if not self._persian:
            return Ours(name.replace("_", " "))
        if not of_item and name in _OF_PERSONS:
            return Ours(_OF_PERSONS[name].fa)
        return Ours(FIELDS[name][0])

    def known(self, names: dict[str, Text], word: str) -> Ours:
        """In Persian, what a document's own word means."""
        return Ours(f" ({names[word].fa})" if self._persian and word in names else "")


def _pages(pages: tuple[Page, ...], say: _Words) -> Iterator[Line]:
    """A PDF as far as a terminal can show it, and a word about what it cannot."""
    for sentence in _PDF:
        yield ("  ", say(sentence, count=len(pages)))
    for number, page in enumerate(pages, 1):
        yield ("  ", say(_PAGE, number=number, count=len(pages)))
        if not any(line.strip() for line in page.lines):
            yield ("    ", say(_NO_TEXT))
            continue
        for line in page.lines:
            yield ("    ", line)


def caution_line(caution: lookalike.Caution) -> Line:
    """What is odd about an origin."""
    return ("  [CARE] ", *_FACT.split(lookalike.sentence(caution, "en")))


def _prescription(body: PrescriptionSheet, say: _Words) -> Iterator[Line]:
    yield ("  ", say.caption(captions.KIND), ": ", body.kind, say.known(captions.KINDS, body.kind))
    yield (
        "  ",
        say.caption(captions.INSURER),
        ": ",
        body.insurer,
        say.known(captions.INSURERS, body.insurer),
    )
    yield from _moment(say.field("issued", of_item=False), body.issued, say)
    yield from _moment(say.caption(captions.VALID_UNTIL), body.valid_until, say)
    yield ("  ", say.caption(captions.PATIENT))
    yield from _cells(body.patient, say)
    yield ("  ", say.caption(captions.PRESCRIBER))
    yield from _cells(body.prescriber, say)
    for number, item in enumerate(body.items, 1):
        yield ("  ", say(_ITEM, number=number, count=len(body.items)))
        yield from _cells(item, say, of_item=True)
    if body.notes is not None:
        yield _cell("  ", say.caption(captions.NOTES), body.notes)
    if body.replaces is not None:
        yield _cell("  ", say.caption(captions.REPLACES), body.replaces)
    if body.details:
        yield ("  ", say(_REST))
        for leaf in body.details:
            yield ("    ", leaf.pointer, ": ", leaf.text)
    yield ("  ", say(_LEGEND))


def _cells(part: Struct, say: _Words, *, of_item: bool = False) -> Iterator[Line]:
    """Every cell of a person or an item: whatever the sheet's type gains is printed too."""
    for name in part.__struct_fields__:
        cell: Cell | None = getattr(part, name)
        if cell is not None:
            yield _cell("    ", say.field(name, of_item=of_item), cell)


def _cell(indent: str, caption: Ours, cell: Cell) -> Line:
    return (indent, caption, ": ", cell.text, Ours(_COMPARISONS[cell.comparison] if cell.comparison else ""))


def _moment(caption: Ours, moment: Moment | None, say: _Words) -> Iterator[Line]:
    if moment is not None:
        yield ("  ", caption, ": ", moment.text, say(_NO_TIME) if moment.at is None else "")
