"""The panels' page: what it says, and that a revocation asks once more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from gui.presenters.panels import present_panels
from gui.presenters.tongue import Tongue
from gui.views.panels import PanelsPage
from signer.model.errors import by_code
from signer.service.panels import PanelsNow
from tests.desktop import scenes
from tests.gui.theatre import application, settle

EN, FA = Tongue("en"), Tongue("fa")


class Clinic:
    def __init__(self) -> None:
        application()
        self.page = PanelsPage()
        self.revoked: list[str] = []
        self.page.revoked.connect(self.revoked.append)
        self.page.show_panels(present_panels(scenes.PANELS, EN), EN)
        self.page.resize(900, 700)
        self.page.show()
        settle()

    def press(self, name: str) -> None:
        part = self.page.findChild(QPushButton, name)
        assert part is not None
        QTest.mouseClick(part, Qt.MouseButton.LeftButton)
        settle()

    def said(self) -> str:
        return "\n".join(part.text() for part in self.page.findChildren(QLabel) if part.isVisible())


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    made = Clinic()
    yield made
    made.page.hide()
    made.page.deleteLater()
    settle()


def test_a_panel_says_since_when_until_when_and_how_often() -> None:
    first, second = present_panels(scenes.PANELS, FA).rows
    told = " ".join(value for _, value in first.facts)
    assert "۱۲ مهر ۱۴۰۵" in told
    assert "2026-10-04" in told
    assert "۳۱۲" in told
    assert first.refused is not None
    assert second.refused is None
    assert second.origin in second.accessible


def test_the_policy_is_told_without_an_account_of_the_authority() -> None:
    policy = present_panels(scenes.PANELS, EN).policy
    assert policy is not None
    told = " ".join(f"{caption} {value}" for caption, value in policy)
    assert "https://clinic.example" in told
    assert "CAdES" in told
    assert "https://tsa.example/stamp" in told
    assert "never shown" not in told
    assert "user" not in told


@pytest.mark.parametrize("tongue", [EN, FA], ids=["en", "fa"])
def test_no_panel_and_a_policy_that_fails_are_told_with_what_to_do(tongue: Tongue) -> None:
    view = present_panels(PanelsNow(panels=(), policy=None, problem="policy-invalid"), tongue)
    condition = by_code("policy-invalid")
    assert view.empty is not None
    assert view.problem is not None
    assert view.problem.text == (condition.fa if tongue.rtl else condition.en)
    assert view.remedy == (condition.fa_remedy if tongue.rtl else condition.en_remedy)


def test_a_revocation_asks_once_more_with_the_keyboard_on_no(clinic: Clinic) -> None:
    clinic.press("revoke-1")
    assert "Revoke" in clinic.said()
    assert clinic.revoked == []
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.objectName() == "revoke-no-1"
    QTest.keyClick(focused, Qt.Key.Key_Space)
    settle()
    assert clinic.revoked == []
    clinic.press("revoke-1")
    clinic.press("revoke-yes-1")
    assert clinic.revoked == [scenes.ORIGIN]


def test_the_question_goes_with_its_panel(clinic: Clinic) -> None:
    clinic.press("revoke-1")
    clinic.page.show_panels(present_panels(PanelsNow(panels=(), policy=None, problem=None), EN), EN)
    settle()
    assert "No panel is paired" in clinic.said()
    assert clinic.page.findChild(QPushButton, "revoke-yes-1") is None
