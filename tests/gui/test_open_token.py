"""A token that stays open after one PIN, as a person meets it: in consent, tray, home and settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QPushButton, QSystemTrayIcon

from gui import theme
from gui import translations as t
from gui.bridge.messages import AgentChanged, AgentState, Asked, OpeningChanged, SessionChanged
from gui.bridge.requests import ChooseSession, CloseToken, ReadTokens
from gui.desk import Desk as DoctorsDesk
from gui.presenters.consent import ConsentPresenter
from gui.presenters.session import present_session
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from gui.views.consent import STRAY_OPEN, ConsentWindow
from gui.views.main import PageName
from gui.views.marks import seal_icon
from signer.model.credential import TriesLeft
from signer.model.session_signing import Limits, Unoffered
from signer.service.consent import Approved, PinProblem, PinRequest
from signer.service.session_signing import HolderChoice, SessionSettings
from tests.desktop import scenes
from tests.gui.test_consent_window import Desk
from tests.gui.test_shell import INFO, Desktop
from tests.gui.theatre import read_to_end, settle

LANGS = pytest.mark.parametrize("lang", ["fa", "en"])
QUESTION = scenes.opened(scenes.consent(scenes.three_items()))
MOST = Limits(250, 24 * 60)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.clear()


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    made = Desktop(tmp_path / "desktop.json")
    yield made
    made.shell.close()
    settle()
    theme.apply(made.shell._app, "light")


# The consent.


def test_an_open_token_asks_for_no_pin_and_says_for_how_many_more_and_until_when() -> None:
    presenter = ConsentPresenter(QUESTION, Tongue("en"))
    presenter.saw_end(0)
    footer = presenter.footer()
    assert footer.pin_pad is not None
    assert (footer.opened, footer.takes_pin, footer.why_not) == (True, False, None)
    said = " ".join((footer.tries.text, footer.layout.text, footer.pin_caption))
    assert "The token is open" in said
    assert "12 more, until \u206610:31\u2069" in said
    assert "No PIN is asked" in said
    assert presenter.approval(None).pin is None


def test_nothing_is_signed_before_it_was_read_though_the_token_is_open() -> None:
    presenter = ConsentPresenter(QUESTION, Tongue("en"))
    assert presenter.footer().why_not == t.WHY_UNSEEN.en


def test_a_last_try_is_no_matter_where_no_pin_is_spent() -> None:
    last = replace(scenes.PIN_KNOWN, tries=TriesLeft.LAST)
    presenter = ConsentPresenter(replace(QUESTION, authorisation=last), Tongue("en"))
    presenter.saw_end(0)
    footer = presenter.footer()
    assert (footer.last_try, footer.why_not) == (None, None)


def test_a_pin_that_opens_the_token_for_more_says_so_before_it_is_typed() -> None:
    question = replace(scenes.consent(scenes.three_items()), stays=Limits(20, 60))
    stays = ConsentPresenter(question, Tongue("en")).footer().stays
    assert stays is not None
    assert stays.text == ("With this PIN the token stays open: up to 20 signatures in all, 1 h at most.")
    assert ConsentPresenter(scenes.consent(scenes.three_items()), Tongue("en")).footer().stays is None
    opened = ConsentPresenter(replace(QUESTION, stays=Limits()), Tongue("en")).footer().stays
    assert opened is not None
    assert opened.text == t.OPEN_HOW_TO_CLOSE.en


@LANGS
def test_a_token_that_is_closed_while_the_doctor_reads_wants_the_pin(desk: Desk, lang: Lang) -> None:
    window = desk.consent(QUESTION, lang)
    assert not window.pin.field.isVisible()
    read_to_end(window)
    window.token_open(None)
    settle()
    assert window.pin.field.isVisible()
    assert window.pin.banner.text() == Tongue(lang).say(t.PIN_AGAIN_TOKEN_CLOSED)
    assert not window.pin.sign.isEnabled()
    window.pin.field.setText("1234")
    window.pin.press_sign()
    (answer,) = desk.answers
    assert isinstance(answer, Approved)
    assert answer.pin is not None
    assert answer.pin.reveal() == b"1234"


def test_a_yes_that_came_too_late_is_followed_by_the_question_for_the_pin(desk: Desk) -> None:
    window = desk.consent(QUESTION, "en")
    read_to_end(window)
    window.pin.press_sign()
    window.ask_pin(PinRequest(problem=PinProblem.TOKEN_CLOSED, authorisation=scenes.PIN_KNOWN))
    settle()
    assert window.pin.field.isVisible()
    assert window.pin.banner.text() == t.PIN_AGAIN_TOKEN_CLOSED.en


def test_another_number_or_time_is_drawn_at_once(desk: Desk) -> None:
    window = desk.consent(QUESTION, "en")
    later = replace(scenes.OPENED, left=3, until=scenes.OPENED.until + timedelta(minutes=1))
    window.token_open(later)
    assert "3 more" in window.pin.layout_hint.text()
    assert "10:32" in window.pin.layout_hint.text()


def test_it_is_signed_by_a_click_or_by_space_on_the_button_and_by_no_enter(desk: Desk) -> None:
    window = desk.consent(QUESTION, "en")
    read_to_end(window)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        QTest.keyClick(window.focusWidget(), key)
    settle()
    assert desk.answers == []
    window.pin.sign.setFocus()
    QTest.keyClick(window.pin.sign, Qt.Key.Key_Space)
    (answer,) = desk.answers
    assert isinstance(answer, Approved)
    assert answer.pin is None


def test_where_no_pin_slows_the_hand_down_the_window_takes_nothing_for_longer(desk: Desk) -> None:
    window = desk.consent(QUESTION, "en", stray=0.2)
    assert window._stray == STRAY_OPEN
    read_to_end(window)
    QTest.mouseClick(window.pin.sign, Qt.MouseButton.LeftButton)
    QTest.keyClick(window.pin.sign, Qt.Key.Key_Space)
    assert desk.answers == [], "it has only just come up"
    assert desk.consent(scenes.consent(scenes.three_items()), stray=0.2)._stray == 0.2


def test_a_token_that_is_closed_before_the_window_comes_up_is_closed_in_it() -> None:
    doctors = DoctorsDesk(lambda ticket, reply: None, Tongue("en"), stray=0)
    doctors.receive(Asked(1, scenes.PAIRING))
    doctors.receive(Asked(2, QUESTION))
    doctors.receive(OpeningChanged(2, None))
    doctors.windows[0].finish()
    settle()
    (window,) = doctors.windows
    assert isinstance(window, ConsentWindow)
    assert window.pin.field.isVisible()
    window.finish()
    settle()


# Home and tray.


def _picture(icon: QIcon) -> QImage:
    return icon.pixmap(16, 16).toImage()


def test_home_shows_it_and_ends_it_by_one_button(desktop: Desktop) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    desktop.outbox.post(SessionChanged(scenes.OPENED))
    said = desktop.said()
    assert "باز است: ۱۲ امضای دیگر" in said
    pressed = desktop.shell.window.findChild(QPushButton, "close-token")
    assert pressed is not None
    QTest.mouseClick(pressed, Qt.MouseButton.LeftButton)
    assert any(isinstance(request, CloseToken) for request in desktop.asked.values())
    desktop.outbox.post(SessionChanged(None))
    assert "باز است" not in desktop.said()


def test_the_tray_shows_it_by_shape_and_words_and_ends_it(desktop: Desktop) -> None:
    shell = desktop.shell
    if shell.tray is None:  # this platform has none: the same tray, made all the same
        shell.tray = shell._make_tray()
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    settle()
    tray: QSystemTrayIcon = shell.tray
    shut = _picture(tray.icon())
    assert not shell._close_action.isVisible()
    desktop.outbox.post(SessionChanged(scenes.OPENED))
    settle()
    assert _picture(tray.icon()).convertToFormat(QImage.Format.Format_Grayscale8) != shut.convertToFormat(
        QImage.Format.Format_Grayscale8
    ), "without its colours too"
    assert "توکن باز است: ۱۲ امضای دیگر" in tray.toolTip()
    assert shell._menu.actions()[0] is shell._close_action
    shell._close_action.trigger()
    assert any(isinstance(request, CloseToken) for request in desktop.asked.values())
    desktop.outbox.post(SessionChanged(None))
    settle()
    assert not shell._close_action.isVisible()
    assert _picture(tray.icon()) == _picture(seal_icon())


# The settings.


def test_a_holder_turns_it_on_and_chooses_how_many_and_how_long(desktop: Desktop) -> None:
    off = SessionSettings(
        unoffered=None, most=MOST, holders=(HolderChoice(name="x", credential_id="a", limits=None),)
    )
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    settle()
    desktop.shell.window.turn_to(PageName.SETTINGS)
    now = replace(scenes.tokens(), session=off)
    desktop.answer(ReadTokens, now)
    desktop.tick("session-on")
    assert _chosen(desktop) == ChooseSession(credential_id="a", limits=Limits(20, 15))
    on = replace(off, holders=(replace(off.holders[0], limits=Limits()),))
    desktop.answer(ChooseSession, replace(now, session=on))
    desktop.press("session-signatures-50")
    assert _chosen(desktop) == ChooseSession(credential_id="a", limits=Limits(50, 15))
    desktop.press("session-minutes-60")
    assert _chosen(desktop) == ChooseSession(credential_id="a", limits=Limits(20, 60))
    desktop.tick("session-on")
    assert _chosen(desktop) == ChooseSession(credential_id="a", limits=None)


def _chosen(desktop: Desktop) -> object:
    return [request for request in desktop.asked.values() if isinstance(request, ChooseSession)][-1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (None, t.SESSION_NO_TOKEN),
        (SessionSettings(unoffered=None, most=MOST), t.SESSION_NO_TOKEN),
        (scenes.SESSION_FORBIDDEN, t.SESSION_FORBIDDEN),
        (scenes.SESSION_UNSEEN, t.SESSION_UNSEEN),
    ],
)
def test_where_it_cannot_be_chosen_the_section_says_why(
    desktop: Desktop, settings: SessionSettings | None, words: t.Text
) -> None:
    view = present_session(settings, Tongue("fa"))
    assert view.why_not is not None
    assert view.why_not.text == words.fa
    assert view.holders == ()
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    settle()
    desktop.shell.window.turn_to(PageName.SETTINGS)
    desktop.answer(ReadTokens, replace(scenes.tokens(), session=settings))
    assert words.fa in desktop.said()
    assert desktop.shell.window.findChild(QCheckBox, "session-on") is None


def test_the_clinics_ceiling_is_told_and_nothing_above_it_is_offered() -> None:
    one = HolderChoice(name="x", credential_id="a", limits=Limits(250, 600))
    view = present_session(SessionSettings(unoffered=None, most=Limits(40, 30), holders=(one,)), Tongue("en"))
    assert view.most == "The policy of this clinic: at most 40 signatures and 30 min."
    (holder,) = view.holders
    assert [option.limits.signatures for option in holder.signatures] == [5, 10, 20, 40]
    assert [option.limits.minutes for option in holder.minutes] == [5, 15, 30]
    assert [option.picked for option in holder.signatures] == [False, False, False, True]


def test_every_reason_has_its_words() -> None:
    for reason in Unoffered:
        settings = SessionSettings(unoffered=reason, most=MOST)
        assert present_session(settings, Tongue("fa")).why_not is not None
