"""The first page: how the agent is, what waits, and where it answers."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from gui import theme
from gui import translations as t
from gui.presenters.home import HomeView
from gui.presenters.pin import Line
from gui.presenters.tokens import Warned
from gui.presenters.tongue import Tongue
from gui.views.kit import button, card, hairline, label, row
from gui.views.marks import Sign, SignMark
from gui.views.page import Page, notice


class HomePage(Page):
    """Draws a `HomeView`. `show_waiting` when the waiting question is wanted in front.

    `close_wanted` when the token that is open is to be closed. `renewal_wanted(serial, credential_id)` when a
    certificate is to be followed by another.
    """

    show_waiting = Signal()
    close_wanted = Signal()
    renewal_wanted = Signal(str, str)

    def show_home(self, view: HomeView, tongue: Tongue) -> None:
        """Draw it, where it is not what stands there."""
        if self.stands(what := (view, tongue.lang, theme.px(100))):
            return
        frame, inside = card()
        inside.setContentsMargins(24, 20, 24, 20)
        inside.setSpacing(8)
        inside.addWidget(label(view.sentence, "title", wrap=True))
        if view.remedy is not None:
            inside.addWidget(label(view.remedy, "qualifier", wrap=True))
        if view.waiting:
            shown = button(tongue.say(t.SHOW_WAITING), "primary")
            shown.setObjectName("show-waiting")
            shown.clicked.connect(self.show_waiting)
            inside.addLayout(row(shown, None))
        if view.facts:
            inside.addSpacing(6)
            inside.addWidget(hairline())
            inside.addSpacing(2)
            facts = QGridLayout()
            facts.setHorizontalSpacing(22)
            facts.setVerticalSpacing(6)
            for at, (caption, value) in enumerate(view.facts):
                facts.addWidget(label(caption, "soft"), at, 0)
                facts.addWidget(label(value, wrap=True), at, 1)
            facts.setColumnStretch(1, 1)
            inside.addLayout(facts)
        warnings: list[QWidget | None] = [notice(line) for line in view.warnings]
        warnings += [self._ending(one, tongue) for one in view.endings]
        if view.opened is not None:
            warnings.append(self._opened(view.opened, tongue))
        closing = label(view.closing, "soft", wrap=True)
        self.draw(what, tongue.say(t.NAV_HOME).replace("&", ""), [*warnings, frame, closing, None])

    def _opened(self, line: Line, tongue: Tongue) -> QWidget:
        frame, inside = card()
        inside.setContentsMargins(24, 14, 24, 14)
        closed = button(tongue.say(t.OPEN_CLOSE), "primary")
        closed.setObjectName("close-token")
        closed.clicked.connect(self.close_wanted)
        words = QHBoxLayout()
        words.setSpacing(14)
        words.addWidget(SignMark(Sign.OPEN, line.tone, theme.px(26)))
        words.addWidget(label(line.text, "strong", wrap=True), 1)
        words.addWidget(closed)
        inside.addLayout(words)
        return frame

    def _ending(self, warned: Warned, tongue: Tongue) -> QWidget:
        if warned.renew is None:
            return notice(warned.line)
        serial = warned.renew
        renew = button(tongue.say(t.REQUEST_RENEW))
        renew.setObjectName(f"renew-{warned.credential_id}")
        renew.setAccessibleName(f"{renew.text()}: {warned.line.text}")
        renew.clicked.connect(lambda: self.renewal_wanted.emit(serial, warned.credential_id))
        return notice(warned.line, end=renew)
