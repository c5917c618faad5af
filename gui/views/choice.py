"""The choice of a credential, or of a token: each with what tells it apart, none picked beforehand."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QMouseEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from gui.presenters.asks import OptionView, present_choice
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY, AskWindow
from gui.views.header import origin_line
from gui.views.kit import KeyButton, button, label, row, scrolled
from gui.views.marks import Seal
from gui.views.ticks import Radio
from signer.model.credential import TokenRef
from signer.service.consent import ChoiceQuestion, TokenChoiceQuestion


class ChoiceWindow(AskWindow):
    """Asks one `ChoiceQuestion` or `TokenChoiceQuestion`; the reply is a credential id, a token, or None."""

    def __init__(
        self, question: ChoiceQuestion | TokenChoiceQuestion, tongue: Tongue, *, stray: float = STRAY
    ) -> None:
        super().__init__(tongue, QSize(640, 560), stray=stray)
        self._question = question
        self.rebuild()

    def compose(self) -> QWidget:
        """One card for each, and *continue* once one is picked."""
        view = present_choice(self._question, self.tongue)
        self.setWindowTitle(view.title)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QFrame()
        top.setObjectName("header")
        line = QHBoxLayout(top)
        line.setContentsMargins(22, 12, 22, 12)
        line.setSpacing(12)
        line.addWidget(Seal())
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(view.title, "title"))
        words.addLayout(origin_line(view.lead, view.origin, None))
        line.addLayout(words, 1)
        column.addWidget(top)

        body = QWidget()
        cards = QVBoxLayout(body)
        cards.setContentsMargins(22, 16, 22, 16)
        cards.setSpacing(12)
        cards.addWidget(label(view.hint, "soft", wrap=True))
        self.options: dict[str | TokenRef, Option] = {}
        self._group = QButtonGroup(self)
        for offered in view.options:
            option = Option(offered)
            self._group.addButton(option.radio)
            self.options[offered.picks] = option
            option.radio.toggled.connect(self._picked)
            cards.addWidget(option)
        cards.addStretch(1)
        area = scrolled(body)
        area.setAccessibleName(view.listed)
        column.addWidget(area, 1)

        foot = QFrame()
        foot.setObjectName("footer")
        self.no = KeyButton(view.decline, "Esc")
        self.proceed = button(view.proceed, "primary")
        self.proceed.setEnabled(False)
        self.no.clicked.connect(self.decline)
        self.proceed.clicked.connect(lambda: self._settle(self._chosen()))
        last = row(None, self.no, self.proceed, spacing=12)
        last.setContentsMargins(22, 14, 22, 14)
        foot.setLayout(last)
        column.addWidget(foot)
        self._resting = body
        return content

    def showEvent(self, event: QShowEvent) -> None:
        """Nothing is picked and nothing has the focus."""
        self._resting.setFocus()

    def decline(self) -> None:
        """None of them."""
        self._settle(None)

    def _picked(self) -> None:
        for option in self.options.values():
            option.mark()
        self.proceed.setEnabled(self._chosen() is not None)

    def _chosen(self) -> str | TokenRef | None:
        return next((name for name, option in self.options.items() if option.radio.isChecked()), None)

    def _settle(self, chosen: str | TokenRef | None) -> None:
        self.answer(chosen)
        self.finish()


class Option(QFrame):
    """One certificate or token as a card; a click anywhere on it picks it."""

    def __init__(self, offered: OptionView) -> None:
        super().__init__()
        self.setProperty("role", "option")
        self.radio = Radio(offered.name)
        self.radio.setAccessibleName(offered.accessible)
        self.radio.setEnabled(offered.problem is None)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(2)
        column.addWidget(self.radio)
        under = QVBoxLayout()
        under.setContentsMargins(34, 0, 34, 0)
        under.setSpacing(2)
        under.addWidget(label(offered.who, wrap=True))
        if offered.facts:
            under.addWidget(label(offered.facts, "soft", wrap=True))
        if offered.problem is not None:
            under.addWidget(label(offered.problem, "bad", wrap=True))
        column.addLayout(under)

    def mark(self) -> None:
        """Let the frame tell whether it is the one."""
        self.setProperty("chosen", self.radio.isChecked())
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick it."""
        if self.radio.isEnabled():
            self.radio.setChecked(True)
            self.radio.setFocus()
