"""One document on its white card: findings above what they concern, head, items, notes, details behind.

Long sheets scroll and are never cut. Rows are made as they are scrolled to, so that the first paint does not
wait for the last row; the end counts as seen only when all are made and the last was on screen.
"""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui import translations as t
from gui.bridge.pictures import Drawer
from gui.presenters.sheet import FindingView, ItemView, SheetView
from gui.presenters.tongue import Tongue
from gui.views.cells import Captioned, NameCell, cell, legend
from gui.views.findings import FINDING, Yes, finding_frame
from gui.views.kit import button, card, hairline, label
from gui.views.leaves import LeafList
from gui.views.marks import SignMark
from gui.views.pages import PageStack
from gui.views.ticks import Tick
from gui.views.words import Flow
from signer.model.sheet import Weight

#: Rows made at once. A typical prescription fits into the first portion.
PORTION = 12


class SheetCard(QFrame):
    """Draws one `SheetView`. `accepted(finding, yes)` when an amber finding is ticked; `end_reached` once."""

    accepted = Signal(int, bool)
    end_reached = Signal()

    def __init__(self) -> None:
        super().__init__()
        frame, column = card()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._pages = QStackedWidget()
        column.addWidget(self._pages)
        self._paper: Paper | None = None
        self._leaves: LeafList | None = None

    def show_sheet(self, view: SheetView, tongue: Tongue, yes: frozenset[int], *, frozen: bool) -> None:
        """Put another document on the card, at its top. `yes` are the amber findings already ticked."""
        while (old := self._pages.currentWidget()) is not None:
            self._pages.removeWidget(old)
            if isinstance(old, Paper):
                old.end()
            old.deleteLater()
        paper = self._paper = Paper(view, tongue, yes, frozen=frozen)
        paper.accepted.connect(self.accepted)
        # A paper that was taken off the card has nothing more to say about the one that is on it now.
        paper.end_reached.connect(lambda: self.end_reached.emit() if self._paper is paper else None)
        paper.details_wanted.connect(self.flip)
        self._leaves = self._paper.plain_leaves
        self._pages.addWidget(self._paper)
        if not view.plain:
            self._leaves = LeafList(view.leaves, view.leaves_title, tongue, back=view.leaves_back)
            self._leaves.back.connect(self.flip)
            self._pages.addWidget(self._leaves)
        self._pages.setCurrentIndex(0)

    def flip(self) -> None:
        """Turn between the sheet and the values behind it."""
        if self._pages.count() < 2:
            return
        self._pages.setCurrentIndex(1 - self._pages.currentIndex())
        if self._pages.currentIndex() == 1 and self._leaves is not None:
            self._leaves.text.setFocus()
        else:
            self.read()

    def read(self) -> None:
        """Give the sheet the focus, so that the arrow and page keys scroll it."""
        if self._paper is not None:
            self._paper.take_focus()

    def read_on(self) -> bool:
        """Scroll one page; False where the end was already on screen."""
        return self._paper is not None and self._paper.read_on()

    def build_all(self) -> None:
        """Make every row now."""
        if self._paper is not None:
            self._paper.build_all()

    def freeze(self) -> None:
        """Take no more yes or no to a finding. What is drawn stays: drawing it anew holds up the signing."""
        if self._paper is not None:
            self._paper.freeze()


