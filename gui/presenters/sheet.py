"""A document's sheet as words in their places: head, items, findings, and the rest of the signed values.

Takes a `DocumentSheet` and says what is drawn where. Drops nothing: each cell of the sheet is in exactly
one place of the view, and *details* has every value exactly as signed, those that the sheet does not draw
first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from gui import translations as t
from gui.presenters.tongue import Tongue
from gui.translations import Text
from signer.model import captions
from signer.model.findings import FIELDS, remedy, sentence
from signer.model.request import CERTIFICATE_REQUEST, SIGN_IN
from signer.model.sheet import (
    Cell,
    Comparison,
    DocumentSheet,
    Fact,
    FactsSheet,
    Finding,
    Item,
    Leaf,
    Moment,
    PdfSheet,
    Picture,
    PlainSheet,
    PrescriptionSheet,
    Weight,
)

_ITEM = re.compile(r"^/items/(\d+)(?:/|$)")


class FindingView(Struct, frozen=True, kw_only=True):
    """One finding in words. `index` is its place among the sheet's; `item` the item that it stands above."""

    index: int
    weight: Weight
    heading: str
    text: str
    remedy: str
    item: int | None

    @property
    def needs_yes(self) -> bool:
        """True where the doctor must tick it."""
        return self.weight is Weight.AMBER


class Value(Struct, frozen=True, kw_only=True):
    """One drawn value, with how it compares to the insurer's body. `strong` values can harm when misread."""

    text: str
    comparison: Comparison | None = None
    strong: bool = False


class Field(Struct, frozen=True, kw_only=True):
    """One captioned value of the head; `aside` is said more softly behind it."""

    caption: str
    value: Value
    aside: str = ""


class ItemView(Struct, frozen=True, kw_only=True):
    """One row: its number, the name with what qualifies it, and one value for each column (None: blank)."""

    number: str
    name: Value
    qualifiers: tuple[Value, ...]
    cells: tuple[Value | None, ...]


class Column(Struct, frozen=True, kw_only=True):
    """A column behind the name. `numeric` ones are narrow and use tabular digits."""

    caption: str
    numeric: bool = False


class PageView(Struct, frozen=True, kw_only=True):
    """One page of a PDF: what stands above it, its height over its width, and what a screen reader says."""

    caption: str
    ratio: float
    spoken: str


class SheetView(Struct, frozen=True, kw_only=True):
    """A whole document as drawn. `leaves` are (pointer, text) as signed, in no localised form.

    A plain document has its leaves alone; a PDF has `pages`, and `picture` to draw them with. `promise` is
    what the yes will do.
    """

    findings: tuple[FindingView, ...]
    leaves: tuple[Leaf, ...]
    leaves_title: str
    leaves_back: str = ""
    details_label: str = ""
    plain: bool = False
    head: tuple[Field, ...] = ()
    columns: tuple[Column, ...] = ()
    items: tuple[ItemView, ...] = ()
    foot: tuple[Field, ...] = ()
    empty: str | None = None
    legend: tuple[tuple[Comparison, str], ...] = ()
    pages: tuple[PageView, ...] = ()
    picture: Callable[[int, int], Picture] | None = None
    promise: str = ""


def present_sheet(sheet: DocumentSheet, tongue: Tongue) -> SheetView:
    """The sheet in words of `tongue`."""
    findings = tuple(_finding(i, f, sheet, tongue) for i, f in enumerate(sheet.findings))
    body = sheet.body
    if isinstance(body, PlainSheet):
        return SheetView(
            findings=findings,
            leaves=body.leaves,
            plain=True,
            leaves_title=tongue.say(t.SIGN_IN_TITLE if body.media_type == SIGN_IN else t.LEAVES_TITLE),
        )
    if isinstance(body, PdfSheet):
        return _pdf(body, findings, tongue)
    if isinstance(body, FactsSheet):
        return _facts(body, findings, tongue)
    return _Prescription(body, tongue).view(findings)


