"""The PIN row: the holder, the field, what is known of tries and keyboard, decline and sign.

The field gives nothing back: no copy, no drag, no undo, no menu, no learning input method. Qt is not
told whether Caps Lock is on; a typed letter shows it.
"""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDropEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui import translations as t
from gui.presenters.consent_views import Footer
from gui.presenters.pin import Tone, capitals, has_eastern_digits, in_latin_digits
from gui.presenters.tongue import Tongue
from gui.views.kit import KeyButton, button, label, row, set_button, set_line
from gui.views.marks import Sign, SignMark
from gui.views.ticks import Tick

_HINTS = (
    Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)


class PinField(QLineEdit):
    """A password field that lets nothing out. `caps_changed(on)` as far as the typed letters tell.

    `takes_paste` is the person's own choice, for every field of the desktop.
    """

    caps_changed = Signal(bool)
    takes_paste: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("pin")
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(_HINTS)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDragEnabled(False)
        self.setAcceptDrops(False)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setMaxLength(64)
        self.setFixedSize(theme.px(200), theme.px(46))
        self.setAccessibleName(name)
        self.caps = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Note what a letter tells of Caps Lock; refuse what pastes where it is not wanted."""
        if event.matches(QKeySequence.StandardKey.Paste) and not self.takes_paste:
            event.ignore()
            return
        caps = capitals(event.text(), shift=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        if event.key() == Qt.Key.Key_CapsLock and self.caps:
            caps = False
        if caps is not None and caps != self.caps:
            self.caps = caps
            self.caps_changed.emit(caps)
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The middle button pastes on X11."""
        if event.button() is Qt.MouseButton.MiddleButton and not self.takes_paste:
            event.ignore()
            return
        super().mouseReleaseEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Nothing is dropped in: what is dropped was on screen."""
        event.ignore()


class PinRow(QFrame):
    """Draws a `Footer`. Emits `signed(pin)` (None for a reader with keys of its own) and `declined`.

    `stacked`: its buttons stand below the field, for a window that is not wide enough.
    """

    signed = Signal(object)
    declined = Signal()
    typed = Signal(str)
    last_try = Signal(bool)

    def __init__(self, tongue: Tongue, *, stacked: bool = False) -> None:
        super().__init__()
        self.setObjectName("footer")
        self._tongue = tongue
        self._allowed = False
        self._takes_pin = True
        outer = QVBoxLayout(self)
        outer.setContentsMargins(22, 12, 22, 14)
        outer.setSpacing(8)

        self.banner = label("", "bad", wrap=True)
        self.last_try_yes = Tick("", Tone.BAD)
        self.last_try_yes.toggled.connect(self.last_try)
        self.question = ScriptQuestion(tongue)
        self.question.chosen.connect(self._script_chosen)
        outer.addWidget(self.banner)
        outer.addWidget(self.last_try_yes)
        self.stays = label("", "soft", wrap=True)
        outer.addWidget(self.question)
        outer.addWidget(self.stays)
        outer.addLayout(self._bottom(stacked=stacked))

    def show_footer(self, footer: Footer) -> None:
        """Draw the row as it is now; what was typed stays."""
        self.holder.setText(footer.holder)
        self.caption.setText(footer.pin_caption)
        self.banner.setVisible(footer.banner is not None)
        if footer.banner is not None:
            set_line(self.banner, footer.banner)
        self._show_last_try(footer.last_try)
        self.stays.setVisible(footer.stays is not None)
        self.stays.setText(footer.stays.text if footer.stays else "")
        busy = footer.busy is not None
        self._takes_pin = footer.takes_pin
        self.field.setVisible(footer.pin_pad is None and not busy)
        self.field.setEnabled(footer.takes_pin)
        self.pad.setVisible(footer.pin_pad is not None and not footer.opened and not busy)
        self.pad.setText(footer.pin_pad.text if footer.pin_pad else "")
        self.open_mark.setVisible(footer.opened and not busy)
        self.facts.setVisible(not busy)
        set_line(self.tries, footer.tries)
        set_line(self.layout_hint, footer.layout)
        self.work.setVisible(busy)
        self.busy.setText(footer.busy or "")
        self._show_progress(footer.progress)
        self._allowed = footer.why_not is None
        set_button(self.sign, footer.sign)
        self.sign.setEnabled(self._allowed)
        why = footer.hint if footer.why_not is None and footer.hint else footer.why_not or ""
        self.why.setText(why or " ")  # a line even so: the row must not move under the typing hand
        self.sign.setAccessibleDescription(why)
        self.decline.set_words(footer.decline)
        self.decline.setEnabled(footer.can_decline)

    def forget_pin(self) -> None:
        """Empty the field."""
        self.question.hide()
        self.field.clear()

    def ask_again(self) -> None:
        """The PIN is wanted again: an empty field, with the focus where this window already had it."""
        self.forget_pin()
        self.last_try_yes.setChecked(False)
        if self.isActiveWindow():
            self.field.setFocus()

    def press_sign(self) -> None:
        """As if Sign was pressed: Enter in the field comes here."""
        if not self._allowed:
            return
        if not self._takes_pin:
            self.signed.emit(None)
        elif has_eastern_digits(self.field.text()):
            self.question.ask()
        else:
            self._send(self.field.text())

    def _send(self, pin: str) -> None:
        self.forget_pin()
        self.signed.emit(pin)

    def _script_chosen(self, latin: bool | None) -> None:
        typed = self.field.text()
        if latin is None:
            self.forget_pin()
            self.field.setFocus()
        elif self._allowed:
            self._send(in_latin_digits(typed) if latin else typed)

    def _bottom(self, *, stacked: bool) -> QBoxLayout:
        say = self._tongue.say
        self.holder = label("", "strong")
        self.caption = label("", "soft")
        self.field = PinField(say(t.PIN_LABEL))
        self.field.textChanged.connect(self._changed)
        self.field.returnPressed.connect(self.press_sign)
        self.pad = label("", "strong", wrap=True)
        self.open_mark = SignMark(Sign.OPEN, Tone.WARN, theme.px(26))
        self.tries = label("", "soft")
        self.layout_hint = label("", "soft")
        self.sign = button(say(t.SIGN), "primary")
        self.sign.clicked.connect(self.press_sign)
        self.decline = KeyButton(say(t.DECLINE), "Esc")
        self.decline.clicked.connect(self.declined)
        self.why = label("", "why")
        self.why.setAlignment(
            Qt.AlignmentFlag.AlignRight if not self._tongue.rtl else Qt.AlignmentFlag.AlignLeft
        )

        who = QVBoxLayout()
        who.setSpacing(0)
        who.addStretch(1)
        who.addWidget(self.holder)
        who.addWidget(self.caption)
        who.addStretch(1)
        self.facts = QWidget()
        facts = QVBoxLayout(self.facts)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setSpacing(0)
        facts.addStretch(1)
        facts.addWidget(self.tries)
        facts.addWidget(self.layout_hint)
        facts.addStretch(1)
        self.work = QWidget()
        self.work.setMinimumWidth(280)
        work = QVBoxLayout(self.work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(6)
        self.busy = label("", "medium")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        work.addWidget(self.busy)
        work.addWidget(self.bar)

        buttons = QVBoxLayout()
        buttons.setSpacing(4)
        buttons.addStretch(1)
        buttons.addLayout(row(None, self.decline, self.sign, spacing=12))
        buttons.addWidget(self.why)
        buttons.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addLayout(who)
        line.addWidget(self.field)
        line.addWidget(self.open_mark)
        line.addWidget(self.pad)
        line.addWidget(self.facts)
        line.addWidget(self.work)
        line.addStretch(1)
        if stacked:
            both = QVBoxLayout()
            both.addLayout(line)
            both.addLayout(buttons)
            return both
        line.addLayout(buttons)
        return line

    def _changed(self, pin: str) -> None:
        self.question.hide()
        self.typed.emit(pin)

    def _show_last_try(self, words: str | None) -> None:
        self.last_try_yes.setVisible(words is not None)
        if words is None:
            self.last_try_yes.setChecked(False)
        else:
            self.last_try_yes.setText(words)
            self.last_try_yes.setAccessibleName(words)

    def _show_progress(self, progress: tuple[int, int] | None) -> None:
        self.bar.setVisible(progress is not None)
        if progress is not None:
            done, total = progress
            self.bar.setMaximum(total)  # none: it moves without telling how far it is
            self.bar.setValue(done)
            self.bar.setAccessibleName(self.busy.text())


class ScriptQuestion(QFrame):
    """Persian digits in the PIN: as typed, or Latin? `chosen` gives True for Latin, None for neither."""

    chosen = Signal(object)

    def __init__(self, tongue: Tongue) -> None:
        super().__init__()
        self.setProperty("role", "find-amber")
        say = tongue.say
        self.latin = button(say(t.PIN_SEND_LATIN))
        self.as_typed = button(say(t.PIN_SEND_AS_TYPED))
        self.neither = button(say(t.PIN_SEND_NEITHER), "link")
        for widget, answer in ((self.latin, True), (self.as_typed, False), (self.neither, None)):
            widget.clicked.connect(lambda _=False, answer=answer: self._choose(answer))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addLayout(
            row(SignMark(Sign.BANG, None, theme.px(18)), label(say(t.PIN_SCRIPT_TITLE), "strong"), None)
        )
        column.addWidget(label(say(t.PIN_SCRIPT_ASK), wrap=True))
        column.addLayout(row(self.latin, self.as_typed, self.neither, None))
        self.hide()

    def ask(self) -> None:
        """Show the question, with the keyboard on its first answer but nothing chosen by Enter."""
        self.show()
        self.latin.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape takes the question back, not the whole request."""
        if event.key() == Qt.Key.Key_Escape:
            self._choose(None)
            return
        super().keyPressEvent(event)

    def _choose(self, answer: bool | None) -> None:
        self.hide()
        self.chosen.emit(answer)


def keyboard_language() -> str | None:
    """The keyboard's language (ISO 639) where this platform tells Qt, else None: X11 and Wayland do not."""
    if QGuiApplication.platformName() not in {"windows", "cocoa"}:
        return None
    return QGuiApplication.inputMethod().locale().name().split("_")[0]
