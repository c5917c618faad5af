"""The crossing between the threads: order, throttling, shutdown, and a Qt that does not count wrongly."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import QObject, Qt, Signal

from gui.bridge.inbox import Inbox
from gui.bridge.messages import (
    AgentChanged,
    AgentInfo,
    AgentState,
    Asked,
    Closed,
    Message,
    Progressed,
    SessionChanged,
    TokensChanged,
    Withdrawn,
)
from gui.bridge.surface import Outbox, WindowSurface
from gui.bridge.thread import AgentThread
from signer.model.errors import ConsentSurfaceMissing, JournalUnwritable
from signer.model.presence import Presence
from signer.model.session_signing import OpenNow
from signer.service.consent import ConsentSurface, Declined, Outcome
from signer.service.office import Office
from tests.desktop import scenes
from tests.gui.theatre import application, settle

#: Stands in for the use cases where none is asked.
OFFICE = cast(Office, object())
PRESENCE = Presence(problem="token-absent")
INFO = AgentInfo(address="127.0.0.1:18717", version="0.1.0")


def test_what_is_said_before_there_are_windows_is_kept_in_order() -> None:
    outbox, heard = Outbox(), list[Message]()
    outbox.post(Withdrawn(1))
    outbox.post(Withdrawn(2))
    outbox.attach(heard.append)
    outbox.post(Withdrawn(3))
    assert heard == [Withdrawn(1), Withdrawn(2), Withdrawn(3)]


def test_what_is_said_after_the_windows_are_gone_is_dropped() -> None:
    outbox, heard = Outbox(), list[Message]()
    outbox.attach(heard.append)
    outbox.detach()
    outbox.post(Withdrawn(1))
    assert heard == []


async def test_where_there_are_no_windows_left_there_is_nobody_to_ask() -> None:
    outbox = Outbox()
    outbox.detach()
    surface = WindowSurface(outbox)
    with pytest.raises(ConsentSurfaceMissing):
        await surface.pair(scenes.PAIRING)
    with pytest.raises(ConsentSurfaceMissing):
        surface.open(scenes.consent(scenes.three_items()))


async def test_an_answer_that_comes_before_it_is_awaited_is_not_lost() -> None:
    outbox = Outbox()
    surface = WindowSurface(outbox)
    outbox.attach(
        lambda message: surface.reply(message.ticket, Declined()) if isinstance(message, Asked) else None
    )
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    await asyncio.sleep(0.01)
    assert isinstance(await dialogue.answer(), Declined)


async def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    surface = WindowSurface(Outbox())
    surface.reply(1, True)
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    surface.reply(99, True)
    dialogue.close(Outcome(documents=()))
    surface.reply(1, True)
    await asyncio.sleep(0)


async def test_progress_is_told_at_once_then_at_most_thirty_times_a_second_and_the_newest_last() -> None:
    outbox, heard = Outbox(), list[Message]()
    outbox.attach(heard.append)
    dialogue = WindowSurface(outbox).open(scenes.consent(scenes.three_items()))
    for done in range(1, 251):
        dialogue.progress(done, 250)
    told = [m for m in heard if isinstance(m, Progressed)]
    assert [m.done for m in told] == [1]
    await asyncio.sleep(0.2)
    told = [m for m in heard if isinstance(m, Progressed)]
    assert [m.done for m in told] == [1, 250]
    dialogue.close(Outcome(documents=()))
    assert isinstance(heard[-1], Closed)


async def test_closing_leaves_no_timer_behind() -> None:
    outbox, heard = Outbox(), list[Message]()
    outbox.attach(heard.append)
    dialogue = WindowSurface(outbox).open(scenes.consent(scenes.three_items()))
    dialogue.progress(1, 9)
    dialogue.progress(2, 9)
    dialogue.close(Outcome(documents=()))
    await asyncio.sleep(0.1)
    assert isinstance(heard[-1], Closed)


class _Agent:
    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.stopped = 0
        self.thread: threading.Thread | None = None

    async def start(self) -> AgentInfo:
        self.thread = threading.current_thread()
        if self.failure is not None:
            raise self.failure
        return INFO

    def on_tokens(self, tell: Callable[[Presence], None]) -> None:
        tell(PRESENCE)

    def on_session(self, tell: Callable[[OpenNow | None], None]) -> None:
        tell(None)

    def office(self) -> Office:
        return OFFICE

    async def stop(self) -> None:
        self.stopped += 1


def _run(agent: _Agent) -> list[Message]:
    heard: list[Message] = []
    outbox = Outbox()
    outbox.attach(heard.append)
    thread = AgentThread(lambda _: agent, outbox)
    thread.start()
    assert thread.wait_settled(10)
    assert thread.stop()
    return heard


def test_an_agent_lives_in_a_thread_of_its_own_and_is_stopped_once() -> None:
    agent = _Agent()
    assert _run(agent) == [
        AgentChanged(AgentState.READY, info=INFO),
        TokensChanged(PRESENCE),
        SessionChanged(None),
    ]
    assert agent.stopped == 1
    assert agent.thread is not threading.main_thread()


@pytest.mark.parametrize(
    ("failure", "code"), [(JournalUnwritable(), "journal-unwritable"), (ZeroDivisionError(), "unexpected")]
)
def test_an_agent_that_cannot_start_says_why_and_is_cleared_up(failure: Exception, code: str) -> None:
    agent = _Agent(failure)
    assert _run(agent) == [AgentChanged(AgentState.FAILED, problem=code)]
    assert agent.stopped == 1


def test_an_agent_that_was_stopped_before_it_began_never_starts() -> None:
    made: list[ConsentSurface] = []

    def make(surface: ConsentSurface) -> _Agent:
        made.append(surface)
        return _Agent()

    thread = AgentThread(make, Outbox())
    thread._stop_wanted = True
    thread.start()
    assert thread.stop()
    assert made == []


def test_messages_are_delivered_on_the_windows_thread_in_order() -> None:
    application()
    outbox = Outbox()
    heard: list[tuple[Message, threading.Thread]] = []
    inbox = Inbox(outbox, lambda message: heard.append((message, threading.current_thread())))

    def speak() -> None:
        for number in range(100):
            outbox.post(Withdrawn(number))

    agent = threading.Thread(target=speak)
    agent.start()
    agent.join()
    settle()
    assert [message for message, _ in heard] == [Withdrawn(n) for n in range(100)]
    assert {thread for _, thread in heard} == {threading.main_thread()}
    inbox.close()


class _Emitter(QObject):
    said = Signal(bool)


def test_a_hundred_thousand_signals_cost_no_reference() -> None:
    """PySide6 6.12.0 on Python 3.11 loses one reference of True an emission, and aborts after some 550."""
    application()
    emitter = _Emitter()
    count = 0

    def hear(value: bool) -> None:
        nonlocal count
        count += value

    emitter.said.connect(hear, Qt.ConnectionType.DirectConnection)
    before = sys.getrefcount(True)
    for _ in range(100_000):
        emitter.said.emit(True)
    assert count == 100_000
    assert abs(sys.getrefcount(True) - before) < 1_000


def test_nothing_of_qt_is_imported_before_the_agent_runs() -> None:
    code = (
        "import sys, gui.__main__, gui.app, gui.bridge.surface, gui.presenters.consent\n"
        "print(sorted(m for m in sys.modules if m.startswith(('PySide6', 'shiboken6', 'aiohttp'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
