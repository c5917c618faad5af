"""The settings' cards about trust, over a real office: a look first, a question with the keyboard on no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from gui.preferences import Preferences
from gui.presenters.session import present_session
from gui.presenters.tongue import Tongue
from gui.presenters.trust import present_offer, present_trust
from gui.trusting import Trusting
from gui.views.settings import SettingsPage
from signer.cli.demo.authority import to_pem
from signer.service.trusted import TrustNow, told
from signer.x509 import read
from tests import pki
from tests import softhsm as hsm
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import application, settle

EN, FA = Tongue("en"), Tongue("fa")
ROOT = read(pki.authority().certificate)


class Clinic:
    def __init__(self, office: OfficeThread) -> None:
        application()
        self.office = office
        self.page = SettingsPage()
        self.trusting = Trusting(self.page, office.line, EN)
        self.page.show_settings(Preferences(language="en"), EN, None, present_session(None, EN))
        self.page.resize(900, 700)
        self.page.show()
        self.trusting.read()
        self.wait_for("No authority is trusted.")

    def said(self) -> str:
        return "\n".join(part.text() for part in self.page.findChildren(QLabel) if part.isVisible())

    def wait_for(self, words: str) -> None:
        self.office.until(lambda: words in self.said())

    def press(self, name: str) -> None:
        part = self.page.findChild(QPushButton, name)
        assert part is not None
        QTest.mouseClick(part, Qt.MouseButton.LeftButton)
        settle()

    def focus(self) -> str:
        held = QApplication.focusWidget()
        return "" if held is None else held.objectName()


def test_a_known_authority_has_its_name_and_an_unknown_one_a_warning() -> None:
    view = present_trust(scenes.TRUST, FA)
    assert [one.mark.text for one in view.users] == ["ریشهٔ شناخته‌شده", "مُهر آن را نمی‌شناسد"]
    assert view.empty is None
    assert present_offer(scenes.TRUST.users[:1], EN).warning is None
    assert present_offer(scenes.TRUST.users, EN).warning is not None


def test_the_clinics_authorities_for_timestamps_leave_no_field() -> None:
    view = present_trust(TrustNow(clinic_stampers=("https://clinic.example/",), unreadable=("x.pem",)), EN)
    assert view.fixed is not None
    assert "clinic.example" in view.fixed
    assert view.unreadable is not None
    assert "x.pem" in view.unreadable


@pytest.mark.parametrize("lang", [EN, FA])
def test_a_fingerprint_is_written_whole(lang: Tongue) -> None:
    (row,) = present_offer((told(ROOT),), lang).rows
    written = next(value for caption, value in row.facts if caption == "SHA-256")
    assert "".join(c for c in written if c in "0123456789abcdef") == ROOT.id


@pytest.fixture
def clinic(tmp_path: Path, softhsm: hsm.SoftHsm) -> Iterator[Clinic]:
    office = OfficeThread(tmp_path / "office", softhsm)
    try:
        made = Clinic(office)
        yield made
        made.page.hide()
        made.page.deleteLater()
        settle()
    finally:
        office.end()


def test_an_authority_is_looked_at_then_trusted_then_removed(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    file.write_text(to_pem(ROOT.der))
    clinic.trusting.offer(file)
    clinic.wait_for("Trust this authority?")
    assert clinic.focus() == "trust-no"
    assert "Compare its fingerprint" in clinic.said()
    clinic.press("trust-no")
    clinic.wait_for("No authority is trusted.")
    clinic.trusting.offer(file)
    clinic.wait_for("Trust this authority?")
    clinic.press("trust-yes")
    clinic.office.until(lambda: clinic.page.findChild(QPushButton, "distrust-0") is not None)
    assert ROOT.holder.name in clinic.said()
    clinic.press("distrust-0")
    assert clinic.focus() == "distrust-no"
    assert f"Remove {ROOT.holder.name}?" in clinic.said()
    clinic.press("distrust-no")
    assert "Remove Mohr" not in clinic.said()
    clinic.press("distrust-0")
    clinic.press("distrust-yes")
    clinic.wait_for("No authority is trusted.")


def test_a_file_that_holds_none_is_told_with_what_to_do(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "letter.pem"
    file.write_text("no certificate")
    clinic.trusting.offer(file)
    clinic.wait_for("This file holds no certificate that can be taken.")


def test_an_address_is_kept_by_enter_and_a_wrong_one_stays_to_be_mended(clinic: Clinic) -> None:
    def field() -> QLineEdit:
        found = clinic.page.findChild(QLineEdit, "stamper")
        assert found is not None
        return found

    field().setText("tsa.example")
    QTest.keyClick(field(), Qt.Key.Key_Return)
    clinic.wait_for("This is not the address of a timestamp authority.")
    assert field().text() == "tsa.example"
    field().setText("https://tsa.example/")
    clinic.press("stamper-keep")
    clinic.wait_for("Kept.")
    assert "not the address" not in clinic.said()
    assert field().text() == "https://tsa.example/"
    field().setText("")
    clinic.press("stamper-keep")
    clinic.wait_for("No timestamps are fetched from now on.")


def test_another_language_says_the_same(clinic: Clinic) -> None:
    clinic.page.show_settings(Preferences(), FA, None, present_session(None, FA))
    clinic.trusting.set_tongue(FA)
    assert "به هیچ مرجعی اعتماد نمی‌شود." in clinic.said()
