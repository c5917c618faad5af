"""What the window asks of the agent crosses over and back: in order, once, and never after the end."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from msgspec import Struct
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from gui.bridge.calls import WindowCalls
from gui.bridge.line import Line
from gui.bridge.messages import Answered, Message
from gui.bridge.surface import Outbox
from signer.model.errors import JournalUnwritable, MohrError
from signer.service.office import Office
from tests.gui.theatre import application

OFFICE = cast(Office, object())


class Say(Struct, frozen=True):
    word: str

    async def perform(self, office: Office) -> str:
        return self.word


class Fail(Struct, frozen=True):
    fault: Exception

    async def perform(self, office: Office) -> str:
        raise self.fault


class Hang(Struct, frozen=True):
    async def perform(self, office: Office) -> str:
        await asyncio.Event().wait()
        return ""


class Exchange:
    def __init__(self) -> None:
        outbox = Outbox()
        self.heard: list[Message] = []
        outbox.attach(self.heard.append)
        self.calls = WindowCalls(outbox)


async def test_what_is_asked_before_the_agent_has_started_is_performed_then_and_in_order() -> None:
    exchange = Exchange()
    exchange.calls.call(1, Say("one"))
    exchange.calls.call(2, Say("two"))
    assert exchange.heard == []
    exchange.calls.open(OFFICE)
    exchange.calls.call(3, Say("three"))
    await asyncio.sleep(0.05)
    assert exchange.heard == [Answered(1, "one"), Answered(2, "two"), Answered(3, "three")]
    await exchange.calls.close()


@pytest.mark.parametrize(
    ("fault", "code"), [(JournalUnwritable(), "journal-unwritable"), (ValueError("1234"), "unexpected")]
)
async def test_what_cannot_be_done_comes_back_as_its_code_and_nothing_of_it_is_logged(
    fault: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = Exchange()
    exchange.calls.open(OFFICE)
    exchange.calls.call(1, Fail(fault))
    await asyncio.sleep(0.05)
    assert exchange.heard == [Answered(1, problem=code)]
    assert "1234" not in caplog.text
    await exchange.calls.close()


async def test_what_is_still_being_performed_at_the_end_is_abandoned() -> None:
    exchange = Exchange()
    exchange.calls.open(OFFICE)
    exchange.calls.call(1, Hang())
    await asyncio.sleep(0.05)
    await asyncio.wait_for(exchange.calls.close(), 5)
    exchange.calls.call(2, Say("late"))
    await asyncio.sleep(0.05)
    assert exchange.heard == []


def test_each_answer_goes_to_who_asked() -> None:
    sent: list[int] = []
    line = Line(lambda number, request: sent.append(number))
    heard: list[str] = []
    line.ask(Say("a"), heard.append, heard.append)
    line.ask(Say("b"), heard.append, heard.append)
    line.receive(Answered(sent[1], "b"))
    line.receive(Answered(sent[0], problem=MohrError.code))
    line.receive(Answered(sent[0], "again"))
    assert heard == ["b", MohrError.code]


def test_where_the_asking_page_is_gone_nobody_is_called() -> None:
    application()
    sent: list[int] = []
    line = Line(lambda number, request: sent.append(number))
    heard: list[str] = []
    page = QObject()
    line.ask(Say("a"), heard.append, heard.append, owner=page)
    page.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    line.receive(Answered(sent[0], "a"))
    assert heard == []
