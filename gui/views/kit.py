"""Small parts that every window is made of. Texts are plain text: a document never becomes markup."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.presenters.pin import Line, Tone
from gui.views.marks import Sign, SignMark, draw
from gui.views.words import Words

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


class Choice(QComboBox):
    """A box to pick one of several from, with a painted arrow: the style has none in these colours."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, then the arrow at its end."""
        super().paintEvent(event)
        c = theme.colours()
        side = theme.px(18)
        spot = QRect(self.width() - side - theme.px(10), (self.height() - side) // 2, side, side)
        colour = QColor(c.soft if self.isEnabled() else c.on_disabled)
        draw(
            QPainter(self),
            Sign.DOWN,
            QRectF(QStyle.visualRect(self.layoutDirection(), self.rect(), spot)),
            colour,
        )


def set_button(widget: QPushButton, text: str) -> None:
    """Change a button's words."""
    widget.setText(text.replace("&", "&&"))
    widget.setAccessibleName(text)


def chip(text: str, tone: Tone | None, *, sign: bool = True) -> QFrame:
    """A rounded tag: a sign and a few words. No tone: the ink-blue one."""
    frame = QFrame()
    frame.setProperty("role", "chip-seal" if tone is None else f"chip-{tone.value}")
    row = QHBoxLayout(frame)
    row.setContentsMargins(theme.px(13), 0, theme.px(13), 1)
    row.setSpacing(6)
    if sign and tone in _TONE_SIGN:
        row.addWidget(SignMark(_TONE_SIGN[tone], tone, theme.px(14)))
    row.addWidget(label(text))
    frame.setFixedHeight(theme.px(28))
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


def scrolled(content: QWidget) -> QScrollArea:
    """Content on the sheet's ground that scrolls where the window is too low for it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    content.setObjectName("sheet")
    area.setWidget(content)
    return area


def hairline() -> QFrame:
    """One line across."""
    frame = QFrame()
    frame.setObjectName("hairline")
    frame.setFixedHeight(1)
    return frame


def hairline_v() -> QFrame:
    """One line down."""
    frame = QFrame()
    frame.setObjectName("hairline-v")
    frame.setFixedWidth(1)
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
