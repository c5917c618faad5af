"""A window with a question that only a deliberate yes answers with yes. What it asks about is its heirs'."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from gui.views.ask import AskWindow
from gui.views.kit import KeyButton, label, row
from gui.views.marks import Seal


class YesNoWindow(AskWindow):
    """The reply is a bool. An heir composes by `framed`."""

    def framed(self, title: str, body: QWidget, no: str, yes: QPushButton) -> QWidget:
        """The title above, the body, and two buttons below of which neither is the default."""
        self.setWindowTitle(title)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QFrame()
        top.setObjectName("header")
        line = row(Seal(), label(title, "title"), None, spacing=12)
        line.setContentsMargins(22, 12, 22, 12)
        top.setLayout(line)
        column.addWidget(top)
        column.addWidget(body, 1)
        foot = QFrame()
        foot.setObjectName("footer")
        self.no = KeyButton(no, "Esc")
        self.yes = yes
        self.no.clicked.connect(self.decline)
        self.yes.clicked.connect(lambda: self._settle(True))
        last = row(None, self.no, self.yes, spacing=12)
        last.setContentsMargins(22, 14, 22, 14)
        foot.setLayout(last)
        column.addWidget(foot)
        content.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._resting = content
        return content

    def showEvent(self, event: QShowEvent) -> None:
        """No button has the focus: a key meant for something else answers nothing."""
        self._resting.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter answers nothing; Escape is no."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def decline(self) -> None:
        """No."""
        self._settle(False)

    def _settle(self, yes: bool) -> None:
        self.answer(yes)
        self.finish()
