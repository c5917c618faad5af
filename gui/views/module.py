"""The window about a module whose file is another one: which, what loading it means, both SHA-256 values."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui.presenters.asks import HashView, present_module
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY, AskWindow
from gui.views.kit import KeyButton, button, card, label, row
from gui.views.marks import Seal
from signer.service.consent import ModuleQuestion


class ModuleWindow(AskWindow):
    """Asks one `ModuleQuestion`; the reply is a bool."""

    def __init__(self, question: ModuleQuestion, tongue: Tongue, *, stray: float = STRAY) -> None:
        super().__init__(tongue, QSize(640, 600), stray=stray)
        self._question = question
        self.rebuild()

    def compose(self) -> QWidget:
        """What changed, what a yes means, the two hashes, two buttons of which neither is the default."""
        view = present_module(self._question, self.tongue)
        self.setWindowTitle(view.title)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QFrame()
        top.setObjectName("header")
        line = row(Seal(), label(view.title, "title"), None, spacing=12)
        line.setContentsMargins(22, 12, 22, 12)
        top.setLayout(line)
        column.addWidget(top)

        body = QWidget()
        body.setObjectName("sheet")
        parts = QVBoxLayout(body)
        parts.setContentsMargins(22, 16, 22, 16)
        parts.setSpacing(12)
        parts.addWidget(label(view.what, wrap=True))
        frame, inside = card()
        inside.setContentsMargins(18, 14, 18, 14)
        inside.setSpacing(10)
        inside.addWidget(label(view.path, "headline", wrap=True, selectable=True))
        for one in view.hashes:
            inside.addLayout(_hash(one))
        parts.addWidget(frame)
        for warning in view.warnings:
            parts.addWidget(label(warning, "bad", wrap=True))
        parts.addWidget(label(view.meaning, wrap=True))
        parts.addWidget(label(view.hint, "soft", wrap=True))
        parts.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(body)
        area.viewport().setAutoFillBackground(False)
        column.addWidget(area, 1)

        foot = QFrame()
        foot.setObjectName("footer")
        self.no = KeyButton(view.no, "Esc")
        self.yes = button(view.yes)
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
        """Leave it out."""
        self._settle(False)

    def _settle(self, use: bool) -> None:
        self.answer(use)
        self.finish()


def _hash(view: HashView) -> QVBoxLayout:
    octets = label(view.octets, "octets", selectable=True)
    octets.setAccessibleName(view.name)
    parts = QVBoxLayout()
    parts.setSpacing(2)
    parts.addWidget(label(view.name, "soft"))
    parts.addWidget(octets)
    return parts
