"""Makes the journal a PDF of A4 pages, drawn cell by cell with Qt's text engine, which shapes Persian.

Every cell is drawn as plain text, so that nothing a panel wrote becomes markup; a long one takes more lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen, QTextOption

from gui import theme
from gui.presenters.journal_print import PrintView

_MARGIN = 15  # millimetres
_DOTS = 150  # for each inch: what is drawn are outlines, so this is the unit and not a sharpness
_INK, _SEAL, _LINE = "#1b2130", "#243b8f", "#9aa3b8"
#: How wide the columns are, one beside the other, together 1.
_WIDTHS = (0.08, 0.17, 0.28, 0.19, 0.16, 0.12)
_PAD = 9.0


def pdf_of(view: PrintView) -> bytes:
    """The pages, as many as it takes, each with the names of the columns and its number."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DOTS)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN), QPageLayout.Unit.Millimeter)
    writer.setTitle(view.title)
    painter = QPainter(writer)
    _Pages(writer, painter, view).draw()
    painter.end()
    return bytes(buffer.data().data())


class _Pages:
    """The pen, and how far down the page it is."""

    def __init__(self, writer: QPdfWriter, painter: QPainter, view: PrintView) -> None:
        self._writer, self._painter, self._view = writer, painter, view
        self._width, self._height = float(writer.width()), float(writer.height())
        self._y = 0.0
        self._page = 1
        self._plain, self._strong, self._title = (
            _font(*look) for look in ((9, False), (9, True), (15, True))
        )

    def draw(self) -> None:
        """Everything, from the title to the last row."""
        self._line(self._view.title, self._title, _SEAL)
        for line in self._view.lines:
            self._line(line, self._plain, _INK)
        self._y += 2 * _PAD
        self._row(self._view.columns, self._strong)
        for cells in self._view.rows:
            self._row(cells, self._plain)
        self._number()

    def _line(self, text: str, font: QFont, colour: str) -> None:
        self._painter.setFont(font)
        self._painter.setPen(QColor(colour))
        whole = QRectF(0, self._y, self._width, self._height)
        height = self._needs(text, whole)
        self._painter.drawText(QRectF(0, self._y, self._width, height), text, self._option())
        self._y += height + _PAD / 2

    def _row(self, cells: tuple[str, ...], font: QFont) -> None:
        self._painter.setFont(font)
        room = 2 * _PAD
        height = room + max(
            self._needs(cell, QRectF(0, 0, width - room, self._height))
            for cell, (_, width) in zip(cells, self._columns(), strict=True)
        )
        if self._y + height > self._height - 4 * _PAD and cells is not self._view.columns:
            self._number()
            self._writer.newPage()
            self._page += 1
            self._y = 0.0
            self._row(self._view.columns, self._strong)
            self._painter.setFont(font)
        for cell, (left, width) in zip(cells, self._columns(), strict=True):
            box = QRectF(left, self._y, width, height)
            self._painter.setPen(QPen(QColor(_LINE), 1))
            self._painter.drawRect(box)
            self._painter.setPen(QColor(_INK))
            self._painter.drawText(box.adjusted(_PAD, _PAD, -_PAD, -_PAD), cell, self._option())
        self._y += height

    def _number(self) -> None:
        self._painter.setFont(self._plain)
        self._painter.setPen(QColor(_INK))
        option = self._option()
        option.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        height = 3 * _PAD
        foot = QRectF(0, self._height - height, self._width, height)
        self._painter.drawText(foot, self._view.page_words(self._page), option)

    def _columns(self) -> Iterator[tuple[float, float]]:
        """Left edge and width of each, from the side at which the language begins."""
        gone = 0.0
        for part in _WIDTHS:
            width = part * self._width
            yield (self._width - gone - width if self._view.rtl else gone), width
            gone += width

    def _needs(self, text: str, box: QRectF) -> float:
        return self._painter.boundingRect(box, text, self._option()).height()

    def _option(self) -> QTextOption:
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(
            Qt.LayoutDirection.RightToLeft if self._view.rtl else Qt.LayoutDirection.LeftToRight
        )
        return option


def _font(points: int, strong: bool) -> QFont:
    font = QFont(theme.font())
    font.setPointSize(points)
    font.setWeight(QFont.Weight.Bold if strong else QFont.Weight.Normal)
    return font
