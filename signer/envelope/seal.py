"""The doctor's seal on a page of a PDF: name, council number, both dates, the reason, and the mark of Mohr.

What it says comes from the certificate and the signing time; the reason alone is the panel's. Persian is
shaped by HarfBuzz and the font embedded as a subset. It is a picture: whoever checks a signature reads the
certificate. Imported on the first visible signature only, since pyHanko's text support is heavy.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from msgspec import Struct
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent, ResourceType
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader

from signer.model.credential import Holder
from signer.model.errors import DocumentRefused
from signer.model.request import Corner, VisibleSeal
from signer.model.text import persian_digits, visible
from signer.prescription.dates import long_date, tehran, tehran_date
from signer.prescription.pdf_structure import entries, entry

#: Of the seal as its reader sees it, and its distance from the page's edges, in points.
WIDTH, HEIGHT, MARGIN = 204, 78, 24

#: pyHanko's constructors carry no types.
_OBJECTS: Any = generic

_PADDING, _MARK, _GAP = 9.0, 44.0, 8.0
_INK, _SOFT, _SEAL = "0.11 0.13 0.2 rg", "0.36 0.39 0.47 rg", "0.141 0.231 0.561"
#: Line height of the font in ems, and the baseline's place in it.
_LEADING, _BASELINE = 1.42, 0.98
_SMALLEST = 5.5
_FULL_TURN = 360
_UNITS = 1000
#: What Iran's authorities write behind a name for the certificate's use; nobody's seal says it.
_USAGE = re.compile(r"\s*\[Sign\]\s*$", re.IGNORECASE)
_LAYOUT_TABLES = ("GSUB", "GPOS", "GDEF")


class Place(Struct, frozen=True, kw_only=True):
    """Where the seal stands: index of the page, its rectangle there, and the page's own turn in degrees."""

    page: int
    rectangle: tuple[int, int, int, int]
    turn: int


def place(reader: PdfFileReader, seal: VisibleSeal) -> Place:
    """The seal's corner as its reader sees the page, turned pages included.

    Raises `DocumentRefused` where there is no such page, or it is too small for the seal.
    """
    count = int(entry(entry(reader.root, "/Pages"), "/Count"))
    number = count if seal.page is None else seal.page
    if not 1 <= number <= count:
        raise DocumentRefused("PDF: no such page for the seal")
    untyped: Any = reader
    page = untyped.find_page_for_modification(number - 1)[0].get_object()
    turn = int(_inherited(page, "/Rotate") or 0) % _FULL_TURN
    media = _box(_inherited(page, "/MediaBox"))
    crop = _box(_inherited(page, "/CropBox") or _inherited(page, "/MediaBox"))
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    across = turn in {90, 270}
    wide, high = (HEIGHT, WIDTH) if across else (WIDTH, HEIGHT)
    if right - left < wide + 2 * MARGIN or top - bottom < high + 2 * MARGIN:
        raise DocumentRefused("PDF: the page is too small for the seal")
    at_right, at_top = _seen(seal.corner, turn)
    x = round(right - MARGIN - wide if at_right else left + MARGIN)
    y = round(top - MARGIN - high if at_top else bottom + MARGIN)
    return Place(page=number - 1, rectangle=(x, y, x + wide, y + high), turn=turn)


def draw(
    annotation: DictionaryObject,
    writer: IncrementalPdfFileWriter,
    holder: Holder,
    signing_time: datetime,
    reason: str | None,
    turn: int,
) -> None:
    """Give the signature's annotation its picture, upright for whoever reads a page with this turn."""
    content = RawContent(b"", box=BoxConstraints(width=WIDTH, height=HEIGHT))
    pen = _Pen(writer)
    pen.frame()
    pen.lines(tuple(_lines(holder, signing_time, reason)))
    content.data = pen.drawn()
    for name, font in pen.fonts():
        content.set_resource(category=ResourceType.FONT, name=name, value=font)
    form = content.as_form_xobject()
    form[pdf_name("/Matrix")] = _OBJECTS.ArrayObject(_OBJECTS.FloatObject(n) for n in _TURNS[turn])
    annotation[pdf_name("/AP")] = _OBJECTS.DictionaryObject({pdf_name("/N"): writer.add_object(form)})


#: What turns the picture against the page (ISO 32000-2 §12.5.5 moves the result into the rectangle).
_TURNS = {
    0: (1, 0, 0, 1, 0, 0),
    90: (0, 1, -1, 0, 0, 0),
    180: (-1, 0, 0, -1, 0, 0),
    270: (0, -1, 1, 0, 0, 0),
}


