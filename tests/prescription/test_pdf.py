"""PDFs: what a person is shown and warned of, and that no file takes the agent with it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from signer.model.errors import DocumentError, DocumentRefused, DocumentUnreadable
from signer.model.request import PDF, Document, SignatureFormat, VisibleSeal
from signer.model.sheet import DocumentSheet, PdfSheet
from signer.prescription import pdf_process, pdf_worker
from signer.prescription.pdf_process import PdfProcess
from signer.prescription.reader import read
from tests import pdfs
from tests.prescription.forms import HOLDER, NOW
from tests.signatures import signed_pdf

WIDE = b"q 500 0 0 740 40 60 cm /I Do Q"


@pytest.fixture(scope="module")
def drawing() -> Iterator[PdfProcess]:
    process = PdfProcess()
    yield process
    process.close()


def sheet_of(content: bytes, drawing: PdfProcess, seal: VisibleSeal | None = None) -> DocumentSheet:
    document = Document(id="d", media_type=PDF, content=content, format=SignatureFormat.PADES, seal=seal)
    return read(document, HOLDER, NOW, pdfs=drawing)


def codes(sheet: DocumentSheet) -> list[str]:
    return [finding.code for finding in sheet.findings if finding.code != "document-not-a-prescription"]


def test_a_plain_pdf_is_shown_page_by_page_with_its_text(drawing: PdfProcess) -> None:
    sheet = sheet_of(pdfs.plain(), drawing)
    assert codes(sheet) == []
    assert isinstance(sheet.body, PdfSheet)
    assert [page.lines for page in sheet.body.pages] == [
        ("Amoxicillin 500 mg", "Page 1"),
        ("Amoxicillin 500 mg", "Page 2"),
    ]
    picture = sheet.body.picture(1, 400)
    assert (picture.width, picture.height) == (400, 567)
    assert len(picture.pixels) == 4 * picture.width * picture.height
    assert min(picture.pixels[0::4]) < 100 < max(picture.pixels[0::4])


def image(size: int = 8) -> bytes:
    extra = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8"
    return pdfs.stream(bytes(size * size), extra % (size, size))


def covered() -> bytes:
    """Words, and then a picture over all of them."""
    parts = pdfs.objects(1, contents=pdfs.text("Morphine 100 mg") + b" " + WIDE)
    parts[4] = parts[4].replace(b"/Font <<", b"/XObject << /I 20 0 R >> /Font <<")
    return pdfs.written({**parts, 20: image()})


def annotated(entries: bytes) -> bytes:
    return pdfs.plain(page=b"/Annots [<< /Type /Annot /Subtype /Square %s >>]" % entries)


ACTION = b"/OpenAction << /Type /Action /S %s >>"
LAYERS = b"/OCProperties << /OCGs [30 0 R] /D << /OFF [30 0 R] >> >>"
FIELD = b"/AcroForm << /Fields [<< /FT /Tx /T (dose) /V (5 mg) >>] >>"
FILE = b"/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a) /EF << /F 5 0 R >> >>] >> >>"

NOTABLE: list[tuple[str, bytes, list[str]]] = [
    ("a script", pdfs.plain(catalog=ACTION % b"/JavaScript /JS (1)"), ["pdf-active-content"]),
    (
        "a named script",
        pdfs.plain(catalog=b"/Names << /JavaScript << /Names [] >> >>"),
        ["pdf-active-content"],
    ),
    ("a program started", pdfs.plain(catalog=ACTION % b"/Launch /F (calc.exe)"), ["pdf-active-content"]),
    ("a form sent", pdfs.plain(catalog=ACTION % b"/SubmitForm /F (https://example)"), ["pdf-active-content"]),
    ("another file opened", pdfs.plain(catalog=ACTION % b"/GoToR /F (other.pdf)"), ["pdf-active-content"]),
    (
        "a script of a page",
        pdfs.plain(page=b"/AA << /O << /S /JavaScript /JS (1) >> >>"),
        ["pdf-active-content"],
    ),
    (
        "a film",
        pdfs.plain(page=b"/Annots [<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] >>]"),
        ["pdf-active-content"],
    ),
    ("data from elsewhere", pdfs.plain(catalog=b"/X << /Length 0 /F (a) >>"), ["pdf-active-content"]),
    ("a file inside", pdfs.plain(catalog=FILE), ["pdf-embedded-files"]),
    (
        "a layer",
        pdfs.written({**pdfs.objects(catalog=LAYERS), 30: b"<< /Type /OCG /Name (a) >>"}),
        ["pdf-layers"],
    ),
    ("a field to fill in", pdfs.plain(catalog=FIELD), ["pdf-form-fields"]),
    ("tiny text", pdfs.plain(contents=pdfs.text("Morphine 100 mg", size=1)), ["pdf-tiny-text"]),
    ("text drawn in no ink", pdfs.plain(contents=b"3 Tr " + pdfs.text("Morphine")), ["pdf-unseen-text"]),
    ("text under a picture", covered(), ["pdf-unseen-text"]),
    (
        "text off the paper",
        pdfs.plain(contents=b"1 0 0 1 900 0 cm " + pdfs.text("Morphine")),
        ["pdf-off-page"],
    ),
    ("a note off the paper", annotated(b"/Rect [900 900 950 950]"), ["pdf-off-page"]),
    ("a hidden note", annotated(b"/Rect [100 100 200 200] /F 2"), ["pdf-hidden-annotation"]),
    (
        "a font that is not inside",
        pdfs.written({**pdfs.objects(), 3: b"<< /Type /Font /Subtype /TrueType /BaseFont /BNazanin >>"}),
        ["pdf-fonts-missing"],
    ),
    ("a signature before", signed_pdf(pdfs.plain()), ["pdf-signed-before"]),
    ("a web link", pdfs.plain(catalog=ACTION % b"/URI /URI (https://example)"), []),
]


@pytest.mark.parametrize(("content", "found"), [row[1:] for row in NOTABLE], ids=[row[0] for row in NOTABLE])
def test_what_a_pdf_may_do_or_hide_is_told(drawing: PdfProcess, content: bytes, found: list[str]) -> None:
    sheet = sheet_of(content, drawing)
    assert codes(sheet) == found
    assert sheet.refused is ("pdf-active-content" in found)


def test_pages_of_one_finding_are_named_together(drawing: PdfProcess) -> None:
    tiny = pdfs.objects(3, contents=pdfs.text("small", size=1))
    tiny[9] = tiny[5]
    (finding,) = [f for f in sheet_of(pdfs.written(tiny), drawing).findings if f.code == "pdf-tiny-text"]
    assert dict(finding.facts) == {"pages": "1, 3"}


def test_where_the_seal_will_be_drawn_and_what_it_says_is_told(drawing: PdfProcess) -> None:
    sheet = sheet_of(pdfs.plain(), drawing, VisibleSeal(reason="referral"))
    facts = {f.code: dict(f.facts) for f in sheet.findings}
    assert facts["pdf-seal-drawn"] == {"page": "2"}
    assert facts["pdf-seal-reason"] == {"reason": "referral"}
    with pytest.raises(DocumentRefused):
        sheet_of(pdfs.plain(), drawing, VisibleSeal(page=3))


REFUSALS: list[tuple[str, bytes, type[DocumentError]]] = [
    ("no PDF", b"plain words", DocumentUnreadable),
    ("cut in the middle", pdfs.plain()[:500], DocumentUnreadable),
    ("no pages", pdfs.written({1: b"<< /Type /Catalog >>"}), DocumentUnreadable),
    ("too many pages", pdfs.plain(pdf_worker.MAX_PAGES + 1), DocumentUnreadable),
    ("a form that is XFA", pdfs.plain(catalog=b"/AcroForm << /Fields [] /XFA (x) >>"), DocumentRefused),
    ("encrypted", pdfs.written(pdfs.objects(), trailer=pdfs.ENCRYPTED), DocumentError),
]


@pytest.mark.parametrize(
    ("content", "refusal"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_cannot_be_shown_is_refused_and_the_next_one_is_shown(
    drawing: PdfProcess, content: bytes, refusal: type[DocumentError]
) -> None:
    with pytest.raises(refusal):
        sheet_of(content, drawing)
    assert codes(sheet_of(pdfs.plain(), drawing)) == []


def script(body: str) -> tuple[str, ...]:
    """A process that takes the agent's first frame and then does something else than answer it."""
    return (sys.executable, "-c", f"import os, sys, time; sys.stdin.buffer.read(4)\n{body}")


