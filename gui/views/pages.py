"""The pages of a PDF, one below the other: drawn when they come into sight, forgotten when they are far away.

A page counts as seen once its picture was there and its lower edge in sight; the end is reached when all
pages were seen. One that cannot be drawn is never seen, so the document cannot be approved.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui import theme
from gui.bridge.pictures import Drawer, PictureThread
from gui.presenters.sheet import PageView
from gui.views.kit import label

#: A page is not drawn wider than this, in logical pixels: lines get hard to follow.
MAX_WIDTH = 900
#: Pictures kept; one takes 4 to 16 MiB.
KEPT = 6


class PageStack(QWidget):
    """All pages. `look` is told by the scroll area what is in sight; `all_seen` is emitted once."""

    all_seen = Signal()
    #: A picture came: what is in sight has to be looked at again.
    changed = Signal()

    def __init__(self, views: tuple[PageView, ...], draw: Drawer, waiting: str, undrawn: str) -> None:
        super().__init__()
        self._unseen = set(range(len(views)))
        self._asked: set[int] = set()
        self._order: list[int] = []
        self._thread = PictureThread(draw, self)
        self._thread.drawn.connect(self._came)
        self.destroyed.connect(self._thread.end)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.pages: list[PagePicture] = []
        for view in views:
            page = PagePicture(view, waiting, undrawn)
            self.pages.append(page)
            column.addWidget(label(view.caption, "soft"))
            column.addWidget(page)
            column.addSpacing(10)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All pages keep their shape."""
        for page in self.pages:
            page.fit(event.size().width())

    def look(self, sight: QRect) -> None:
        """What of this widget is in sight now: draw it, and see what was drawn."""
        for number, page in enumerate(self.pages):
            place = page.geometry()
            if not page.laid_out():
                return
            if not place.intersects(sight):
                continue
            if page.picture is None and number not in self._asked:
                self._asked.add(number)
                self._thread.want(number, round(page.sheet_width() * page.devicePixelRatioF()))
            if page.picture is not None and sight.top() <= place.bottom() <= sight.bottom():
                self._see(number)

    def waits(self, sight: QRect) -> bool:
        """Is a page in sight that is still being drawn?"""
        return any(
            page.picture is None and not page.failed and page.geometry().intersects(sight)
            for page in self.pages
        )

    def end(self) -> None:
        """Draw nothing more."""
        self._thread.end()

    def _see(self, number: int) -> None:
        if number in self._unseen:
            self._unseen.discard(number)
            if not self._unseen:
                self.all_seen.emit()

    def _came(self, number: int, image: QImage | None) -> None:
        page = self.pages[number]
        if image is None:
            page.fail()
            return
        page.show_picture(QPixmap.fromImage(image))
        self._order.append(number)
        while len(self._order) > KEPT:
            far = max(self._order, key=lambda other: abs(other - number))
            self._order.remove(far)
            self._asked.discard(far)
            self.pages[far].forget()
        self.changed.emit()


class PagePicture(QWidget):
    """One page: white paper of the right shape, and on it the picture once it is there."""

    def __init__(self, view: PageView, waiting: str, undrawn: str) -> None:
        super().__init__()
        self._view = view
        self._words, self._undrawn = waiting, undrawn
        self.picture: QPixmap | None = None
        self.failed = False
        self.setMinimumWidth(320)
        self.setAccessibleName(view.spoken)

    def fit(self, width: int) -> None:
        """Take the height that the page's shape asks at this width."""
        self.setFixedHeight(round(min(width, MAX_WIDTH) * self._view.ratio))

    def laid_out(self) -> bool:
        """Does it stand at its place already? Before that, all pages lie on top of each other."""
        return self.minimumHeight() == self.height() > 0

    def sheet_width(self) -> int:
        """How wide the paper is, in logical pixels."""
        return min(self.width(), MAX_WIDTH)

    def show_picture(self, picture: QPixmap) -> None:
        """The page was drawn."""
        self.picture = picture
        self.update()

    def fail(self) -> None:
        """The page cannot be drawn."""
        self.failed = True
        self._words = self._undrawn
        self.setAccessibleName(self._undrawn)
        self.update()

    def forget(self) -> None:
        """Free the picture; it is drawn again when it comes back into sight."""
        self.picture = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """White paper with a hairline; the picture, or a word until it comes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width = self.sheet_width()
        paper = QRectF((self.width() - width) / 2, 0, width, self.height())
        painter.fillRect(paper, QColor("#FFFFFF"))
        if self.picture is not None:
            painter.drawPixmap(paper, self.picture, QRectF(self.picture.rect()))
        else:
            painter.setPen(QColor(theme.LIGHT.soft))
            painter.setFont(theme.font(theme.SMALL_SIZE))
            painter.drawText(paper, int(Qt.AlignmentFlag.AlignCenter), self._words)
        painter.setPen(QColor(theme.colours().line))
        painter.drawRect(paper.adjusted(0, 0, -1, -1))
