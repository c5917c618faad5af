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
from gui.presenters.session import HolderView, Option, SessionView
from gui.presenters.tongue import Tongue
from gui.translations import Text
from gui.views.kit import button, label, set_line
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

    `steps_wanted` when the first steps are to be shown again; `session_chosen(credential_id, limits)` when a
    holder's token is to stay open for so much after one PIN, or (None) no longer.
    """

    preferred = Signal(object)
    start_wanted = Signal(bool)
    steps_wanted = Signal()
    session_chosen = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Preferences, Tongue, bool | None, SessionView] | None = None
        self._trust: tuple[TrustShown, TrustDeeds] | None = None

    def show_settings(
        self, preferences: Preferences, tongue: Tongue, starts: bool | None, session: SessionView
    ) -> None:
        """Draw it, where it is not what stands there. `starts` at login, None where that cannot be set."""
        self._shown = (preferences, tongue, starts, session)
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
        if self._shown is None:
            return
        preferences, tongue, starts, session = self._shown
        trust = None if self._trust is None else self._trust[0]
        if self.stands(what := (preferences, starts, session, trust)):
            return
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
            [
                frame,
                self._start(starts, tongue),
                pin,
                self._session(session, tongue),
                *self._trusted(tongue),
                updates,
                None,
            ],
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

    def _session(self, view: SessionView, tongue: Tongue) -> QWidget:
        frame, inside = titled_card(tongue.say(t.SETTINGS_SESSION))
        inside.addWidget(label(view.means, wrap=True))
        if view.most is not None:
            inside.addWidget(label(view.most, "soft", wrap=True))
        if view.why_not is not None:
            why_not = label("", wrap=True)
            inside.addWidget(why_not)
            set_line(why_not, view.why_not)
        for holder in view.holders:
            box = Tick(holder.caption, Tone.PLAIN)
            box.setObjectName("session-on")
            box.setAccessibleName(holder.caption)
            box.setChecked(holder.on)
            box.clicked.connect(
                lambda _=False, one=holder: self.session_chosen.emit(one.credential_id, one.turned)
            )
            inside.addSpacing(4)
            inside.addWidget(box)
            for name, caption, options in (
                ("signatures", t.SESSION_SIGNATURES, holder.signatures),
                ("minutes", t.SESSION_TIME, holder.minutes),
            ):
                if options:
                    inside.addWidget(label(tongue.say(caption), "soft"))
                    inside.addWidget(self._options(name, tongue.say(caption), holder, options))
        return frame

    def _options(self, name: str, caption: str, holder: HolderView, options: tuple[Option, ...]) -> QWidget:
        def chosen(option: Option) -> Callable[[], None]:
            return lambda: self.session_chosen.emit(holder.credential_id, option.limits)

        return self._row_of(
            caption,
            [
                (
                    f"session-{name}-{getattr(option.limits, name)}",
                    option.words,
                    option.picked,
                    chosen(option),
                )
                for option in options
            ],
        )

    def _segments(self, choice: _Choice, preferences: Preferences, caption: str) -> QWidget:
        def chosen(name: str) -> Callable[[], None]:
            return lambda: self.preferred.emit(choice.then(preferences, name))

        return self._row_of(
            caption,
            [
                # Two settings may be left to the language; every other name is one setting's alone.
                (
                    f"choose-{name}" if name != "language" else f"choose-{choice.setting}-of-it",
                    words,
                    name == choice.now,
                    chosen(name),
                )
                for name, words in choice.names.items()
            ],
        )

    def _row_of(self, caption: str, parts: list[tuple[str, str, bool, Callable[[], None]]]) -> QWidget:
        """Segments of one choice: each with its object's name, words, whether it is picked, what it does."""
        group = QButtonGroup(self)
        self._groups.append(group)
        across = QWidget()
        flow = Flow(gap=8, line_gap=8)
        across.setLayout(flow)
        for name, words, picked, does in parts:
            part = button(words, "segment")
            part.setObjectName(name)
            part.setAccessibleName(f"{caption}: {words}")
            part.setCheckable(True)
            part.setChecked(picked)
            group.addButton(part)
            # Tab comes to what is picked, and the arrow keys pick another, as among radio buttons.
            part.setFocusPolicy(Qt.FocusPolicy.StrongFocus if picked else Qt.FocusPolicy.ClickFocus)
            part.clicked.connect(lambda _=False, does=does: does())
            flow.addWidget(part)
        return across
