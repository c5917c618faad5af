"""The two exports of the journal: the table as CSV, and pages that the token signs. Makes neither itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.bridge.requests import ExportJournal, JournalRows, SignJournal
from gui.presenters.journal_print import MOST_ROWS, present_print
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue, left_to_right
from gui.views.journal_print import pdf_of
from gui.views.kit import button
from signer.model.errors import ConsentDeclined
from signer.model.history import Row
from signer.service.own_signing import OwnSigned
from signer.service.records import Opened

Say = Callable[[Line, str | None], None]


class JournalExports(QObject):
    """Two buttons and what they do. `say` is told how it went, `failed` of a stable error code."""

    def __init__(self, wire: Wire, say: Say, failed: Callable[[str], None], page: QWidget) -> None:
        super().__init__(page)
        self._wire, self._say, self._failed, self._page = wire, say, failed, page
        self._opened: Opened | None = None
        self._chain = Line("")
        self._tongue = Tongue("fa")
        self._signing = False

    def buttons(self, tongue: Tongue) -> tuple[QPushButton, QPushButton]:
        """Made anew for each language."""
        self._tongue = tongue
        self.table_button = button(tongue.say(t.EXPORT))
        self.table_button.setObjectName("export")
        self.table_button.clicked.connect(self._pick_table)
        self.sign_button = button(tongue.say(t.SIGN_EXPORT))
        self.sign_button.setObjectName("sign-export")
        self.sign_button.clicked.connect(self._pick_signed)
        self._renew()
        return self.table_button, self.sign_button

    def opened(self, opened: Opened) -> None:
        """What is exported from now on."""
        self._opened = opened
        self._renew()

    def chain_is(self, line: Line) -> None:
        """What the check of the chain has found."""
        self._chain = line

    def write(self, path: Path) -> None:
        """Write the table."""
        if self._opened is None:
            return
        words = self._tongue
        request = ExportJournal(wanted=self._opened.wanted, top=self._opened.found.top, path=path)
        self._wire.ask(
            request,
            lambda count: self._say(
                Line(words.say(t.EXPORTED, count=count, name=left_to_right(path.name)), Tone.OK), None
            ),
            self._failed,
            owner=self,
        )

    def sign(self, path: Path) -> None:
        """Make the pages, have them signed, and write them; too many rows for that are told instead."""
        opened = self._opened
        if opened is None:
            return
        if opened.found.count > MOST_ROWS:
            words = Line(self._tongue.say(t.SIGN_EXPORT_MANY, count=MOST_ROWS), Tone.WARN)
            self._say(words, self._tongue.say(t.SIGN_EXPORT_FEWER))
            return
        self._signing = True
        self._renew()
        rows = JournalRows(wanted=opened.wanted, top=opened.found.top, count=MOST_ROWS)
        self._wire.ask(rows, lambda found: self._sign(path, opened, found), self._not_signed, owner=self)

    def _sign(self, path: Path, opened: Opened, rows: tuple[Row, ...]) -> None:
        view = present_print(opened, rows, self._chain, datetime.now(UTC), self._tongue)
        self._say(Line(self._tongue.say(t.SIGN_EXPORT_WAITS)), None)
        request = SignJournal(content=pdf_of(view), path=path)
        self._wire.ask(request, lambda signed: self._signed(path, signed), self._not_signed, owner=self)

    def _signed(self, path: Path, signed: OwnSigned) -> None:
        if signed.code is not None:
            self._not_signed(signed.code)
            return
        self._signing = False
        self._renew()
        self._say(Line(self._tongue.say(t.SIGN_EXPORT_DONE, name=left_to_right(path.name)), Tone.OK), None)

    def _not_signed(self, code: str) -> None:
        self._signing = False
        self._renew()
        if code == ConsentDeclined.code:
            self._say(Line(self._tongue.say(t.FIRST_SIGN_DECLINED)), None)
        else:
            sentence, remedy = condition_words(code, self._tongue)
            self._say(Line(sentence, Tone.BAD), remedy)

    def _renew(self) -> None:
        some = self._opened is not None and self._opened.found.count > 0
        self.table_button.setEnabled(some)
        self.sign_button.setEnabled(some and not self._signing)

    def _pick_table(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self._page, self._tongue.say(t.EXPORT), "mohr.csv", "CSV (*.csv)"
        )
        if name:
            self.write(Path(name))

    def _pick_signed(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self._page, self._tongue.say(t.SIGN_EXPORT), "mohr.pdf", "PDF (*.pdf)"
        )
        if name:
            self.sign(Path(name))
