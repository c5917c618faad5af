"""A document as a person reads it: every signed leaf, nothing dropped, findings on top.

Made by `signer.prescription` from the very bytes that will be signed; drawn by `gui` and by the terminal.
Small values are not tracked by the garbage collector (`gc=False`): a batch makes tens of thousands, and
they hold nothing that could hold them.

Texts here are raw: a surface isolates Latin inside Persian and localises digits when it draws. Hidden
characters, however, are already spelled out (`<U+200F>`), so that no surface can forget to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cached_property

from msgspec import Struct


class Weight(Enum):
    """What a finding does: RED stops without override, AMBER needs its own yes, NOTE only tells."""

    RED = "red"
    AMBER = "amber"
    NOTE = "note"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing the doctor must know before saying yes.

    `code` is stable and journaled; `pointer` is the JSON Pointer (RFC 6901) of what it is about; `facts` fill
    the sentence's places (`findings.sentence`). Facts may hold patient data: they are shown, never logged.
    """

    code: str
    weight: Weight
    pointer: str = ""
    facts: tuple[tuple[str, str], ...] = ()


class Comparison(Enum):
    """A readable field against the insurer's wire body."""

    EQUAL = "equal"
    DIFFERS = "differs"
    INCOMPARABLE = "incomparable"


class Cell(Struct, frozen=True, kw_only=True, gc=False):
    """One readable value, where it stands in the document, and how it compares with the wire body."""

    text: str
    pointer: str
    comparison: Comparison | None = None


class Item(Struct, frozen=True, kw_only=True):
    """One line of a prescription; None where the document does not say."""

    name: Cell
    code: Cell | None = None
    form: Cell | None = None
    strength: Cell | None = None
    quantity: Cell | None = None
    amount: Cell | None = None
    instruction: Cell | None = None
    repeat: Cell | None = None
    diagnosis: Cell | None = None
    not_before: Cell | None = None


class Person(Struct, frozen=True, kw_only=True):
    """A patient or prescriber as the document names them."""

    name: Cell
    national_code: Cell | None = None
    council_number: Cell | None = None
    centre: Cell | None = None
    birth_date: Cell | None = None
    mobile: Cell | None = None


class Leaf(Struct, frozen=True, kw_only=True, gc=False):
    """One signed value under *details*: its JSON Pointer and its text as signed."""

    pointer: str
    text: str


class Moment(Struct, frozen=True, kw_only=True):
    """A time as signed (`text`) and as understood (`at`, aware), None where it cannot be understood."""

    text: str
    pointer: str
    at: datetime | None


class PrescriptionSheet(Struct, frozen=True, kw_only=True, tag="prescription"):
    """A Mohr prescription, laid out. `details` holds every leaf that is in no field above it."""

    kind: str
    insurer: str
    issued: Moment
    patient: Person
    prescriber: Person
    items: tuple[Item, ...]
    valid_until: Moment | None = None
    notes: Cell | None = None
    replaces: Cell | None = None
    details: tuple[Leaf, ...] = ()


class PlainSheet(Struct, frozen=True, kw_only=True, tag="plain"):
    """Any other JSON (`leaves`) or text (one leaf for each line, pointer `line/N`)."""

    media_type: str
    leaves: tuple[Leaf, ...]


class Fact(Struct, frozen=True, kw_only=True):
    """One fact by its name in `findings.FIELDS`; `at` where it is a time, aware. `code`: an identifier."""

    name: str
    text: str
    code: bool = False
    at: datetime | None = None


class FactsSheet(Struct, frozen=True, kw_only=True, tag="facts"):
    """What a token is asked to keep or make, fact by fact; `leaves` are the same as they were asked for."""

    media_type: str
    facts: tuple[Fact, ...]
    leaves: tuple[Leaf, ...]


class Picture(Struct, frozen=True, kw_only=True):
    """A drawn page: rows from the top, four octets a pixel: blue, green, red and one unused."""

    width: int
    height: int
    pixels: bytes


class Page(Struct, frozen=True, kw_only=True):
    """One page of a PDF: its size in points as its reader sees it, and its text, line by line."""

    width: float
    height: float
    lines: tuple[str, ...]


class PdfSheet(Struct, frozen=True, kw_only=True, tag="pdf"):
    """A PDF. `picture(page, width)` draws a page, counted from 0, about so many pixels wide.

    It may be called from any thread, takes its time, and raises `DocumentUnreadable`.
    """

    pages: tuple[Page, ...]
    picture: Callable[[int, int], Picture]


Body = PrescriptionSheet | PlainSheet | PdfSheet | FactsSheet


class DocumentSheet(Struct, frozen=True, kw_only=True, dict=True):
    """What is on screen for one document. `content_hash` ties it to the bytes it was drawn from.

    The findings are known at once, for all of a batch; a `body` is laid out by `draw` when it is first looked
    at, from the same bytes.
    """

    document_id: str
    content_hash: bytes
    findings: tuple[Finding, ...]
    draw: Callable[[], Body]

    @cached_property
    def body(self) -> Body:
        """Every signed leaf, laid out."""
        return self.draw()

    @property
    def refused(self) -> bool:
        """True where a red finding forbids signing."""
        return any(f.weight is Weight.RED for f in self.findings)

    @property
    def needs_yes(self) -> tuple[Finding, ...]:
        """The amber findings, each of which needs a yes of its own."""
        return tuple(f for f in self.findings if f.weight is Weight.AMBER)
