"""Small parts that every window is made of. Texts are plain text: a document never becomes markup."""

from __future__ import annotations

import re
from math import ceil
from unicodedata import bidirectional

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.presenters.pin import Line, Tone
from gui.views.marks import Sign, SignMark, draw, tone_colour

_TONE_ROLE = {Tone.PLAIN: "soft", Tone.OK: "ok", Tone.WARN: "warn", Tone.BAD: "bad"}
_TONE_SIGN = {Tone.OK: Sign.TICK, Tone.WARN: Sign.BANG, Tone.BAD: Sign.CROSS}


def label(text: str, role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A line of plain text in one of the style sheet's roles; with `wrap` it breaks rather than be cut."""
    widget = Words() if wrap and not selectable else QLabel()
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setText(text)
    widget.setWordWrap(wrap)
    # Left to itself a label sits at the side of its own text: a Latin name would leave its column.
    rtl = QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
    widget.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)
    if role:
        widget.setProperty("role", role)
    if role == "key":
        widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    if selectable:
        widget.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return widget


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
        rtl = _right_to_left(text, self.layoutDirection() is Qt.LayoutDirection.RightToLeft)
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
_ISOLATE = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")


def _right_to_left(text: str, fallback: bool) -> bool:
    """The paragraph's direction by its first strong character outside isolates (UAX #9 P2, P3)."""
    for character in _ISOLATE.sub("", text):
        kind = bidirectional(character)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return fallback


def set_role(widget: QWidget, role: str) -> None:
    """Change a widget's role, and let the style sheet look at it again."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def set_line(widget: QLabel, line: Line) -> None:
    """Write a line in its tone; hidden where it says nothing."""
    widget.setText(line.text)
    set_role(widget, _TONE_ROLE[line.tone])
    widget.setVisible(bool(line.text))


def button(text: str, role: str = "") -> QPushButton:
    """A push button that Enter does not press unless it has the focus."""
    widget = QPushButton(text.replace("&", "&&"))
    widget.setAutoDefault(False)
    widget.setDefault(False)
    if role:
        widget.setProperty("role", role)
    widget.setAccessibleName(text)
    return widget


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
        painter.drawRoundedRect(box, 5, 5)
        if self.isChecked():
            draw(painter, Sign.TICK, box.adjusted(2, 2, -2, -2), QColor(c.card))
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
            painter.drawEllipse(box.adjusted(4, 4, -4, -4))
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


class KeyButton(QPushButton):
    """A button that shows the key that presses it. The key itself is the window's to listen to."""

    def __init__(self, text: str, key: str) -> None:
        super().__init__()
        self.setAutoDefault(False)
        self._words = label("")
        line = QHBoxLayout(self)
        line.setContentsMargins(20, 0, 14, 0)
        line.setSpacing(10)
        for part in (self._words, label(key, "key")):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            line.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self.set_words(text)

    def set_words(self, text: str) -> None:
        """Change the words; the button's own text stays empty, for its parts are drawn instead."""
        self._words.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def sizeHint(self) -> QSize:
        """As wide as its parts, as tall as its kind."""
        inside = self.layout()
        width = inside.sizeHint().width() if inside is not None else 0
        return QSize(width, super().sizeHint().height())


def set_button(widget: QPushButton, text: str) -> None:
    """Change a button's words."""
    widget.setText(text.replace("&", "&&"))
    widget.setAccessibleName(text)


def chip(text: str, tone: Tone | None, *, sign: bool = True) -> QFrame:
    """A rounded tag: a sign and a few words. No tone: the ink-blue one."""
    frame = QFrame()
    frame.setProperty("role", "chip-seal" if tone is None else f"chip-{tone.value}")
    row = QHBoxLayout(frame)
    row.setContentsMargins(13, 0, 13, 1)
    row.setSpacing(6)
    if sign and tone in _TONE_SIGN:
        row.addWidget(SignMark(_TONE_SIGN[tone], tone, 14))
    row.addWidget(label(text))
    frame.setFixedHeight(28)
    frame.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return frame


def card() -> tuple[QFrame, QVBoxLayout]:
    """A white sheet with a hairline round it, and its layout."""
    frame = QFrame()
    frame.setObjectName("card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(1, 1, 1, 1)
    column.setSpacing(0)
    return frame, column


def hairline() -> QFrame:
    """One line across."""
    frame = QFrame()
    frame.setObjectName("hairline")
    frame.setFixedHeight(1)
    return frame


def row(*parts: QWidget | int | None, spacing: int = 10) -> QHBoxLayout:
    """Widgets in a row; an int is a fixed gap, None takes what is left over."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        else:
            layout.addWidget(part)
    return layout


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


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

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at this width."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put the parts where they belong."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """As narrow as may be; the height follows."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The widest part that cannot shrink."""
        size = QSize(0, 0)
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, tallest = 0, 0, 0
        column = self._column(rect.width())
        for item in self._items:
            width = column or min(item.sizeHint().width(), rect.width())
            height = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
            if x and x + width > rect.width():
                x, y, tallest = 0, y + tallest + self._line_gap, 0
            if move:
                parent = self.parentWidget()
                spot = QRect(rect.left() + x, rect.top() + y, width, height)
                item.setGeometry(QStyle.visualRect(parent.layoutDirection(), rect, spot) if parent else spot)
            x += width + self._gap
            tallest = max(tallest, height)
        return y + tallest

    def _column(self, width: int) -> int:
        if not self._cell:
            return 0
        count = max(1, (width + self._gap) // (self._cell + self._gap))
        return (width - (count - 1) * self._gap) // count
