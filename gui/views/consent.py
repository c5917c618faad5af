"""The consent window, for one document or for many: header, sheet, last row; then progress and the ending."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui import theme
from gui import translations as t
from gui.presenters.consent import ConsentPresenter
from gui.presenters.consent_views import Decision, Ending, Phase
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY, AskWindow
from gui.views.documents import DocumentList
from gui.views.header import HeaderRow
from gui.views.kit import button, label, row, set_button
from gui.views.marks import Sign, SignMark
from gui.views.pin import PinRow, keyboard_language
from gui.views.sheet import SheetCard
from signer.model.credential import TokenRef
from signer.model.session_signing import OpenNow
from signer.service.consent import ConsentQuestion, Declined, Outcome, PinRequest, Standing, TokenQuestion

SIZE = QSize(1040, 880)
#: Seconds in which nothing is taken for an answer where the token is open: no PIN slows the hand down.
STRAY_OPEN = 1.0
#: Milliseconds that a success stays in sight before the window closes itself.
LINGER = 1200


class ConsentWindow(AskWindow):
    """One `ConsentQuestion` or `TokenQuestion` from first sight to ending."""

    def __init__(
        self, question: ConsentQuestion | TokenQuestion, tongue: Tongue, *, stray: float = STRAY
    ) -> None:
        if stray > 0 and isinstance(question, ConsentQuestion) and question.opened is not None:
            stray = max(stray, STRAY_OPEN)
        super().__init__(tongue, SIZE, stray=stray)
        self.presenter = ConsentPresenter(question, tongue)
        self._at = 0
        self.setMinimumSize(960 if self.presenter.many else 760, 480)
        QGuiApplication.inputMethod().localeChanged.connect(self._layout_changed)
        self.rebuild()

    # --- what the agent says

    def ask_pin(self, request: PinRequest) -> None:
        """The PIN is wanted again."""
        self.presenter.ask_pin(request)
        self._renew()  # first, since a field that is hidden takes no focus
        self.pin.ask_again()

    def token_away(self, token: TokenRef | None) -> None:
        """The token was pulled out, or is back."""
        self.presenter.token_away(token)
        self._renew_footer()

    def token_open(self, opened: OpenNow | None) -> None:
        """The token that was open is closed, or differently open."""
        self.presenter.token_open(opened)
        self._renew_footer()

    def stand(self, standing: Standing) -> None:
        """The panel went or came back, or others wait."""
        self.presenter.stand(standing)
        self.header.show_notices()

    def want_token(self, token: TokenRef) -> None:
        """The token was pulled out: say which one is wanted back."""
        self.presenter.want_token(token)
        self.pin.forget_pin()
        self._renew()

    def progress(self, done: int, total: int) -> None:
        """Show how far the signing is."""
        self.presenter.progressed(done, total)
        self._renew_footer()

    def close_with(self, outcome: Outcome, *, at_once: bool) -> None:
        """Show how it ended. A silent ending goes by itself: shortly, or at once where others wait."""
        self.presenter.ended(outcome)
        ending = self.presenter.ending()
        if not self.isVisible() or (ending.silent and at_once):
            self.finish()
            return
        self.pin.hide()
        self.end_row.show_ending(ending, self.tongue)
        self._renew_list()
        self.header.show_notices()
        if ending.silent:
            QTimer.singleShot(LINGER, self, self.finish)
        else:
            self.end_row.close_button.setFocus()

    # --- building

    def compose(self) -> QWidget:
        """Header, list where there are many, sheet, last row."""
        presenter = self.presenter
        presenter.tongue = self.tongue
        presenter.keyboard(keyboard_language())
        presenter.typed("")
        presenter.caps_lock(False)
        presenter.accept_last_try(False)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.header = HeaderRow(presenter)
        self.setWindowTitle(presenter.header().title)
        column.addWidget(self.header)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        self.sheet = SheetCard()
        self.sheet.accepted.connect(self._accept)
        self.sheet.end_reached.connect(self._saw_end)
        self.documents: DocumentList | None = None
        paper = QVBoxLayout()
        paper.setContentsMargins(22, 18, 22, 18)
        paper.setSpacing(12)
        paper.addWidget(self.sheet, 1)
        if presenter.many:
            self.documents = DocumentList(presenter)
            middle.addWidget(self.documents)
            edge = QFrame()
            edge.setObjectName("hairline-v")
            middle.addWidget(edge)
            self.decide = _DecideRow(self.tongue)
            self.decide.approve.clicked.connect(self._approve)
            self.decide.refuse.clicked.connect(self._refuse)
            paper.addWidget(self.decide)
        middle.addLayout(paper, 1)
        column.addLayout(middle, 1)
        self.pin = PinRow(self.tongue)
        self.pin.signed.connect(self._sign)
        self.pin.declined.connect(self.decline)
        self.pin.typed.connect(self._typed)
        self.pin.field.caps_changed.connect(self._caps_changed)
        self.pin.last_try.connect(self._last_try)
        column.addWidget(self.pin)
        self.end_row = _EndRow(self.tongue)
        self.end_row.dismissed.connect(self.finish)
        column.addWidget(self.end_row)
        if self.documents is not None:
            self.documents.selectionModel().currentChanged.connect(lambda now, _: self._show(now.row()))
            self.documents.go(self._at)
        else:
            self._show(0)
        if presenter.phase is Phase.ENDED:
            self.pin.hide()
            self.end_row.show_ending(presenter.ending(), self.tongue)
        return content

    def showEvent(self, event: QShowEvent) -> None:
        """Let the keys scroll the sheet, or move in the list: the PIN gets the focus by Tab or click only."""
        self._rest_focus()

    def set_tongue(self, tongue: Tongue) -> None:
        """Say everything in another language; what was decided stays, a PIN half typed does not."""
        super().set_tongue(tongue)
        self._rest_focus()

    def _rest_focus(self) -> None:
        if self.documents is not None:
            self.documents.setFocus()
        else:
            self.sheet.read()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape declines; in a list of many Space reads on and then approves, Delete refuses."""
        key = event.key()
        if self.presenter.phase is Phase.ENDED:
            if key in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.finish()
            return
        if self.documents is not None and key == Qt.Key.Key_Space:
            if not self.sheet.read_on() and not event.isAutoRepeat():
                self._approve()
        elif self.documents is not None and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._refuse()
        elif key == Qt.Key.Key_F2:
            self.sheet.flip()
        else:
            super().keyPressEvent(event)

    # --- what the doctor does

    def decline(self) -> None:
        """No to the whole request; no more PIN, where the yes was given before."""
        if self.presenter.phase is Phase.ENDED:
            self.finish()
        elif self.presenter.footer().can_decline:
            self.pin.forget_pin()
            if self.presenter.frozen:
                self.presenter.give_up()
                self._renew_footer()
            else:
                self.hide()
            self.answer(Declined())

    def _sign(self, pin: str | None) -> None:
        self.answer(self.presenter.approval(pin))  # first: the token need not wait for the drawing
        self.sheet.freeze()
        self._renew()
        self._rest_focus()

    def _typed(self, pin: str) -> None:
        self.presenter.keyboard(keyboard_language())
        self.presenter.typed(pin)
        self._renew_footer()

    def _caps_changed(self, on: bool) -> None:
        self.presenter.caps_lock(on)
        self._renew_footer()

    def _layout_changed(self) -> None:
        self.presenter.keyboard(keyboard_language())
        self._renew_footer()

    def _last_try(self, yes: bool) -> None:
        self.presenter.accept_last_try(yes)
        self._renew_footer()

    def _accept(self, finding: int, yes: bool) -> None:
        self.presenter.accept(self._at, finding, yes)
        self._renew()

    def _saw_end(self) -> None:
        if self.presenter.saw_end(self._at):
            self._renew()

    def _approve(self) -> None:
        if self.presenter.decision(self._at) is Decision.APPROVED or self.presenter.approve(self._at):
            self._go_on()

    def _refuse(self) -> None:
        if not self.presenter.frozen:
            self.presenter.refuse(self._at)
            self._go_on()

    def _go_on(self) -> None:
        self._renew()
        following = self.presenter.next_open(self._at)
        if following is not None and self.documents is not None:
            self.documents.go(following)

    # --- drawing

    def _show(self, index: int) -> None:
        if index < 0:
            return
        self._at = index
        yes = frozenset(
            i
            for i in range(len(self.presenter.question.sheets[index].findings))
            if self.presenter.accepted(index, i)
        )
        self.sheet.show_sheet(self.presenter.sheet(index), self.tongue, yes, frozen=self.presenter.frozen)
        self._renew()

    def _renew(self) -> None:
        self._renew_list()
        self._renew_footer()

    def _renew_list(self) -> None:
        if self.documents is not None:
            self.documents.documents.renew()
            self.header.show_counts()
            self.decide.show_document(self.presenter, self._at)

    def _renew_footer(self) -> None:
        if self.presenter.phase is not Phase.ENDED:
            self.pin.show_footer(self.presenter.footer())


