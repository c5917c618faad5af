"""The window of a certificate request: a row of four steps, the step itself, and a last row with its way on.

It draws and says what was done to it. The PIN's row is the one of every consent; what is typed into it is
read where it is sent and kept nowhere.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui import translations as t
from gui.presenters.applicant import FieldView
from gui.presenters.request_steps import RequestSteps, Stage, Step, StepsView
from gui.presenters.sheet import SheetView
from gui.views.findings import Yes, finding_frame
from gui.views.kit import KeyButton, button, clear, label, row, scrolled
from gui.views.page import notice
from gui.views.pin import PinRow, keyboard_language
from gui.views.steps import facts_card, steps_head
from gui.views.ticks import Radio
from gui.views.words import Flow

#: Per cent of the designed text size from which one field stands below the other.
_TOO_LARGE = 150
#: The window as it opens where the screen has room for it, and as small as it gets.
_SIZE, _LEAST = QSize(780, 680), QSize(560, 420)
#: As long as a certificate authority's names are; the presenter says what is too long.
_LONGEST_TYPED = 200
_FILES = "*.cer *.crt *.pem *.der *.p7b *.p7c"
_NAME = "certificate-request.csr"


class RequestWindow(QDialog):
    """Draws a `RequestSteps`, which it tells of what is typed and ticked.

    `went(+1 | -1)` for another step, `key_wanted(key)` when another kind is picked, `pin_given(pin)` to make
    the key or to keep the certificate, None where the reader takes the PIN; `saved(path)`, `chosen(path)`
    for files, and `other_wanted` to go on with the request that a certificate is for.
    """

    went = Signal(int)
    key_wanted = Signal(object)
    pin_given = Signal(object)
    saved = Signal(object)
    chosen = Signal(object)
    other_wanted = Signal()

    def __init__(self, steps: RequestSteps, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.steps = steps
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setModal(False)
        self.setAcceptDrops(True)
        self._drawn: object = None
        self._at: Step | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._content = QVBoxLayout()
        self._last = QVBoxLayout()
        column.addLayout(self._content, 1)
        column.addLayout(self._last)
        self._row_again()
        self.renew()
        room = self.screen().availableGeometry().size() - QSize(24, 60)
        self.resize(QSize(theme.px(_SIZE.width()), theme.px(_SIZE.height())).boundedTo(room))

    def set_tongue(self) -> None:
        """The steps speak another language now, or in letters of another size."""
        self._drawn = None
        self.pin.forget_pin()
        self._row_again()
        self.renew()

    def renew(self) -> None:
        """Draw what is not drawn yet; the focus stays on the control of the same name."""
        view, tongue = self.steps.view(), self.steps.tongue
        self._show_pin()
        if self._drawn == (what := (view, tongue.lang, theme.px(100))):
            return
        self._drawn = what
        self.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if tongue.rtl else Qt.LayoutDirection.LeftToRight
        )
        self.setWindowTitle(view.title)
        held: QWidget | None = self.focusWidget()
        focused = held.objectName() if held is not None else ""
        in_pin = held is self.pin.field
        clear(self._content)
        body = scrolled(self._body(view))
        for part, stretch in ((steps_head(view.marks), 0), (body, 1)):
            self._content.addWidget(part, stretch)
            part.show()
        self._foot(view)
        self._focus(view, "pin" if in_pin else focused)
        self._at = view.step
        if (layout := self.layout()) is not None:
            layout.activate()
            self.setMinimumSize(layout.minimumSize().expandedTo(_LEAST))

    def choose(self, path: Path) -> None:
        """This is the certificate's file; it counts at the last step alone."""
        if self.steps.step is Step.BRING and self.steps.stage is Stage.ASKING:
            self.chosen.emit(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped anywhere on the window, at the last step."""
        if self.steps.step is Step.BRING and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """The first of them is the certificate."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.choose(paths[0])

    def done(self, result: int) -> None:
        """Every way out but the window's own close button."""
        self.pin.forget_pin()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The window's own close button."""
        self.pin.forget_pin()
        super().closeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses nothing by itself."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    # --- drawing

    def _row_again(self) -> None:
        clear(self._last)
        self.pin = PinRow(self.steps.tongue, stacked=theme.px(100) >= _TOO_LARGE)
        self.pin.signed.connect(self.pin_given)
        self.pin.declined.connect(self.reject)
        self.pin.typed.connect(lambda _: self._show_pin())
        self.pin.field.caps_changed.connect(lambda _: self._show_pin())
        self.pin.last_try.connect(self._last_try)
        self.foot = QFrame()
        self.foot.setObjectName("footer")
        self._last.addWidget(self.pin)
        self._last.addWidget(self.foot)

    def _last_try(self, yes: bool) -> None:
        self.steps.last_try_accepted = yes
        self._show_pin()

    def _show_pin(self) -> None:
        field = self.pin.field
        footer = self.steps.footer(field.text(), keyboard_language(), caps=field.caps and field.hasFocus())
        self.pin.setVisible(footer is not None)
        if footer is not None:
            self.pin.show_footer(footer)

    def _body(self, view: StepsView) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(26, 22, 26, 18)
        column.setSpacing(12)
        column.addWidget(label(view.headline, "headline", wrap=True))
        if view.words is not None:
            column.addWidget(label(view.words, wrap=True))
        if view.banner is not None:
            column.addWidget(notice(view.banner, view.remedy))
        if view.fields:
            column.addLayout(self._form(view.fields))
        if view.keys:
            column.addWidget(self._keys(view))
        if (deed := self._deed(view)) is not None:
            column.addLayout(row(deed, None))
        if view.facts:
            column.addWidget(facts_card(view.facts))
        if view.sheet is not None:
            self._sheet(view.sheet, view, column)
        if view.back and self.pin.isVisibleTo(self):
            column.addLayout(row(self._back("link"), None))
        column.addStretch(1)
        return body

    def _form(self, fields: tuple[FieldView, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(12)
        across = 2 if theme.px(100) < _TOO_LARGE else 1
        for at, view in enumerate(fields):
            cell = QVBoxLayout()
            cell.setSpacing(4)
            field = QLineEdit(self.steps.texts[view.part])
            field.setObjectName(f"field-{view.part}")
            field.setMaxLength(_LONGEST_TYPED)
            field.setAccessibleName(view.caption)
            field.setAccessibleDescription(view.refusal or "")
            if view.code:
                field.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            field.textChanged.connect(lambda text, part=view.part: self.steps.type(part, text))
            field.returnPressed.connect(self._next_field)
            caption = label(view.caption, "medium", wrap=True)
            caption.setBuddy(field)
            cell.addWidget(caption)
            cell.addWidget(field)
            if view.refusal is not None:
                cell.addWidget(label(view.refusal, "bad", wrap=True))
            cell.addStretch(1)
            grid.addLayout(cell, at // across, at % across)
        for at in range(across):
            grid.setColumnStretch(at, 1)
        return grid

    def _keys(self, view: StepsView) -> QWidget:
        kinds = QWidget()
        flow = Flow(gap=20, line_gap=6)
        kinds.setLayout(flow)
        name = self.steps.tongue.say(t.REQUEST_KEY_KIND)
        flow.addWidget(label(name, "medium"))
        group = QButtonGroup(kinds)
        for key, words, picked in view.keys:
            radio = Radio(words)
            radio.setObjectName(f"key-{key.value}")
            radio.setAccessibleName(f"{name}: {words}")
            radio.setChecked(picked)
            radio.setEnabled(view.stage is Stage.ASKING)
            radio.clicked.connect(lambda _=False, key=key: self.key_wanted.emit(key))
            group.addButton(radio)
            flow.addWidget(radio)
        return kinds

    def _deed(self, view: StepsView) -> QWidget | None:
        say = self.steps.tongue.say
        if view.stage is Stage.DONE:
            return None
        if view.other is not None:
            deed = button(view.other, "primary")
            deed.clicked.connect(self.other_wanted)
        elif view.step is Step.SEND:
            deed = button(say(t.REQUEST_SAVE), "primary")
            deed.clicked.connect(self._pick_place)
        elif view.step is Step.BRING:
            deed = button(say(t.REQUEST_CHOOSE), "" if view.sheet is not None else "primary")
            deed.clicked.connect(self._pick_file)
        else:
            return None
        deed.setObjectName("step-deed")
        deed.setEnabled(view.stage is Stage.ASKING)
        return deed

    def _sheet(self, sheet: SheetView, view: StepsView, column: QVBoxLayout) -> None:
        frozen = view.stage is not Stage.ASKING
        for finding in sheet.findings:
            yes = Yes(
                given=finding.index in view.accepted,
                frozen=frozen,
                answer=partial(self._accept, finding.index),
            )
            column.addWidget(finding_frame(finding, self.steps.tongue, yes, below=True))
        column.addWidget(
            facts_card(tuple((one.caption, f"{one.value.text}  {one.aside}".strip()) for one in sheet.head))
        )

    def _foot(self, view: StepsView) -> None:
        old = self.foot
        self.foot = QFrame()
        self.foot.setObjectName("footer")
        self.close_button = KeyButton(view.close, "Esc")
        self.close_button.setObjectName("step-close")
        self.close_button.clicked.connect(self.reject)
        last = row(spacing=12)
        last.setContentsMargins(22, 14, 22, 14)
        if view.back and not self.pin.isVisibleTo(self):
            last.addWidget(self._back())
        last.addStretch(1)
        last.addWidget(self.close_button)
        if view.go_on is not None:
            on = button(view.go_on, "primary" if view.step is Step.WHO else "")
            on.setObjectName("step-on")
            on.setEnabled(view.stage is Stage.ASKING)
            on.clicked.connect(lambda: self.went.emit(1))
            last.addWidget(on)
        self.foot.setLayout(last)
        self._last.replaceWidget(old, self.foot)
        old.hide()
        old.deleteLater()
        self.foot.setVisible(not self.pin.isVisibleTo(self))

    def _back(self, role: str = "") -> QPushButton:
        back = button(self.steps.tongue.say(t.FIRST_BACK), role)
        back.setObjectName("step-back")
        back.clicked.connect(lambda: self.went.emit(-1))
        return back

    def _focus(self, view: StepsView, held: str) -> None:
        """On what was held; at a new step on its first control, never on the PIN."""
        names = [held] if view.step is self._at and held else []
        if self.steps.first_refused is not None:
            names = [f"field-{self.steps.first_refused}"]
        names += [f"key-{key.value}" for key, _, picked in view.keys if picked]
        names += ["field-given_name", "step-deed", "step-back", "step-close"]
        for name in names:
            part = self.pin.field if name == "pin" else self.findChild(QWidget, name)
            if part is not None and part.isEnabled() and part.isVisibleTo(self):
                part.setFocus()
                return

    # --- what the person does

    def _accept(self, index: int, yes: bool) -> None:
        self.steps.accept(index, yes)
        self.renew()

    def _next_field(self) -> None:
        self.focusNextChild()

    def _pick_place(self) -> None:
        title = self.steps.tongue.say(t.REQUEST_SAVE)
        name, _ = QFileDialog.getSaveFileName(self, title, _NAME, "PKCS #10 (*.csr *.p10 *.pem)")
        if name:
            self.saved.emit(Path(name))

    def _pick_file(self) -> None:
        title = self.steps.tongue.say(t.REQUEST_CHOOSE)
        name, _ = QFileDialog.getOpenFileName(self, title, "", f"X.509 ({_FILES});;* (*)")
        if name:
            self.choose(Path(name))
