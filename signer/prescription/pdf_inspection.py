"""What a PDF's structure holds besides pages: scripts, actions, files, layers, fields, signatures.

A viewer may run, hide or replace what these do, so that two people see two documents. Every object that can
be reached is looked at by its own words; how pages look is `pdf_worker`'s. Runs in the process that draws,
since the files come from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from signer.model.errors import DocumentUnreadable
from signer.prescription.pdf_structure import entries, entry, open_pdf, parser_faults
from signer.prescription.pdf_wire import Mark

#: No prescription comes near; a file with more is not looked through.
MAX_OBJECTS = 200_000

#: Types of action (ISO 32000-2 §12.6.4) that do more than turn to a page or open a web address.
_ACTIONS = {
    "/JavaScript": "JavaScript",
    "/Launch": "Launch",
    "/SubmitForm": "SubmitForm",
    "/ImportData": "ImportData",
    "/GoToR": "GoToR",
    "/GoToE": "GoToE",
    "/Rendition": "Rendition",
    "/Movie": "Movie",
    "/Sound": "Sound",
    "/Hide": "Hide",
    "/SetOCGState": "SetOCGState",
    "/RichMediaExecute": "RichMediaExecute",
    "/GoTo3DView": "GoTo3DView",
}
#: Annotations that play or hold something (§12.5.6, §13).
_PLAYED = {"/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"}
#: Fonts that every viewer has (§9.6.2.2); metrics and letters of all others come with the file, or vary.
_STANDARD = ("Courier", "Helvetica", "Times", "Symbol", "ZapfDingbats")
_FONT_TYPES = {"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"}
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")


def inspect(content: bytes) -> tuple[Mark, ...]:
    """What is notable in the structure. Raises what `open_pdf` raises, and `DocumentUnreadable`."""
    reader = open_pdf(content)
    try:
        return tuple(_marks(reader))
    except parser_faults() as fault:
        raise DocumentUnreadable(f"PDF: {type(fault).__name__}") from None


def _marks(reader: Any) -> Iterator[Mark]:
    active: dict[str, None] = {}
    fonts: dict[str, None] = {}
    files = layers = 0
    for found in _dictionaries(reader):
        action = entry(found, "/S")
        if isinstance(action, str) and action in _ACTIONS:
            active[_ACTIONS[action]] = None
        if "/JS" in found or "/JavaScript" in found:
            active["JavaScript"] = None
        subtype = entry(found, "/Subtype")
        if isinstance(subtype, str) and subtype in _PLAYED and "/Rect" in found:
            active[subtype[1:]] = None
        if "/Length" in found and "/F" in found:
            active["external data"] = None
        if "/EF" in found:
            files += 1
        if "/Alternates" in found:
            layers += 1
        if (font := _missing_font(found)) is not None:
            fonts[font] = None
    if active:
        yield Mark("pdf-active-content", {"what": ", ".join(active)})
    if files:
        yield Mark("pdf-embedded-files", {"count": str(files)})
    layers += len(entries(entry(entry(reader.root, "/OCProperties"), "/OCGs")))
    if layers:
        yield Mark("pdf-layers", {"count": str(layers)})
    if fonts:
        yield Mark("pdf-fonts-missing", {"fonts": ", ".join(fonts)})
    yield from _form(reader)


def _missing_font(found: Any) -> str | None:
    """The name of a font whose letters are not in the file."""
    kind, name = entry(found, "/Subtype"), entry(found, "/BaseFont")
    if not isinstance(kind, str) or kind not in _FONT_TYPES or not isinstance(name, str):
        return None
    descriptor = entry(found, "/FontDescriptor")
    if any(entry(descriptor, file) is not None for file in _FONT_FILES):
        return None
    return None if name[1:].startswith(_STANDARD) else name[1:]


def _form(reader: Any) -> Iterator[Mark]:
    """The form's fields: what can be filled in later, and the signatures that are there already."""
    fields = signatures = 0
    waiting = entries(entry(entry(reader.root, "/AcroForm"), "/Fields"))
    seen: set[int] = set()
    while waiting:
        field = waiting.pop()
        if id(field) in seen:
            continue
        seen.add(id(field))
        waiting += entries(entry(field, "/Kids"))
        kind = entry(field, "/FT")
        if kind == "/Sig":
            signatures += entry(field, "/V") is not None
        elif kind is not None:
            fields += 1
    if fields:
        yield Mark("pdf-form-fields", {"count": str(fields)})
    if signatures:
        yield Mark("pdf-signed-before", {"count": str(signatures)})


def _dictionaries(reader: Any) -> Iterator[Any]:
    """Every dictionary that the newest revision leads to, each once. `DocumentUnreadable` for too many."""
    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject

    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.trailer_view]
    looked_at = 0
    while waiting:
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            place = (found.idnum, found.generation)
            if place in seen:
                continue
            seen.add(place)
            found = reader.get_object(found.reference)
        looked_at += 1
        if looked_at > MAX_OBJECTS:
            raise DocumentUnreadable(f"PDF: more than {MAX_OBJECTS} objects")
        if isinstance(found, DictionaryObject):
            yield found
            waiting += [found.raw_get(name) for name in found]
        elif isinstance(found, ArrayObject):
            waiting += [found.raw_get(place) for place in range(len(found))]