def _seen(corner: Corner, turn: int) -> tuple[bool, bool]:
    """Is the corner at the right, and at the top, of the page before its clockwise turn?"""
    if turn not in _TURNS:
        raise DocumentRefused("PDF: the page is turned by no right angle")
    x = corner in {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT}
    y = corner in {Corner.TOP_LEFT, Corner.TOP_RIGHT}
    return {0: (x, y), 90: (not y, x), 180: (not x, not y), 270: (y, not x)}[turn]


def _inherited(page: Any, name: str) -> Any:
    """A page's attribute, or its nearest ancestor's (ISO 32000-2 §7.7.3.4)."""
    for _ in range(32):
        if page is None:
            return None
        found = entry(page, name)
        if found is not None:
            return found
        page = entry(page, "/Parent")
    return None


def _box(array: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(number) for number in entries(array))
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


class _Line(Struct, frozen=True):
    """One line: its runs, size in points, bold or not, colour, and which way it runs."""

    text: str
    size: float
    bold: bool
    colour: str
    right_to_left: bool = True


def _lines(holder: Holder, signing_time: datetime, reason: str | None) -> Iterator[_Line]:
    day, clock = tehran_date(signing_time), f"{signing_time.astimezone(tehran()):%H:%M}"
    name = visible(_USAGE.sub("", holder.name))
    yield _Line(name, 11.5, True, _INK, _begins_right_to_left(name))
    if holder.council_number is not None:
        number = persian_digits(holder.council_number)
        yield _Line(f"شمارهٔ نظام پزشکی {number}", 8.5, False, _INK)
    yield _Line(f"{long_date(day, 'fa')}، ساعت {persian_digits(clock)}", 8.5, False, _INK)
    yield _Line(f"{long_date(day, 'en')}, {clock} (Tehran)", 7, False, _SOFT, right_to_left=False)
    if reason is not None:
        words = visible(reason)
        yield _Line(words, 7, False, _SOFT, _begins_right_to_left(words))


class _Pen:
    """Writes the operators of the seal's content stream."""

    def __init__(self, writer: IncrementalPdfFileWriter) -> None:
        self._out = bytearray()
        self._fonts = {bold: _Font(writer, _octets(bold)) for bold in (False, True)}

    def drawn(self) -> bytes:
        """The content stream so far."""
        return bytes(self._out)

    def fonts(self) -> Iterator[tuple[Any, Any]]:
        """Each font that was written with, by its name in the stream."""
        for bold, font in self._fonts.items():
            yield pdf_name(f"/{_name(bold)}"), font.as_resource()

    def frame(self) -> None:
        """A white ground, a hairline around it, and the mark at the right: a ring with مُهر in it."""
        self._say(f"q 1 g {_SEAL} RG 0.8 w 0.4 0.4 {WIDTH - 0.8:g} {HEIGHT - 0.8:g} re B Q")
        x, y, r = WIDTH - _PADDING - _MARK / 2, HEIGHT / 2, _MARK / 2 - 1.4
        k = 0.5523 * r
        self._say(
            f"q {_SEAL} RG 2.4 w {x + r:g} {y:g} m"
            f" {x + r:g} {y + k:g} {x + k:g} {y + r:g} {x:g} {y + r:g} c"
            f" {x - k:g} {y + r:g} {x - r:g} {y + k:g} {x - r:g} {y:g} c"
            f" {x - r:g} {y - k:g} {x - k:g} {y - r:g} {x:g} {y - r:g} c"
            f" {x + k:g} {y - r:g} {x + r:g} {y - k:g} {x + r:g} {y:g} c S Q"
        )
        word = _Line("مُهر", 17, True, f"{_SEAL} rg")
        self._line(word, word.size, x + self._width(word) * word.size / 2, y - 3.6)

    def lines(self, lines: tuple[_Line, ...]) -> None:
        """All lines, right-aligned beside the mark, as a block in the middle; a long one is set smaller."""
        room = WIDTH - 2 * _PADDING - _MARK - _GAP
        edge = WIDTH - _PADDING - _MARK - _GAP
        sizes = []
        for line in lines:
            width = self._width(line)
            sizes.append(max(_SMALLEST, min(line.size, room / width if width else line.size)))
        top = HEIGHT / 2 + sum(sizes) * _LEADING / 2
        for line, size in zip(lines, sizes, strict=True):
            self._line(self._cut(line, room / size), size, edge, top - size * _BASELINE)
            top -= size * _LEADING

    def _cut(self, line: _Line, ems: float) -> _Line:
        """The line, or as much of it as there is room for and an ellipsis."""
        text = line.text
        while text and self._width(line) > ems:
            text = text[:-1]
            line = _Line(f"{text.rstrip()}…", line.size, line.bold, line.colour, line.right_to_left)
        return line

    def _width(self, line: _Line) -> float:
        """In ems."""
        return sum(advance for _, advance in self._shaped(line))

    def _line(self, line: _Line, size: float, right: float, y: float) -> None:
        shaped = self._shaped(line)
        x = right - size * sum(advance for _, advance in shaped)
        self._say(f"q BT {line.colour} /{_name(line.bold)} 1 Tf {size:g} 0 0 {size:g} {x:.3f} {y:.3f} Tm")
        for operators, _ in shaped:
            self._out += operators + b"\n"
        self._say("ET Q")

    def _shaped(self, line: _Line) -> list[tuple[bytes, float]]:
        """Operators and advance of each run, from left to right."""
        font, shaped = self._fonts[line.bold], []
        for text, right_to_left in runs(line.text, right_to_left=line.right_to_left):
            font.writing_direction = "rtl" if right_to_left else "ltr"
            run = font.shape(text)
            shaped.append((run.graphics_ops, run.x_advance))
        return shaped

    def _say(self, operators: str) -> None:
        self._out += operators.encode("ascii") + b"\n"


