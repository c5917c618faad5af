"""The application around the windows: language and theme at run time, waiting questions, a whole run."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QLabel, QPushButton, QWidget

from gui import preferences, theme
from gui.bridge.certificate_requests import BeginRequest, ForgetRequest
from gui.bridge.messages import (
    AgentChanged,
    AgentInfo,
    AgentState,
    Answered,
    Asked,
    Closed,
    TokensChanged,
    Withdrawn,
)
from gui.bridge.requests import ChangePin, CheckJournal, OpenJournal, ReadPanels, ReadTokens, Request
from gui.bridge.surface import Outbox, WindowSurface
from gui.preferences import Preferences
from gui.presenters.pin_change import Task
from gui.presenters.tokens import present_tokens
from gui.presenters.tongue import Tongue
from gui.shell import Shell
from gui.translations import Lang
from gui.views.consent import ConsentWindow
from gui.views.first_run import FirstRunWindow
from gui.views.main import PageName
from gui.views.pin_change import PinChangeWindow
from gui.views.words import Words
from signer.model.presence import Presence
from signer.service.consent import DocumentOutcome, Outcome
from signer.service.own_requests import Begun
from tests.desktop import scenes
from tests.gui.theatre import application, approve_all, settle, sign

INFO = AgentInfo(address="127.0.0.1:18717", version="0.1.0")


class Desktop:
    """A shell, with an outbox to speak to it as the agent does."""

    def __init__(self, path: Path, *, welcome: bool = False) -> None:
        self.outbox = Outbox()
        self.asked: dict[int, Request[object]] = {}
        self.shell = Shell(
            application(),
            self.outbox,
            WindowSurface(self.outbox),
            path,
            call=self.asked.__setitem__,
            stray=0,
            autostart=path.with_name("autostart"),
            welcome=welcome,
        )
        self.shell.open_window()

    def said(self) -> str:
        settle()
        return "\n".join(w.text() for w in self.shell.window.findChildren(QLabel) if w.isVisible())

    def answer(self, kind: type, answer: object) -> None:
        """Answer, as the agent does, what was last asked of this kind."""
        number = max(number for number, request in self.asked.items() if isinstance(request, kind))
        self.outbox.post(Answered(number, answer))
        settle()

    def tick(self, name: str) -> None:
        self.shell.window.turn_to(PageName.SETTINGS)
        part = self.shell.window.findChild(QCheckBox, name)
        assert part is not None
        part.click()
        settle()

    def press(self, name: str) -> None:
        self.shell.window.turn_to(PageName.SETTINGS)
        part = self.shell.window.findChild(QPushButton, name)
        assert part is not None
        QTest.mouseClick(part, Qt.MouseButton.LeftButton)
        settle()


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    made = Desktop(tmp_path / "desktop.json")
    yield made
    made.shell.close()
    settle()
    theme.apply(application(), "light")


def test_it_begins_in_persian_and_says_that_it_is_starting(desktop: Desktop) -> None:
    assert "در حال آغاز" in desktop.said()
    assert desktop.shell.window.layoutDirection() is Qt.LayoutDirection.RightToLeft


def test_the_agents_readiness_and_address_are_shown(desktop: Desktop) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    assert "آماده" in desktop.said()
    assert "127.0.0.1:18717" in desktop.said()


def test_a_failed_start_is_told_with_its_remedy(desktop: Desktop) -> None:
    desktop.shell.window.hide()
    desktop.outbox.post(AgentChanged(AgentState.FAILED, problem="policy-invalid"))
    assert "سیاست درمانگاه" in desktop.said()
    assert desktop.shell.window.isVisible()


def test_language_changes_at_run_time_in_every_open_window_and_is_remembered(
    desktop: Desktop, tmp_path: Path
) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    desktop.outbox.post(Asked(1, scenes.consent(scenes.three_items())))
    settle()
    desktop.press("choose-en")
    (window,) = desktop.shell.desk.windows
    assert isinstance(window, ConsentWindow)
    assert window.windowTitle() == "Request to sign a prescription"
    assert window.layoutDirection() is Qt.LayoutDirection.LeftToRight
    desktop.shell.window.turn_to(PageName.HOME)
    assert "Waiting for you" in desktop.said()
    assert preferences.load(tmp_path / "desktop.json") == Preferences(language="en")


def test_calendar_and_digits_change_in_every_open_window_and_are_remembered(
    desktop: Desktop, tmp_path: Path
) -> None:
    desktop.outbox.post(Asked(1, scenes.consent(scenes.three_items())))
    settle()
    (window,) = desktop.shell.desk.windows

    def drawn() -> str:
        return "\n".join(part.text() for part in window.findChildren(QLabel))

    assert "آذر ۱۴۰۵" in drawn()
    desktop.press("choose-gregorian")
    assert "نوامبر ۲۰۲۶" in drawn()
    desktop.press("choose-latin")
    assert "نوامبر 2026" in drawn()
    assert preferences.load(tmp_path / "desktop.json") == Preferences(calendar="gregorian", digits="latin")
    desktop.press("choose-calendar-of-it")
    assert "آذر 1405" in drawn()


def test_a_pin_field_takes_pasted_text_until_the_person_says_otherwise(
    desktop: Desktop, tmp_path: Path
) -> None:
    desktop.outbox.post(Asked(1, scenes.consent(scenes.three_items())))
    settle()
    (window,) = desktop.shell.desk.windows
    assert isinstance(window, ConsentWindow)
    field = window.pin.field
    QApplication.clipboard().setText("4711")
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == "4711"
    field.clear()
    desktop.tick("pin-paste")
    try:
        QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        QTest.mouseClick(field, Qt.MouseButton.MiddleButton)
        assert field.text() == ""
        QTest.keyClicks(field, "12")
        assert field.text() == "12", "what is typed is taken all the same"
        assert preferences.load(tmp_path / "desktop.json") == Preferences(pin_paste=False)
    finally:
        desktop.tick("pin-paste")


def test_caps_lock_is_told_beside_the_pin(desktop: Desktop) -> None:
    desktop.outbox.post(Asked(1, scenes.consent(scenes.three_items())))
    settle()
    (window,) = desktop.shell.desk.windows
    assert isinstance(window, ConsentWindow)
    QTest.keyClicks(window.pin.field, "A")  # without Shift
    assert "Caps Lock" in window.pin.layout_hint.text()
    QTest.keyClick(window.pin.field, Qt.Key.Key_CapsLock)
    assert "Caps Lock" not in window.pin.layout_hint.text()


def test_the_theme_changes_at_run_time(desktop: Desktop) -> None:
    desktop.press("choose-dark")
    assert theme.colours() is theme.DARK
    desktop.press("choose-light")
    assert theme.colours() is theme.LIGHT


def test_a_second_question_waits_behind_the_first_and_comes_when_it_ends(desktop: Desktop) -> None:
    desktop.outbox.post(Asked(1, scenes.consent(scenes.three_items())))
    desktop.outbox.post(Asked(2, scenes.PAIRING))
    settle()
    assert len(desktop.shell.desk.windows) == 1
    assert desktop.shell.desk.waiting == 2
    desktop.outbox.post(Withdrawn(1))
    settle()
    (window,) = desktop.shell.desk.windows
    assert not isinstance(window, ConsentWindow)


def test_a_failure_left_unread_does_not_hold_up_the_next_question(desktop: Desktop) -> None:
    desktop.outbox.post(Asked(1, scenes.consent(scenes.three_items())))
    settle()
    (window,) = desktop.shell.desk.windows
    assert isinstance(window, ConsentWindow)
    approve_all(window)
    sign(window, "1234")
    failed = Outcome(documents=(("rx-1", DocumentOutcome.FAILED),), problem="token-removed")
    desktop.outbox.post(Closed(1, failed))
    desktop.outbox.post(Asked(2, scenes.PAIRING))
    settle()
    assert len(desktop.shell.desk.windows) == 2
    assert all(w.isVisible() for w in desktop.shell.desk.windows)


@pytest.mark.parametrize("signs", ["", "signs"], ids=["idle", "while it signs"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "logout"])
def test_a_whole_run_starts_the_agent_and_stops_it_when_told_to_quit_even_twice(
    tmp_path: Path, number: signal.Signals, signs: str
) -> None:
    arguments = [sys.executable, "-c", _RUN, str(tmp_path / "desktop.json"), signs]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "answering\n"
        assert run.stdout.readline() == "in Qt's loop\n"
        run.send_signal(number)
        assert run.stdout.read() == "stopped\n"
        assert run.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "logout"])
def test_a_signal_before_there_is_a_window_stops_the_agent_too(
    tmp_path: Path, number: signal.Signals
) -> None:
    starting = 'print("starting", flush=True); await asyncio.sleep(60)'
    script = _RUN.replace('print("answering", flush=True)', starting)
    arguments = [sys.executable, "-c", script, str(tmp_path / "desktop.json"), ""]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "starting\n"
        run.send_signal(number)
        assert run.stdout.read() == "stopped\n"
        assert run.wait(30) == 0


_RUN = """
import asyncio, os, signal, sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from gui.app import run
from gui.bridge.messages import AgentInfo

