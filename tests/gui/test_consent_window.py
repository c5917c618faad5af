"""The consent window as a person meets it: nothing hidden, nothing pressed by accident, no PIN let out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from gui import translations as t
from gui.bridge.messages import Asked, StandingChanged, Withdrawn
from gui.desk import Desk as DoctorsDesk
from gui.presenters.consent_views import Decision, Phase
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from gui.views.ask import AskWindow
from gui.views.choice import ChoiceWindow
from gui.views.consent import ConsentWindow
from gui.views.pairing import PairingWindow
from signer.model.lookalike import Caution, CautionKind, sentence
from signer.model.request import Document
from signer.model.sheet import FactsSheet, PlainSheet, PrescriptionSheet
from signer.model.text import latin_digits
from signer.service.consent import (
    Approved,
    ConsentQuestion,
    Declined,
    DocumentOutcome,
    Outcome,
    PinProblem,
    PinRequest,
    Standing,
    TokenQuestion,
)
from tests.desktop import scenes
from tests.gui.theatre import application, approve_all, read_to_end, settle, sign, tick_all


class Desk:
    """Opens windows, hears their answers, and clears up."""

    def __init__(self) -> None:
        application()
        self.answers: list[object] = []
        self._windows: list[AskWindow] = []

    def consent(
        self, question: ConsentQuestion | TokenQuestion, lang: Lang = "fa", stray: float = 0
    ) -> ConsentWindow:
        window = ConsentWindow(question, Tongue(lang), stray=stray)
        self.put(window)
        return window

    def put(self, window: AskWindow) -> None:
        self._windows.append(window)
        window.replied.connect(self.answers.append)
        window.come_forward()
        settle()

    def clear(self) -> None:
        for window in self._windows:
            window.finish()
            window.deleteLater()
        settle()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.clear()


def _texts(window: QWidget) -> str:
    """Everything that the window says, digits and drawing marks taken out."""
    parts = [w.text() for w in window.findChildren(QLabel)]
    parts += [w.text() for w in window.findChildren(QAbstractButton)]
    parts += [w.toPlainText() for w in window.findChildren(QPlainTextEdit)]
    return _plain("\n".join(parts))


def _plain(text: str) -> str:
    return latin_digits(re.sub("[\u2066-\u2069\u200b]", "", text)).replace("\u066b", ".")


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize(
    "document",
    [
        scenes.three_items(),
        scenes.prescription(),
        scenes.long(),
        scenes.plain_json(),
        scenes.plain_text(lines=300),
    ],
    ids=["tamin", "salamat", "sixty-items", "json", "text"],
)
def test_every_signed_leaf_is_in_the_window(desk: Desk, document: Document, lang: Lang) -> None:
    question = scenes.consent(document)
    window = desk.consent(question, lang)
    window.sheet.build_all()
    said = _texts(window)
    body = question.sheets[0].body
    leaves = body.leaves if isinstance(body, PlainSheet) else window.presenter.sheet(0).leaves
    assert leaves
    for leaf in leaves:
        assert _plain(leaf.pointer) in said
        assert _plain(leaf.text) in said
    if isinstance(body, PrescriptionSheet):
        drawn = _plain("\n".join(label.text() for label in window.sheet.findChildren(QLabel)))
        for item in body.items:
            for name in item.__struct_fields__:
                cell = getattr(item, name)
                assert cell is None or name == "not_before" or _plain(cell.text) in drawn


@pytest.mark.parametrize("document", [scenes.long(), scenes.plain_text(lines=300)], ids=["items", "text"])
def test_a_sheet_that_scrolls_must_be_scrolled_to_its_end_before_signing(
    desk: Desk, document: Document
) -> None:
    window = desk.consent(scenes.consent(document))
    tick_all(window)
    window.pin.field.setText("1234")
    assert not window.pin.sign.isEnabled()
    assert window.sheet.read_on()
    settle()
    assert not window.pin.sign.isEnabled()
    read_to_end(window)
    assert window.pin.sign.isEnabled()


def test_a_sheet_that_fits_is_seen_by_being_shown(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.plain_text(lines=2)))
    tick_all(window)
    window.pin.field.setText("1234")
    assert window.pin.sign.isEnabled()


def test_a_search_among_the_values_does_not_count_as_having_read_them(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.plain_text(lines=300)))
    search = window.sheet.findChild(QLineEdit)
    assert search is not None
    search.setText("299")
    settle()
    assert window.presenter.why_not_approve(0) is not None


def test_the_pin_has_no_focus_when_the_window_comes_up(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    assert not window.pin.field.hasFocus()
    assert window.focusWidget() is not window.pin.field


def test_the_pin_field_lets_nothing_out(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    field = window.pin.field
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    field.setText("1234")
    field.selectAll()
    field.copy()
    QTest.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "before"
    field.setText("1234")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert "1" not in field.displayText()
    assert field.contextMenuPolicy() is Qt.ContextMenuPolicy.NoContextMenu
    hints = field.inputMethodHints()
    assert hints & Qt.InputMethodHint.ImhSensitiveData
    assert hints & Qt.InputMethodHint.ImhNoPredictiveText


def test_the_field_is_empty_as_soon_as_the_pin_is_sent(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    approve_all(window)
    sign(window, "1234")
    assert window.pin.field.text() == ""
    assert isinstance(desk.answers[0], Approved)


def test_enter_signs_only_from_the_pin_field_and_with_a_pin(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    approve_all(window)
    QTest.keyClick(window, Qt.Key.Key_Return)
    QTest.keyClick(window.pin.field, Qt.Key.Key_Return)
    assert desk.answers == []
    QTest.keyClicks(window.pin.field, "1234")
    QTest.keyClick(window.pin.field, Qt.Key.Key_Return)
    assert len(desk.answers) == 1


def test_enter_signs_nothing_where_a_red_finding_forbids_it(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.differing()))
    approve_all(window)
    QTest.keyClicks(window.pin.field, "1234")
    QTest.keyClick(window.pin.field, Qt.Key.Key_Return)
    assert desk.answers == []
    assert not window.pin.sign.isEnabled()


def test_escape_declines(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert desk.answers == [Declined()]
    assert not window.isVisible()


def test_the_windows_close_button_declines(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    window.close()
    assert desk.answers == [Declined()]


def test_keys_meant_for_the_browser_decide_nothing(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()), stray=30)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    QTest.mouseClick(window.pin.decline, Qt.MouseButton.LeftButton)
    assert desk.answers == []
    assert window.isVisible()


def test_a_click_meant_for_the_browser_does_not_open_the_pin_field_to_its_keys(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()), stray=30)
    field = window.pin.field
    place = field.mapTo(window, field.rect().center())
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)
    assert not field.hasFocus()


@pytest.mark.parametrize(
    ("button", "sent"),
    [("latin", b"1234"), ("as_typed", "۱۲۳۴".encode())],
)
def test_a_pin_in_persian_digits_is_sent_only_after_the_doctor_said_which(
    desk: Desk, button: str, sent: bytes
) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    approve_all(window)
    window.pin.field.setText("۱۲۳۴")
    QTest.mouseClick(window.pin.sign, Qt.MouseButton.LeftButton)
    assert desk.answers == []
    assert window.pin.question.isVisible()
    QTest.mouseClick(getattr(window.pin.question, button), Qt.MouseButton.LeftButton)
    (answer,) = desk.answers
    assert isinstance(answer, Approved)
    assert answer.pin is not None
    assert answer.pin.reveal() == sent


def test_the_question_about_digits_can_be_left_without_declining(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    approve_all(window)
    window.pin.field.setText("۱۲۳۴")
    window.pin.press_sign()
    QTest.keyClick(window.pin.question, Qt.Key.Key_Escape)
    assert desk.answers == []
    assert window.pin.field.text() == ""
    assert not window.pin.question.isVisible()


def test_a_new_language_keeps_what_was_decided_and_forgets_the_pin(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.late("a"), scenes.three_items("b")))
    read_to_end(window)
    tick_all(window)
    QTest.mouseClick(window.decide.approve, Qt.MouseButton.LeftButton)
    window.pin.field.setText("1234")
    window.set_tongue(Tongue("en"))
    settle()
    assert window.layoutDirection() is Qt.LayoutDirection.LeftToRight
    assert window.pin.sign.text() == "Sign 1 of 2"
    assert window.pin.field.text() == ""
    assert not window.pin.sign.isEnabled()


def test_many_are_approved_and_refused_by_keyboard_alone(desk: Desk) -> None:
    window = desk.consent(scenes.consent(*(scenes.prescription(n) for n in "abc")))
    window.resize(QSize(1100, 1400))
    settle()
    assert window.documents is not None
    QTest.keyClick(window.documents, Qt.Key.Key_Space)
    settle()
    QTest.keyClick(window.documents, Qt.Key.Key_Delete)
    settle()
    assert [window.presenter.decision(i) for i in range(3)] == [
        Decision.APPROVED,
        Decision.REFUSED,
        Decision.OPEN,
    ]
    assert window.documents.currentIndex().row() == 2


def test_space_reads_on_before_it_approves(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.long("a"), scenes.prescription("b")))
    assert window.documents is not None
    QTest.keyClick(window.documents, Qt.Key.Key_Space)
    settle()
    assert window.presenter.decision(0) is Decision.OPEN
    read_to_end(window)
    QTest.keyClick(window.documents, Qt.Key.Key_Space)
    assert window.presenter.decision(0) is Decision.APPROVED


def test_after_a_wrong_pin_the_same_window_says_so_and_asks_again(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()), "en")
    approve_all(window)
    sign(window, "1111")
    window.ask_pin(PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN))
    assert "The PIN was wrong" in window.pin.banner.text()
    assert window.pin.field.isEnabled()
    window.pin.field.setText("2222")
    assert not window.pin.sign.isEnabled()
    window.pin.last_try_yes.click()
    assert window.pin.sign.isEnabled()


def test_a_failure_stays_until_it_is_read_and_says_what_to_do(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()), "en")
    approve_all(window)
    sign(window, "1234")
    outcome = Outcome(documents=(("rx-1", DocumentOutcome.FAILED),), problem="pin-locked")
    window.close_with(outcome, at_once=True)
    assert window.isVisible()
    said = _texts(window)
    assert "The token's PIN is locked." in said
    assert "PUK" in said
    assert "pin-locked" in said
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_a_success_goes_at_once_where_another_question_waits(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()))
    approve_all(window)
    sign(window, "1234")
    window.close_with(Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),)), at_once=True)
    assert not window.isVisible()


def test_many_end_with_a_result_each_that_stays(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items("a"), scenes.three_items("b")), "en")
    approve_all(window, refusing=("b",))
    sign(window, "1234")
    window.progress(1, 1)
    assert window.presenter.phase is Phase.SIGNING
    window.close_with(
        Outcome(documents=(("a", DocumentOutcome.SIGNED), ("b", DocumentOutcome.DECLINED))), at_once=True
    )
    assert window.isVisible()
    assert window.end_row.sentence.text() == "1 of 2 signed; 1 declined, 0 failed."


def test_document_text_is_never_taken_for_markup(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.prescription(patient="<b>x</b><img src='file:///x'>")))
    shown = [w for w in window.sheet.findChildren(QLabel) if "<b>" in _plain(w.text())]
    assert shown
    assert all(w.textFormat() is Qt.TextFormat.PlainText for w in window.findChildren(QLabel))


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_every_control_has_a_name_for_screen_readers(desk: Desk, lang: Lang) -> None:
    window = desk.consent(scenes.consent(scenes.late("a"), scenes.plain_json("b")), lang)
    pairing = PairingWindow(scenes.PAIRING, Tongue(lang), stray=0)
    choice = ChoiceWindow(scenes.CHOICE, Tongue(lang), stray=0)
    desk.put(pairing)
    desk.put(choice)
    for each in (window, pairing, choice):
        for control in each.findChildren(QWidget):
            if isinstance(control, QAbstractButton | QLineEdit | QPlainTextEdit) and control.isVisible():
                inner = isinstance(control.parent(), QLineEdit)  # the button that empties a search
                assert inner or control.accessibleName(), control


def test_enter_never_pairs(desk: Desk) -> None:
    window = PairingWindow(scenes.PAIRING, Tongue("fa"), stray=0)
    desk.put(window)
    QTest.keyClick(window, Qt.Key.Key_Return)
    QTest.keyClick(window, Qt.Key.Key_Enter)
    assert desk.answers == []
    assert not window.yes.isDefault()
    assert not window.yes.hasFocus()
    QTest.keyClick(window.yes, Qt.Key.Key_Space)
    assert desk.answers == [True]


def test_no_credential_is_picked_beforehand_and_an_unusable_one_cannot_be(desk: Desk) -> None:
    window = ChoiceWindow(scenes.CHOICE, Tongue("fa"), stray=0)
    desk.put(window)
    assert not any(option.radio.isChecked() for option in window.options.values())
    assert not window.proceed.isEnabled()
    unusable = scenes.CHOICE.credentials[2].id
    QTest.mouseClick(window.options[unusable], Qt.MouseButton.LeftButton)
    assert not window.proceed.isEnabled()


@pytest.mark.parametrize(
    ("lang", "said"), [("fa", "نسخه‌ای امضا نمی‌شود"), ("en", "No prescription is signed")]
)
def test_a_sign_in_says_on_the_sheet_who_asks_and_that_nothing_else_is_signed(
    desk: Desk, lang: Lang, said: str
) -> None:
    window = desk.consent(scenes.consent(scenes.sign_in()), lang)
    texts = _texts(window)
    assert said in texts
    assert _plain(scenes.ORIGIN) in texts
    assert _plain("c2lnbi1pbi1ub25jZS1vZi10aGUtcGFuZWwtc2VydmVyLTAx") in texts


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize(
    "question", [scenes.certificate_request(), scenes.certificate()], ids=["request", "certificate"]
)
def test_all_that_a_request_or_a_certificate_says_is_in_the_window_and_every_control_has_a_name(
    desk: Desk, question: TokenQuestion, lang: Lang
) -> None:
    window = desk.consent(question, lang)
    said = _texts(window)
    sheet = question.sheets[0].body
    assert isinstance(sheet, FactsSheet)
    for fact in sheet.facts:
        if fact.at is None:
            assert _plain(fact.text) in said, fact.name
    for leaf in sheet.leaves:
        assert _plain(leaf.text) in said, leaf.pointer
    assert question.origin in said
    for control in window.findChildren(QAbstractButton):
        inner = isinstance(control.parent(), QLineEdit)  # the button that empties a search
        assert inner or not control.isVisible() or control.accessibleName(), control
    names = [label.accessibleName() for label in window.findChildren(QLabel)]
    assert sum(bool(name) for name in names) >= len(sheet.facts)


def test_a_key_is_made_only_with_a_pin_and_the_window_waits_while_the_token_works(desk: Desk) -> None:
    window = desk.consent(scenes.certificate_request(), "en")
    read_to_end(window)
    QTest.mouseClick(window.pin.sign, Qt.MouseButton.LeftButton)
    assert desk.answers == []
    sign(window, "1234")
    (answer,) = desk.answers
    assert isinstance(answer, Approved)
    window.progress(0, 1)
    assert window.pin.busy.text() == "The token makes the key; this may take a minute."
    assert not window.pin.decline.isEnabled()
    outcome = Outcome(documents=(("certificate-request", DocumentOutcome.FAILED),), problem="token-full")
    window.close_with(outcome, at_once=False)
    assert "token-full" in _texts(window)


def test_no_token_is_picked_beforehand_and_the_one_that_is_clicked_is_the_answer(desk: Desk) -> None:
    window = ChoiceWindow(scenes.TOKEN_CHOICE, Tongue("fa"), stray=0)
    desk.put(window)
    assert not window.proceed.isEnabled()
    _, other = scenes.TOKEN_CHOICE.tokens
    QTest.mouseClick(window.options[other], Qt.MouseButton.LeftButton)
    QTest.mouseClick(window.proceed, Qt.MouseButton.LeftButton)
    assert desk.answers == [other]


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_a_closed_panel_and_who_waits_are_said_under_the_origin(desk: Desk, lang: Lang) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()), lang)
    away = (t.PANEL_AWAY.fa if lang == "fa" else t.PANEL_AWAY.en, "https://other.example")
    assert not any(_plain(words) in _texts(window) for words in away)
    window.stand(Standing(panel_away=True, waiting=("https://other.example",)))
    settle()
    assert all(_plain(words) in _texts(window) for words in away)
    window.set_tongue(Tongue("en" if lang == "fa" else "fa"))
    assert "https://other.example" in _texts(window), "another language loses nothing"
    window.stand(Standing())
    settle()
    assert "https://other.example" not in _texts(window)


def test_the_end_of_what_a_closed_panel_asked_for_waits_to_be_read(desk: Desk) -> None:
    window = desk.consent(scenes.consent(scenes.three_items()), "en")
    window.stand(Standing(panel_away=True))
    window.close_with(Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),)), at_once=True)
    settle()
    assert window.isVisible()
    assert "kept for its return" in _texts(window)


def test_what_is_told_of_a_question_in_the_queue_is_shown_when_it_comes_up() -> None:
    application()
    queue = DoctorsDesk(lambda ticket, reply: None, Tongue("en"), stray=0)
    try:
        queue.receive(Asked(1, scenes.PAIRING))
        queue.receive(Asked(2, scenes.consent(scenes.three_items())))
        queue.receive(StandingChanged(2, Standing(panel_away=True)))
        queue.receive(Withdrawn(1))
        settle()
        (window,) = queue.windows
        assert t.PANEL_AWAY.en in _texts(window)
    finally:
        queue.receive(Withdrawn(2))
        settle()


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_a_panel_that_looks_like_another_is_flagged_in_the_pairing_window(desk: Desk, lang: Lang) -> None:
    odd = (Caution(CautionKind.RESEMBLES, "https://panel.example"),)
    desk.put(window := PairingWindow(replace(scenes.PAIRING, cautions=odd), Tongue(lang), stray=0))
    assert _plain(sentence(odd[0], lang)).replace("\u2068", "") in _texts(window)
