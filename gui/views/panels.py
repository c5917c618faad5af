"""The panels' page: a card for each origin, a revocation that asks once more, and the clinic's policy."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui import theme
from gui import translations as t
from gui.presenters.panels import PanelRow, PanelsView
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue
from gui.views.kit import button, card, label
from gui.views.page import Page, notice, titled_card
from gui.views.words import Flow


class PanelsPage(Page):
    """Draws a `PanelsView`. `revoked(origin)` after the question was answered with yes."""

    revoked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._asking: str | None = None
        self._shown: tuple[PanelsView, Tongue] | None = None

    def show_panels(self, view: PanelsView, tongue: Tongue) -> None:
        """Draw it, where it is not what stands there."""
        self._shown = (view, tongue)
        if self._asking not in {one.origin for one in view.rows}:
            self._asking = None
        if self.stands(what := (view, tongue.lang, theme.px(100), self._asking)):
            return
        parts: list[QWidget | None] = []
        if view.problem is not None:
            parts.append(notice(view.problem, view.remedy))
        if view.empty is not None:
            parts.append(notice(Line(view.empty), tongue.say(t.PANELS_HOW)))
        parts += [self._card(number, one, tongue) for number, one in enumerate(view.rows)]
        if view.policy is not None:
            frame, inside = titled_card(tongue.say(t.POLICY_TITLE))
            inside.addWidget(label(tongue.say(t.POLICY_HINT), "soft", wrap=True))
            inside.addLayout(_facts(view.policy))
            parts.append(frame)
        self.draw(what, tongue.say(t.NAV_PANELS).replace("&", ""), [*parts, None])

    def _card(self, number: int, panel: PanelRow, tongue: Tongue) -> QFrame:
        frame, inside = card()
        inside.setContentsMargins(22, 16, 22, 16)
        inside.setSpacing(10)
        frame.setAccessibleName(panel.accessible)
        top = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label(panel.shown, "title", wrap=True))
        words.addLayout(_facts(panel.facts))
        top.addLayout(words, 1)
        if self._asking != panel.origin:
            revoke = button(tongue.say(t.PANEL_REVOKE))
            revoke.setObjectName(f"revoke-{number}")
            revoke.setAccessibleName(f"{tongue.say(t.PANEL_REVOKE)}: {panel.shown}")
            revoke.clicked.connect(lambda: self._ask(panel.origin))
            top.addWidget(revoke, 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(top)
        if panel.refused is not None:
            inside.addWidget(notice(Line(panel.refused, Tone.WARN)))
        if self._asking == panel.origin:
            inside.addWidget(notice(Line(panel.question, Tone.WARN), tongue.say(t.PANEL_REVOKE_HINT)))
            across = QWidget()
            answers = Flow(gap=10, line_gap=8)
            across.setLayout(answers)
            yes, no = button(tongue.say(t.PANEL_REVOKE_YES)), button(tongue.say(t.CANCEL))
            yes.setObjectName(f"revoke-yes-{number}")
            no.setObjectName(f"revoke-no-{number}")
            yes.clicked.connect(lambda: self._answer(panel.origin))
            no.clicked.connect(lambda: self._answer(None))
            for part in (no, yes):
                answers.addWidget(part)
            inside.addWidget(across)
        return frame

    def _ask(self, origin: str) -> None:
        self._asking = origin
        self._again()
        # The question has the keyboard on its *no*: a second Enter takes nothing away.
        number = self._number(origin)
        no = self.findChild(QWidget, f"revoke-no-{number}")
        if no is not None:
            no.setFocus()

    def _answer(self, origin: str | None) -> None:
        self._asking = None
        self._again()
        if origin is not None:
            self.revoked.emit(origin)

    def _again(self) -> None:
        if self._shown is not None:
            self.show_panels(*self._shown)

    def _number(self, origin: str) -> int:
        assert self._shown is not None
        return next(at for at, one in enumerate(self._shown[0].rows) if one.origin == origin)


def _facts(facts: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(22)
    grid.setVerticalSpacing(4)
    for at, (caption, value) in enumerate(facts):
        grid.addWidget(label(caption, "soft"), at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(value, wrap=True), at, 1)
    grid.setColumnStretch(1, 1)
    return grid
