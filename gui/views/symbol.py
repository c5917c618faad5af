"""A QR symbol as a widget: whole pixels to a square, dark on light whatever the theme."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme

#: Designed pixels of one square: a telephone reads it from half a metre away.
_SQUARE = 3


class Symbol(QWidget):
    """`squares` are rows from the top, True where dark, with their light border."""

    def __init__(self, squares: tuple[tuple[bool, ...], ...], name: str) -> None:
        super().__init__()
        self._squares = squares
        self._square = max(1, theme.px(_SQUARE))
        self.setAccessibleName(name)
        self.setObjectName("support-code-symbol")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """See `QWidget`."""
        side = len(self._squares) * self._square
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """See `QWidget`."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        side = self._square
        for y, row in enumerate(self._squares):
            for x, dark in enumerate(row):
                if dark:
                    painter.fillRect(QRect(x * side, y * side, side, side), Qt.GlobalColor.black)
        painter.end()