class Paper(QWidget):
    """The scrolling sheet. Everything of a prescription, or the leaves of a plain document."""

    accepted = Signal(int, bool)
    end_reached = Signal()
    details_wanted = Signal()

    def __init__(self, view: SheetView, tongue: Tongue, yes: frozenset[int], *, frozen: bool) -> None:
        super().__init__()
        self._view = view
        self._tongue = tongue
        self._yes = yes
        self._frozen = frozen
        self._built = self._shown = 0
        self._grid_row = 1
        self.plain_leaves: LeafList | None = None
        self.page_stack: PageStack | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        if view.plain:
            self._area: _Area | None = None
            self._plain(outer)
            return
        body = QWidget()
        body.setObjectName("sheet")
        self._area = _Area(body)
        outer.addWidget(self._area)
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(26, 22, 26, 20)
        self._column.setSpacing(13)
        self._top_findings(self._column)
        if view.picture is not None:
            self._stack_pages(view.picture)
        else:
            self._head()
        self._items()
        self._foot()
        self._grow()
        bar = self._area.verticalScrollBar()
        bar.valueChanged.connect(self._look)
        bar.rangeChanged.connect(self._look)

    def take_focus(self) -> None:
        """Let the keyboard scroll."""
        if self._area is not None:
            self._area.setFocus()
        elif self.plain_leaves is not None:
            self.plain_leaves.text.setFocus()

    def read_on(self) -> bool:
        """Scroll by a page; False where there is nothing further. A page in sight is waited for."""
        area, stack = self._area, self.page_stack
        if area is not None and stack is not None and stack.waits(area.sight_of(stack)):
            return True
        text = self.plain_leaves.text if self.plain_leaves else None
        scrolling = text or self._area
        if scrolling is None:
            return False
        bar = scrolling.verticalScrollBar()
        if bar.value() >= bar.maximum():
            return False
        bar.setValue(bar.value() + max(1, bar.pageStep() * 9 // 10))
        return True

    def build_all(self) -> None:
        """Make every row that is still to be made."""
        while self._built < len(self._view.items):
            self._grow()

    def freeze(self) -> None:
        """Leave every tick as it is, those of rows still to be made too."""
        self._frozen = True
        for tick in self.findChildren(Tick):
            tick.setEnabled(False)

    def showEvent(self, event: QShowEvent) -> None:
        """Look whether it all fits, once the layout is settled."""
        QTimer.singleShot(0, self, self._look)

    def _look(self) -> None:
        area = self._area
        if area is None or not self.isVisible():
            return
        bar = area.verticalScrollBar()
        if self.page_stack is not None:
            self.page_stack.look(area.sight_of(self.page_stack))
            return
        if self._built < len(self._view.items) and bar.value() > bar.maximum() - 2 * bar.pageStep():
            self._grow()
            return
        if (
            self._built == len(self._view.items)
            and area.last_line() <= bar.value() + area.viewport().height()
        ):
            self.end_reached.emit()

    def end(self) -> None:
        """Draw no further page; this paper goes off the card."""
        if self.page_stack is not None:
            self.page_stack.end()

    # --- the parts

    def _stack_pages(self, draw: Drawer) -> None:
        say = self._tongue.say
        stack = PageStack(self._view.pages, draw, say(t.PAGE_WAITING), say(t.PAGE_UNDRAWN))
        stack.all_seen.connect(self.end_reached)
        stack.changed.connect(self._look)
        self._column.addWidget(stack)
        self.page_stack = stack

    def _plain(self, outer: QVBoxLayout) -> None:
        if self._view.findings:
            findings = QVBoxLayout()
            findings.setContentsMargins(24, 20, 24, 0)
            findings.setSpacing(10)
            self._top_findings(findings)
            if notes := self._notes_of_all():
                findings.addWidget(self._notes(notes))
            outer.addLayout(findings)
        self.plain_leaves = LeafList(self._view.leaves, self._view.leaves_title, self._tongue)
        self.plain_leaves.end_reached.connect(self.end_reached)
        outer.addWidget(self.plain_leaves, 1)

    def _top_findings(self, column: QVBoxLayout) -> None:
        order = list(Weight)
        top = [f for f in self._view.findings if f.item is None and f.weight is not Weight.NOTE]
        for finding in sorted(top, key=lambda f: order.index(f.weight)):
            column.addWidget(self._finding(finding))

    def _head(self) -> None:
        fields = Flow(gap=20, line_gap=12, cell=165)
        for field in self._view.head:
            fields.addWidget(Captioned(field))
        self._column.addLayout(fields)

    def _items(self) -> None:
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(9)
        self._by_item = {
            number: list(group)
            for number, group in groupby(
                sorted((f for f in self._view.findings if f.item is not None), key=lambda f: f.item or 0),
                key=lambda f: f.item,
            )
        }
        if self._view.items:
            captions = ["#", self._tongue.say(t.COLUMN_ITEM), *(c.caption for c in self._view.columns)]
            for at, caption in enumerate(captions):
                widget = label(caption, "caption")
                self._grid.addWidget(widget, 0, at)
            self._grid.setColumnStretch(1, 5)
            for at, column in enumerate(self._view.columns, 2):
                self._grid.setColumnStretch(at, 1 if column.numeric else 3)
        self._column.addLayout(self._grid)
        if self._view.empty is not None:
            self._column.addWidget(label(self._view.empty, "soft"))

    def _foot(self) -> None:
        for field in self._view.foot:
            self._column.addWidget(Captioned(field))
        if notes := self._notes_of_all():
            self._column.addWidget(self._notes(notes))
        self.details = button(self._view.details_label, "link")
        self.details.clicked.connect(self.details_wanted)
        below = Flow(gap=20)
        below.addWidget(self.details)
        for kind, words in self._view.legend:
            below.addWidget(legend(kind, words))
        self._column.addLayout(below)
        self._column.addStretch(1)
        self._column.addWidget(label(self._view.promise, "soft", wrap=True))

    def _notes_of_all(self) -> list[FindingView]:
        return [f for f in self._view.findings if f.item is None and f.weight is Weight.NOTE]

    def _notes(self, notes: list[FindingView]) -> QFrame:
        """What only tells, in one quiet frame."""
        role, sign, tone = FINDING[Weight.NOTE]
        frame = QFrame()
        frame.setProperty("role", role)
        column = QVBoxLayout(frame)
        column.setContentsMargins(14, 8, 14, 9)
        column.setSpacing(2)
        for note in notes:
            line = QHBoxLayout()
            line.setSpacing(10)
            line.addWidget(SignMark(sign, tone, theme.px(14), theme.px(5)), 0, Qt.AlignmentFlag.AlignTop)
            words = label(note.text, "remedy", wrap=True)
            words.setAccessibleName(f"{note.heading}: {note.text} {note.remedy}")
            line.addWidget(words, 1)
            column.addLayout(line)
        return frame

    def _grow(self) -> None:
        upto = min(self._built + PORTION, len(self._view.items))
        # A part that comes into sight has all of the sheet laid out: once is enough for the whole portion.
        self._column.setEnabled(False)
        for index in range(self._built, upto):
            self._item(index, self._view.items[index])
        for at in range(self._shown, self._grid.count()):
            if (made := self._grid.itemAt(at)) is not None and (part := made.widget()) is not None:
                part.show()
        self._shown = self._grid.count()
        self._column.setEnabled(True)
        self._built = upto

    def _item(self, index: int, item: ItemView) -> None:
        columns = 2 + len(self._view.columns)
        self._grid.addWidget(hairline(), self._grid_row, 0, 1, columns)
        self._grid_row += 1
        for finding in self._by_item.get(index, ()):
            above = self._finding(finding)
            self._grid.addWidget(above, self._grid_row, 0, 1, columns)
            self._grid_row += 1
        stopped = any(f.weight is Weight.RED for f in self._by_item.get(index, ()))
        parts: list[QWidget] = [label(item.number, "soft"), NameCell(item)]
        parts += [cell(value, stopped=stopped) for value in item.cells]
        for at, part in enumerate(parts):
            self._grid.addWidget(part, self._grid_row, at, Qt.AlignmentFlag.AlignTop)
        self._grid_row += 1
        if index == len(self._view.items) - 1:
            self._grid.addWidget(hairline(), self._grid_row, 0, 1, columns)

    def _finding(self, finding: FindingView) -> QFrame:
        yes = Yes(
            given=finding.index in self._yes,
            frozen=self._frozen,
            answer=lambda given: self.accepted.emit(finding.index, given),
        )
        return finding_frame(finding, self._tongue, yes)


class _Area(QScrollArea):
    """A scroll area in which lines break; it scrolls sideways only where there is no room for that."""

    def __init__(self, body: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(body)
        self._body = body
        self.verticalScrollBar().setSingleStep(28)

    def sight_of(self, part: QWidget) -> QRect:
        """What of a part of the body is in sight, in the part's own coordinates."""
        return QRect(part.mapFrom(self.viewport(), QPoint(0, 0)), self.viewport().size())

    def last_line(self) -> int:
        """How tall the body must be at this width, also before its layout has settled."""
        body = self._body
        width = max(self.viewport().width(), body.minimumSizeHint().width())
        return body.heightForWidth(width) if body.hasHeightForWidth() else body.sizeHint().height()