class Agent:
    def __init__(self, surface):
        assert "PySide6" not in sys.modules
        self.surface = surface

    async def start(self):
        print("answering", flush=True)
        self.look = asyncio.create_task(self.watch())
        return AgentInfo(address="127.0.0.1:1", version="0")

    def on_tokens(self, tell):
        pass

    def on_session(self, tell):
        pass

    def office(self):
        pass

    async def watch(self):
        while "gui.shell" not in sys.modules or not getattr(sys.modules["gui.shell"], "Shell", None):
            await asyncio.sleep(0.02)
        global QCoreApplication, QTimer
        from PySide6.QtCore import QCoreApplication, QTimer
        while QCoreApplication.instance() is None:
            await asyncio.sleep(0.02)
        if sys.argv[2]:
            from tests.desktop import scenes
            asked = scenes.consent(scenes.three_items("a"), scenes.three_items("b"))
            self.dialogue = self.surface.open(asked)
        QTimer.singleShot(0, QCoreApplication.instance(), self.shown)

    def shown(self):
        if sys.argv[2]:
            from tests.gui.theatre import approve_all, sign
            asking = [one for one in QCoreApplication.instance().topLevelWidgets() if hasattr(one, "pin")]
            if not asking:
                QTimer.singleShot(20, QCoreApplication.instance(), self.shown)
                return
            approve_all(asking[0])
            sign(asking[0], "1234")
        print("in Qt's loop", flush=True)

    async def stop(self):
        os.kill(os.getpid(), signal.SIGTERM)
        print("stopped", flush=True)

