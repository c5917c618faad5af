"""The process that draws PDFs: PDFium and the structure's reader see a document here and nowhere else.

It takes a document on stdin, answers on stdout, opens nothing and ends when the agent goes away. Before the
first document it gives up, where the system allows it, opening any file or socket and taking more memory than
its share. A crash or a hang ends this process only; the agent's side is `pdf_process`.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from ctypes import byref, c_float
from typing import Any

import pypdfium2
from pypdfium2 import raw

from signer.model.errors import DocumentError, DocumentRefused
from signer.prescription.pdf_inspection import inspect
from signer.prescription.pdf_wire import (
    Answer,
    Draw,
    Drawn,
    Inspect,
    Inspected,
    Load,
    Loaded,
    Mark,
    PageFacts,
    Refused,
    Request,
    read_request,
    write,
)

#: Of address space: interpreter, libraries, document and a page's picture, with room for its images.
MAX_MEMORY = 1024 * 1024 * 1024
MAX_PAGES = 300
MAX_TEXT = 2_000_000
MAX_WIDTH, MAX_HEIGHT = 2400, 4800
#: Text smaller than this many points is not read by people.
TINY = 4.0
#: How far something may stick out of the page, in points.
_SLACK = 1.0
_INVISIBLE = {raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP}


#: What the libraries decode names and text from.
_CODECS = ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252")

#: One empty page.
_SMALLEST = (
    b"%PDF-1.4\n"
    b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    b"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \n"
    b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n160\n%%EOF\n"
)


class _Unshown(Exception):
    """The document cannot be shown, for this reason."""


class Desk:
    """Holds one document and answers about it."""

    def __init__(self) -> None:
        self._content = b""
        self._document: pypdfium2.PdfDocument | None = None

    def answer(self, request: Request) -> Answer:
        """Do what is asked. What the document is to blame for comes back as `Refused`."""
        try:
            match request:
                case Load():
                    return self._load(request.content)
                case Inspect():
                    return self._inspect()
                case Draw():
                    return self._draw(request.page, request.width)
        except DocumentError as problem:
            return Refused(problem.detail, readable=isinstance(problem, DocumentRefused))
        except (_Unshown, pypdfium2.PdfiumError, MemoryError, RecursionError) as fault:
            return Refused(f"PDF: {fault}" if isinstance(fault, _Unshown) else f"PDF: {type(fault).__name__}")

    def _load(self, content: bytes) -> Answer:
        self._content, self._document = content, None
        document = pypdfium2.PdfDocument(content)
        if not 0 < len(document) <= MAX_PAGES:
            raise _Unshown(f"{len(document)} pages, at most {MAX_PAGES} are shown")
        # Without it, the pictures of form fields and seals are left out.
        document.init_forms()
        self._document = document
        return Loaded(len(document))

    def _inspect(self) -> Answer:
        marks = list(inspect(self._content))
        pages, length = [], 0
        for number in range(len(self._loaded())):
            page = self._loaded()[number]
            words = page.get_textpage()
            text = words.get_text_range()
            words.close()
            length += len(text)
            if length > MAX_TEXT:
                raise _Unshown(f"more than {MAX_TEXT} characters")
            width, height = page.get_size()
            pages.append(PageFacts(width, height, text))
            marks += [Mark(code, page=number + 1) for code in sorted(set(_hidden(page)))]
            page.close()
        return Inspected(tuple(pages), tuple(marks))

    def _draw(self, number: int, width: int) -> Answer:
        page = self._loaded()[number]
        # A little less than asked for, which is rounded up.
        scale = (min(width, MAX_WIDTH) - 0.01) / max(page.get_size()[0], 1.0)
        scale = min(scale, MAX_HEIGHT / max(page.get_size()[1], 1.0))
        drawn = page.render(scale=scale, prefer_bgrx=True)
        pixels = bytes(drawn.buffer)
        page.close()
        return Drawn(drawn.width, drawn.height, pixels)

    def _loaded(self) -> pypdfium2.PdfDocument:
        if self._document is None:
            raise _Unshown("not loaded")
        return self._document


def _hidden(page: pypdfium2.PdfPage) -> Iterator[str]:
    """Codes of what stands on a page and is not seen there."""
    left, bottom, right, top = page.get_bbox()
    texts: list[tuple[float, float, float, float]] = []
    for kind, thing in _things(page):
        box = _bounds(thing)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(thing) in _INVISIBLE:
                yield "pdf-unseen-text"
            if _size(thing) < TINY:
                yield "pdf-tiny-text"
            texts.append(box)
        if kind == raw.FPDF_PAGEOBJ_IMAGE and any(_within(text, box) for text in texts):
            yield "pdf-unseen-text"
        if (
            box[2] < left - _SLACK
            or box[0] > right + _SLACK
            or box[3] < bottom - _SLACK
            or box[1] > top + _SLACK
        ):
            yield "pdf-off-page"
    for place in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, place)
        box_ = raw.FS_RECTF()
        if raw.FPDFAnnot_GetRect(annotation, box_) and (box_.right > box_.left and box_.top > box_.bottom):
            outside = box_.right < left or box_.left > right or box_.top < bottom or box_.bottom > top
            if outside:
                yield "pdf-off-page"
            hidden = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
            if raw.FPDFAnnot_GetFlags(annotation) & hidden:
                yield "pdf-hidden-annotation"
        raw.FPDFPage_CloseAnnot(annotation)


def _things(page: pypdfium2.PdfPage) -> Iterator[tuple[int, Any]]:
    for place in range(raw.FPDFPage_CountObjects(page.raw)):
        thing = raw.FPDFPage_GetObject(page.raw, place)
        yield raw.FPDFPageObj_GetType(thing), thing


def _bounds(thing: Any) -> tuple[float, float, float, float]:
    sides = [c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(thing, *(byref(side) for side in sides))
    return sides[0].value, sides[1].value, sides[2].value, sides[3].value


def _within(inner: tuple[float, float, float, float], outer: tuple[float, float, float, float]) -> bool:
    return (
        outer[0] <= inner[0] + _SLACK
        and outer[1] <= inner[1] + _SLACK
        and inner[2] <= outer[2] + _SLACK
        and inner[3] <= outer[3] + _SLACK
    )


def _size(thing: Any) -> float:
    """The height of a line of this text on the page, in points."""
    size, matrix = c_float(), raw.FS_MATRIX()
    raw.FPDFTextObj_GetFontSize(thing, byref(size))
    raw.FPDFPageObj_GetMatrix(thing, byref(matrix))
    return float(abs(size.value) * (matrix.c**2 + matrix.d**2) ** 0.5)


def confine() -> None:
    """Give up memory beyond the share and every further file and socket, where the system knows limits.

    Fonts of the system are out of reach too: a page looks the same on every machine.
    """
    # Whatever this document needs is loaded now; nothing can be opened afterwards.
    for codec in _CODECS:
        codecs.lookup(codec)
    desk = Desk()
    for request in (Load(_SMALLEST), Inspect(), Draw(0, 9)):
        desk.answer(request)
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, lowest_free))


def main() -> None:
    """Answer until the agent goes away."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not stand between two frames.
    os.dup2(2, 1)
    confine()
    desk = Desk()
    while (request := read_request(requests)) is not None:
        write(answers, desk.answer(request))


if __name__ == "__main__":
    main()
