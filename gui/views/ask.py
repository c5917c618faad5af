"""What every window that asks has in common: it comes to the front, and stray keys decide nothing.

A page asks for such a window, while the doctor types in the browser. So it stays on top while it is open (a
system that denies focus to a background program would otherwise leave it behind the browser, and the request
waiting unseen), and in its first moments it takes no key and no click: those were meant for the page.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QCursor, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from gui.bridge.messages import Reply
from gui.presenters.tongue import Tongue

#: Seconds after showing in which keys and clicks are not taken for answers.
STRAY = 0.4

_INPUT = {
    QEvent.Type.KeyPress,
    QEvent.Type.KeyRelease,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.Shortcut,
    QEvent.Type.ShortcutOverride,
}


class AskWindow(QWidget):
    """A question in a window. `replied` at most once for each time it asks; `finished` when it is over."""

    replied = Signal(object)
    finished = Signal()

    def __init__(self, tongue: Tongue, size: QSize, *, stray: float = STRAY) -> None:
        super().__init__()
        self.tongue = tongue
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
        self._stray = stray
        self._over = False
        self._wanted = size
        self._content: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    # --- for the windows

    def compose(self) -> QWidget:
        """Build the content in the present tongue."""
        raise NotImplementedError

    def decline(self) -> None:
        """Escape or the window's close button: the answer is no."""
        raise NotImplementedError

    def rebuild(self) -> None:
        """Put fresh content in place of the old."""
        direction = Qt.LayoutDirection.RightToLeft if self.tongue.rtl else Qt.LayoutDirection.LeftToRight
        self.setLayoutDirection(direction)
        if self._content is not None:
            self._column.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = self.compose()
        self._column.addWidget(self._content)
        self._content.show()

    def answer(self, reply: Reply) -> None:
        """Send an answer."""
        self.replied.emit(reply)

    def finish(self) -> None:
        """It is over: take the window away."""
        if self._over:
            return
        self._over = True
        self._guard_ends()
        self.hide()
        self.finished.emit()

    # --- for the desk

    def set_tongue(self, tongue: Tongue) -> None:
        """Say everything in another language."""
        self.tongue = tongue
        self.rebuild()

    def come_forward(self) -> None:
        """Show in the middle of the screen where the pointer is, in front, and ask for attention."""
        if not self.isVisible():
            self._place()
        self._guard_begins()
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Drop what was typed or clicked before the window could be read."""
        if event.type() not in _INPUT:
            return False
        # At the window already: Qt moves the focus on a click before it asks a widget's filters.
        return watched == self.windowHandle() or (isinstance(watched, QWidget) and watched.window() is self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape declines."""
        if event.key() == Qt.Key.Key_Escape:
            self.decline()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing is declining; the window goes when the answer is settled, not before."""
        if not self._over:
            event.ignore()
            self.decline()

    def _place(self) -> None:
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry().adjusted(8, 40, -8, -8)  # what its frame needs
        self.resize(self._wanted.boundedTo(room.size()).expandedTo(self.minimumSize()))
        self.move(room.center() - self.rect().center())

    def _guard_begins(self) -> None:
        app = QApplication.instance()
        if app is not None and self._stray > 0:
            app.installEventFilter(self)
            QTimer.singleShot(round(self._stray * 1000), self, self._guard_ends)

    def _guard_ends(self) -> None:
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
