"""The check's page: what it says of a broken chain, its ways out, and a real check from end to end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from gui.bridge.checking import CheckComputer
from gui.bridge.line import Line
from gui.checking import Checking
from gui.presenters.check import Fix, Way, present_check
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from gui.views.check import LogWindow, ReportWindow
from gui.views.main import MainWindow, PageName
from gui.views.symbol import Symbol
from signer.cli.logbook import FILE, FOLDER
from signer.diagnostics.catalogue import meanings
from signer.diagnostics.finding import finding
from signer.diagnostics.qr import spoken
from signer.diagnostics.support_code import read
from signer.endpoint.local_ca import local_identity
from signer.platform.folders import user_data
from signer.platform.private_files import private_folder
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import application, settle
from tests.softhsm import SoftHsm

EN, FA = Tongue("en"), Tongue("fa")


def test_the_first_broken_link_is_on_top_with_its_remedy_and_the_page_that_mends_it() -> None:
    view = present_check(scenes.locked(), FA)
    assert view.first.text == "رمز توکن قفل شده است."
    assert view.first.tone is Tone.BAD
    assert view.remedy is not None
    assert view.way is Way.TOKENS
    assert view.spoken_code.replace(" ", "").translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")).isdigit()


@pytest.mark.parametrize("tongue", [EN, FA], ids=["en", "fa"])
def test_the_makers_page_is_offered_where_its_module_is_missing_and_opens_in_the_browser(
    tongue: Tongue, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = present_check(scenes.missing(), tongue)
    assert view.page == "https://www.rutoken.ru/support/download/"
    assert present_check(scenes.locked(), tongue).page is None
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    desk = Desk(Line(lambda number, request: None))
    desk.window.check.show_check(view, tongue, checking=False)
    assert desk.button("check-page").toolTip() == view.page
    desk.press("check-page")
    assert opened == [view.page]


def test_what_only_follows_is_told_so_in_its_row_and_not_as_a_fault_of_its_own() -> None:
    rows = {row.part: row for row in present_check(scenes.stopped(), EN).rows}
    assert (rows["reader"].tone, rows["reader"].waits) == (Tone.BAD, False)
    assert (rows["token"].tone, rows["token"].waits) == (Tone.WARN, True)
    assert rows["token"].lines == ("Follows from another fault: No token is connected.",)
    assert (rows["agent"].tone, rows["agent"].waits) == (Tone.BAD, False)
    assert rows["certificate"].lines == ("No certificate was seen",)
    assert rows["computer"].lines == ("In order",)
    assert rows["token"].probes == ("module epass3003",)


@pytest.mark.parametrize("tongue", [EN, FA], ids=["en", "fa"])
def test_a_computer_that_is_ready_is_told_so(tongue: Tongue) -> None:
    view = present_check(scenes.report(finding("credential-ready")), tongue)
    assert (view.first.tone, view.remedy, view.way) == (Tone.OK, None, None)
    assert {row.tone for row in view.rows} == {Tone.OK}


class Desk:
    """The window's page and its controller, over a line."""

    def __init__(self, wire: Line) -> None:
        application()
        self.window = MainWindow(wire)
        self.window.set_tongue(EN)
        self.checking = Checking(self.window, wire, EN)
        self.window.turn_to(PageName.CHECK)
        self.window.show()
        settle()

    def button(self, name: str) -> QPushButton:
        found = self.window.check.findChild(QPushButton, name)
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        QTest.mouseClick(self.button(name), Qt.MouseButton.LeftButton)
        settle()

    def said(self) -> str:
        return "\n".join(part.text() for part in self.window.check.findChildren(QLabel))


@pytest.fixture
def office(softhsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OfficeThread]:
    for name, place in (("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run")):
        (tmp_path / place).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / place))
    made = OfficeThread(tmp_path, softhsm)
    yield made
    made.end()


