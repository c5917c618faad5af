"""The way in: from the bytes that will be signed to the sheet that the doctor reads.

What cannot be shown in full is not read at all: it raises, and so is never signed. The sheet is drawn from
the document's own octets and tied to them by their hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec.structs import replace

from signer.model import findings
from signer.model.credential import Holder
from signer.model.errors import DocumentRefused, DocumentUnreadable, FormatUnsupported
from signer.model.ijson import IJsonInvalid, SignedValue, parse_signed
from signer.model.request import (
    JSON,
    PDF,
    PRESCRIPTION,
    SIGN_IN,
    TEXT,
    XML_TYPES,
    Attachment,
    Document,
    VisibleSeal,
)
from signer.model.sheet import (
    Body,
    Cell,
    Comparison,
    DocumentSheet,
    FactsSheet,
    Finding,
    Item,
    Leaf,
    Moment,
    Page,
    PdfSheet,
    Person,
    PlainSheet,
    PrescriptionSheet,
    Weight,
)
from signer.model.text import hidden, visible
from signer.prescription import rules
from signer.prescription.compare import compare
from signer.prescription.dates import parse_instant
from signer.prescription.document import Prescription, from_tree
from signer.prescription.leaves import LINE_BREAK, Hidden, Leaves, is_plain, leaves, member_names, text_leaves
from signer.prescription.pdf_process import PdfProcess
from signer.prescription.pdf_wire import Inspected

Draw = Callable[[], Body]

_GRAVITY = {Weight.RED: 0, Weight.AMBER: 1, Weight.NOTE: 2}


def read(
    document: Document,
    holder: Holder,
    now: datetime,
    *,
    severe: frozenset[str] = frozenset(),
    pdfs: PdfProcess | None = None,
) -> DocumentSheet:
    """The sheet of a document, every signed leaf in it, findings on top, the gravest first.

    `holder` is whom the certificate names, `now` the aware time of signing, `severe` the codes of amber
    findings that policy makes red, `pdfs` the process that draws PDFs (None: one for this document), which
    takes seconds: read those in a thread. Raises `DocumentUnreadable` for content that is not what its media
    type says, with pointer and reason and no value, `DocumentRefused` for a PDF that can be read and must not
    be signed, and `FormatUnsupported` for a media type that is none of `request.PRESCRIPTION`, `JSON`,
    `TEXT`, `XML_TYPES`, `PDF`. ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    if document.media_type == PRESCRIPTION:
        found, draw = _prescription(document, holder, now, severe)
    elif document.media_type == JSON:
        found, draw = _json(document, severe)
    elif document.media_type == SIGN_IN:
        found, draw = _sign_in(document)
    elif document.media_type == PDF:
        found, draw = _pdf(document, severe, pdfs or PdfProcess())
    elif (everything := _shown(document.media_type, document.content)) is not None:
        found, draw = _plain(document.media_type, everything, severe)
    else:
        raise FormatUnsupported("media type that cannot be shown")
    if document.attachments:
        found, draw = _with_attachments(document.attachments, found, draw, severe)
    return DocumentSheet(
        document_id=document.id,
        content_hash=document.content_hash(),
        findings=tuple(sorted(found, key=lambda finding: _GRAVITY[finding.weight])),
        draw=draw,
    )


def _tree(content: bytes) -> SignedValue:
    try:
        return parse_signed(content)
    except IJsonInvalid as error:
        # A pointer holds the panel's member names: bounded, and fit for a log line.
        raise DocumentUnreadable(f"{visible(error.pointer)[:200]} {error.reason}".strip()) from None


def _leaves(
    document: Document, tree: SignedValue, names: frozenset[str]
) -> tuple[tuple[Hidden, ...], Callable[[], Leaves]]:
    """What is hidden, now; the leaves themselves when somebody looks, where nothing can go wrong then."""
    if is_plain(document.content.decode(), names):
        return (), lambda: leaves(tree)
    everything = leaves(tree)
    return everything.hidden, lambda: everything


def _prescription(
    document: Document, holder: Holder, now: datetime, severe: frozenset[str]
) -> tuple[list[Finding], Draw]:
    tree = _tree(document.content)
    prescription = from_tree(tree)
    names = member_names(tree)
    concealed, everything = _leaves(document, tree, names)
    outcome = compare(prescription)
    found = [
        *rules.holder_findings(prescription.prescriber, holder, severe),
        *rules.time_findings(prescription, now, severe),
        *rules.wire_findings(outcome, prescription.insurer.value, severe),
        *rules.credential_findings(prescription.wire, names),
        *rules.hidden_findings(concealed, severe),
        *rules.names_finding(prescription),
    ]
    return found, lambda: _lay_out(prescription, everything(), outcome.verdicts)


