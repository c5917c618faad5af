"""The window of the first steps: a row of three, the step that is picked, and the way on.

It stands beside other windows and holds none of them up: the test document is asked about in its own.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QVBoxLayout, QWidget

from gui import theme
from gui.presenters.first_run import FirstRunView
from gui.presenters.tongue import Tongue
from gui.views.kit import button, label, row, scrolled
from gui.views.page import notice
from gui.views.steps import facts_card, steps_head


class FirstRunWindow(QDialog):
    """Draws a `FirstRunView`.

    `went(+1 | -1)` for another step, `done_wanted(deed)` for a step's own button.
    """

    went = Signal(int)
    done_wanted = Signal(object)

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setModal(False)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._drawn: object = None

    def show_step(self, view: FirstRunView, tongue: Tongue) -> None:
        """Draw it, where it is not what stands there; the focus stays on the control of the same name."""
        if self._drawn == (what := (view, tongue.lang, theme.px(100))):
            return
        self._drawn = what
        self.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if tongue.rtl else Qt.LayoutDirection.LeftToRight
        )
        self.setWindowTitle(view.title)
        held: QWidget | None = self.focusWidget()
        focused = held.objectName() if held is not None else ""
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for part, stretch in (
            (steps_head(view.marks), 0),
            (scrolled(self._body(view)), 1),
            (self._foot(view), 0),
        ):
            self._column.addWidget(part, stretch)
            part.show()  # now, and not when Qt comes to it: nothing flickers
        again = self.findChild(QWidget, focused) if focused else None
        (again if again is not None and again.isEnabled() else self.go_on).setFocus()
        self.setMinimumSize(theme.px(520), theme.px(440))

    def _body(self, view: FirstRunView) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(26, 22, 26, 18)
        column.setSpacing(12)
        column.addWidget(label(view.headline, "headline", wrap=True))
        column.addWidget(label(view.words, wrap=True))
        if view.state is not None:
            column.addWidget(notice(view.state, view.remedy))
        if view.facts:
            column.addWidget(facts_card(view.facts))
        if view.deed is not None:
            deed = button(view.deed_words, "" if view.done else "primary")
            deed.setObjectName("first-deed")
            deed.setEnabled(view.able)
            deed.clicked.connect(lambda: self.done_wanted.emit(view.deed))
            column.addLayout(row(deed, None))
        column.addStretch(1)
        return body

    def _foot(self, view: FirstRunView) -> QFrame:
        foot = QFrame()
        foot.setObjectName("footer")
        self.go_on = button(view.go_on, "primary" if view.done else "")
        self.go_on.setObjectName("first-on")
        self.go_on.clicked.connect(lambda: self.went.emit(1))
        last = row(spacing=12)
        last.setContentsMargins(22, 14, 22, 14)
        last.addStretch(1)
        if view.back is not None:
            back = button(view.back)
            back.setObjectName("first-back")
            back.clicked.connect(lambda: self.went.emit(-1))
            last.addWidget(back)
        last.addWidget(self.go_on)
        foot.setLayout(last)
        return foot
