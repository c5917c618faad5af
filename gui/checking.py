"""The check between its page and the line: asks for it, keeps what was found, and saves the report."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from gui import translations as t
from gui.bridge.checking import CheckAgain, CheckComputer, Examined
from gui.bridge.line import Line as Wire
from gui.bridge.mending import Mend, Mended
from gui.bridge.requests import Request
from gui.presenters.check import Fix, Way, present_check
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue
from gui.views.check import LogWindow, ReportWindow
from gui.views.main import MainWindow, PageName
from signer.cli.logbook import shown
from signer.platform.folders import user_places

_PAGES = {Way.TOKENS: PageName.TOKENS, Way.JOURNAL: PageName.JOURNAL, Way.PANELS: PageName.PANELS}


class Checking(QObject):
    """One for the desktop. One check at a time: its page cannot ask for a second one meanwhile."""

    _so_far = Signal(int, int)

    def __init__(self, window: MainWindow, wire: Wire, tongue: Tongue) -> None:
        super().__init__()
        self._window, self._wire, self._tongue = window, wire, tongue
        self._examined: Examined | None = None
        self._checking = False
        self._problem: Line | None = None
        page = window.check
        # Emitted on the agent's thread, and received on Qt's.
        self._so_far.connect(self._progressed, Qt.ConnectionType.QueuedConnection)
        page.wanted.connect(lambda: self._ask(CheckComputer(told=self._so_far.emit)))
        page.mending.connect(self._mend)
        page.log_wanted.connect(self._show_log)
        page.page_wanted.connect(lambda address: QDesktopServices.openUrl(QUrl(address)))
        page.again.connect(self._again)
        page.turned.connect(lambda way: window.turn_to(_PAGES[way]))
        page.saving.connect(self._save)
        self._draw()

    def set_tongue(self, tongue: Tongue) -> None:
        """Say the same in another language, or in letters of another size."""
        self._tongue = tongue
        self._problem = None
        self._draw()

    def _again(self, probes: tuple[str, ...]) -> None:
        if self._examined is not None:
            self._ask(CheckAgain(before=self._examined, probes=probes))

    def _ask(self, request: Request[Examined]) -> None:
        self._checking, self._problem = True, None
        self._draw()
        self._wire.ask(request, self._came, self._failed, owner=self)

    def _came(self, examined: Examined) -> None:
        self._examined, self._checking = examined, False
        self._draw()

    def _failed(self, code: str) -> None:
        self._checking = False
        self._problem = Line(self._tongue.say(t.CHECK_FAILED, code=code), Tone.BAD)
        self._draw()

    def _progressed(self, done: int, total: int) -> None:
        if self._checking:
            self._window.check.show_progress(done, total, self._tongue)

    def _mend(self, fix: Fix) -> None:
        if self._examined is not None:
            self._checking, self._problem = True, None
            self._draw()
            self._wire.ask(Mend(fix=fix, before=self._examined), self._mended, self._failed, owner=self)

    def _mended(self, mended: Mended) -> None:
        words, tone = (t.CHECK_MENDED, Tone.OK) if mended.done else (t.CHECK_NOT_MENDED, Tone.WARN)
        self._problem = Line(self._tongue.say(words), tone)
        self._came(mended.examined)

    def _show_log(self) -> None:
        LogWindow(shown(user_places().data), self._tongue, self._window).open()

    def _save(self) -> None:
        if self._examined is not None:
            text = self._examined.report.text()
            ReportWindow(text, self._tongue, lambda path: self._write(path, text), self._window).open()

    def _write(self, path: Path, text: str) -> None:
        try:
            path.write_text(text, "utf-8")
            self._problem = Line(self._tongue.say(t.CHECK_SAVED), Tone.OK)
        except OSError:
            self._problem = Line(self._tongue.say(t.CHECK_NOT_SAVED), Tone.BAD)
        self._draw()

    def _draw(self) -> None:
        view = None if self._examined is None else present_check(self._examined.report, self._tongue)
        self._window.check.show_check(view, self._tongue, checking=self._checking, notice_line=self._problem)
