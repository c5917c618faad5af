"""The journal's page: a search, a table of any length, one entry in full, and *did I sign this?*"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.bridge.requests import OpenJournal, ReadEntry, TraceFile
from gui.presenters.asker import asker
from gui.presenters.journal import (
    EntryView,
    RowView,
    day_typed,
    present_entry,
    present_traced,
    results,
    title,
)
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue
from gui.views.journal_export import JournalExports
from gui.views.journal_model import JournalModel
from gui.views.kit import Choice, button, card, clear, label, set_line
from gui.views.marks import Sign, draw, tone_colour
from gui.views.page import notice, titled_card
from gui.views.words import Flow
from signer.model.history import Result
from signer.service.records import Detailed, Opened, Search, Traced

#: Milliseconds without a key after which what was typed is searched for.
_PAUSE = 300
_SIGNS = {Tone.OK: Sign.TICK, Tone.BAD: Sign.CROSS, Tone.PLAIN: Sign.DASH, Tone.WARN: Sign.BANG}
_CENTRE, _DOCUMENT = 2, 3
_Index = QModelIndex | QPersistentModelIndex


class JournalPage(QWidget):
    """Asks over `wire`; `show_chain` is what the check at the start has found."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire
        self._tongue = Tongue("fa")
        self._centre_names: tuple[str, ...] = ()
        self._origins: tuple[str, ...] = ()
        self._chain = Line("")
        self.setAcceptDrops(True)
        self.model = JournalModel(wire)
        self.exports = JournalExports(wire, self._say, self._failed, self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(22, 20, 22, 22)
        self._column.setSpacing(12)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_PAUSE)
        self._typed.timeout.connect(self.search)
        self._said: QVBoxLayout
        self._compose()

    def set_tongue(self, tongue: Tongue) -> None:
        """Say everything in another language, or in letters of another size."""
        self._tongue = tongue
        self._centre_names = self._origins = ()
        clear(self._column)
        self._compose()
        opened = self.model.opened
        if opened is not None:
            self.show_opened(opened)

    def show_chain(self, line: Line) -> None:
        """Say how the check of the chain stands; a break is said in red, above everything."""
        self._chain = line
        self.exports.chain_is(line)
        clear(self._alarm)
        if line.tone is Tone.BAD:
            _put(self._alarm, notice(line, self._tongue.say(t.JOURNAL_BROKEN_REMEDY)))
        set_line(self.chain, line if line.tone is not Tone.BAD else Line(""))

    def search(self) -> None:
        """Open the journal with what is typed and picked."""
        self._typed.stop()
        search = self._search()
        if search is not None:
            self._wire.ask(OpenJournal(search), self.show_opened, self._failed, owner=self)

    def show_opened(self, opened: Opened) -> None:
        """Draw what was found."""
        self.model.show(opened, self._tongue)
        there = bool(opened.holders)
        self._heading.setText(title(opened, self._tongue) if there else self._tongue.say(t.JOURNAL_NO_HOLDER))
        self._count.setText(self._tongue.say(t.JOURNAL_COUNT, count=opened.found.count) if there else "")
        self.exports.opened(opened)
        self.filters.setEnabled(there)
        self._card.setVisible(there)
        self.table.setVisible(opened.found.count > 0)
        self.empty.setVisible(opened.found.count == 0)
        self._offer(opened)
        self._show_entry(None)

    def trace(self, path: Path) -> None:
        """Did I sign this file?"""
        self._wire.ask(TraceFile(path), self._show_traced, self._failed, owner=self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped anywhere on the page."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask about the first of them."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.trace(paths[0])

    # --- drawing

    def _compose(self) -> None:
        say = self._tongue.say
        self._alarm = QVBoxLayout()
        self._column.addLayout(self._alarm)
        self._heading = label("", "title", wrap=True)
        self._count = label("", "soft")
        self.chain = label("", "soft")
        head = Flow(gap=14, line_gap=4)
        for part in (self._heading, self._count, self.chain):
            head.addWidget(part)
        self._column.addLayout(head)
        self._column.addWidget(self._filters())
        self._said = QVBoxLayout()
        self._column.addLayout(self._said)
        frame, inside = card()
        self.table = _Table(self.model, say(t.NAV_JOURNAL).replace("&", ""), self._tongue)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        inside.addWidget(self.table)
        self.empty = label(say(t.JOURNAL_EMPTY), "soft")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMinimumHeight(theme.px(120))
        self.empty.hide()
        inside.addWidget(self.empty)
        self._card = frame
        self._column.addWidget(frame, 3)
        self._entry = QVBoxLayout()
        self._column.addLayout(self._entry)
        self._column.addStretch(0)
        self.setAccessibleName(say(t.NAV_JOURNAL).replace("&", ""))
        self.show_chain(self._chain)

    def _filters(self) -> QWidget:
        say = self._tongue.say
        self.filters = QWidget()
        flow = Flow(gap=10, line_gap=8)
        self.filters.setLayout(flow)
        self.day = QLineEdit()
        self.day.setObjectName("day")
        self.day.setAccessibleName(say(t.FILTER_DAY))
        self.day.setPlaceholderText(say(t.FILTER_DAY))
        self.day.setClearButtonEnabled(False)
        self.day.setFixedWidth(theme.px(140))
        self.day.setProperty("role", "search")
        self.day.setToolTip(say(t.FILTER_DAY_HINT, day="۱۴۰۵/۰۹/۰۱" if self._tongue.rtl else "1405/09/01"))
        self.day.textEdited.connect(lambda _: self._typed.start())
        self.day.returnPressed.connect(self.search)
        self.panel = self._choice(t.FILTER_PANEL, "panel")
        self.centre = self._choice(t.FILTER_CENTRE, "centre")
        self.result = self._choice(t.FILTER_RESULT, "result")
        for words, result in results(self._tongue):
            self.result.addItem(words, result)
        self.file_button = button(say(t.TRACE_ASK))
        self.file_button.setObjectName("trace")
        self.file_button.setToolTip(say(t.TRACE_HINT))
        self.file_button.setAccessibleDescription(say(t.TRACE_HINT))
        self.file_button.clicked.connect(self._pick_file)
        exports = self.exports.buttons(self._tongue)
        for part in (self.day, self.panel, self.centre, self.result, self.file_button, *exports):
            flow.addWidget(part)
        return self.filters

    def _choice(self, caption: t.Text, name: str) -> Choice:
        box = Choice(self._tongue.say(caption))
        box.setObjectName(name)
        box.addItem(f"{self._tongue.say(caption)}: {self._tongue.say(t.FILTER_ALL)}", None)
        box.setMaximumWidth(theme.px(260))
        box.activated.connect(lambda _: self.search())
        return box

    def _offer(self, opened: Opened) -> None:
        """Let what there is be searched for; what is picked stays picked."""
        if opened.origins != self._origins:
            self._origins = opened.origins
            _refill(self.panel, [(asker(origin, self._tongue), origin) for origin in opened.origins])
        names = tuple(dict.fromkeys(name for name in opened.centres.values() if name))
        if names != self._centre_names:
            self._centre_names = names
            _refill(self.centre, [(self._tongue.signed(name), name) for name in names])

    def _search(self) -> Search | None:
        """What is asked for; None where the day cannot be read, which is said."""
        text = self.day.text().strip()
        day = day_typed(text) if text else None
        if text and day is None:
            self._say(Line(self._tongue.say(t.FILTER_DAY_WRONG), Tone.WARN))
            return None
        clear(self._said)
        result = self.result.currentData()
        return Search(
            since=None if day is None else day[0],
            before=None if day is None else day[1],
            origin=self.panel.currentData(),
            centre=self.centre.currentData(),
            result=result if isinstance(result, Result) else None,
        )

    def _selected(self, selected: QItemSelection, _: QItemSelection) -> None:
        rows = selected.indexes()
        sequence = self.model.sequence(rows[0].row()) if rows else None
        if sequence is None:
            self._show_entry(None)
            return
        self._wire.ask(
            ReadEntry(sequence),
            lambda detailed: self._entry_read(sequence, detailed),
            self._failed,
            owner=self,
        )

    def _entry_read(self, sequence: int, detailed: Detailed | None) -> None:
        current = self.table.currentIndex()
        if detailed is not None and self.model.sequence(current.row()) == sequence:
            self._show_entry(present_entry(detailed, self._tongue))
            self.table.scrollTo(current)

    def _show_entry(self, view: EntryView | None) -> None:
        clear(self._entry)
        if view is None:
            return
        frame, inside = titled_card(view.title, view.result)
        if view.problem is not None:
            inside.addWidget(notice(Line(view.problem, view.result.tone), view.remedy))
        facts = QGridLayout()
        facts.setHorizontalSpacing(22)
        facts.setVerticalSpacing(3)
        for at, (caption, value) in enumerate(view.facts):
            facts.addWidget(label(caption, "soft"), at, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(label(value, wrap=True), at, 1)
        facts.setColumnStretch(1, 1)
        inside.addLayout(facts)
        if view.hint is not None:
            inside.addWidget(label(view.hint, "soft", wrap=True))
        _put(self._entry, frame)

    def _show_traced(self, traced: Traced) -> None:
        line, more = present_traced(traced, self._tongue)
        self._say(line, more)

    def _failed(self, code: str) -> None:
        sentence, remedy = condition_words(code, self._tongue)
        if code == "journal-unwritable":
            sentence = self._tongue.say(t.JOURNAL_UNREADABLE)
        self._say(Line(sentence, Tone.BAD), remedy)

    def _say(self, line: Line, more: str | None = None) -> None:
        clear(self._said)
        _put(self._said, notice(line, more))

    def _pick_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._tongue.say(t.TRACE_ASK))
        if name:
            self.trace(Path(name))


def _put(place: QVBoxLayout, part: QWidget) -> None:
    """Show it at once, and not when the layout next looks at what it holds."""
    place.addWidget(part)
    part.show()


def _refill(box: QComboBox, items: list[tuple[str, str]]) -> None:
    picked = box.currentData()
    while box.count() > 1:
        box.removeItem(1)
    for words, value in items:
        box.addItem(words, value)
    box.setCurrentIndex(max(0, box.findData(picked)))


class _Table(QTableView):
    """The rows, each of one height, painted by hand."""

    def __init__(self, model: JournalModel, name: str, tongue: Tongue) -> None:
        super().__init__()
        self.tongue = tongue
        self.setModel(model)
        self.setItemDelegate(_RowPainter(self))
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme.px(42))
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setFixedHeight(theme.px(38))
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumHeight(theme.px(42) * 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Time and result have what they need; the others share the rest, or the last of them make room."""
        super().resizeEvent(event)
        metrics = QFontMetrics(theme.font(14, theme.MEDIUM))
        pad = theme.px(30)
        time = metrics.horizontalAdvance("0000/00/00  00:00") + pad
        words = [words for words, _ in results(self.tongue)]
        result = max(metrics.horizontalAdvance(one) for one in words) + pad + theme.px(23)
        rest = self.viewport().width() - time - result
        wide, least = rest >= theme.px(400), theme.px(140)
        self.setColumnHidden(_DOCUMENT, not wide)
        self.setColumnHidden(_CENTRE, rest < 2 * least)
        shares = (0.44, 0.33) if wide else (0.55, 0.45) if rest >= 2 * least else (1.0, 0.0)
        widths = (time, int(rest * shares[0]), int(rest * shares[1]))
        for column, width in enumerate((*widths, time + rest - sum(widths), result)):
            self.setColumnWidth(column, width)


class _RowPainter(QStyledItemDelegate):
    """Paints a cell; the result with its sign. Made anew where letters take another size."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        plain, strong = theme.font(14), theme.font(14, theme.MEDIUM)
        self._plain, self._strong = (plain, QFontMetrics(plain)), (strong, QFontMetrics(strong))

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """All rows are of one height."""
        return QSize(0, theme.px(42))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one cell, mirrored where the language runs from the right."""
        view: RowView | None = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect
        direction: Qt.LayoutDirection = option.direction
        state: QStyle.StateFlag = option.state
        c = theme.colours()
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(c.seal_soft))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(c.line))
        last = index.column() == index.model().columnCount() - 1
        words = "…" if view is None else view.cells[index.column()]
        colour = c.ink if index.column() in (0, 2) else c.soft
        indent = theme.px(14)
        if last and view is not None:
            colour = tone_colour(view.tone)
            side = theme.px(16)
            spot = QRect(rect.left() + indent, rect.top() + (rect.height() - side) // 2, side, side)
            draw(
                painter, _SIGNS[view.tone], QStyle.visualRect(direction, rect, spot).toRectF(), QColor(colour)
            )
            indent += side + theme.px(7)
        face, metrics = self._strong if last else self._plain
        painter.setFont(face)
        painter.setPen(QColor(colour))
        room = rect.width() - indent - theme.px(6)
        place = QStyle.visualRect(
            direction, rect, QRect(rect.left() + indent, rect.top(), room, rect.height())
        )
        fitted = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
        flags = QStyle.visualAlignment(direction, Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, int(flags), fitted)
        painter.restore()
