"""The doctor's seal: where it stands, what it says, and that it is drawn the right way round."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pypdfium2
import pytest

from signer.cli.demo.authority import ODD_DOCTOR
from signer.envelope.seal import runs
from signer.model.errors import DocumentRefused
from signer.model.request import Corner, VisibleSeal
from signer.verify.pades import read
from tests import pdfs, pki
from tests.signatures import signed_pdf

BLANK = b"q Q"


def sealed(seal: VisibleSeal, page: bytes = b"") -> bytes:
    return signed_pdf(pdfs.plain(contents=BLANK, page=page), seal=seal)


def inked(signed: bytes, page: int) -> set[Corner]:
    """The quarters of a page, as its reader sees it, that are not white."""
    document = pypdfium2.PdfDocument(signed)
    document.init_forms()
    drawn = document[page].render(scale=0.5, grayscale=True)
    lines = [
        bytes(drawn.buffer[y * drawn.stride : y * drawn.stride + drawn.width]) for y in range(drawn.height)
    ]
    high, wide = drawn.height // 2, drawn.width // 2
    quarters = {
        Corner.TOP_LEFT: [line[:wide] for line in lines[:high]],
        Corner.TOP_RIGHT: [line[wide:] for line in lines[:high]],
        Corner.BOTTOM_LEFT: [line[:wide] for line in lines[high:]],
        Corner.BOTTOM_RIGHT: [line[wide:] for line in lines[high:]],
    }
    return {corner for corner, quarter in quarters.items() if min(map(min, quarter)) < 200}


@pytest.mark.parametrize("corner", Corner)
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_seal_stands_in_the_corner_that_the_reader_sees(corner: Corner, turn: int) -> None:
    signed = sealed(VisibleSeal(page=1, corner=corner), page=b"/Rotate %d" % turn)
    assert inked(signed, 0) == {corner}
    assert read(signed).failure is None


def test_the_last_page_is_where_it_stands_unless_told() -> None:
    signed = signed_pdf(pdfs.plain(3, contents=BLANK), seal=VisibleSeal())
    assert inked(signed, 0) == set()
    assert Corner.BOTTOM_LEFT in inked(signed, 2)


def test_a_crop_box_bounds_the_page() -> None:
    signed = sealed(VisibleSeal(page=1), page=b"/CropBox [50 100 550 700]")
    assert inked(signed, 0) == {Corner.BOTTOM_LEFT}


def said_by(signed: bytes) -> str:
    document = pypdfium2.PdfDocument(signed)
    document.init_forms()
    # An annotation's picture is no part of the page's text before it is flattened, as printing does.
    document[0].flatten()
    flattened = io.BytesIO()
    document.save(flattened)
    return str(pypdfium2.PdfDocument(flattened.getvalue())[0].get_textpage().get_text_range())


def test_it_names_doctor_council_number_both_dates_and_the_reason() -> None:
    said = said_by(sealed(VisibleSeal(page=1, reason="نسخهٔ دارو")))
    for word in ("سارا", "نمونه", "۱۲۳۴۵۶", "آذر", "۱۴۰۵", "22 November 2026", "دارو"):
        assert word in said


def test_a_certificates_use_behind_the_name_is_no_part_of_the_name() -> None:
    odd = pki.leaf("rsa-2048", ODD_DOCTOR)
    said = said_by(signed_pdf(pdfs.plain(1), certificate=odd, seal=VisibleSeal()))
    assert "رضایی" in said
    assert "Sign" not in said


def test_the_fonts_are_embedded_as_subsets(tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed(VisibleSeal(page=1)))
    listed = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout
    fonts = [line.split() for line in listed.splitlines() if "Vazirmatn" in line]
    assert len(fonts) == 2
    # name, type (two words), encoding, embedded, subset, unicode, object
    assert all(font[-5:-2] == ["yes", "yes", "yes"] for font in fonts)


@pytest.mark.parametrize(
    ("seal", "page"),
    [
        (VisibleSeal(page=3), b""),
        (VisibleSeal(page=0), b""),
        (VisibleSeal(page=1), b"/CropBox [0 0 200 200]"),
        (VisibleSeal(page=1), b"/Rotate 45"),
    ],
    ids=["a page past the end", "page zero", "a page smaller than the seal", "a page turned by 45 degrees"],
)
def test_a_seal_that_cannot_stand_there_is_refused(seal: VisibleSeal, page: bytes) -> None:
    with pytest.raises(DocumentRefused):
        sealed(seal, page)


@pytest.mark.parametrize(
    ("text", "right_to_left", "from_the_left"),
    [
        ("سارا", True, ["سارا"]),
        ("شماره ۱۲۳", True, ["۱۲۳", "شماره "]),
        ("علی [Sign]", True, ["]", "Sign", "علی ["]),
        ("22 November 2026", False, ["22 November 2026"]),
        ("۱ آذر ۱۴۰۵", True, ["۱۴۰۵", " آذر ", "۱"]),
        ("amoxicillin برای", False, ["amoxicillin ", "برای"]),
        ("", True, []),
    ],
)
def test_a_line_is_split_into_runs_as_a_reader_of_both_scripts_expects(
    text: str, right_to_left: bool, from_the_left: list[str]
) -> None:
    assert [run for run, _ in runs(text, right_to_left=right_to_left)] == from_the_left
