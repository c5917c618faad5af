"""The doctor's desk: takes the agent's messages and keeps one question in front at a time.

Questions wait their turn, so that a second window never takes the keyboard from a PIN half typed. A failure
that is still to be read does not hold up the next question.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from gui.bridge.messages import (
    AgentChanged,
    Asked,
    Closed,
    Message,
    OpeningChanged,
    PinAsked,
    Progressed,
    Question,
    Reply,
    SessionChanged,
    StandingChanged,
    TokenAway,
    TokensChanged,
    TokenWanted,
    Withdrawn,
)
from gui.presenters.tongue import Tongue
from gui.views.ask import STRAY, AskWindow
from gui.views.choice import ChoiceWindow
from gui.views.consent import ConsentWindow
from gui.views.module import ModuleWindow
from gui.views.pairing import PairingWindow
from signer.model.session_signing import OpenNow
from signer.service.consent import ConsentQuestion, ModuleQuestion, PairingQuestion, Standing, TokenQuestion


class Desk(QObject):
    """Opens and closes the asking windows. `presented(window)` when one comes up."""

    presented = Signal(object)
    waiting_changed = Signal(int)
    agent_changed = Signal(object)
    tokens_changed = Signal(object)
    session_changed = Signal(object)

    def __init__(self, reply: Callable[[int, Reply], None], tongue: Tongue, *, stray: float = STRAY) -> None:
        super().__init__()
        self._reply = reply
        self._tongue = tongue
        self._stray = stray
        self._queue: deque[Asked] = deque()
        self._front: tuple[int, AskWindow] | None = None
        self._windows: dict[int, AskWindow] = {}
        self._standings: dict[int, Standing] = {}
        self._openings: dict[int, OpenNow | None] = {}

    @property
    def windows(self) -> tuple[AskWindow, ...]:
        """Every window that is open, a failure still to be read included."""
        return tuple(self._windows.values())

    @property
    def waiting(self) -> int:
        """How many questions wait for an answer, the one in front included."""
        return len(self._queue) + (self._front is not None)

    def receive(self, message: Message) -> None:
        """Act on one message of the agent."""
        match message:
            case Asked():
                self._queue.append(message)
                self._next()
            case Withdrawn(ticket):
                self._withdraw(ticket)
            case PinAsked(ticket, request):
                if isinstance(window := self._windows.get(ticket), ConsentWindow):
                    window.ask_pin(request)
            case TokenAway(ticket, token):
                if isinstance(window := self._windows.get(ticket), ConsentWindow):
                    window.token_away(token)
            case StandingChanged(ticket, standing):
                self._standings[ticket] = standing
                if isinstance(window := self._windows.get(ticket), ConsentWindow):
                    window.stand(standing)
            case OpeningChanged(ticket, opened):
                self._openings[ticket] = opened
                if isinstance(window := self._windows.get(ticket), ConsentWindow):
                    window.token_open(opened)
            case TokenWanted(ticket, token):
                if isinstance(window := self._windows.get(ticket), ConsentWindow):
                    window.want_token(token)
            case Progressed(ticket, done, total):
                if isinstance(window := self._windows.get(ticket), ConsentWindow):
                    window.progress(done, total)
            case Closed(ticket, outcome):
                self._forget(ticket)
                window = self._windows.get(ticket)
                if isinstance(window, ConsentWindow):
                    window.close_with(outcome, at_once=bool(self._queue))
                    self._give_way(ticket)
                else:
                    self._withdraw(ticket)
            case AgentChanged():
                self.agent_changed.emit(message)
            case TokensChanged(presence):
                self.tokens_changed.emit(presence)
            case SessionChanged(opened):
                self.session_changed.emit(opened)
        self.waiting_changed.emit(self.waiting)

    def set_tongue(self, tongue: Tongue) -> None:
        """Say everything in another language."""
        self._tongue = tongue
        for window in self._windows.values():
            window.set_tongue(tongue)

    def show_front(self) -> None:
        """Bring the waiting question to the front again."""
        if self._front is not None:
            self._front[1].come_forward()

    def _next(self) -> None:
        if self._front is not None or not self._queue:
            return
        asked = self._queue.popleft()
        window = self._window(asked.question)
        self._front = (asked.ticket, window)
        self._windows[asked.ticket] = window
        if isinstance(window, ConsentWindow) and (standing := self._standings.get(asked.ticket)):
            window.stand(standing)
        if isinstance(window, ConsentWindow) and asked.ticket in self._openings:
            window.token_open(self._openings[asked.ticket])
        window.replied.connect(lambda reply: self._reply(asked.ticket, reply))
        window.finished.connect(lambda: self._finished(asked.ticket))
        window.come_forward()
        self.presented.emit(window)

    def _window(self, question: Question) -> AskWindow:
        if isinstance(question, ConsentQuestion | TokenQuestion):
            return ConsentWindow(question, self._tongue, stray=self._stray)
        if isinstance(question, PairingQuestion):
            return PairingWindow(question, self._tongue, stray=self._stray)
        if isinstance(question, ModuleQuestion):
            return ModuleWindow(question, self._tongue, stray=self._stray)
        return ChoiceWindow(question, self._tongue, stray=self._stray)

    def _withdraw(self, ticket: int) -> None:
        self._queue = deque(asked for asked in self._queue if asked.ticket != ticket)
        self._forget(ticket)
        window = self._windows.get(ticket)
        if window is not None:
            window.finish()

    def _forget(self, ticket: int) -> None:
        self._standings.pop(ticket, None)
        self._openings.pop(ticket, None)

    def _finished(self, ticket: int) -> None:
        self._windows.pop(ticket).deleteLater()
        self._give_way(ticket)
        self.waiting_changed.emit(self.waiting)

    def _give_way(self, ticket: int) -> None:
        if self._front is not None and self._front[0] == ticket:
            self._front = None
            self._next()
