"""The windows on stage: a person who clicks and types, and an agent's loop in a thread of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QEvent, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox

from gui.bridge.inbox import Inbox
from gui.bridge.surface import Outbox, WindowSurface
from gui.desk import Desk
from gui.presenters.consent_views import Phase
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from gui.views.ask import AskWindow
from gui.views.choice import ChoiceWindow
from gui.views.consent import ConsentWindow
from gui.views.module import ModuleWindow
from gui.views.pairing import PairingWindow
from tests.contract.surfaces import (
    Approve,
    CountingStage,
    GiveUp,
    Leave,
    Move,
    Pick,
    PickToken,
    SayNo,
    SayYes,
    Scenario,
    TypePin,
)

T = TypeVar("T")


class WindowTheatre:
    """Plays a scenario in a thread while this one runs Qt and the person at the windows."""

    def __init__(self, lang: Lang = "fa") -> None:
        application()
        self._outbox = Outbox()
        self._surface = WindowSurface(self._outbox)
        self.desk = Desk(self._surface.reply, Tongue(lang), stray=0)
        self._inbox = Inbox(self._outbox, self.desk.receive)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stage: CountingStage | None = None
        self.desk.presented.connect(self._presented)
        self._left: set[int] = set()

    def perform(self, scenario: Scenario[T], *moves: Move) -> T:
        """Run to the scenario's end."""
        script = deque(moves)

        async def play() -> T:
            self._loop = asyncio.get_running_loop()
            self._stage = CountingStage(self._surface)
            return await asyncio.wait_for(scenario(self._stage), 30)

        with ThreadPoolExecutor(1) as agent:
            played = agent.submit(lambda: asyncio.run(play()))
            while not played.done():
                settle()
                self._act(script)
        settle()
        result = played.result()
        assert not script, f"the person was never asked for {list(script)}"
        return result

    def still_asking(self) -> int:
        """Questions in front of the person or in the queue."""
        settle()
        return self.desk.waiting

    def _presented(self, _: AskWindow) -> None:
        if self._loop is not None and self._stage is not None:
            asyncio.run_coroutine_threadsafe(self._stage.one_more(), self._loop)

    def _act(self, script: deque[Move]) -> None:
        for window in self.desk.windows:
            if not script or not window.isVisible() or id(window) in self._left:
                continue
            if isinstance(window, ConsentWindow):
                wanted = window.presenter.phase is Phase.TOKEN_WANTED
                if window.presenter.phase is Phase.ASKING or (wanted and isinstance(script[0], GiveUp)):
                    self._at_consent(window, script.popleft())
            elif isinstance(window, PairingWindow | ModuleWindow):
                self._at_yes_or_no(window, script.popleft())
            elif isinstance(window, ChoiceWindow):
                self._at_choice(window, script.popleft())

    def _at_consent(self, window: ConsentWindow, move: Move) -> None:
        match move:
            case Approve(pin, refusing):
                approve_all(window, refusing)
                sign(window, pin)
            case TypePin(pin):
                sign(window, pin)
            case SayNo() | GiveUp():
                QTest.mouseClick(window.pin.decline, Qt.MouseButton.LeftButton)
            case Leave():
                self._left.add(id(window))
            case _:
                raise AssertionError(f"{move} is no answer to a consent")

    def _at_yes_or_no(self, window: PairingWindow | ModuleWindow, move: Move) -> None:
        match move:
            case SayYes():
                QTest.mouseClick(window.yes, Qt.MouseButton.LeftButton)
            case SayNo():
                QTest.mouseClick(window.no, Qt.MouseButton.LeftButton)
            case Leave():
                self._left.add(id(window))
            case _:
                raise AssertionError(f"{move} is no answer to a yes or no")

    def _at_choice(self, window: ChoiceWindow, move: Move) -> None:
        match move:
            case Pick(picked) | PickToken(picked):
                QTest.mouseClick(window.options[picked], Qt.MouseButton.LeftButton)
                QTest.mouseClick(window.proceed, Qt.MouseButton.LeftButton)
            case SayNo():
                QTest.mouseClick(window.no, Qt.MouseButton.LeftButton)
            case _:
                raise AssertionError(f"{move} is no answer to a choice")


def application() -> QApplication:
    """The one QApplication of the test run, dressed."""
    from gui import theme

    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    app = QApplication(["mohr"])
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    theme.load_fonts()
    theme.apply(app, "light")
    app.setFont(theme.font())
    return app


def settle() -> None:
    """Let Qt do what it has queued, deletions included."""
    app = application()
    app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def read_to_end(window: ConsentWindow) -> None:
    """Page down until the sheet says that it was seen."""
    settle()
    while window.sheet.read_on():
        settle()
    settle()


def tick_all(window: ConsentWindow) -> None:
    """Say each yes of its own on the sheet."""
    for box in window.sheet.findChildren(QCheckBox):
        if box.isVisible() and not box.isChecked():
            box.click()
    settle()


def approve_all(window: ConsentWindow, refusing: tuple[str, ...] = ()) -> None:
    """Read and approve every document that may be, one by one where there are many."""
    if window.documents is None:
        read_to_end(window)
        tick_all(window)
        return
    for index, sheet in enumerate(window.presenter.question.sheets):
        window.documents.go(index)
        read_to_end(window)
        if sheet.document_id in refusing:
            QTest.mouseClick(window.decide.refuse, Qt.MouseButton.LeftButton)
        elif not sheet.refused:
            tick_all(window)
            QTest.mouseClick(window.decide.approve, Qt.MouseButton.LeftButton)


def sign(window: ConsentWindow, pin: str | None) -> None:
    """Type the PIN where there is a field, say yes to a last try where asked, and press Sign."""
    if window.pin.last_try_yes.isVisible():
        window.pin.last_try_yes.click()
    if pin is not None:
        QTest.keyClicks(window.pin.field, pin)
    QTest.mouseClick(window.pin.sign, Qt.MouseButton.LeftButton)
