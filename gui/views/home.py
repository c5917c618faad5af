"""The main window: small, says how the agent is, and switches language and appearance."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui import translations as t
from gui.preferences import Preferences, with_language, with_theme
from gui.presenters.home import HomeView
from gui.presenters.tongue import Tongue
from gui.translations import Text
from gui.views.kit import button, card, chip, label, row
from gui.views.marks import Seal


class HomeWindow(QWidget):
    """Draws a `HomeView`. `closing` when the window is closed; whether that quits is the shell's to say."""

    preferred = Signal(object)
    show_waiting = Signal()
    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(520)
        self._content: QWidget | None = None
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)

    def show_home(self, view: HomeView, tongue: Tongue, preferences: Preferences) -> None:
        """Draw it anew."""
        self.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if tongue.rtl else Qt.LayoutDirection.LeftToRight
        )
        self.setWindowTitle(tongue.say(t.APP))
        held = self._held()
        if self._content is not None:
            self._outer.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = self._compose(view, tongue, preferences)
        self._outer.addWidget(self._content)
        self._content.show()
        again = self._content.findChild(QWidget, held) if held else None
        (again or self._content).setFocus()
        self.adjustSize()

    def sizeHint(self) -> QSize:
        """As tall as the content."""
        return QSize(520, super().sizeHint().height())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closed by the person."""
        event.accept()
        self.closing.emit()

    def _held(self) -> str:
        """The name of the control that has the focus, so that it keeps it over a redrawing."""
        focused: QWidget | None = self.focusWidget()
        return "" if focused is None else focused.objectName()

    def _compose(self, view: HomeView, tongue: Tongue, preferences: Preferences) -> QWidget:
        say = tongue.say
        content = QWidget()
        content.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QFrame()
        top.setObjectName("header")
        line = QHBoxLayout(top)
        line.setContentsMargins(22, 12, 22, 12)
        line.setSpacing(12)
        line.addWidget(Seal())
        line.addWidget(label(say(t.APP), "title"))
        line.addStretch(1)
        line.addWidget(chip(view.state.text, view.state.tone))
        column.addWidget(top)

        frame, inside = card()
        inside.setContentsMargins(22, 16, 22, 18)
        inside.setSpacing(8)
        inside.addWidget(label(view.sentence, "medium", wrap=True))
        if view.remedy is not None:
            inside.addWidget(label(view.remedy, "soft", wrap=True))
        facts = QGridLayout()
        facts.setHorizontalSpacing(16)
        for at, (caption, value) in enumerate(view.facts):
            facts.addWidget(label(caption, "soft"), at, 0)
            facts.addWidget(label(value, selectable=True), at, 1)
        facts.setColumnStretch(1, 1)
        inside.addLayout(facts)
        if view.waiting:
            self.show_button = button(say(t.SHOW_WAITING), "primary")
            self.show_button.clicked.connect(self.show_waiting)
            inside.addLayout(row(self.show_button, None))

        body = QVBoxLayout()
        body.setContentsMargins(22, 18, 22, 18)
        body.setSpacing(14)
        body.addWidget(frame)
        choices = QGridLayout()
        choices.setHorizontalSpacing(16)
        choices.setVerticalSpacing(10)
        choices.addWidget(label(say(t.LANGUAGE), "soft"), 0, 0)
        choices.addLayout(
            self._segments(
                say(t.LANGUAGE),
                {"fa": "فارسی", "en": "English"},
                preferences.language,
                lambda name: with_language(preferences, name),
            ),
            0,
            1,
        )
        themes: dict[str, Text] = {"system": t.THEME_SYSTEM, "light": t.THEME_LIGHT, "dark": t.THEME_DARK}
        choices.addWidget(label(say(t.THEME), "soft"), 1, 0)
        choices.addLayout(
            self._segments(
                say(t.THEME),
                {name: say(words) for name, words in themes.items()},
                preferences.theme,
                lambda name: with_theme(preferences, name),
            ),
            1,
            1,
        )
        choices.setColumnStretch(1, 1)
        body.addLayout(choices)
        body.addWidget(label(view.closing, "soft", wrap=True))
        column.addLayout(body)
        return content

    def _segments(
        self, caption: str, names: dict[str, str], now: str, then: Callable[[str], Preferences]
    ) -> QHBoxLayout:
        group = QButtonGroup(self)
        parts: list[QWidget] = []
        for name, words in names.items():
            part = button(words, "segment")
            part.setObjectName(f"choose-{name}")
            part.setAccessibleName(f"{caption}: {words}")
            part.setCheckable(True)
            part.setChecked(name == now)
            group.addButton(part)
            part.clicked.connect(lambda _=False, name=name: self.preferred.emit(then(name)))
            parts.append(part)
        return row(*parts, None, spacing=8)