def test_a_real_check_is_drawn_looked_at_again_in_one_row_previewed_and_saved(
    office: OfficeThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(office.line)
    desk.press("check-now")
    assert not desk.button("check-now").isEnabled()
    office.until(lambda: desk.button("check-now").isEnabled())
    code = desk.window.check.findChild(QLabel, "support-code")
    assert code is not None
    digits = "".join(one for one in code.text() if one.isdigit())
    assert meanings()["agent-not-running"].number in read(digits)
    before = desk.checking._examined
    assert before is not None
    desk.press("again-agent")
    office.until(lambda: desk.checking._examined is not before)
    after = desk.checking._examined
    assert after is not None
    # Only the row's own probes were run once more.
    kept = {one.probe: one for one in before.checked.outcomes}
    anew = {one.probe for one in after.checked.outcomes if kept[one.probe] is not one}
    assert anew == {"agent", "ports"}
    saved = tmp_path / "report.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    desk.press("check-save")
    window = next(w for w in application().topLevelWidgets() if isinstance(w, ReportWindow))
    shown = window.shown.toPlainText()
    keep = window.findChild(QPushButton, "report-save")
    assert keep is not None
    QTest.mouseClick(keep, Qt.MouseButton.LeftButton)
    settle()
    assert saved.read_text("utf-8") == shown
    assert json.loads(shown)["format"] == "mohr-diagnosis/1"
    assert "The report was saved" in desk.said()


def test_how_far_the_check_is_stands_on_its_button() -> None:
    desk = Desk(Line(lambda number, request: None))
    desk.press("check-now")
    desk.checking._so_far.emit(3, 14)
    settle()
    assert desk.button("check-now").text() == "Checking… 3 of 14"
    desk.checking._failed("unexpected")
    desk.checking._so_far.emit(4, 14)
    settle()
    assert desk.button("check-now").text() == "Check now"


def test_a_check_says_how_far_it_is(office: OfficeThread) -> None:
    told: list[tuple[int, int]] = []
    came: list[object] = []
    office.line.ask(CheckComputer(told=lambda *so_far: told.append(so_far)), came.append, pytest.fail)
    office.until(lambda: bool(came))
    total = told[0][1]
    assert told == [(done, total) for done in range(total + 1)]


def test_what_can_be_mended_from_here_has_a_button_and_nothing_else_has() -> None:
    assert present_check(scenes.stopped(), EN).fixes == (Fix.START_READERS,)
    assert present_check(scenes.locked(), EN).fixes == ()
    stores = (finding("authority-missing", ("firefox",)), finding("authority-outdated", ("chromium",)))
    assert present_check(scenes.report(*stores), EN).fixes == (Fix.TRUST,)


def test_the_browsers_are_made_to_trust_the_local_authority_and_looked_at_again(
    office: OfficeThread, tmp_path: Path
) -> None:
    local_identity(private_folder(user_data() / "tls"), datetime.now(UTC))
    profile = tmp_path / "home" / ".mozilla" / "firefox" / "one.default"
    profile.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{profile}"], check=True)
    desk = Desk(office.line)
    desk.press("check-now")
    office.until(lambda: desk.button("check-now").isEnabled())
    desk.press("fix-trust")
    office.until(lambda: desk.button("check-now").isEnabled())
    assert "Done, and looked at again" in desk.said()
    assert desk.window.check.findChild(QPushButton, "fix-trust") is None
    after = desk.checking._examined
    assert after is not None
    assert "authority-missing" not in {one.code for one in after.report.causes}


def test_what_could_not_be_mended_is_said(office: OfficeThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    desk = Desk(office.line)
    desk.press("check-now")
    office.until(lambda: desk.button("check-now").isEnabled())
    desk.checking._mend(Fix.START_READERS)
    office.until(lambda: desk.button("check-now").isEnabled())
    assert "could not be done from here" in desk.said()


def test_the_log_is_shown_as_it_is_on_the_disk(office: OfficeThread) -> None:
    desk = Desk(office.line)
    folder = private_folder(user_data() / FOLDER)
    (folder / FILE).write_text("incident 1A2B-3C4D: somewhere\n")
    desk.press("check-log")
    window = next(w for w in application().topLevelWidgets() if isinstance(w, LogWindow))
    assert "incident 1A2B-3C4D" in window.shown.toPlainText()
    window.close()
    settle()


def test_the_way_out_turns_the_page(office: OfficeThread) -> None:
    desk = Desk(office.line)
    desk.window.check.show_check(present_check(scenes.locked(), EN), EN, checking=False)
    desk.press("check-mend")
    assert desk.window.page is PageName.TOKENS


def test_a_check_that_fails_and_a_report_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    desk = Desk(Line(lambda number, request: None))
    desk.checking._failed("unexpected")
    assert "(unexpected)" in desk.said()
    assert desk.button("check-now").isEnabled()
    desk.checking._write(tmp_path / "no" / "such" / "folder", "text")
    assert "The report was not saved" in desk.said()


def test_the_window_draws_the_code_so_that_another_library_reads_it() -> None:
    desk = Desk(Line(lambda number, request: None))
    view = present_check(scenes.locked(), FA)
    desk.window.check.show_check(view, FA, checking=False)
    settle()
    symbol = desk.window.check.findChild(Symbol, "support-code-symbol")
    assert symbol is not None
    picture = symbol.grab().toImage()
    width, height = picture.width(), picture.height()
    rows = bytes(picture.pixelColor(x, y).lightness() for y in range(height) for x in range(width))
    grey = memoryview(rows).cast("B", shape=[height, width])
    assert [found.text for found in zxingcpp.read_barcodes(grey)] == [spoken(scenes.locked().support_code)]
