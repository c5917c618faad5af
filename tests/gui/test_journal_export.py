"""The journal as pages that the token signs: what stands on them, who is asked, and what comes of it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QLabel

from drivers.types import KeySpec
from gui.bridge.line import Line as Wire
from gui.bridge.requests import SignTrial
from gui.presenters.journal import chain_line
from gui.presenters.journal_print import MOST_ROWS, present_print
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from gui.views.journal import JournalPage
from gui.views.journal_print import pdf_of
from signer.cli.demo.people import PRACTICES
from signer.model.history import Found
from signer.service.consent import Declined
from signer.service.own_signing import OwnSigned
from signer.verify import verify
from tests import softhsm as hsm
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import application, settle
from tests.service.doubles import NOW, yes


class Archivist:
    """A doctor at the journal's page of an office with one signed document."""

    def __init__(self, office: OfficeThread) -> None:
        self.office = office
        self.page = JournalPage(office.line)
        self.page.set_tongue(Tongue("en"))
        self.page.show()
        self.page.show_chain(chain_line(None, Tongue("en")))
        done: list[OwnSigned] = []
        self.agree()
        office.line.ask(SignTrial("text"), done.append, pytest.fail)
        office.until(lambda: bool(done))
        self.page.search()
        office.until(lambda: self.page.model.opened is not None)

    def agree(self) -> None:
        self.office.doctor.answers.append(lambda question: yes(question, hsm.PIN))

    def said(self) -> str:
        return "\n".join(part.text() for part in self.page.findChildren(QLabel) if part.isVisible())

    def until_said(self, words: str) -> None:
        self.office.until(lambda: words in self.said())


@pytest.fixture
def archivist(tmp_path: Path, softhsm: hsm.SoftHsm) -> Iterator[Archivist]:
    asyncio.run(hsm.certify(softhsm, {b"\x01": KeySpec.EC_P256}, PRACTICES[0].subject, NOW))
    office = OfficeThread(tmp_path, softhsm)
    try:
        made = Archivist(office)
        yield made
        made.page.deleteLater()
    finally:
        office.end()


def test_the_doctor_sees_the_pages_signs_them_and_has_a_file_that_others_verify(
    archivist: Archivist, tmp_path: Path
) -> None:
    archivist.agree()
    archivist.page.exports.sign(tmp_path / "journal.pdf")
    archivist.until_said("The signed journal is in")
    question = archivist.office.doctor.questions[-1]
    assert [(d.id, d.media_type) for d in question.documents] == [("journal", "application/pdf")]
    signed = (tmp_path / "journal.pdf").read_bytes()
    report = verify(signed, anchors=())
    assert report.certificate is not None
    told = subprocess.run(
        ["pdfsig", "-nocert", tmp_path / "journal.pdf"], capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    text = text_of(signed)
    assert "Mohr itself" in text
    assert "Test document" in text


def test_a_no_leaves_no_file(archivist: Archivist, tmp_path: Path) -> None:
    archivist.office.doctor.answers.append(lambda question: Declined())
    archivist.page.exports.sign(tmp_path / "journal.pdf")
    archivist.until_said("nothing was signed")
    assert not (tmp_path / "journal.pdf").exists()
    assert archivist.page.exports.sign_button.isEnabled()


def test_a_file_that_cannot_be_written_is_told_before_anybody_is_asked(
    archivist: Archivist, tmp_path: Path
) -> None:
    asked = len(archivist.office.doctor.questions)
    archivist.page.exports.sign(tmp_path / "nowhere" / "journal.pdf")
    archivist.until_said("cannot be read or written")
    assert len(archivist.office.doctor.questions) == asked


def test_more_rows_than_anybody_looks_through_are_not_signed(tmp_path: Path) -> None:
    application()
    asked: list[object] = []
    page = JournalPage(Wire(lambda number, request: asked.append(request)))
    page.set_tongue(Tongue("en"))
    opened = scenes.journal()
    page.show_opened(replace(opened, found=Found(count=MOST_ROWS + 1, top=9999, rows=scenes.ROWS)))
    page.show()
    settle()
    page.exports.sign(tmp_path / "journal.pdf")
    settle()
    said = [part.text() for part in page.findChildren(QLabel) if part.isVisible()]
    assert any(str(MOST_ROWS) in one for one in said)
    assert asked == []
    page.deleteLater()


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_a_panels_markup_stands_on_the_pages_as_the_text_that_it_is(lang: Lang) -> None:
    application()
    row = replace(scenes.ROWS[0], document_id="<b>rx</b>&amp;")
    view = present_print(scenes.journal(), (row,), chain_line(212, Tongue(lang)), NOW, Tongue(lang))
    assert len(view.rows[0]) == len(view.columns)
    text = text_of(pdf_of(view))
    assert "<b>rx</b>&amp" in text


def text_of(pdf: bytes) -> str:
    """What poppler reads from it."""
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