sys.exit(run(Agent, preferences_path=Path(sys.argv[1])))
"""


def test_preferences_that_cannot_be_read_are_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "desktop.json"
    path.write_bytes(b'{"language": "xx"}')
    assert preferences.load(path) == Preferences()
    path.write_bytes(b"\xff")
    assert preferences.load(path) == Preferences()
    assert preferences.load(tmp_path / "absent.json") == Preferences()


def test_every_page_is_reached_by_mnemonic_by_number_and_by_arrows(desktop: Desktop) -> None:
    window = desktop.shell.window
    for number, (name, part) in enumerate(window.buttons.items(), 1):
        assert "&" in part.text()
        assert "&" not in part.accessibleName()
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        settle()
        assert window.page is name
        assert window.pages[name].isVisible()
    first, *_, last = window.buttons.values()
    last.setFocus()
    for _ in range(len(window.buttons) - 1):
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Up)
    assert first.isChecked()


def test_tokens_are_read_when_they_change_and_a_certificate_that_ends_is_told_on_the_first_page(
    desktop: Desktop,
) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    desktop.outbox.post(TokensChanged(scenes.PRESENCE))
    settle()
    desktop.answer(ReadTokens, scenes.tokens())
    assert "شیفت شب" in desktop.said()
    desktop.shell.window.turn_to(PageName.TOKENS)
    assert "ePass3003" in desktop.said()


def test_a_change_of_pin_opens_in_front_of_the_window_and_goes_over_the_line(desktop: Desktop) -> None:
    desktop.shell.window.tokens.pin_wanted.emit(Task.CHANGE, scenes.tokens().managed[0])
    settle()
    (window,) = desktop.shell.window.findChildren(PinChangeWindow)
    assert window.isVisible()
    for field, pin in zip(window.fields, ("1234", "5678", "5678"), strict=True):
        QTest.keyClicks(field, pin)
    window.press_go()
    (request,) = desktop.asked.values()
    assert isinstance(request, ChangePin)
    assert request.secret.pin is not None
    assert request.secret.pin.reveal() == b"1234"


@pytest.mark.parametrize("language", ["fa", "en"])
def test_mnemonics_of_the_pages_do_not_collide(desktop: Desktop, language: Lang) -> None:
    desktop.shell.prefer(Preferences(language=language))
    letters = [re.search("&(.)", part.text()) for part in desktop.shell.window.buttons.values()]
    assert None not in letters
    assert len({found[1].lower() for found in letters if found}) == len(letters)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_at_twice_the_size_no_word_of_a_page_is_cut_off(desktop: Desktop, language: Lang) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    desktop.outbox.post(TokensChanged(scenes.PRESENCE))
    settle()
    desktop.answer(ReadTokens, scenes.tokens())
    desktop.shell.prefer(Preferences(language=language, text_percent=200))
    desktop.shell.window.turn_to(PageName.JOURNAL)
    desktop.answer(OpenJournal, scenes.journal())
    desktop.shell.window.turn_to(PageName.PANELS)
    desktop.answer(ReadPanels, scenes.PANELS)
    window = desktop.shell.window
    window.resize(1040, 760)
    for name, page in window.pages.items():
        window.turn_to(name)
        settle()
        cut = [part for part in words_in(page) if not fits(part, page)]
        assert cut == [], [part.text() for part in cut]


def words_in(page: QWidget) -> list[QLabel | QAbstractButton]:
    """The labels and buttons of a page that are to be seen."""
    parts: list[QLabel | QAbstractButton] = [*page.findChildren(QLabel)]
    parts += page.findChildren(QAbstractButton)
    return [part for part in parts if part.isVisible() and part.text()]


def fits(part: QLabel | QAbstractButton, page: QWidget) -> bool:
    """Has it the room that it needs, and does it stand within the page's width?"""
    needed = (
        part.heightForWidth(part.width()) if part.hasHeightForWidth() else part.minimumSizeHint().height()
    )
    left = part.mapTo(page, part.rect().topLeft()).x()
    wide = isinstance(part, Words) or part.width() >= part.minimumSizeHint().width()
    return wide and part.height() >= needed and left >= 0 and left + part.width() <= page.width()