def _facts(body: FactsSheet, findings: tuple[FindingView, ...], tongue: Tongue) -> SheetView:
    """Each fact under its name; as they were asked for, or more of a certificate, behind them."""
    asked = body.media_type == CERTIFICATE_REQUEST
    return SheetView(
        head=tuple(_fact(fact, tongue) for fact in body.facts),
        findings=findings,
        leaves=body.leaves,
        leaves_title=tongue.say(t.FACTS_TITLE if asked else t.CERTIFICATE_MORE),
        leaves_back=tongue.say(t.FACTS_BACK),
        details_label=tongue.say(t.FACTS_ASKED if asked else t.CERTIFICATE_MORE),
        promise=tongue.say(t.KEY_PROMISE if asked else t.KEEP_PROMISE),
    )


def _fact(fact: Fact, tongue: Tongue) -> Field:
    caption = FIELDS[fact.name][0 if tongue.rtl else 1]
    if fact.at is not None:
        return Field(
            caption=caption,
            value=Value(text=tongue.day(fact.at), strong=True),
            aside=f"({tongue.other_day(fact.at)})",
        )
    text = tongue.code(fact.text) if fact.code else tongue.signed(fact.text)
    return Field(caption=caption, value=Value(text=text, strong=True))


def _pdf(body: PdfSheet, findings: tuple[FindingView, ...], tongue: Tongue) -> SheetView:
    """The pages as pictures; their text stands behind them, line by line."""
    count, pages, leaves = len(body.pages), [], []
    for number, page in enumerate(body.pages, 1):
        caption = tongue.say(t.PAGE_OF, page=number, count=count)
        lines = [line for line in page.lines if line.strip()]
        pages.append(
            PageView(
                caption=caption,
                ratio=page.height / max(page.width, 1.0),
                spoken=" ".join((caption, *lines)),
            )
        )
        leaves += [
            Leaf(pointer=f"page/{number}/line/{place}", text=line) for place, line in enumerate(lines, 1)
        ]
    return SheetView(
        findings=findings,
        leaves=tuple(leaves),
        leaves_title=tongue.say(t.PAGES_TEXT),
        leaves_back=tongue.say(t.PAGES_BACK),
        details_label=tongue.say(t.PAGES_TEXT),
        pages=tuple(pages),
        picture=body.picture,
        promise=tongue.say(t.SIGNED_PROMISE),
    )


def summary(sheet: DocumentSheet, tongue: Tongue) -> tuple[str, str]:
    """Two lines for a list: whose it is, and what it is."""
    body = sheet.body
    if isinstance(body, PlainSheet):
        first = tongue.say(t.PLAIN_DOCUMENT, id=tongue.code(sheet.document_id))
        return first, tongue.say(t.LEAVES_COUNT, count=len(body.leaves))
    if isinstance(body, FactsSheet):
        first = tongue.say(t.PLAIN_DOCUMENT, id=tongue.code(sheet.document_id))
        return first, tongue.say(t.LEAVES_COUNT, count=len(body.facts))
    if isinstance(body, PdfSheet):
        first = tongue.say(t.PLAIN_DOCUMENT, id=tongue.code(sheet.document_id))
        return first, tongue.say(t.PAGES_COUNT, count=len(body.pages))
    kind = known(captions.KINDS, body.kind, tongue)
    count = len(body.items)
    return tongue.signed(body.patient.name.text), (
        tongue.say(t.ITEMS_COUNT, kind=kind, count=count) if count else kind
    )


def known(names: dict[str, Text], raw: str, tongue: Tongue) -> str:
    """The name of a closed word, or the word itself as the document has it."""
    return tongue.say(names[raw]) if raw in names else tongue.signed(raw)


