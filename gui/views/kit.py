"""Small parts that every window is made of. Texts are plain text: a document never becomes markup."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from gui.presenters.pin import Line, Tone
from gui.views.marks import Sign, SignMark

_TONE_ROLE = {Tone.PLAIN: "soft", Tone.OK: "ok", Tone.WARN: "warn", Tone.BAD: "bad"}
_TONE_SIGN = {Tone.OK: Sign.TICK, Tone.WARN: Sign.BANG, Tone.BAD: Sign.CROSS}


def label(text: str, role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A line of plain text in one of the style sheet's roles."""
    widget = QLabel()
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setText(text)
    widget.setWordWrap(wrap)
    if role:
        widget.setProperty("role", role)
    if role.startswith("number") or role == "code":
        widget.setFont(tabular(widget.font()))
    if selectable:
        widget.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return widget


def tabular(face: QFont) -> QFont:
    """The same font with digits of one width."""
    face.setFeature(QFont.Tag("tnum"), 1)
    return face


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


def set_button(widget: QPushButton, text: str) -> None:
    """Change a button's words."""
    widget.setText(text.replace("&", "&&"))
    widget.setAccessibleName(text)


def chip(text: str, tone: Tone | None, *, sign: bool = True) -> QFrame:
    """A rounded tag: a sign and a few words. No tone: the ink-blue one."""
    frame = QFrame()
    frame.setProperty("role", "chip-seal" if tone is None else f"chip-{tone.value}")
    row = QHBoxLayout(frame)
    row.setContentsMargins(13, 2, 13, 3)
    row.setSpacing(6)
    if sign and tone in _TONE_SIGN:
        row.addWidget(SignMark(_TONE_SIGN[tone], tone, 14))
    row.addWidget(label(text))
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
    """Widgets side by side, in reading direction, on as many lines as the width asks for."""

    def __init__(self, *, gap: int) -> None:
        super().__init__()
        self._gap = gap
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
        for item in self._items:
            width = min(item.sizeHint().width(), rect.width())
            height = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
            if x and x + width > rect.width():
                x, y, tallest = 0, y + tallest, 0
            if move:
                spot = QRect(rect.left() + x, rect.top() + y, width, height)
                parent = self.parentWidget()
                item.setGeometry(QStyle.visualRect(parent.layoutDirection(), rect, spot) if parent else spot)
            x += width + self._gap
            tallest = max(tallest, height)
        return y + tallest
