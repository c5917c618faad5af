"""The pairing window: an origin, six digits, and a question that only a deliberate yes answers with yes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from gui import translations as t
from gui.presenters.asks import present_pairing
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY, AskWindow
from gui.views.kit import KeyButton, button, card, label, row
from gui.views.marks import Seal
from signer.service.consent import PairingQuestion


class PairingWindow(AskWindow):
    """Asks one `PairingQuestion`; the reply is a bool."""

    def __init__(self, question: PairingQuestion, tongue: Tongue, *, stray: float = STRAY) -> None:
        super().__init__(tongue, QSize(560, 480), stray=stray)
        self._question = question
        self.rebuild()

    def compose(self) -> QWidget:
        """Origin, digits, question, two buttons of which neither is the default."""
        view = present_pairing(self._question, self.tongue)
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

        frame, inside = card()
        inside.setContentsMargins(24, 20, 24, 20)
        inside.setSpacing(6)
        origin = label(view.origin, "headline", wrap=True, selectable=True)
        digits = label(view.code, "code")
        digits.setAccessibleName(self.tongue.say(t.PAIR_CODE))
        digits.setAccessibleDescription(view.spoken_code)
        again = label(view.local_code or "", "headline")
        again.setVisible(view.local_code is not None)
        parts = (origin, digits, again, label(view.ask, "title", wrap=True), label(view.until, "soft"))
        for widget in parts:
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            inside.addWidget(widget)
        body = QVBoxLayout()
        body.setContentsMargins(22, 18, 22, 18)
        body.setSpacing(12)
        body.addWidget(frame, 1)
        body.addWidget(label(view.hint, "soft", wrap=True))
        column.addLayout(body, 1)

        foot = QFrame()
        foot.setObjectName("footer")
        self.no = KeyButton(view.no, "Esc")
        self.yes = button(view.yes, "primary")
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
        """No button has the focus: a key meant for the page answers nothing."""
        self._resting.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter answers nothing; Escape is no."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def decline(self) -> None:
        """No."""
        self._settle(False)

    def _settle(self, same: bool) -> None:
        self.answer(same)
        self.finish()
