"""The list of signed values, exactly as signed: searchable, of any length, nothing cut.

One text view rather than widgets for each value: 20,000 of them must scroll as well as ten.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from gui import theme
from gui import translations as t
from gui.presenters.tongue import Tongue, left_to_right
from gui.views.kit import button, label, row
from signer.model.sheet import Leaf
from signer.model.text import isolate_latin

#: Searching starts where reading ends.
SEARCHABLE_FROM = 8


class LeafList(QWidget):
    """Pointer above value, one pair after another. `end_reached` once the last was on screen unfiltered."""

    end_reached = Signal()
    back = Signal()

    def __init__(self, leaves: tuple[Leaf, ...], title: str, tongue: Tongue, *, back: str = "") -> None:
        super().__init__()
        self._leaves = leaves
        self._tongue = tongue
        self._drawn_for: theme.Colours | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 12, 12)
        column.setSpacing(10)

        self.search = QLineEdit()
        self.search.setPlaceholderText(tongue.say(t.SEARCH))
        self.search.setAccessibleName(tongue.say(t.SEARCH))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(260)
        self.search.textChanged.connect(self._refresh)
        self._count = label("", "soft")
        heading = row(label(title, "strong"), None, self._count, self.search)
        if back:
            self.back_button = button(back, "link")
            self.back_button.clicked.connect(self.back)
            heading.insertWidget(0, self.back_button)
            heading.insertSpacing(1, 8)
        self.search.setVisible(len(leaves) >= SEARCHABLE_FROM)
        heading.setContentsMargins(0, 0, 12, 0)
        column.addLayout(heading)

        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        side = Qt.AlignmentFlag.AlignRight if tongue.rtl else Qt.AlignmentFlag.AlignLeft
        option = QTextOption(side | Qt.AlignmentFlag.AlignAbsolute)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.document().setDefaultTextOption(option)
        self.text.setAccessibleName(title)
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setTabChangesFocus(True)
        bar = self.text.verticalScrollBar()
        bar.valueChanged.connect(self._look)
        bar.rangeChanged.connect(self._look)
        column.addWidget(self.text, 1)
        self._refresh()

    def showEvent(self, event: object) -> None:
        """A short list is seen to its end by being shown; a changed palette is taken up."""
        if self._drawn_for is not theme.colours():
            self._refresh()
        self._look()

    def _refresh(self) -> None:
        wanted = self.search.text().strip().casefold()
        chosen = [
            leaf
            for leaf in self._leaves
            if wanted in leaf.pointer.casefold() or wanted in leaf.text.casefold()
        ]
        total = len(self._leaves)
        self._count.setText(
            self._tongue.say(t.SEARCH_COUNT, found=len(chosen), total=total) if wanted else ""
        )
        self._write(chosen)
        self._look()

    def _write(self, leaves: list[Leaf]) -> None:
        colours = self._drawn_for = theme.colours()
        document = self.text.document()
        document.setUndoRedoEnabled(False)
        self.text.clear()
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        block = QTextBlockFormat()
        pointer, value, gap = QTextCharFormat(), QTextCharFormat(), QTextCharFormat()
        pointer.setForeground(QColor(colours.soft))
        pointer.setFont(theme.font(theme.SMALL_SIZE))
        value.setForeground(QColor(colours.ink))
        value.setFont(theme.font(theme.BASE_SIZE))
        gap.setFont(theme.font(5))
        for number, leaf in enumerate(leaves):
            if number:
                cursor.insertBlock(block, gap)
                cursor.insertBlock(block, pointer)
            cursor.insertText(left_to_right(leaf.pointer), pointer)
            cursor.insertBlock(block, value)
            if leaf.text:
                cursor.insertText(isolate_latin(leaf.text), value)
            else:
                cursor.insertText(self._tongue.say(t.EMPTY_VALUE), pointer)
        cursor.endEditBlock()
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def _look(self) -> None:
        bar = self.text.verticalScrollBar()
        if self.text.isVisible() and not self.search.text() and bar.value() >= bar.maximum():
            self.end_reached.emit()