def _finding(index: int, finding: Finding, sheet: DocumentSheet, tongue: Tongue) -> FindingView:
    heading = {
        Weight.RED: t.FINDING_STOPS,
        Weight.AMBER: t.FINDING_ASKS,
        Weight.NOTE: t.FINDING_TELLS,
    }[finding.weight]
    at = _ITEM.match(finding.pointer)
    item = int(at.group(1)) if at and isinstance(sheet.body, PrescriptionSheet) else None
    if item is not None and isinstance(sheet.body, PrescriptionSheet) and item >= len(sheet.body.items):
        item = None
    return FindingView(
        index=index,
        weight=finding.weight,
        heading=tongue.say(heading),
        text=tongue.finding(sentence(finding, tongue.lang)),
        remedy=remedy(finding, tongue.lang),
        item=item,
    )


def _drawn_leaves(body: PrescriptionSheet) -> Iterator[Leaf]:
    """The values that the sheet draws in words, once more exactly as signed."""
    yield Leaf(pointer="/kind", text=body.kind)
    yield Leaf(pointer="/insurer", text=body.insurer)
    for moment in (body.issued, body.valid_until):
        if moment is not None:
            yield Leaf(pointer=moment.pointer, text=moment.text)
    for part in (body.patient, body.prescriber, *body.items):
        for name in part.__struct_fields__:
            cell: Cell | None = getattr(part, name)
            if cell is not None:
                yield Leaf(pointer=cell.pointer, text=cell.text)
    for cell in (body.notes, body.replaces):
        if cell is not None:
            yield Leaf(pointer=cell.pointer, text=cell.text)


