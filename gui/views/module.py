"""The window about a module whose file is another one: which, what loading it means, both SHA-256 values."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.presenters.asks import HashView, present_module
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY
from gui.views.kit import button, card, label, scrolled
from gui.views.yes_no import YesNoWindow
from signer.service.consent import ModuleQuestion


class ModuleWindow(YesNoWindow):
    """Asks one `ModuleQuestion`; the reply is a bool."""

    def __init__(self, question: ModuleQuestion, tongue: Tongue, *, stray: float = STRAY) -> None:
        super().__init__(tongue, QSize(640, 600), stray=stray)
        self._question = question
        self.rebuild()

    def compose(self) -> QWidget:
        """What changed, what a yes means, the two hashes, two buttons of which neither is the default."""
        view = present_module(self._question, self.tongue)
        body = QWidget()
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
        return self.framed(view.title, scrolled(body), view.no, button(view.yes))


def _hash(view: HashView) -> QVBoxLayout:
    octets = label(view.octets, "octets", selectable=True)
    octets.setAccessibleName(view.name)
    parts = QVBoxLayout()
    parts.setSpacing(2)
    parts.addWidget(label(view.name, "soft"))
    parts.addWidget(octets)
    return parts
