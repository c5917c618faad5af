"""A document's sheet as lines for the terminal: findings first, then every signed value on a line of its own.

A line is a tuple of parts, ours and the document's apart, so that each part can be drawn by itself. What a
sheet holds is `signer.model.sheet`; nothing of it is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from signer.model import findings, lookalike
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
from signer.model.text import FSI, PDI

Line = tuple[str, ...]

_WEIGHTS = {Weight.RED: "STOP", Weight.AMBER: "CARE", Weight.NOTE: "NOTE"}
_COMPARISONS = {Comparison.EQUAL: " [=]", Comparison.DIFFERS: " [≠]", Comparison.INCOMPARABLE: " [?]"}
_LEGEND = (
    "  [=] as in the insurer's body  [≠] differs from it  [?] the panel's words, which cannot be compared"
)
_FACT = re.compile(f"{FSI}([^{PDI}]*){PDI}")


def sheet_lines(sheet: DocumentSheet) -> Iterator[Line]:
    """The whole sheet."""
    for finding in sheet.findings:
        yield from finding_lines(finding)
    match sheet.body:
        case PlainSheet(media_type=media_type, leaves=leaves):
            yield ("  ", media_type)
            for leaf in leaves:
                yield ("  ", leaf.pointer, ": ", leaf.text)
        case FactsSheet(facts=facts):
            for fact in facts:
                yield (f"  {findings.FIELDS[fact.name][1]}: ", fact.text)
        case PdfSheet(pages=pages):
            yield from _pages(pages)
        case PrescriptionSheet() as body:
            yield from _prescription(body)


def _pages(pages: tuple[Page, ...]) -> Iterator[Line]:
    """A PDF as far as a terminal can show it, and a word about what it cannot."""
    yield (f"  PDF, {len(pages)} page(s). A terminal shows their text only: pictures, drawings, stamps and",)
    yield ("  where things stand cannot be seen here. Decline if you do not know the document.",)
    for number, page in enumerate(pages, 1):
        yield (f"  page {number} of {len(pages)}",)
        if not any(line.strip() for line in page.lines):
            yield ("    (no text on this page)",)
            continue
        for line in page.lines:
            yield ("    ", line)


def finding_lines(finding: Finding) -> Iterator[Line]:
    """A finding's weight, sentence and code, and what to do about it."""
    # The pattern's group makes every second piece a fact, which is drawn by itself.
    said = _FACT.split(findings.sentence(finding, "en"))
    yield (f"  [{_WEIGHTS[finding.weight]}] ", *said, f" ({finding.code})")
    yield ("         ", findings.remedy(finding, "en"))


def caution_line(caution: lookalike.Caution) -> Line:
    """What is odd about an origin."""
    return ("  [CARE] ", *_FACT.split(lookalike.sentence(caution, "en")))


def _prescription(body: PrescriptionSheet) -> Iterator[Line]:
    yield ("  kind: ", body.kind)
    yield ("  insurer: ", body.insurer)
    yield from _moment("issued", body.issued)
    yield from _moment("valid until", body.valid_until)
    yield ("  patient",)
    yield from _cells(body.patient)
    yield ("  prescriber",)
    yield from _cells(body.prescriber)
    for number, item in enumerate(body.items, 1):
        yield (f"  item {number} of {len(body.items)}",)
        yield from _cells(item)
    for caption, cell in (("notes", body.notes), ("replaces", body.replaces)):
        if cell is not None:
            yield _cell(f"  {caption}: ", cell)
    if body.details:
        yield ("  the rest of what is signed",)
        for leaf in body.details:
            yield ("    ", leaf.pointer, ": ", leaf.text)
    yield (_LEGEND,)


def _cells(part: Struct) -> Iterator[Line]:
    """Every cell of a person or an item: whatever the sheet's type gains is printed too."""
    for name in part.__struct_fields__:
        cell: Cell | None = getattr(part, name)
        if cell is not None:
            yield _cell(f"    {name.replace('_', ' ')}: ", cell)


def _cell(caption: str, cell: Cell) -> Line:
    return (caption, cell.text, _COMPARISONS[cell.comparison] if cell.comparison else "")


def _moment(caption: str, moment: Moment | None) -> Iterator[Line]:
    if moment is not None:
        doubt = "" if moment.at else " (not understood as a time)"
        yield (f"  {caption}: ", moment.text, doubt)
