"""The check's page: the first broken link with its way out, the support code, and each stretch of the chain.

Saving shows every octet of the report first (`ReportWindow`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui import translations as t
from gui.presenters.check import CheckRow, CheckView, Fix, Way
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue
from gui.views.kit import button, card, hairline, label, row
from gui.views.marks import Sign, SignMark
from gui.views.page import Page, notice
from gui.views.symbol import Symbol
from gui.views.words import Flow

#: Per cent of the designed text size from which what stood side by side stands one below the other.
_TOO_LARGE = 150
_SIGNS = {Tone.OK: Sign.TICK, Tone.PLAIN: Sign.INFO, Tone.WARN: Sign.BANG, Tone.BAD: Sign.CROSS}
#: What there is something to do about.
_MENDED = {Tone.WARN, Tone.BAD}
_FIX_WORDS = {Fix.START_READERS: t.CHECK_START_READERS, Fix.TRUST: t.CHECK_TRUST}
_WORDS = {Way.TOKENS: t.CHECK_TO_TOKENS, Way.JOURNAL: t.CHECK_TO_JOURNAL, Way.PANELS: t.CHECK_TO_PANELS}


class CheckPage(Page):
    """Draws a `CheckView`. `wanted` when the whole is to be checked, `again(probes)` when a stretch is.

    `turned(way)` when the page is wanted on which the first link is mended, `saving` when the report is.
    `mending(fix)` when something is to be mended from here, `log_wanted` when the log is,
    `page_wanted(address)` when a page is that opens in the browser.
    """

    wanted = Signal()
    again = Signal(object)
    turned = Signal(object)
    saving = Signal()
    mending = Signal(object)
    log_wanted = Signal()
    page_wanted = Signal(str)

    def show_check(
        self,
        view: CheckView | None,
        tongue: Tongue,
        *,
        checking: bool,
        notice_line: Line | None = None,
    ) -> None:
        """Draw it, where it is not what stands there; without a view nothing was checked yet."""
        if self.stands(what := (view, tongue.lang, theme.px(100), checking, notice_line)):
            return
        parts: list[QWidget | None] = [] if notice_line is None else [notice(notice_line)]
        parts.append(self._head(view, tongue, checking))
        if view is not None:
            parts.append(self._chain(view, tongue, checking))
        parts += [None, self._foot(tongue, checked=view is not None)]
        self.draw(what, tongue.say(t.NAV_CHECK).replace("&", ""), parts)

    def _head(self, view: CheckView | None, tongue: Tongue, checking: bool) -> QFrame:
        frame, inside = card()
        inside.setContentsMargins(22, 16, 22, 18)
        across = QHBoxLayout() if theme.px(100) < _TOO_LARGE else QVBoxLayout()
        across.setSpacing(18)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addStretch(1)
        first = tongue.say(t.CHECK_ASK) if view is None else view.first.text
        words.addWidget(label(first, "title", wrap=True))
        remedy = tongue.say(t.CHECK_HINT) if view is None else view.remedy
        if remedy is not None:
            words.addWidget(label(remedy, "qualifier", wrap=True))
        words.addSpacing(6)
        words.addWidget(self._ways(view, tongue, checking))
        words.addStretch(1)
        across.addLayout(words, 1)
        if view is not None:
            code = QVBoxLayout()
            code.setSpacing(2)
            code.addStretch(1)
            code.addWidget(label(tongue.say(t.CHECK_CODE), "soft"), 0, Qt.AlignmentFlag.AlignHCenter)
            digits = label(view.code, "headline", selectable=True)
            digits.setObjectName("support-code")
            digits.setAccessibleName(tongue.say(t.CHECK_CODE))
            digits.setAccessibleDescription(view.spoken_code)
            code.addWidget(digits, 0, Qt.AlignmentFlag.AlignHCenter)
            code.addWidget(Symbol(view.symbol, tongue.say(t.CHECK_CODE)), 0, Qt.AlignmentFlag.AlignHCenter)
            code.addStretch(1)
            across.addLayout(code)
        inside.addLayout(across)
        return frame

    def _ways(self, view: CheckView | None, tongue: Tongue, checking: bool) -> QWidget:
        across = QWidget()
        ways = Flow(gap=10, line_gap=8)
        across.setLayout(ways)
        if view is not None and view.way is not None:
            way = view.way
            mend = button(tongue.say(_WORDS[way]), "primary")
            mend.setObjectName("check-mend")
            mend.clicked.connect(lambda: self.turned.emit(way))
            ways.addWidget(mend)
        words = t.CHECKING if checking else t.CHECK_NOW if view is None else t.CHECK_AGAIN
        check = button(tongue.say(words), "primary" if view is None else "")
        check.setObjectName("check-now")
        check.setEnabled(not checking)
        check.clicked.connect(self.wanted)
        fixes, led = ((), False) if view is None else (view.fixes, view.way is not None)
        for number, fix in enumerate(fixes):
            mended = button(tongue.say(_FIX_WORDS[fix]), "" if number or led else "primary")
            mended.setObjectName(f"fix-{fix.value}")
            mended.setEnabled(not checking)
            mended.clicked.connect(lambda _=False, fix=fix: self.mending.emit(fix))
            ways.addWidget(mended)
        if view is not None and view.page is not None:
            ways.addWidget(self._maker(view.page, tongue, first=not fixes and not led))
        ways.addWidget(check)
        return across

    def _maker(self, page: str, tongue: Tongue, *, first: bool) -> QPushButton:
        """Its hint says where it leads: a page elsewhere is not opened unseen."""
        opening = button(tongue.say(t.CHECK_MAKERS_PAGE), "primary" if first else "")
        opening.setObjectName("check-page")
        opening.setToolTip(page)
        opening.setAccessibleDescription(page)
        opening.clicked.connect(lambda: self.page_wanted.emit(page))
        return opening

    def show_progress(self, done: int, total: int, tongue: Tongue) -> None:
        """How far the check is, on the button that began it, while that stands there."""
        check = self.findChild(QPushButton, "check-now")
        if check is not None and not check.isEnabled():
            so_far = {"done": tongue.digits(str(done)), "total": tongue.digits(str(total))}
            check.setText(tongue.say(t.CHECKING_SO_FAR, **so_far))

    def _chain(self, view: CheckView, tongue: Tongue, checking: bool) -> QFrame:
        frame, inside = card()
        for number, one in enumerate(view.rows):
            if number:
                inside.addWidget(hairline())
            inside.addWidget(self._row(one, tongue, checking))
        return frame

    def _row(self, one: CheckRow, tongue: Tongue, checking: bool) -> QFrame:
        frame = QFrame()
        frame.setAccessibleName(one.accessible)
        large = theme.px(100) >= _TOO_LARGE
        across = QVBoxLayout(frame) if large else QHBoxLayout(frame)
        across.setContentsMargins(18, 10, 18, 10)
        across.setSpacing(12)
        caption = label(one.caption, "strong", wrap=large)
        if not large:
            caption.setFixedWidth(theme.px(170))
        sign = SignMark(Sign.INFO if one.waits else _SIGNS[one.tone], one.tone, theme.px(20))
        across.addLayout(row(sign, caption, None) if large else row(sign, caption))
        words = QVBoxLayout()
        words.setSpacing(2)
        for line in one.lines:
            words.addWidget(label(line, "" if one.tone in _MENDED and not one.waits else "soft", wrap=True))
        if one.facts is not None:
            words.addWidget(label(one.facts, "soft", wrap=True))
        across.addLayout(words, 1)
        if one.tone in _MENDED and one.probes:
            again = button(tongue.say(t.CHECK_ROW_AGAIN), "link")
            again.setObjectName(f"again-{one.part}")
            again.setAccessibleName(f"{tongue.say(t.CHECK_ROW_AGAIN)}: {one.caption}")
            again.setEnabled(not checking)
            again.clicked.connect(lambda: self.again.emit(one.probes))
            across.addWidget(again, 0, Qt.AlignmentFlag.AlignTop)
        return frame

    def _foot(self, tongue: Tongue, *, checked: bool) -> QWidget:
        across = QWidget()
        foot = Flow(gap=14, line_gap=8)
        across.setLayout(foot)
        if checked:
            save = button(tongue.say(t.CHECK_SAVE))
            save.setObjectName("check-save")
            save.clicked.connect(self.saving)
            foot.addWidget(save)
        log = button(tongue.say(t.CHECK_LOG), "link")
        log.setObjectName("check-log")
        log.clicked.connect(self.log_wanted)
        foot.addWidget(log)
        if checked:
            foot.addWidget(label(tongue.say(t.CHECK_PRIVATE), "soft", wrap=True))
        return across


class LogWindow(QDialog):
    """The log as it is on the disk, to be read and copied from. Nothing is sent."""

    def __init__(self, text: str, tongue: Tongue, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("window")
        self.setWindowTitle(tongue.say(t.CHECK_LOG))
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(12)
        column.addWidget(label(tongue.say(t.CHECK_LOG_PRIVATE), wrap=True))
        self.shown = _lines(text or tongue.say(t.CHECK_LOG_NONE), tongue.say(t.CHECK_LOG))
        self.shown.moveCursor(QTextCursor.MoveOperation.End)
        column.addWidget(self.shown, 1)
        close = button(tongue.say(t.CLOSE), "primary")
        close.clicked.connect(self.accept)
        column.addLayout(row(None, close))
        self.resize(theme.px(720), theme.px(560))


def _lines(text: str, name: str) -> QPlainTextEdit:
    """A text of a machine's: from the left, each line whole."""
    shown = QPlainTextEdit(text)
    shown.setReadOnly(True)
    shown.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    shown.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    shown.setTabChangesFocus(True)
    shown.setAccessibleName(name)
    return shown


class ReportWindow(QDialog):
    """Every octet of the report, and the question whether to save just that. `save(path)` writes it."""

    def __init__(self, text: str, tongue: Tongue, save: Callable[[Path], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._tongue, self._save = tongue, save
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("window")
        self.setWindowTitle(tongue.say(t.CHECK_SAVE))
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(12)
        column.addWidget(label(tongue.say(t.CHECK_PRIVATE), wrap=True))
        self.shown = _lines(text, tongue.say(t.CHECK_REPORT))
        column.addWidget(self.shown, 1)
        cancel, keep = button(tongue.say(t.CANCEL)), button(tongue.say(t.CHECK_SAVE_AS), "primary")
        keep.setObjectName("report-save")
        cancel.clicked.connect(self.reject)
        keep.clicked.connect(self._ask)
        column.addLayout(row(None, cancel, keep))
        self.resize(theme.px(720), theme.px(560))

    def _ask(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self._tongue.say(t.CHECK_SAVE_AS), "mohr-report.json", "JSON (*.json)"
        )
        if name:
            self._save(Path(name))
            self.accept()