def test_the_chain_is_checked_at_the_start_and_a_break_is_told_on_the_first_page(desktop: Desktop) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    settle()
    desktop.answer(CheckJournal, 7)
    assert "از ردیف ۷" in desktop.said()
    desktop.shell.window.turn_to(PageName.JOURNAL)
    assert "از ردیف ۷" in desktop.said()


def test_when_another_token_comes_the_journal_is_opened_anew(desktop: Desktop) -> None:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    settle()
    desktop.shell.window.turn_to(PageName.JOURNAL)
    desktop.answer(OpenJournal, scenes.journal())
    desktop.shell.window.turn_to(PageName.HOME)
    before = sum(isinstance(request, OpenJournal) for request in desktop.asked.values())
    desktop.outbox.post(TokensChanged(Presence(problem="token-absent")))
    settle()
    assert sum(isinstance(request, OpenJournal) for request in desktop.asked.values()) == before + 1


def test_starting_with_the_system_is_switched_on_and_off(desktop: Desktop, tmp_path: Path) -> None:
    entry = tmp_path / "autostart" / "mohr.desktop"
    desktop.shell.window.turn_to(PageName.SETTINGS)
    for there in (True, False):
        box = desktop.shell.window.findChild(QCheckBox, "start-with-system")
        assert box is not None
        box.click()
        settle()
        assert entry.exists() is there
        drawn = desktop.shell.window.findChild(QCheckBox, "start-with-system")
        assert drawn is not None
        assert drawn.isChecked() is there


def test_the_first_steps_come_once_and_again_where_they_are_wished_for(tmp_path: Path) -> None:
    for shown in (True, False):
        desktop = Desktop(tmp_path / "desktop.json", welcome=True)
        steps = desktop.shell.welcoming
        window = steps.window
        assert (window is not None) == shown
        if window is not None:
            window.close()
            settle()
            assert preferences.load(tmp_path / "desktop.json").welcomed
            desktop.shell.open_window()
            assert not desktop.shell.window.findChildren(FirstRunWindow)
        desktop.press("first-steps")
        assert steps.window is not None
        desktop.shell.close()
        settle()


