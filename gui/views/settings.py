"""The settings page: each choice as a row of segments that take effect at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from gui import translations as t
from gui.preferences import (
    Preferences,
    with_calendar,
    with_digits,
    with_language,
    with_pin_paste,
    with_text_size,
    with_theme,
)
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from gui.translations import Text
from gui.views.kit import button, label
from gui.views.page import Page, titled_card
from gui.views.ticks import Tick
from gui.views.trust import TrustDeeds, TrustShown, stamper_card, trust_card
from gui.views.words import Flow

_THEMES: dict[str, Text] = {"system": t.THEME_SYSTEM, "light": t.THEME_LIGHT, "dark": t.THEME_DARK}
_CALENDARS: dict[str, Text] = {
    "language": t.AS_THE_LANGUAGE,
    "jalali": t.CALENDAR_JALALI,
    "gregorian": t.CALENDAR_GREGORIAN,
}
_DIGITS: dict[str, Text] = {
    "language": t.AS_THE_LANGUAGE,
    "persian": t.DIGITS_PERSIAN,
    "latin": t.DIGITS_LATIN,
}
_SIZES = (100, 125, 150, 200)


class _Choice(NamedTuple):
    """One setting: its name and words, what may be picked, what is picked, and what picking makes of all."""

    setting: str
    caption: Text
    names: dict[str, str]
    now: str
    then: Callable[[Preferences, str], Preferences]


def _words(names: dict[str, Text], tongue: Tongue) -> dict[str, str]:
    return {name: tongue.say(words) for name, words in names.items()}


class SettingsPage(Page):
    """Draws the preferences. `preferred(preferences)` when another choice is made.

    `steps_wanted` when the first steps are to be shown again.
    """

    preferred = Signal(object)
    start_wanted = Signal(bool)
    steps_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Preferences, Tongue, bool | None] | None = None
        self._trust: tuple[TrustShown, TrustDeeds] | None = None

    def show_settings(self, preferences: Preferences, tongue: Tongue, starts: bool | None) -> None:
        """Draw it, where it is not what stands there. `starts` at login, None where that cannot be set."""
        self._shown = (preferences, tongue, starts)
        self._draw()

    def show_trust(self, shown: TrustShown, deeds: TrustDeeds) -> None:
        """Draw whom the user trusts too; until this is called nothing of it is there."""
        self._trust = (shown, deeds)
        self._draw()

    def focus_on(self, name: str) -> None:
        """Give the keyboard to a control, where it is there."""
        part = self.findChild(QWidget, name)
        if part is not None:
            part.setFocus()

    def _draw(self) -> None:
        trust = None if self._trust is None else self._trust[0]
        if self._shown is None or self.stands(what := (*self._shown[::2], trust)):
            return
        preferences, tongue, starts = self._shown
        say = tongue.say
        frame, inside = titled_card(say(t.SETTINGS_LOOK))
        inside.setSpacing(4)
        self._groups: list[QButtonGroup] = []
        for choice in (
            _Choice(
                "language",
                t.LANGUAGE,
                {"fa": "فارسی", "en": "English"},
                preferences.language,
                with_language,
            ),
            _Choice("calendar", t.CALENDAR, _words(_CALENDARS, tongue), preferences.calendar, with_calendar),
            _Choice("digits", t.DIGITS, _words(_DIGITS, tongue), preferences.digits, with_digits),
            _Choice("theme", t.THEME, _words(_THEMES, tongue), preferences.theme, with_theme),
            _Choice(
                "text-size",
                t.TEXT_SIZE,
                {str(size): say(t.TEXT_SIZE_PERCENT, percent=size) for size in _SIZES},
                str(preferences.text_percent),
                with_text_size,
            ),
        ):
            inside.addSpacing(8)
            inside.addWidget(label(say(choice.caption), "soft"))
            inside.addWidget(self._segments(choice, preferences, say(choice.caption)))
        pin, inside_pin = titled_card(say(t.SETTINGS_PIN))
        paste = Tick(say(t.PIN_PASTE), Tone.PLAIN)
        paste.setObjectName("pin-paste")
        paste.setAccessibleName(say(t.PIN_PASTE))
        paste.setChecked(preferences.pin_paste)
        paste.clicked.connect(
            lambda: self.preferred.emit(with_pin_paste(preferences, allowed=paste.isChecked()))
        )
        inside_pin.addWidget(paste)
        updates, words = titled_card(say(t.SETTINGS_UPDATES))
        words.addWidget(label(say(t.UPDATES_NONE), wrap=True))
        self.draw(
            what,
            say(t.NAV_SETTINGS).replace("&", ""),
            [frame, self._start(starts, tongue), pin, *self._trusted(tongue), updates, None],
        )

    def _trusted(self, tongue: Tongue) -> list[QWidget]:
        if self._trust is None:
            return []
        return [trust_card(*self._trust, tongue), stamper_card(*self._trust, tongue)]

    def _start(self, starts: bool | None, tongue: Tongue) -> QWidget:
        steps = button(tongue.say(t.FIRST_STEPS_AGAIN), "link")
        steps.setObjectName("first-steps")
        steps.clicked.connect(self.steps_wanted)
        frame, inside = titled_card(tongue.say(t.SETTINGS_START), end=steps)
        if starts is None:
            inside.addWidget(label(tongue.say(t.START_UNKNOWN), "soft", wrap=True))
            return frame
        box = Tick(tongue.say(t.START_WITH_SYSTEM), Tone.PLAIN)
        box.setObjectName("start-with-system")
        box.setAccessibleName(tongue.say(t.START_WITH_SYSTEM))
        box.setChecked(starts)
        # `clicked`, which drawing does not cause, and the state itself: Qt's own argument stays in Qt.
        box.clicked.connect(lambda: self.start_wanted.emit(box.isChecked()))
        inside.addWidget(box)
        return frame

    def _segments(self, choice: _Choice, preferences: Preferences, caption: str) -> QWidget:
        group = QButtonGroup(self)
        self._groups.append(group)
        across = QWidget()
        flow = Flow(gap=8, line_gap=8)
        across.setLayout(flow)
        for name, words in choice.names.items():
            part = button(words, "segment")
            # Two settings may be left to the language; every other name is one setting's alone.
            part.setObjectName(f"choose-{name}" if name != "language" else f"choose-{choice.setting}-of-it")
            part.setAccessibleName(f"{caption}: {words}")
            part.setCheckable(True)
            part.setChecked(name == choice.now)
            group.addButton(part)
            # Tab comes to what is picked, and the arrow keys pick another, as among radio buttons.
            part.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if name == choice.now else Qt.FocusPolicy.ClickFocus
            )
            part.clicked.connect(
                lambda _=False, name=name: self.preferred.emit(choice.then(preferences, name))
            )
            flow.addWidget(part)
        return across
