"""The list of many documents: a row each, painted, so that 250 cost no more than ten."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui import theme
from gui import translations as t
from gui.presenters.consent import ConsentPresenter
from gui.presenters.consent_views import Decision, Row
from gui.presenters.pin import Tone
from gui.views.marks import Sign, draw, tone_colour
from signer.service.consent import DocumentOutcome

ROW_HEIGHT = 66
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_Place = Callable[[int, int, int, int], QRect]

_MOVES = {
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
}

_BOX: dict[Decision | DocumentOutcome, tuple[Sign, Tone] | None] = {
    Decision.OPEN: None,
    Decision.APPROVED: (Sign.TICK, Tone.OK),
    Decision.REFUSED: (Sign.CROSS, Tone.BAD),
    DocumentOutcome.SIGNED: (Sign.TICK, Tone.OK),
    DocumentOutcome.DECLINED: (Sign.DASH, Tone.PLAIN),
    DocumentOutcome.FAILED: (Sign.CROSS, Tone.BAD),
}


class DocumentsModel(QAbstractListModel):
    """The rows of the presenter, asked for when they are painted."""

    def __init__(self, presenter: ConsentPresenter) -> None:
        super().__init__()
        self._presenter = presenter

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many documents."""
        return 0 if parent.isValid() else self._presenter.count

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Row | str | None:
        """A row to paint, or all of it in one sentence for a screen reader."""
        row = self._presenter.row(index.row())
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.accessible
        return None

    def renew(self, row: int | None = None) -> None:
        """A row, or all of them, changed."""
        first, last = (0, self.rowCount() - 1) if row is None else (row, row)
        self.dataChanged.emit(self.index(first), self.index(last))


class _RowPainter(QStyledItemDelegate):
    """Paints a row: decision box, patient, kind, and the mark of its findings."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """All rows are of one height."""
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one row, mirrored where the language runs from the right."""
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect
        direction: Qt.LayoutDirection = option.direction
        state: QStyle.StateFlag = option.state
        c = theme.colours()

        def place(x: int, y: int, width: int, height: int) -> QRect:
            spot = QRect(rect.left() + x, rect.top() + y, width, height)
            return QStyle.visualRect(direction, rect, spot)

        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(c.seal_soft))
            painter.fillRect(place(0, 0, 4, rect.height()), QColor(c.seal))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(c.line))
        self._box(painter, QRectF(place(18, (rect.height() - 22) // 2, 22, 22)), row)
        side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        end = rect.width() - 16
        if row.mark is not None:
            width = self._chip(painter, place, end, rect.height(), row)
            end -= width + 8
        flags = QStyle.visualAlignment(direction, side)
        for words, y, face, colour in (
            (row.title, 9, theme.font(theme.BASE_SIZE, theme.MEDIUM), c.ink),
            (row.subtitle, 33, theme.font(theme.SMALL_SIZE), c.soft),
        ):
            painter.setFont(face)
            painter.setPen(QColor(colour))
            fitted = QFontMetrics(face).elidedText(words, Qt.TextElideMode.ElideRight, end - 54)
            painter.drawText(place(54, y, end - 54, 25), int(flags), fitted)
        painter.restore()

    def _box(self, painter: QPainter, box: QRectF, row: Row) -> None:
        look = _BOX[row.outcome or row.decision]
        c = theme.colours()
        if look is None:
            painter.setPen(QPen(QColor(c.edge), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 5, 5)
            return
        sign, tone = look
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone_colour(tone)))
        painter.drawRoundedRect(box, 6, 6)
        draw(painter, sign, box.adjusted(3, 3, -3, -3), QColor(c.card))

    def _chip(self, painter: QPainter, place: _Place, end: int, height: int, row: Row) -> int:
        assert row.mark is not None
        c = theme.colours()
        face = theme.font(12, theme.MEDIUM)
        width = QFontMetrics(face).horizontalAdvance(row.mark.text) + 22
        spot = place(end - width, (height - 24) // 2, width, 24)
        bad = row.mark.tone is Tone.BAD
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.bad_soft if bad else c.warn_soft))
        painter.drawRoundedRect(spot, 12, 12)
        painter.setPen(QColor(tone_colour(row.mark.tone)))
        painter.setFont(face)
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, row.mark.text)
        return width


class DocumentList(QListView):
    """The list itself; the current row is the document on the sheet."""

    def __init__(self, presenter: ConsentPresenter) -> None:
        super().__init__()
        self.documents = DocumentsModel(presenter)
        self.setModel(self.documents)
        self.setItemDelegate(_RowPainter(self))
        self.setUniformItemSizes(True)
        self.setFixedWidth(330)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(presenter.tongue.say(t.DOCUMENT_LIST))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moving in the list is the list's own; every other key is the window's."""
        if event.key() in _MOVES:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def go(self, row: int) -> None:
        """Make a document the current one."""
        self.setCurrentIndex(self.documents.index(row))
