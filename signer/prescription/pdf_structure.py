"""Opening a PDF for work on its structure: one strict way, for signing it and for looking into it.

What cannot be updated or shown without a guess is refused here (encryption, XFA forms, a broken file); what
is merely notable is told by `pdf_inspection`. Pages are not drawn here.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from typing import TYPE_CHECKING, Any

from signer.model.errors import DocumentRefused, DocumentUnreadable

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_NO_CHANGES = 1

# The parser remarks on what it reads, in a document's own words; faults come as exceptions all the same.
_remarks = logging.getLogger("pyhanko")
_remarks.addHandler(logging.NullHandler())
_remarks.propagate = False


def parser_faults() -> tuple[type[Exception], ...]:
    """What a parser written in Python throws at a file made to break it."""
    from pyhanko.pdf_utils.misc import PdfError

    return (
        PdfError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        AssertionError,
        RecursionError,
        NotImplementedError,
        EOFError,
        OSError,
        struct.error,
        zlib.error,
    )


def open_pdf(content: bytes) -> PdfFileReader:
    """A reader of the newest revision (ISO 32000-2 §7.5).

    Raises `DocumentUnreadable` for what is no well-formed PDF, `DocumentRefused` for one that is encrypted,
    whose form is XFA (§12.7.8: a second, different picture of the document), or whose author's certification
    forbids any change (DocMDP level 1, §12.8.2.2): a signature would break it.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(content), strict=True)
        if "/Encrypt" in reader.trailer_view:
            raise DocumentRefused("PDF: encrypted")
        if reader.xrefs.hybrid_xrefs_present:
            raise DocumentRefused("PDF: two cross-reference tables for two kinds of viewers")
        if entry(entry(reader.root, "/AcroForm"), "/XFA") is not None:
            raise DocumentRefused("PDF: XFA form")
        if _certified_against_changes(reader):
            raise DocumentRefused("PDF: certified against any change")
    except parser_faults() as fault:
        raise DocumentUnreadable(f"PDF: {type(fault).__name__}") from None
    return reader


def entry(holder: object, name: str) -> Any:
    """An entry of a dictionary, references followed; None where there is no entry or no dictionary."""
    from pyhanko.pdf_utils.generic import DictionaryObject

    try:
        return holder[name] if isinstance(holder, DictionaryObject) else None
    except KeyError:
        return None


def entries(array: object) -> list[Any]:
    """The members of an array, references followed; none where it is no array."""
    from pyhanko.pdf_utils.generic import ArrayObject

    return [array[place] for place in range(len(array))] if isinstance(array, ArrayObject) else []


def _certified_against_changes(reader: PdfFileReader) -> bool:
    certification = entry(entry(reader.root, "/Perms"), "/DocMDP")
    return any(
        entry(reference, "/TransformMethod") == "/DocMDP"
        and entry(entry(reference, "/TransformParams"), "/P") == _NO_CHANGES
        for reference in entries(entry(certification, "/Reference"))
    )
