"""Check boxes and radio buttons, painted so that their edges are seen on every ground."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton, QStyle, QStyleOptionButton

from gui import theme
from gui.presenters.pin import Tone
from gui.views.marks import Sign, draw, tone_colour


class Tick(QCheckBox):
    """A check box in the ink of its tone, drawn so that its edge is seen on every ground."""

    def __init__(self, text: str, tone: Tone) -> None:
        super().__init__(text.replace("&", "&&"))
        self._tone = tone

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw box and words by hand, where the style would have put them."""
        c = theme.colours()
        ink = QColor(tone_colour(self._tone) if self.isEnabled() else c.on_disabled)
        box, painter = _begin(self, QStyle.SubElement.SE_CheckBoxIndicator, ink)
        painter.setBrush(ink if self.isChecked() else QColor(c.card))
        painter.drawRoundedRect(box, theme.px(5), theme.px(5))
        if self.isChecked():
            inset = theme.px(2)
            draw(painter, Sign.TICK, box.adjusted(inset, inset, -inset, -inset), QColor(c.card))
        _finish(self, painter, QStyle.SubElement.SE_CheckBoxContents, ink)


class Radio(QRadioButton):
    """A radio button, drawn like `Tick` and for the same reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text.replace("&", "&&"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ring, dot and words by hand, where the style would have put them."""
        c = theme.colours()
        ink = QColor(c.ink if self.isEnabled() else c.on_disabled)
        box, painter = _begin(self, QStyle.SubElement.SE_RadioButtonIndicator, QColor(c.edge))
        if self.isChecked():
            painter.setPen(QPen(QColor(c.seal), 2))
        painter.setBrush(QColor(c.card))
        painter.drawEllipse(box)
        if self.isChecked():
            painter.setBrush(QColor(c.seal))
            inset = theme.px(4)
            painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
        _finish(self, painter, QStyle.SubElement.SE_RadioButtonContents, ink)


def _begin(widget: QAbstractButton, part: QStyle.SubElement, ink: QColor) -> tuple[QRectF, QPainter]:
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.8))
    return QRectF(_part(widget, part)).adjusted(1, 1, -1, -1), painter


def _finish(widget: QAbstractButton, painter: QPainter, part: QStyle.SubElement, ink: QColor) -> None:
    painter.setPen(ink)
    painter.setFont(widget.font())
    rtl = widget.layoutDirection() is Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
    flags = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(_part(widget, part), int(flags | Qt.TextFlag.TextShowMnemonic), widget.text())
    if widget.hasFocus():
        painter.setPen(QPen(QColor(theme.colours().seal), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(widget.rect().adjusted(1, 1, -1, -1), 6, 6)
    painter.end()


def _part(widget: QAbstractButton, part: QStyle.SubElement) -> QRect:
    option = QStyleOptionButton()
    option.initFrom(widget)
    option.text = widget.text()
    return widget.style().subElementRect(part, option, widget)