class _DecideRow(QWidget):
    """Under the sheet of one of many: approve, refuse, why not, and the keys that do the same."""

    def __init__(self, tongue: Tongue) -> None:
        super().__init__()
        say = tongue.say
        self.approve = button(say(t.APPROVE))
        self.refuse = button(say(t.REFUSE))
        self._why = label("", "why", wrap=True)
        keys = row(
            *(label("Space", "key"), label(say(t.KEY_HINT_APPROVE), "soft"), 6),
            *(label("Delete", "key"), label(say(t.KEY_HINT_REFUSE), "soft"), 6),
            *(label("F2", "key"), label(say(t.KEY_HINT_DETAILS), "soft")),
            spacing=6,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addLayout(keys)
        line.addStretch(1)
        line.addWidget(self.refuse)
        line.addWidget(self.approve)
        column.addLayout(line)
        column.addWidget(self._why)

    def show_document(self, presenter: ConsentPresenter, index: int) -> None:
        """Draw what may be said of this document."""
        why = presenter.why_not_approve(index)
        decision = presenter.decision(index)
        self.approve.setEnabled(why is None and decision is not Decision.APPROVED and not presenter.frozen)
        self.refuse.setEnabled(decision is not Decision.REFUSED and not presenter.frozen)
        self._why.setText(why or "")
        self._why.setVisible(why is not None)
        self.setVisible(not presenter.frozen)


_END_SIGN = {Tone.OK: Sign.TICK, Tone.BAD: Sign.CROSS}


class _EndRow(QFrame):
    """The last words in the place of the PIN row."""

    dismissed = Signal()

    def __init__(self, tongue: Tongue) -> None:
        super().__init__()
        self.setObjectName("footer")
        self.sentence = label("", "strong", wrap=True)
        self.remedy = label("", "soft", wrap=True)
        self.code = label("", "soft", selectable=True)
        self.close_button = button(tongue.say(t.CLOSE), "primary")
        self.close_button.clicked.connect(self.dismissed)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(22, 16, 22, 16)
        self._line.setSpacing(14)
        self._mark: SignMark | None = None
        words = QVBoxLayout()
        words.setSpacing(0)
        for part in (self.sentence, self.remedy, self.code):
            words.addWidget(part)
        self._line.addLayout(words, 1)
        self._line.addWidget(self.close_button)
        self.hide()

    def show_ending(self, ending: Ending, tongue: Tongue) -> None:
        """Draw it."""
        if self._mark is None and ending.sentence.tone in _END_SIGN:
            self._mark = SignMark(_END_SIGN[ending.sentence.tone], ending.sentence.tone, theme.px(26))
            self._line.insertWidget(0, self._mark)
        self.sentence.setText(ending.sentence.text)
        self.remedy.setText(ending.remedy or "")
        self.remedy.setVisible(ending.remedy is not None)
        self.code.setText(ending.code or "")
        self.code.setVisible(ending.code is not None)
        set_button(self.close_button, tongue.say(t.CLOSE))
        self.show()