class _Font(GlyphAccumulator):
    """pyHanko's font, measured in thousandths of an em as PDF counts; Vazirmatn itself counts in 2048ths."""

    def __init__(self, writer: IncrementalPdfFileWriter, octets: bytes) -> None:
        # Runs are set in ems and scaled by the text matrix.
        super().__init__(writer, io.BytesIO(octets), font_size=1)
        self._own_units = self.units_per_em
        self.units_per_em = _UNITS
        self.hb_font.scale = (_UNITS, _UNITS)
        # HarfBuzz has its own copy of these; the subset drops them, but would read them first: 0.5 s.
        for table in _LAYOUT_TABLES:
            if table in self.tt:
                del self.tt[table]

    def _get_cid_and_width(self, glyph_id: int) -> tuple[int, int]:
        if glyph_id not in self._glyphs:
            cid, width = super()._get_cid_and_width(glyph_id)
            self._glyphs[glyph_id] = cid, round(width * _UNITS / self._own_units)
        return self._glyphs[glyph_id]


def _name(bold: bool) -> str:
    return "Bold" if bold else "Regular"


@cache
def _octets(bold: bool) -> bytes:
    file = resources.files("signer").joinpath("panel", "demo", "fonts", f"Vazirmatn-{_name(bold)}.ttf")
    return file.read_bytes()


def runs(text: str, *, right_to_left: bool) -> list[tuple[str, bool]]:
    """A line as runs of one direction each, from left to right; True is right-to-left.

    UAX #9 for one line without explicit controls, as far as names, numbers and dates need it: numbers and
    Latin run left to right inside Persian, and what is neutral goes with equal neighbours, else with the
    line.
    """
    kinds = [_kind(character) for character in text]
    ways: list[bool] = []
    for place_, kind in enumerate(kinds):
        if kind is not None:
            ways.append(kind)
            continue
        before = next((k for k in reversed(kinds[:place_]) if k is not None), right_to_left)
        after = next((k for k in kinds[place_:] if k is not None), right_to_left)
        ways.append(before if before == after else right_to_left)
    split = [
        ("".join(character for character, _ in group), way)
        for way, group in groupby(zip(text, ways, strict=True), key=lambda pair: pair[1])
    ]
    return split[::-1] if right_to_left else split


def _begins_right_to_left(text: str) -> bool:
    """A line's own direction (UAX #9, P2 and P3): its first letter's; Persian where it has none."""
    letters = (unicodedata.bidirectional(character) for character in text)
    return next((kind != "L" for kind in letters if kind in {"L", "R", "AL"}), True)


def _kind(character: str) -> bool | None:
    """True for right-to-left, False for left-to-right and numbers, None for neutral."""
    kind = unicodedata.bidirectional(character)
    if kind in {"R", "AL"}:
        return True
    return False if kind in {"L", "EN", "AN"} else None
