"""Pages drawn off the window's thread: asked for here, drawn in a thread, handed back by a queued signal.

Who draws is told by the caller and may take seconds or fail; the window never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from signer.model.errors import MohrError
from signer.model.sheet import Picture

Drawer = Callable[[int, int], Picture]


class PictureThread(QObject):
    """Draws one page after another, in the order of the questions. Lives on the window's thread."""

    #: The page, counted from 0, and its picture; None where it cannot be drawn.
    drawn = Signal(int, object)
    _done = Signal(int, object)

    def __init__(self, draw: Drawer, parent: QObject) -> None:
        super().__init__(parent)
        self._draw = draw
        self._thread = ThreadPoolExecutor(1, "pictures")
        self._done.connect(self.drawn, Qt.ConnectionType.QueuedConnection)

    def want(self, page: int, width: int) -> None:
        """Have a page drawn, so many pixels wide."""
        self._thread.submit(self._work, page, width)

    def end(self) -> None:
        """Draw nothing more; the page in hand is finished by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _work(self, page: int, width: int) -> None:
        try:
            picture = self._draw(page, width)
            image = QImage(
                picture.pixels,
                picture.width,
                picture.height,
                4 * picture.width,
                QImage.Format.Format_RGB32,
            ).copy()
        except MohrError:
            image = None
        # The window may be gone by now, and this object with it.
        with suppress(RuntimeError):
            self._done.emit(page, image)
