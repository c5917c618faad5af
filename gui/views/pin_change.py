"""The window in which a PIN is changed, or a locked one set anew. Every way out empties its fields."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QProgressBar, QVBoxLayout, QWidget

from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.bridge.requests import ChangePin, ReadTokens, Unblock
from gui.presenters.pin import Tone, has_eastern_digits, in_latin_digits, layout_line
from gui.presenters.pin_change import PinChange, Stage, Task
from gui.views.kit import KeyButton, button, clear, label, row, set_line
from gui.views.page import notice
from gui.views.pin import PinField, ScriptQuestion, keyboard_language
from gui.views.ticks import Tick
from signer.service.consent import Pin
from signer.service.office import TokensNow
from signer.service.token_desk import Secret


class PinChangeWindow(QDialog):
    """Draws a `PinChange` and performs it over `wire`. `changed`: the token is to be read again."""

    def __init__(
        self, change: PinChange, wire: Wire, changed: Callable[[], None], parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.change = change
        self._wire = wire
        self._changed = changed
        tongue = change.tongue
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self.setWindowTitle(change.view().title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        inside = QVBoxLayout()
        inside.setContentsMargins(24, 20, 24, 18)
        inside.setSpacing(10)
        inside.addWidget(label(change.view().title, "headline", wrap=True))
        inside.addWidget(label(change.view().token, "soft", wrap=True))
        self._banner = QVBoxLayout()
        inside.addLayout(self._banner)
        self.fields: tuple[PinField, ...] = ()
        inside.addLayout(self._form())
        self.tries = label("", wrap=True)
        self.keyboard = label("", wrap=True)
        self.last_try = Tick("", Tone.BAD)
        self.last_try.toggled.connect(self._renew)
        self.question = ScriptQuestion(tongue)
        self.question.chosen.connect(self._script_chosen)
        self.busy = label("", "medium")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        for part in (self.tries, self.keyboard, self.last_try, self.question, self.busy, self.bar):
            inside.addWidget(part)
        inside.addWidget(label(tongue.say(t.PIN_NEVER_KEPT), "soft", wrap=True))
        inside.addStretch(1)
        column.addLayout(inside, 1)
        column.addWidget(self._foot())
        self.setMinimumWidth(480)
        self._renew()

    def press_go(self) -> None:
        """As if the button was pressed: Enter in the last field comes here."""
        if self._why_not() is not None or self.change.stage is not Stage.ASKING:
            return
        if any(has_eastern_digits(field.text()) for field in self.fields):
            self.question.ask()
        else:
            self._send(latin=False)

    def forget_pins(self) -> None:
        """Empty the fields."""
        self.question.hide()
        for field in self.fields:
            field.clear()

    def done(self, result: int) -> None:
        """Every way out."""
        self.forget_pins()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The window's own close button."""
        self.forget_pins()
        super().closeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter moves on through the fields; it presses nothing by itself."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _form(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        view = self.change.view()
        if view.captions is None:
            grid.addWidget(label(view.elsewhere or "", "strong", wrap=True), 0, 0)
            return grid
        self.fields = tuple(PinField(caption) for caption in view.captions)
        for at, (field, caption) in enumerate(zip(self.fields, view.captions, strict=True)):
            field.setObjectName("pin")
            field.textChanged.connect(self._renew)
            field.caps_changed.connect(self._renew)
            words = label(caption, "medium")
            words.setBuddy(field)
            grid.addWidget(words, at, 0)
            grid.addWidget(field, at, 1)
        first, second, third = self.fields
        first.returnPressed.connect(second.setFocus)
        second.returnPressed.connect(third.setFocus)
        third.returnPressed.connect(self.press_go)
        grid.setColumnStretch(2, 1)
        return grid

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setObjectName("footer")
        self.cancel = KeyButton(self.change.tongue.say(t.CANCEL), "Esc")
        self.cancel.clicked.connect(self.reject)
        self.go = button(self.change.view().go, "primary")
        self.go.clicked.connect(self.press_go)
        self.why = label("", "why", wrap=True)
        last = row(spacing=12)
        last.setContentsMargins(22, 14, 22, 14)
        last.addWidget(self.why, 1)
        last.addWidget(self.cancel)
        last.addWidget(self.go)
        foot.setLayout(last)
        return foot

    def _why_not(self) -> str | None:
        typed = [field.text() for field in self.fields] or ["", "", ""]
        return self.change.why_not(*typed, last_try=self.last_try.isChecked())

    def _renew(self) -> None:
        view, stage = self.change.view(), self.change.stage
        clear(self._banner)
        if view.banner is not None:
            self._banner.addWidget(notice(view.banner, view.remedy))
        asking = stage is Stage.ASKING
        for field in self.fields:
            field.setEnabled(asking)
        set_line(self.tries, view.tries)
        self.tries.setVisible(asking)
        typed = "".join(field.text() for field in self.fields)
        caps = any(field.caps for field in self.fields if field.hasFocus())
        set_line(self.keyboard, layout_line(keyboard_language(), typed, self.change.tongue, caps=caps))
        self.keyboard.setVisible(asking and bool(self.fields))
        self.last_try.setVisible(view.last_try is not None and asking)
        self.last_try.setText(view.last_try or "")
        self.busy.setText(view.busy or "")
        self.busy.setVisible(view.busy is not None)
        self.bar.setVisible(view.busy is not None)
        why = self._why_not() if asking else None
        self.go.setVisible(stage is not Stage.DONE)
        self.go.setEnabled(asking and why is None)
        self.why.setText(why or "")
        self.cancel.setEnabled(stage is not Stage.WORKING)
        self.cancel.set_words(self.change.tongue.say(t.CLOSE if stage is Stage.DONE else t.CANCEL))

    def _script_chosen(self, latin: bool | None) -> None:
        if latin is None:
            self.forget_pins()
            self.fields[0].setFocus()
        else:
            self._send(latin=latin)

    def _send(self, *, latin: bool) -> None:
        typed = [in_latin_digits(f.text()) if latin else f.text() for f in self.fields]
        pins: list[Pin | None] = [Pin(text) for text in typed[:2]] or [None, None]
        self.change.begin()
        self.forget_pins()
        secret = Secret(pin=pins[0], last_try_accepted=self.last_try.isChecked())
        kind = ChangePin if self.change.task is Task.CHANGE else Unblock
        request = kind(token=self.change.token, secret=secret, new=pins[1])
        self._wire.ask(request, lambda _: self._ended(None), self._ended, owner=self)
        self._renew()

    def _ended(self, code: str | None) -> None:
        self.last_try.setChecked(False)
        if code is None:
            self.change.done()
        else:
            self.change.failed(code)
        self._renew()
        self._changed()
        if code is None:
            self.cancel.setFocus()
        else:
            self._wire.ask(ReadTokens(), self._read_again, lambda _: None, owner=self)
            if self.fields:
                self.fields[0].setFocus()

    def _read_again(self, now: TokensNow) -> None:
        ref = self.change.token.ref
        for token in now.managed:
            if token.ref == ref:
                self.change.renew(token)
        self._renew()