class _Prescription:
    """Lays out one prescription; remembers which comparisons occurred, for the legend."""

    def __init__(self, body: PrescriptionSheet, tongue: Tongue) -> None:
        self._body = body
        self._say = tongue.say
        self._tongue = tongue
        self._seen: set[Comparison] = set()

    def view(self, findings: tuple[FindingView, ...]) -> SheetView:
        body, say = self._body, self._say
        columns = tuple(self._columns())
        items = tuple(self._item(i, item, columns) for i, item in enumerate(body.items))
        head = tuple(self._head())
        foot = tuple(self._foot())
        legend = (
            (Comparison.EQUAL, say(t.LEGEND_EQUAL)),
            (Comparison.DIFFERS, say(t.LEGEND_DIFFERS)),
            (Comparison.INCOMPARABLE, say(t.LEGEND_INCOMPARABLE)),
        )
        count = len(body.details)
        return SheetView(
            head=head,
            columns=tuple(Column(caption=say(c), numeric=n) for c, n, _ in columns),
            items=items,
            foot=foot,
            empty=None if body.items else say(t.NO_ITEMS),
            legend=tuple((kind, words) for kind, words in legend if kind in self._seen),
            findings=findings,
            leaves=(*body.details, *_drawn_leaves(body)),
            leaves_title=say(t.DETAILS_TITLE),
            leaves_back=say(t.DETAILS_BACK),
            details_label=say(t.DETAILS, count=count) if count else say(t.DETAILS_ALL),
            promise=say(t.SIGNED_PROMISE),
        )

    def _head(self) -> Iterator[Field]:
        body, say = self._body, self._say
        patient, prescriber = body.patient, body.prescriber
        yield Field(caption=say(captions.PATIENT), value=self._value(patient.name, strong=True))
        if patient.national_code:
            yield Field(caption=say(captions.NATIONAL_CODE), value=self._code(patient.national_code))
        yield self._moment(captions.ISSUED, body.issued)
        yield Field(
            caption=say(captions.PRESCRIBER),
            value=self._value(prescriber.name),
            aside=(
                say(t.COUNCIL_NUMBER, number=self._code(prescriber.council_number).text)
                if prescriber.council_number
                else ""
            ),
        )
        kind = known(captions.KINDS, body.kind, self._tongue)
        insurer = known(captions.INSURERS, body.insurer, self._tongue)
        yield Field(caption=say(captions.KIND), value=Value(text=kind))
        yield Field(caption=say(captions.INSURER), value=Value(text=insurer))
        if body.valid_until:
            yield self._moment(captions.VALID_UNTIL, body.valid_until)
        if prescriber.centre:
            yield Field(caption=say(captions.CENTRE), value=self._value(prescriber.centre))
        if patient.birth_date:
            yield Field(caption=say(captions.BIRTH_DATE), value=self._day(patient.birth_date))
        if patient.mobile:
            yield Field(caption=say(captions.MOBILE), value=self._code(patient.mobile))
        if prescriber.national_code:
            yield Field(caption=say(t.PRESCRIBER_CODE), value=self._code(prescriber.national_code))
        for caption, cell in self._strays():
            yield Field(caption=say(caption), value=self._value(cell))

    def _strays(self) -> Iterator[tuple[Text, Cell]]:
        """What a person may carry where this layout expects none: a patient's council number, and so on."""
        patient, prescriber = self._body.patient, self._body.prescriber
        expected_elsewhere = (
            (t.PATIENT_COUNCIL, patient.council_number),
            (t.PATIENT_CENTRE, patient.centre),
            (t.PRESCRIBER_BIRTH_DATE, prescriber.birth_date),
            (t.PRESCRIBER_MOBILE, prescriber.mobile),
        )
        for caption, cell in expected_elsewhere:
            if cell is not None:
                yield caption, cell

    def _foot(self) -> Iterator[Field]:
        if self._body.notes:
            yield Field(caption=self._say(captions.NOTES), value=self._value(self._body.notes))
        if self._body.replaces:
            yield Field(caption=self._say(captions.REPLACES), value=self._code(self._body.replaces))

    def _columns(self) -> Iterator[tuple[Text, bool, str]]:
        """The columns that at least one item fills."""
        every = (
            (t.COLUMN_AMOUNT, False, "amount"),
            (t.COLUMN_QUANTITY, True, "quantity"),
            (t.COLUMN_INSTRUCTION, False, "instruction"),
            (t.COLUMN_REPEAT, False, "repeat"),
        )
        for caption, numeric, name in every:
            if any(getattr(item, name) is not None for item in self._body.items):
                yield caption, numeric, name

    def _item(self, index: int, item: Item, columns: tuple[tuple[Text, bool, str], ...]) -> ItemView:
        cells: list[Value | None] = []
        for _, numeric, name in columns:
            cell: Cell | None = getattr(item, name)
            cells.append(None if cell is None else self._value(cell, strong=numeric))
        return ItemView(
            number=self._tongue.number(index + 1),
            name=self._value(item.name, strong=True),
            qualifiers=tuple(self._qualifiers(item)),
            cells=tuple(cells),
        )

    def _qualifiers(self, item: Item) -> Iterator[Value]:
        say = self._say
        if item.strength:
            yield self._value(item.strength, strong=True)
        if item.form:
            yield self._value(item.form)
        for caption, cell in ((t.CODE, item.code), (t.DIAGNOSIS, item.diagnosis)):
            if cell:
                code = self._code(cell)
                yield Value(text=say(caption, value=code.text), comparison=code.comparison)
        if item.not_before:
            day = self._day(item.not_before)
            yield Value(text=say(t.NOT_BEFORE, value=day.text), comparison=day.comparison)

    def _value(self, cell: Cell, *, strong: bool = False) -> Value:
        return self._compared(cell, self._tongue.signed(cell.text), strong=strong)

    def _code(self, cell: Cell) -> Value:
        return self._compared(cell, self._tongue.code(cell.text), strong=False)

    def _day(self, cell: Cell) -> Value:
        return self._compared(cell, self._tongue.signed_day(cell.text), strong=False)

    def _compared(self, cell: Cell, text: str, *, strong: bool) -> Value:
        if cell.comparison is not None:
            self._seen.add(cell.comparison)
        return Value(text=text, comparison=cell.comparison, strong=strong)

    def _moment(self, caption: Text, moment: Moment) -> Field:
        say = self._say
        if moment.at is None:
            text = say(t.TIME_NOT_UNDERSTOOD, value=self._tongue.within(moment.text))
            return Field(caption=say(caption), value=Value(text=text))
        aside = f"({self._tongue.other_day(moment.at)}) · {self._tongue.clock(moment.at)}"
        return Field(caption=say(caption), value=Value(text=self._tongue.day(moment.at)), aside=aside)
