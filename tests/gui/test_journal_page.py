"""The journal's page: searches, pages that come as they are scrolled to, one entry, a dropped file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel

from drivers.types import KeySpec
from gui.bridge.line import Line
from gui.bridge.messages import Answered
from gui.bridge.requests import ExportJournal, JournalPage, OpenJournal, ReadEntry, Request, TraceFile
from gui.presenters.journal import chain_line
from gui.presenters.tongue import Tongue
from gui.views.journal import JournalPage as Page
from signer.cli.demo.people import NAME, PRACTICES
from signer.model.history import Found, Result
from signer.service.records import PAGE, Opened, Traced
from tests import softhsm as hsm
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import application, settle
from tests.service.doubles import NOW

TOTAL = 100_000


class Reader:
    """The page, and who answers it."""

    def __init__(self) -> None:
        application()
        self.asked: list[tuple[int, Request[object]]] = []
        self.wire = Line(lambda number, request: self.asked.append((number, request)))
        self.page = Page(self.wire)
        self.page.set_tongue(Tongue("en"))
        self.page.resize(900, 700)
        self.page.show()
        settle()

    def take(self, kind: type) -> Request[object]:
        """The oldest request of a kind that is not answered yet."""
        return next(request for _, request in self.asked if isinstance(request, kind))

    def answer(self, kind: type, answer: object = None, problem: str | None = None) -> None:
        for at, (number, request) in enumerate(self.asked):
            if isinstance(request, kind):
                del self.asked[at]
                self.wire.receive(Answered(number, answer, problem))
                settle()
                return
        raise AssertionError(f"no {kind.__name__} was asked")

    def said(self) -> str:
        settle()
        return "\n".join(part.text() for part in self.page.findChildren(QLabel) if part.isVisible())


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.page.hide()
    made.page.deleteLater()
    settle()


def large() -> Opened:
    """A hundred thousand entries, the first page of them at hand."""
    rows = tuple(replace(scenes.ROWS[0], sequence=2 * TOTAL - n) for n in range(PAGE))
    opened = scenes.journal()
    return replace(opened, found=Found(count=TOTAL, top=2 * TOTAL, rows=rows))


def test_only_the_pages_in_sight_are_asked_for_and_each_once(reader: Reader) -> None:
    reader.page.show_opened(large())
    settle()
    assert reader.page.model.rowCount() == TOTAL
    assert reader.asked == []
    reader.page.table.scrollToBottom()
    settle()
    reader.page.table.viewport().repaint()
    requests = [request for _, request in reader.asked if isinstance(request, JournalPage)]
    assert [request.skip for request in requests] == [TOTAL - PAGE]
    assert reader.page.model.data(reader.page.model.index(TOTAL - 1, 0)) == "…"
    rows = tuple(replace(scenes.ROWS[2], sequence=n) for n in range(PAGE, 0, -1))
    reader.answer(JournalPage, rows)
    assert reader.page.model.sequence(TOTAL - 1) == 1
    assert reader.page.model.data(reader.page.model.index(TOTAL - 1, 4)) == "Failed"


def test_a_page_of_an_earlier_search_is_not_shown_in_a_later_one(reader: Reader) -> None:
    reader.page.show_opened(large())
    reader.page.table.scrollToBottom()
    settle()
    reader.page.table.viewport().repaint()
    reader.page.show_opened(large())
    reader.answer(JournalPage, tuple(scenes.ROWS[:PAGE]))
    assert reader.page.model.sequence(TOTAL - 1) is None


def test_day_panel_centre_and_result_are_searched_for(reader: Reader) -> None:
    reader.page.show_opened(scenes.journal())
    QTest.keyClicks(reader.page.day, "1405/09/01")
    reader.page.panel.setCurrentIndex(1)
    reader.page.centre.setCurrentIndex(2)
    reader.page.result.setCurrentIndex(1)
    QTest.keyClick(reader.page.day, Qt.Key.Key_Return)
    request = reader.take(OpenJournal)
    assert isinstance(request, OpenJournal)
    search = request.search
    assert search.since is not None
    assert search.since.isoformat() == "2026-11-22T00:00:00+03:30"
    assert (search.origin, search.centre) == ("https://ep.tamin.example", "بیمارستان نمونه")
    assert search.result is Result.SIGNED
    reader.answer(OpenJournal, scenes.journal(()))
    assert "Nothing was found" in reader.said()
    assert reader.page.panel.currentIndex() == 1, "what was picked stays picked"


def test_a_day_that_cannot_be_read_is_told_and_nothing_is_searched(reader: Reader) -> None:
    reader.page.show_opened(scenes.journal())
    QTest.keyClicks(reader.page.day, "yesterday")
    QTest.keyClick(reader.page.day, Qt.Key.Key_Return)
    assert "not a day" in reader.said()
    assert reader.asked == []


def test_a_row_opens_by_keyboard_to_all_that_is_kept_of_it(reader: Reader) -> None:
    reader.page.show_opened(scenes.journal())
    reader.page.table.setFocus()
    reader.page.table.setCurrentIndex(reader.page.model.index(0, 0))
    QTest.keyClick(reader.page.table, Qt.Key.Key_Down)
    sequences = [request.sequence for _, request in reader.asked if isinstance(request, ReadEntry)]
    assert sequences == [row.sequence for row in scenes.ROWS[:2]]
    reader.answer(ReadEntry, scenes.entry(scenes.ROWS[0]))
    assert "Entry 480" not in reader.said(), "the one that was left is not shown"
    reader.answer(ReadEntry, scenes.entry(scenes.ROWS[1]))
    assert "Entry 478" in reader.said()


def test_without_a_token_nobodys_journal_is_shown(reader: Reader) -> None:
    reader.page.show_opened(scenes.journal())
    reader.page.table.setCurrentIndex(reader.page.model.index(0, 0))
    reader.answer(ReadEntry, scenes.entry(scenes.ROWS[0]))
    reader.page.show_opened(scenes.journal((), ()))
    assert "Plug the token in" in reader.said()
    assert "Entry" not in reader.said()
    assert reader.page.model.rowCount() == 0
    assert not reader.page.filters.isEnabled()


def test_a_break_of_the_chain_is_shown_in_red_above_everything(reader: Reader) -> None:
    reader.page.show_opened(scenes.journal())
    reader.page.show_chain(chain_line(212, Tongue("en")))
    assert "From entry 212" in reader.said()
    (alarm,) = [part for part in reader.page.findChildren(QFrame) if part.property("role") == "find-red"]
    others = [part for part in reader.page.findChildren(QLabel) if part.isVisible() and part.text()]
    tops = [part.mapTo(reader.page, QPoint(0, 0)).y() for part in others if not alarm.isAncestorOf(part)]
    assert alarm.geometry().bottom() < min(tops)
    reader.page.show_chain(chain_line(None, Tongue("en")))
    assert "chain holds" in reader.said()
    assert "212" not in reader.said()


def test_a_file_that_is_dropped_is_asked_about_and_the_answer_told(reader: Reader, tmp_path: Path) -> None:
    reader.page.show_opened(scenes.journal())
    file = tmp_path / "rx.json"
    file.write_bytes(b"{}")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(5, 5), copy, data, left, none)
    reader.page.dragEnterEvent(entering)
    assert entering.isAccepted()
    reader.page.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, none))
    request = reader.take(TraceFile)
    assert isinstance(request, TraceFile)
    assert request.path == file
    reader.answer(TraceFile, Traced(name="rx.json", sha256=b"", rows=scenes.ROWS[:1], report=None))
    assert "Yes. You signed" in reader.said()


def test_an_export_tells_how_many_rows_it_wrote_or_why_not(reader: Reader, tmp_path: Path) -> None:
    reader.page.show_opened(scenes.journal())
    reader.page.exports.write(tmp_path / "out.csv")
    reader.answer(ExportJournal, 120)
    assert "120" in reader.said()
    reader.page.exports.write(tmp_path / "out.csv")
    reader.answer(ExportJournal, problem="file-unusable")
    assert "cannot be read or written" in reader.said()


def test_over_a_real_token_and_journal_the_page_opens_the_holders_own(
    softhsm: hsm.SoftHsm, tmp_path: Path
) -> None:
    asyncio.run(hsm.certify(softhsm, {b"\x01": KeySpec.EC_P256}, PRACTICES[0].subject, NOW))
    office = OfficeThread(tmp_path, softhsm)
    try:
        page = Page(office.line)
        page.set_tongue(Tongue("en"))
        page.search()
        office.until(lambda: page.model.opened is not None)
        opened = page.model.opened
        assert opened is not None
        assert opened.holders == (NAME,)
        assert set(opened.centres.values()) == {"مطب ونک"}
        page.deleteLater()
    finally:
        office.end()
