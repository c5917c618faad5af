"""The tokens page and the change of a PIN, over SoftHSM and the real line to an agent's loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton

from drivers.catalogue import Unblocking
from gui import translations as t
from gui.bridge.requests import ChooseHere
from gui.presenters.pin_change import PinChange, Stage, Task
from gui.presenters.tokens import CertificateRow, present_tokens
from gui.presenters.tongue import Tongue
from gui.views.centre_name import NameWindow
from gui.views.pin_change import PinChangeWindow
from gui.views.tokens import TokensPage
from signer.model.credential import TriesLeft
from signer.service.office import TokensNow
from signer.service.token_desk import ManagedToken
from tests import softhsm as hsm
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import application, settle

NEW = "19283746"


@pytest.fixture
def office(tmp_path: Path, softhsm: hsm.SoftHsm) -> Iterator[OfficeThread]:
    made = OfficeThread(tmp_path, softhsm)
    yield made
    made.end()


class Counter:
    """A change of a PIN in its window."""

    def __init__(self, office: OfficeThread, task: Task = Task.CHANGE) -> None:
        self.office = office
        self.times_changed = 0
        self.change = PinChange(task, office.managed(), Tongue("en"))
        self.window = PinChangeWindow(self.change, office.line, self._changed, None)
        self.window.show()
        settle()

    def _changed(self) -> None:
        self.times_changed += 1

    def stage(self) -> Stage:
        return self.change.stage

    def type(self, *pins: str) -> None:
        for field, pin in zip(self.window.fields, pins, strict=True):
            QTest.keyClicks(field, pin)

    def go(self) -> None:
        QTest.mouseClick(self.window.go, Qt.MouseButton.LeftButton)

    def ended(self, times: int = 1) -> None:
        self.office.until(lambda: self.times_changed == times)

    def typed(self) -> list[str]:
        return [field.text() for field in self.window.fields]


def test_a_pin_is_changed_from_the_window_and_is_then_the_tokens(office: OfficeThread) -> None:
    counter = Counter(office)
    counter.type(hsm.PIN, NEW, NEW)
    counter.go()
    assert counter.typed() == ["", "", ""]
    counter.ended()
    assert counter.stage() is Stage.DONE
    again = Counter(office)
    again.type(NEW, hsm.PIN, hsm.PIN)
    again.go()
    again.ended()
    assert again.stage() is Stage.DONE


def test_the_page_of_a_real_token_has_the_ways_to_its_pin(office: OfficeThread) -> None:
    office.until(lambda: bool(office.tokens().presence.tokens))
    (card,) = present_tokens(office.tokens(), Tongue("en")).cards
    assert card.managed is not None
    assert card.managed.initialised
    assert card.unblock == "Unblock with SO-PIN"
    assert card.pin is not None


def test_a_wrong_pin_changes_nothing_and_what_the_token_then_says_of_its_tries_is_believed(
    office: OfficeThread,
) -> None:
    counter = Counter(office)
    counter.type("00000000", NEW, NEW)
    counter.go()
    counter.ended()
    banner = counter.change.view().banner
    assert banner is not None
    assert "wrong" in banner.text
    office.until(lambda: counter.change.wants.tries is TriesLeft.LOW)  # the token was read again
    settle()
    assert not counter.window.last_try.isVisible()
    counter.type(hsm.PIN, NEW, NEW)
    counter.go()
    counter.ended(2)
    assert counter.stage() is Stage.DONE


def test_after_a_wrong_pin_the_next_try_wants_a_yes_of_its_own_where_nothing_is_known_of_tries() -> None:
    change = PinChange(Task.CHANGE, scenes.tokens().managed[0], Tongue("en"))
    assert change.wants.tries is TriesLeft.UNKNOWN
    assert change.why_not("1234", NEW, NEW, last_try=False) is None
    change.begin()
    change.failed("pin-wrong")
    assert change.why_not("1234", NEW, NEW, last_try=False) == Tongue("en").say(t.WHY_LAST_TRY)
    assert change.why_not("1234", NEW, NEW, last_try=True) is None


def test_the_officer_gives_a_new_pin(office: OfficeThread) -> None:
    assert office.managed().unblocking is Unblocking.SO_PIN
    counter = Counter(office, Task.UNBLOCK)
    counter.type(hsm.SO_PIN, NEW, NEW)
    counter.go()
    counter.ended()
    assert counter.stage() is Stage.DONE


def test_persian_digits_are_asked_about_before_anything_is_sent(office: OfficeThread) -> None:
    counter = Counter(office)
    for field, pin in zip(counter.window.fields, (hsm.PIN, NEW, NEW), strict=True):
        field.setText(pin.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")))
    counter.go()
    assert counter.stage() is Stage.ASKING
    assert counter.window.question.isVisible()
    QTest.mouseClick(counter.window.question.latin, Qt.MouseButton.LeftButton)
    counter.ended()
    assert counter.stage() is Stage.DONE


@pytest.mark.parametrize("way", ["escape", "button", "close"])
def test_every_way_out_empties_the_fields(office: OfficeThread, way: str) -> None:
    counter = Counter(office)
    fields = counter.window.fields
    counter.type("1234", "5678", "5678")
    if way == "escape":
        QTest.keyClick(counter.window, Qt.Key.Key_Escape)
    elif way == "button":
        QTest.mouseClick(counter.window.cancel, Qt.MouseButton.LeftButton)
    else:
        counter.window.close()
    assert [field.text() for field in fields] == ["", "", ""]


def test_enter_moves_through_the_fields_and_sends_from_the_last(office: OfficeThread) -> None:
    counter = Counter(office)
    for field, pin in zip(counter.window.fields, (hsm.PIN, NEW, NEW), strict=True):
        QTest.keyClicks(field, pin)
        QTest.keyClick(field, Qt.Key.Key_Return)
    counter.ended()
    assert counter.stage() is Stage.DONE


def test_the_page_offers_what_each_token_can() -> None:
    application()
    page = TokensPage()
    wanted: list[tuple[Task, ManagedToken]] = []
    page.pin_wanted.connect(lambda task, token: wanted.append((task, token)))
    now = scenes.tokens()
    page.show_tokens(present_tokens(now, Tongue("en")), Tongue("en"))
    page.show()
    settle()
    names = {part.objectName() for part in page.findChildren(QPushButton)}
    ways = {f"{way}-{one.id}" for way in ("name", "here") for one in now.credentials}
    renewals = {f"renew-{one.id}" for one in now.credentials[1:]}
    assert names == {"change-0", "unblock-0", "change-1", "request-0", "request-1"} | ways | renewals
    for name in ("change-0", "unblock-0"):
        part = page.findChild(QPushButton, name)
        assert part is not None
        QTest.mouseClick(part, Qt.MouseButton.LeftButton)
    assert wanted == [(Task.CHANGE, now.managed[0]), (Task.UNBLOCK, now.managed[0])]
    page.deleteLater()


def test_a_certificate_is_made_this_computers_and_its_centre_named_from_its_card() -> None:
    application()
    page = TokensPage()
    chosen: list[tuple[str, bool]] = []
    naming: list[CertificateRow] = []
    page.here_wanted.connect(lambda credential_id, wanted: chosen.append((credential_id, wanted)))
    page.naming.connect(naming.append)
    now = scenes.tokens()
    page.show_tokens(present_tokens(now, Tongue("en")), Tongue("en"))
    page.show()
    settle()
    first, second = now.credentials[:2]
    for name in (f"here-{first.id}", f"here-{second.id}", f"name-{second.id}"):
        part = page.findChild(QPushButton, name)
        assert part is not None
        part.setFocus()
        QTest.keyClick(part, Qt.Key.Key_Space)
    assert chosen == [(first.id, False), (second.id, True)]
    assert [one.own_name for one in naming] == ["شیفت شب"]
    page.deleteLater()


def test_a_centre_keeps_the_name_that_its_doctor_gave_it(office: OfficeThread) -> None:
    row = present_tokens(scenes.tokens(), Tongue("en")).cards[0].certificates[0]
    named: list[TokensNow] = []
    window = NameWindow(row, Tongue("en"), office.line, named.append, None)
    ended: list[int] = []
    window.finished.connect(ended.append)
    window.show()
    QTest.keyClicks(window.field, "Night shift")
    QTest.keyClick(window.field, Qt.Key.Key_Return)
    office.until(lambda: bool(named))
    assert named[0].centres.names == {row.credential_id: "Night shift"}
    assert office.tokens().centres == named[0].centres
    assert ended == [QDialog.DialogCode.Accepted.value]


def test_a_certificate_whose_token_is_away_is_not_made_this_computers(office: OfficeThread) -> None:
    codes: list[str] = []
    absent = ChooseHere(credential_id="f" * 64, here=True)
    office.line.ask(absent, lambda _: None, codes.append)
    office.until(lambda: bool(codes))
    assert codes == ["credential-not-there"]
