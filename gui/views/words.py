"""A label that breaks its lines well in both directions, and a layout that puts parts side by side."""

from __future__ import annotations

from math import ceil
from unicodedata import bidirectional

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QLayout, QLayoutItem, QStyle


class Words(QLabel):
    """A label whose lines break anywhere if they must, and align at their first letter in either direction.

    QLabel lets a word without a space run out of sight, and leaves a broken right-to-left line a space short
    of its edge.
    """

    def __init__(self) -> None:
        super().__init__()
        self._measured: dict[tuple[str, int], QSize] = {}

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at this width."""
        return self._measure(width).height()

    def sizeHint(self) -> QSize:
        """One line, if the window has room for it."""
        return self._measure(_ENDLESS)

    def changeEvent(self, event: QEvent) -> None:
        """Another font or direction: measure again."""
        self._measured.clear()
        super().changeEvent(event)

    def _measure(self, width: int) -> QSize:
        # A layout asks for the same sizes again and again while a window takes shape.
        key = (self.text(), width)
        if key not in self._measured:
            layout = self._laid_out(width)
            size = layout.boundingRect().size()
            if width == _ENDLESS and layout.lineCount():
                size.setWidth(layout.lineAt(0).naturalTextWidth())
            self._measured[key] = QSize(ceil(size.width()) + 1, ceil(size.height()))
        return self._measured[key]

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        hint = self.sizeHint()
        return QSize(min(hint.width(), 64), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines."""
        layout = self._laid_out(self.width())
        above = (self.height() - layout.boundingRect().height()) / 2
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        layout.draw(painter, QPointF(0, max(0.0, above)))

    def _laid_out(self, width: int) -> QTextLayout:
        text = self.text()
        layout = QTextLayout(text, self.font())
        rtl = reads_right_to_left(text, self.layoutDirection() is Qt.LayoutDirection.RightToLeft)
        option = QTextOption(self.alignment() & _SIDES | Qt.AlignmentFlag.AlignAbsolute)
        option.setTextDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        y = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1, width))
            line.setPosition(QPointF(0, y))
            y += line.height()
        layout.endLayout()
        return layout


_ENDLESS = 1 << 20
_SIDES = Qt.AlignmentFlag.AlignHorizontal_Mask


def reads_right_to_left(text: str, fallback: bool) -> bool:
    """The paragraph's direction by its first strong character outside isolates (UAX #9 P2, P3)."""
    depth = 0
    for character in text:
        kind = bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind in ("L", "R", "AL"):
            return kind != "L"
    return fallback


class Flow(QLayout):
    """Widgets side by side, in reading direction, on as many lines as the width asks for.

    With `cell`, all are of one width, at least that of `cell` pixels, so that they stand in columns.
    """

    def __init__(self, *, gap: int, line_gap: int = 0, cell: int = 0) -> None:
        super().__init__()
        self._gap = gap
        self._line_gap = line_gap
        self._cell = cell
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self._least: QSize | None = None
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more part."""
        self._items.append(item)

    def count(self) -> int:
        """How many parts."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One part, None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one part up, None past the end."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Takes no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def invalidate(self) -> None:
        """A part changed: measure again."""
        self._heights.clear()
        self._least = None
        super().invalidate()

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at this width."""
        # As with `Words`: a layout around this one asks again and again.
        if width not in self._heights:
            self._heights[width] = self._place(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def setGeometry(self, rect: QRect) -> None:
        """Put the parts where they belong."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """As narrow as may be; the height follows."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The widest part that cannot shrink."""
        if self._least is None:
            self._least = QSize(0, 0)
            for item in self._items:
                self._least = self._least.expandedTo(item.minimumSize())
        return self._least

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, tallest = 0, 0, 0
        line: list[tuple[QLayoutItem, QRect]] = []
        column = self._column(rect.width())
        for item in self._items:
            width = column or min(item.sizeHint().width(), rect.width())
            height = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
            if x and x + width > rect.width():
                self._set(line, tallest, rect)
                line.clear()
                x, y, tallest = 0, y + tallest + self._line_gap, 0
            if move:
                line.append((item, QRect(rect.left() + x, rect.top() + y, width, height)))
            x += width + self._gap
            tallest = max(tallest, height)
        self._set(line, tallest, rect)
        return y + tallest

    def _set(self, line: list[tuple[QLayoutItem, QRect]], tallest: int, rect: QRect) -> None:
        """Put one line's parts where they belong: level with its tallest, columns at its top."""
        parent = self.parentWidget()
        for item, spot in line:
            if not self._cell:
                spot.translate(0, (tallest - spot.height()) // 2)
            item.setGeometry(QStyle.visualRect(parent.layoutDirection(), rect, spot) if parent else spot)

    def _column(self, width: int) -> int:
        if not self._cell:
            return 0
        count = max(1, (width + self._gap) // (self._cell + self._gap))
        return (width - (count - 1) * self._gap) // count
