"""The pairing window: an origin, six digits, and a question that only a deliberate yes answers with yes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui import translations as t
from gui.presenters.asks import present_pairing
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY
from gui.views.kit import button, card, label
from gui.views.yes_no import YesNoWindow
from signer.service.consent import PairingQuestion


class PairingWindow(YesNoWindow):
    """Asks one `PairingQuestion`; the reply is a bool."""

    def __init__(self, question: PairingQuestion, tongue: Tongue, *, stray: float = STRAY) -> None:
        super().__init__(tongue, QSize(560, 480), stray=stray)
        self._question = question
        self.rebuild()

    def compose(self) -> QWidget:
        """Origin, digits, question, two buttons of which neither is the default."""
        view = present_pairing(self._question, self.tongue)
        frame, inside = card()
        inside.setContentsMargins(24, 20, 24, 20)
        inside.setSpacing(6)
        origin = label(view.origin, "headline", wrap=True, selectable=True)
        cautions = [label(one, "warn", wrap=True) for one in view.cautions]
        digits = label(view.code, "code")
        digits.setAccessibleName(self.tongue.say(t.PAIR_CODE))
        digits.setAccessibleDescription(view.spoken_code)
        again = label(view.local_code or "", "headline")
        again.setVisible(view.local_code is not None)
        parts = (
            origin,
            *cautions,
            digits,
            again,
            label(view.ask, "title", wrap=True),
            label(view.until, "soft"),
        )
        for widget in parts:
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            inside.addWidget(widget)
        body = QWidget()
        under = QVBoxLayout(body)
        under.setContentsMargins(22, 18, 22, 18)
        under.setSpacing(12)
        under.addWidget(frame, 1)
        under.addWidget(label(view.hint, "soft", wrap=True))
        return self.framed(view.title, body, view.no, button(view.yes, "primary"))