def test_a_crash_is_told_as_a_document_that_cannot_be_shown() -> None:
    broken = PdfProcess(script("os.kill(os.getpid(), 11)"))
    with pytest.raises(DocumentUnreadable, match=f"ended with -{int(signal.SIGSEGV)}"):
        broken.inspect(pdfs.plain())


def test_a_hang_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_process, "INSPECTION", 0.5)
    hanging = PdfProcess(script("time.sleep(600)"))
    with pytest.raises(DocumentUnreadable, match=r"not done in 0\.5 s"):
        hanging.inspect(pdfs.plain())


@pytest.mark.parametrize(
    "answer", ["b'\\xff' * 8", "b'\\0\\0\\0\\1\\xc1'", "b''"], ids=["too long", "no value", "none"]
)
def test_an_answer_that_is_none_is_a_document_that_cannot_be_shown(answer: str) -> None:
    babbling = PdfProcess(script(f"sys.stdout.buffer.write({answer})"))
    with pytest.raises(DocumentUnreadable):
        babbling.inspect(pdfs.plain())


def test_a_process_that_died_is_started_again(drawing: PdfProcess) -> None:
    content = pdfs.plain()
    assert drawing.picture(content, 0, 100).width == 100
    running = drawing._process
    assert running is not None
    running.kill()
    running.wait()
    assert drawing.picture(content, 0, 100).width == 100


def test_closing_ends_a_call_that_is_under_way_and_starts_nothing_again() -> None:
    hanging = PdfProcess(script("time.sleep(600)"))
    ended: list[str] = []

    def ask() -> None:
        try:
            hanging.inspect(pdfs.plain())
        except DocumentUnreadable as problem:
            ended.append(problem.detail)

    asking = threading.Thread(target=ask)
    asking.start()
    while hanging._process is None:
        time.sleep(0.01)
    hanging.close()
    asking.join(10)
    assert len(ended) == 1
    with pytest.raises(DocumentUnreadable, match="over"):
        hanging.inspect(pdfs.plain())


CONFINED = """
import socket, sys
from signer.prescription import pdf_worker
pdf_worker.confine()
for attempt in (lambda: open("/etc/hostname"), lambda: socket.socket()):
    try:
        attempt()
    except OSError:
        continue
    sys.exit(1)
try:
    bytearray(2 * pdf_worker.MAX_MEMORY)
except MemoryError:
    sys.exit(0)
sys.exit(2)
"""


@pytest.mark.skipif(os.name != "posix", reason="the limits are those of POSIX systems")
def test_the_process_can_open_nothing_and_has_a_share_of_memory() -> None:
    import subprocess

    assert subprocess.run([sys.executable, "-c", CONFINED], timeout=60).returncode == 0
