"""The way in: from the bytes that will be signed to the sheet that the doctor reads.

What cannot be shown in full is not read at all: it raises, and so is never signed. The sheet is drawn from
the document's own octets and tied to them by their hash.
"""

from __future__ import annotations

import re
from datetime import datetime

from signer.model import findings
from signer.model.credential import Holder
from signer.model.errors import DocumentUnreadable, FormatUnsupported
from signer.model.ijson import IJsonInvalid, SignedValue, parse_signed
from signer.model.request import JSON, PRESCRIPTION, TEXT, Document
from signer.model.sheet import (
    Cell,
    Comparison,
    DocumentSheet,
    Finding,
    Item,
    Leaf,
    Moment,
    Person,
    PlainSheet,
    PrescriptionSheet,
    Weight,
)
from signer.model.text import hidden, visible
from signer.prescription import rules
from signer.prescription.compare import compare
from signer.prescription.dates import parse_instant
from signer.prescription.document import from_tree
from signer.prescription.leaves import Hidden, leaves

MAX_LINES = 20_000

_LINE_BREAK = re.compile("\r?\n")
_GRAVITY = {Weight.RED: 0, Weight.AMBER: 1, Weight.NOTE: 2}


def read(
    document: Document, holder: Holder, now: datetime, *, severe: frozenset[str] = frozenset()
) -> DocumentSheet:
    """The sheet of a document, every signed leaf in it, findings on top, the gravest first.

    `holder` is whom the certificate names, `now` the aware time of signing, `severe` the codes of amber
    findings that policy makes red. Raises `DocumentUnreadable` for content that is not what its media type
    says, with pointer and reason and no value, and `FormatUnsupported` for a media type that is none of
    `request.PRESCRIPTION`, `JSON`, `TEXT`. ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    body: PrescriptionSheet | PlainSheet
    if document.media_type == PRESCRIPTION:
        body, found = _prescription(_tree(document), holder, now, severe)
    elif document.media_type == JSON:
        body, found = _json(_tree(document), severe)
    elif document.media_type == TEXT:
        body, found = _text(document.content, severe)
    else:
        raise FormatUnsupported("media type that cannot be shown")
    return DocumentSheet(
        document_id=document.id,
        content_hash=document.content_hash(),
        body=body,
        findings=tuple(sorted(found, key=lambda finding: _GRAVITY[finding.weight])),
    )


def _tree(document: Document) -> SignedValue:
    try:
        return parse_signed(document.content)
    except IJsonInvalid as error:
        # A pointer holds the panel's member names: bounded, and fit for a log line.
        raise DocumentUnreadable(f"{visible(error.pointer)[:200]} {error.reason}".strip()) from None


def _prescription(
    tree: SignedValue, holder: Holder, now: datetime, severe: frozenset[str]
) -> tuple[PrescriptionSheet, list[Finding]]:
    prescription = from_tree(tree)
    everything = leaves(tree)
    outcome = compare(prescription)
    found = [
        *rules.holder_findings(prescription.prescriber, holder, severe),
        *rules.time_findings(prescription, now, severe),
        *rules.wire_findings(outcome, prescription.insurer.value, severe),
        *rules.credential_findings(prescription.wire),
        *rules.hidden_findings(everything.hidden, severe),
        *rules.names_finding(prescription),
    ]
    rest = dict(everything.shown)
    # Shown as the sheet's own kind and insurer: closed lists, whose words are the same as signed.
    del rest["/kind"], rest["/insurer"]
    draw = _Drawing(rest, outcome.verdicts)
    sheet = PrescriptionSheet(
        kind=prescription.kind.value,
        insurer=prescription.insurer.value,
        issued=draw.moment("/issued", prescription.issued),
        valid_until=(
            draw.moment("/valid_until", prescription.valid_until)
            if prescription.valid_until is not None
            else None
        ),
        patient=draw.person("/patient"),
        prescriber=draw.person("/prescriber"),
        items=tuple(draw.item(f"/items/{index}") for index in range(len(prescription.items))),
        notes=draw.cell("/notes"),
        replaces=draw.cell("/replaces"),
        details=tuple(rest.values()),
    )
    return sheet, found


def _json(tree: SignedValue, severe: frozenset[str]) -> tuple[PlainSheet, list[Finding]]:
    everything = leaves(tree)
    sheet = PlainSheet(media_type=JSON, leaves=tuple(everything.shown.values()))
    return sheet, _plain_findings(JSON, everything.hidden, severe)


def _text(content: bytes, severe: frozenset[str]) -> tuple[PlainSheet, list[Finding]]:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DocumentUnreadable(f"not UTF-8 at octet {error.start}") from None
    if content.count(b"\n") >= MAX_LINES:
        raise DocumentUnreadable(f"more than {MAX_LINES} lines")
    lines = [(f"line/{number}", line) for number, line in enumerate(_LINE_BREAK.split(text), start=1)]
    concealed = tuple(
        Hidden(pointer=pointer, characters=characters)
        for pointer, line in lines
        if (characters := hidden(line))
    )
    sheet = PlainSheet(
        media_type=TEXT,
        leaves=tuple(Leaf(pointer=pointer, text=visible(line)) for pointer, line in lines),
    )
    return sheet, _plain_findings(TEXT, concealed, severe)


def _plain_findings(media_type: str, concealed: tuple[Hidden, ...], severe: frozenset[str]) -> list[Finding]:
    return [
        findings.make("document-not-a-prescription", severe=severe, media_type=media_type),
        *rules.hidden_findings(concealed, severe),
    ]


class _Drawing:
    """Moves leaves from `rest` into the fields of a sheet; what stays there becomes the details.

    A field whose leaf is null or an empty string says nothing: it stays in the details.
    """

    def __init__(self, rest: dict[str, Leaf], verdicts: dict[str, Comparison]) -> None:
        self._rest = rest
        self._verdicts = verdicts

    def cell(self, pointer: str) -> Cell | None:
        leaf = self._rest.get(pointer)
        if leaf is None or leaf.text in {"null", '""'}:
            return None
        del self._rest[pointer]
        return Cell(text=leaf.text, pointer=leaf.pointer, comparison=self._verdicts.get(pointer))

    def required(self, pointer: str) -> Cell:
        leaf = self._rest.pop(pointer)
        return Cell(text=leaf.text, pointer=leaf.pointer, comparison=self._verdicts.get(pointer))

    def moment(self, pointer: str, signed: str) -> Moment:
        leaf = self._rest.pop(pointer)
        return Moment(text=leaf.text, pointer=leaf.pointer, at=parse_instant(signed))

    def person(self, at: str) -> Person:
        return Person(
            name=self.required(f"{at}/name"),
            national_code=self.cell(f"{at}/national_code"),
            council_number=self.cell(f"{at}/council_number") if at == "/prescriber" else None,
            centre=self.cell(f"{at}/centre") if at == "/prescriber" else None,
            birth_date=self.cell(f"{at}/birth_date") if at == "/patient" else None,
            mobile=self.cell(f"{at}/mobile") if at == "/patient" else None,
        )

    def item(self, at: str) -> Item:
        return Item(
            name=self.required(f"{at}/name"),
            code=self.cell(f"{at}/code"),
            form=self.cell(f"{at}/form"),
            strength=self.cell(f"{at}/strength"),
            quantity=self.cell(f"{at}/quantity"),
            amount=self.cell(f"{at}/amount"),
            instruction=self.cell(f"{at}/instruction"),
            repeat=self.cell(f"{at}/repeat"),
            diagnosis=self.cell(f"{at}/diagnosis"),
            not_before=self.cell(f"{at}/not_before"),
        )