def _lay_out(
    prescription: Prescription, everything: Leaves, verdicts: dict[str, Comparison]
) -> PrescriptionSheet:
    rest = dict(everything.shown)
    # Shown as the sheet's own kind and insurer: closed lists, whose words are the same as signed.
    del rest["/kind"], rest["/insurer"]
    draw = _Drawing(rest, verdicts)
    return PrescriptionSheet(
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


def _json(document: Document, severe: frozenset[str]) -> tuple[list[Finding], Draw]:
    tree = _tree(document.content)
    concealed, everything = _leaves(document, tree, member_names(tree))

    def draw() -> PlainSheet:
        return PlainSheet(media_type=JSON, leaves=tuple(everything().shown.values()))

    return _plain_findings(JSON, concealed, severe), draw


def _sign_in(document: Document) -> tuple[list[Finding], Draw]:
    """The agent's own words: nothing to warn of, and told that no prescription is signed."""
    shown = leaves(_tree(document.content)).shown

    def draw() -> PlainSheet:
        return PlainSheet(media_type=SIGN_IN, leaves=tuple(shown.values()))

    return [findings.make("signs-in", "/aud", origin=shown["/aud"].text)], draw


def _shown(media_type: str, content: bytes) -> Leaves | None:
    """All leaves of a content that can be shown as such, or None. Raises `DocumentUnreadable`."""
    if media_type in {PRESCRIPTION, JSON}:
        return leaves(_tree(content))
    if media_type == TEXT:
        return text_leaves(content)
    if media_type in XML_TYPES:
        from signer.prescription import xml_leaves

        return xml_leaves.leaves(content)
    return None


def _plain(media_type: str, everything: Leaves, severe: frozenset[str]) -> tuple[list[Finding], Draw]:
    def draw() -> PlainSheet:
        return PlainSheet(media_type=media_type, leaves=tuple(everything.shown.values()))

    return _plain_findings(media_type, everything.hidden, severe), draw


def _with_attachments(
    attachments: tuple[Attachment, ...], found: list[Finding], draw: Draw, severe: frozenset[str]
) -> tuple[list[Finding], Draw]:
    """Each attachment by name, type, size and hash, with its leaves, or a finding where it has none."""
    concealed: list[Hidden] = []
    shown: list[Leaf] = []
    for number, attachment in enumerate(attachments, start=1):
        place = f"attachment/{number}"
        facts = (
            visible(attachment.name),
            attachment.media_type,
            f"{len(attachment.content)} octets",
            f"SHA-256 {attachment.content_hash().hex()}",
        )
        shown.append(Leaf(pointer=place, text=" · ".join(facts)))
        if characters := hidden(attachment.name):
            concealed.append(Hidden(pointer=place, characters=characters))
        inside = _shown(attachment.media_type, attachment.content)
        if inside is None:
            found.append(
                findings.make("attachment-not-shown", place, severe=severe, attachment=attachment.name)
            )
            continue
        shown += [Leaf(pointer=_below(place, leaf.pointer), text=leaf.text) for leaf in inside.shown.values()]
        concealed += [
            Hidden(pointer=_below(place, hid.pointer), characters=hid.characters) for hid in inside.hidden
        ]
    found += rules.hidden_findings(tuple(concealed), severe)

    def drawn() -> PrescriptionSheet | PlainSheet:
        body = draw()
        if isinstance(body, PdfSheet | FactsSheet):
            raise TypeError("a PDF is an attachment, or has none; facts never have any")
        if isinstance(body, PlainSheet):
            return replace(body, leaves=(*body.leaves, *shown))
        return replace(body, details=(*body.details, *shown))

    return found, drawn


def _below(place: str, pointer: str) -> str:
    return f"{place}/{pointer.removeprefix('/')}"


def _pdf(document: Document, severe: frozenset[str], pdfs: PdfProcess) -> tuple[list[Finding], Draw]:
    content = document.content
    inspected = pdfs.inspect(content)
    sheet = PdfSheet(
        pages=tuple(
            Page(
                width=page.width,
                height=page.height,
                lines=tuple(visible(line) for line in LINE_BREAK.split(page.text)),
            )
            for page in inspected.pages
        ),
        picture=lambda page, width: pdfs.picture(content, page, width),
    )
    found = [
        findings.make("document-not-a-prescription", severe=severe, media_type=PDF),
        *_pdf_marks(inspected, severe),
        *_seal_findings(document.seal, len(sheet.pages)),
    ]
    return found, lambda: sheet


def _pdf_marks(inspected: Inspected, severe: frozenset[str]) -> Iterator[Finding]:
    """What is notable: of the whole file by itself, of pages one finding with their numbers."""
    on_pages: dict[str, list[int]] = {}
    for mark in inspected.marks:
        if mark.page:
            on_pages.setdefault(mark.code, []).append(mark.page)
        else:
            yield findings.make(mark.code, severe=severe, **mark.facts)
    for code, pages in on_pages.items():
        yield findings.make(code, severe=severe, pages=", ".join(map(str, pages)))


def _seal_findings(seal: VisibleSeal | None, pages: int) -> Iterator[Finding]:
    if seal is None:
        return
    page = pages if seal.page is None else seal.page
    if not 1 <= page <= pages:
        raise DocumentRefused("PDF: no such page for the seal")
    yield findings.make("pdf-seal-drawn", page=str(page))
    if seal.reason is not None:
        yield findings.make("pdf-seal-reason", reason=seal.reason)


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
