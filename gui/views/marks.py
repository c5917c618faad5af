"""Signs that are painted, not typed: ticks and crosses that no font must have, and the seal itself."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.presenters.pin import Tone


class Sign(Enum):
    """The shapes. Each goes with a colour, and is told apart without it."""

    TICK = "tick"
    CROSS = "cross"
    BANG = "bang"
    INFO = "info"
    DASH = "dash"
    UNEQUAL = "unequal"
    DOWN = "down"
    OPEN = "open"


def tone_colour(tone: Tone) -> str:
    """The ink of a tone, in the palette in force."""
    c = theme.colours()
    return {Tone.PLAIN: c.soft, Tone.OK: c.ok, Tone.WARN: c.warn, Tone.BAD: c.bad}[tone]


def draw(painter: QPainter, sign: Sign, box: QRectF, colour: QColor) -> None:
    """Draw one sign inside `box` (square, logical pixels)."""
    side = min(box.width(), box.height())
    pen = QPen(colour, max(1.6, side * 0.13))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)

    def at(x: float, y: float) -> QPointF:
        return QPointF(box.left() + x * side, box.top() + y * side)

    match sign:
        case Sign.TICK:
            painter.drawPolyline(QPolygonF([at(0.2, 0.54), at(0.42, 0.76), at(0.82, 0.28)]))
        case Sign.CROSS:
            painter.drawLine(at(0.25, 0.25), at(0.75, 0.75))
            painter.drawLine(at(0.75, 0.25), at(0.25, 0.75))
        case Sign.BANG:
            painter.drawLine(at(0.5, 0.16), at(0.5, 0.58))
            painter.drawPoint(at(0.5, 0.84))
        case Sign.INFO:
            painter.drawLine(at(0.5, 0.44), at(0.5, 0.86))
            painter.drawPoint(at(0.5, 0.18))
        case Sign.DASH:
            painter.drawLine(at(0.25, 0.5), at(0.75, 0.5))
        case Sign.DOWN:
            painter.drawPolyline(QPolygonF([at(0.24, 0.4), at(0.5, 0.64), at(0.76, 0.4)]))
        case Sign.OPEN:
            _padlock(painter, at)
        case Sign.UNEQUAL:
            painter.drawLine(at(0.18, 0.38), at(0.82, 0.38))
            painter.drawLine(at(0.18, 0.66), at(0.82, 0.66))
            painter.drawLine(at(0.66, 0.16), at(0.34, 0.88))
    painter.restore()


def _padlock(painter: QPainter, at: Callable[[float, float], QPointF]) -> None:
    """A padlock whose shackle stands up, open to one side."""
    painter.drawRoundedRect(QRectF(at(0.2, 0.5), at(0.8, 0.88)), 1.5, 1.5)
    shackle = QPainterPath(at(0.34, 0.5))
    shackle.lineTo(at(0.34, 0.3))
    shackle.cubicTo(at(0.34, 0.04), at(0.7, 0.04), at(0.7, 0.28))
    painter.drawPath(shackle)


class SignMark(QWidget):
    """One sign in the colour of its tone, `above` pixels down, level with the words beside it.

    Silent to screen readers: those words say the same.
    """

    def __init__(self, sign: Sign, tone: Tone | None, size: int = 16, above: int = 0) -> None:
        super().__init__()
        self._sign = sign
        self._tone = tone
        self._above = above
        self.setFixedSize(size, size + above)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sign in the present colours."""
        colour = theme.colours().seal if self._tone is None else tone_colour(self._tone)
        box = QRectF(self.rect()).adjusted(1, 1 + self._above, -1, -1)
        draw(QPainter(self), self._sign, box, QColor(colour))


class Seal(QWidget):
    """The stamp: a ring with مُهر in it."""

    def __init__(self, size: int = 36) -> None:
        super().__init__()
        self.setFixedSize(theme.px(size), theme.px(size))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the stamp in the present ink-blue."""
        _stamp(QPainter(self), self.width(), QColor(theme.colours().seal))


class Initial(QWidget):
    """The first letter of a name on a soft disc. Silent to screen readers: the name stands beside it."""

    def __init__(self, name: str, size: int = 34) -> None:
        super().__init__()
        self._letter = next((letter for letter in name if letter.isalpha()), "·")
        self.setFixedSize(theme.px(size), theme.px(size))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw disc and letter in the present ink-blue."""
        c = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.seal_soft))
        painter.drawEllipse(self.rect())
        painter.setPen(QColor(c.seal))
        painter.setFont(theme.font(15, QFont.Weight.Bold))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


def seal_icon(*, opened: bool = False) -> QIcon:
    """The stamp on a white disc, for the tray and the task bar, legible on any panel colour.

    Where a token is open, an open padlock stands on it, so large that it is seen at 16 pixels.
    """
    icon = QIcon()
    for size in (16, 22, 32, 48, 64, 128, 256):
        icon.addPixmap(seal_picture(size, opened=opened))
    return icon


def seal_picture(size: int, *, opened: bool = False) -> QPixmap:
    """The same in one size, in pixels: packages install it as the program's icon."""
    picture = QPixmap(QSize(size, size))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.LIGHT.card))
    painter.drawEllipse(0, 0, size, size)
    _stamp(painter, size, QColor(theme.LIGHT.seal))
    if opened:
        _badge(painter, size)
    painter.end()
    return picture


def _badge(painter: QPainter, size: int) -> None:
    side = size * 0.66
    box = QRectF(size - side, size - side, side, side)
    painter.setPen(QPen(QColor(theme.LIGHT.card), max(1.0, size / 24)))
    painter.setBrush(QColor(theme.LIGHT.warn))
    painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
    inner = side * 0.16
    draw(painter, Sign.OPEN, box.adjusted(inner, inner, -inner, -inner), QColor(theme.LIGHT.card))


def _stamp(painter: QPainter, size: int, colour: QColor) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring = max(1.4, size / 16)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, ring))
    painter.drawEllipse(QRectF(ring / 2, ring / 2, size - ring, size - ring))
    face = theme.font()
    face.setPixelSize(max(7, round(size * 0.42)))
    face.setBold(True)
    painter.setFont(face)
    painter.drawText(QRectF(0, -size * 0.04, size, size), Qt.AlignmentFlag.AlignCenter, "مُهر")