def test_the_first_steps_speak_another_language_at_once(tmp_path: Path) -> None:
    desktop = Desktop(tmp_path / "desktop.json", welcome=True)
    desktop.press("choose-en")
    window = desktop.shell.welcoming.window
    assert window is not None
    assert window.windowTitle() == "First steps"
    assert window.layoutDirection() is Qt.LayoutDirection.LeftToRight
    desktop.shell.close()
    settle()


def test_a_pairing_that_was_answered_is_told_in_the_first_steps(tmp_path: Path) -> None:
    desktop = Desktop(tmp_path / "desktop.json", welcome=True)
    steps = desktop.shell.welcoming
    assert steps.window is not None
    for _ in range(2):
        steps.window.went.emit(1)
    before = sum(isinstance(request, ReadPanels) for request in desktop.asked.values())
    desktop.outbox.post(Asked(1, scenes.PAIRING))
    settle()
    desktop.outbox.post(Withdrawn(1))
    settle()
    assert sum(isinstance(request, ReadPanels) for request in desktop.asked.values()) > before
    desktop.answer(ReadPanels, scenes.PANELS)
    said = "\n".join(part.text() for part in steps.window.findChildren(QLabel) if part.isVisible())
    assert scenes.PANELS.panels[0].origin in said
    desktop.shell.close()
    settle()


def with_requests(desktop: Desktop) -> Shell:
    desktop.outbox.post(AgentChanged(AgentState.READY, info=INFO))
    settle()
    desktop.outbox.post(TokensChanged(scenes.PRESENCE))
    settle()
    desktop.answer(ReadTokens, scenes.in_progress())
    return desktop.shell


def push(parent: QWidget, name: str) -> None:
    part = parent.findChild(QPushButton, name)
    assert part is not None
    part.click()
    settle()


@pytest.mark.parametrize("page", [PageName.HOME, PageName.TOKENS])
def test_a_renewal_is_one_click_away(desktop: Desktop, page: PageName) -> None:
    shell = with_requests(desktop)
    ends = scenes.tokens().credentials[1].id
    shell.window.turn_to(page)
    settle()
    push(shell.window.pages[page], f"renew-{ends}")
    asked = [request for request in desktop.asked.values() if isinstance(request, BeginRequest)]
    assert asked == [BeginRequest(ends)]
    desktop.answer(BeginRequest, Begun(applicant=scenes.APPLICANT, key=None))
    window = shell.requesting.window
    assert window is not None
    assert window.steps.texts["surname"] == scenes.APPLICANT.surname
    assert "از گواهی کنونی" in "\n".join(one.text() for one in window.findChildren(QLabel))
    shell.prefer(Preferences(language="en"))
    assert "Taken from your present certificate" in "\n".join(
        one.text() for one in window.findChildren(QLabel)
    )
    assert window.layoutDirection() is Qt.LayoutDirection.LeftToRight
    window.close()


def test_a_request_is_gone_on_with_or_thrown_away_after_a_question(desktop: Desktop) -> None:
    shell = with_requests(desktop)
    shell.window.turn_to(PageName.TOKENS)
    push(shell.window, "go-on-0")
    assert shell.requesting.window is not None
    shell.requesting.window.close()
    push(shell.window, "forget-0")
    focus = shell.window.focusWidget()
    assert focus is not None
    assert focus.objectName() == "forget-no-0", "a second Enter takes nothing away"
    push(shell.window, "forget-no-0")
    push(shell.window, "forget-0")
    assert not any(isinstance(request, ForgetRequest) for request in desktop.asked.values())
    push(shell.window, "forget-yes-0")
    assert ForgetRequest("c-1") in desktop.asked.values()
    desktop.answer(ForgetRequest, scenes.tokens())
    assert shell.window.findChild(QPushButton, "go-on-0") is None


def test_a_question_of_a_request_that_is_gone_is_not_asked_of_the_next(desktop: Desktop) -> None:
    shell = with_requests(desktop)
    push(shell.window, "forget-0")
    rest = replace(scenes.in_progress(), requests=scenes.in_progress().requests[1:])
    shell.window.tokens.show_tokens(present_tokens(rest, Tongue("fa")), Tongue("fa"))
    assert shell.window.findChild(QPushButton, "forget-yes-0") is None
