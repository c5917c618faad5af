"""Every page of the main window without a mouse, by ear, and in letters of twice the size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from gui import theme
from gui.preferences import Preferences
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from gui.views.main import MainWindow
from tests.desktop.gallery import SCREENS
from tests.gui.theatre import application, settle

PAGES = (
    "home-waiting",
    "tokens",
    "journal-entry",
    "panels-revoke",
    "check-two",
    "settings",
    "trust-ask",
    "trust-remove",
    "centre-name",
    "first-sign",
    "home-renewal",
    "requests-forget",
    "request-refused",
    "request-key-again",
    "request-send",
    "request-untrusted",
    "request-done",
)
_CONTROLS = {
    QAccessible.Role.Button,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.EditableText,
    QAccessible.Role.ComboBox,
    QAccessible.Role.Table,
}
#: More than any page has stops.
STOPS = 120


@pytest.fixture(params=[(name, lang) for name in PAGES for lang in ("fa", "en")], ids="-".join)
def page(request: pytest.FixtureRequest) -> Iterator[QWidget]:
    name, lang = request.param
    application()
    theme.apply(application(), "light", 200)
    yield from _drawn(name, lang)
    theme.apply(application(), "light", 100)


def _drawn(name: str, lang: Lang) -> Iterator[QWidget]:
    window = SCREENS[name](Tongue(lang), Preferences(language=lang, theme="light", text_percent=200))
    settle()
    yield window
    window.hide()
    window.deleteLater()
    settle()


def _tree(part: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    yield part
    for at in range(part.childCount()):
        child = part.child(at)
        if child.isValid():
            yield from _tree(child)


def _stops(window: QWidget) -> set[QWidget]:
    """What wants the focus by Tab; of a group of buttons that exclude each other, the one that is picked."""
    return {
        part
        for part in window.findChildren(QWidget)
        if part.isVisible() and part.isEnabled() and Qt.FocusPolicy.TabFocus in part.focusPolicy()
        if part.focusProxy() is None
        if not (isinstance(part, QAbstractButton) and part.group() is not None and not part.isChecked())
    }


def test_whatever_takes_the_focus_has_a_name_in_the_accessibility_tree(page: QWidget) -> None:
    root = QAccessible.queryAccessibleInterface(page)
    assert root is not None
    focusable = [
        part
        for part in _tree(root)
        if part.state().focusable and not part.state().invisible and part.role() in _CONTROLS
    ]
    assert focusable
    nameless = [part.object() for part in focusable if not part.text(QAccessible.Text.Name).strip()]
    assert nameless == []


def test_tab_reaches_every_control(page: QWidget) -> None:
    wanted = _stops(page)
    page.activateWindow()
    settle()
    reached: set[QWidget] = set()
    for _ in range(STOPS):
        focus = QApplication.focusWidget() or page
        reached.add(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert {part.objectName() or repr(part) for part in wanted - reached} == set()


def test_no_word_is_cut_in_letters_of_twice_the_size(page: QWidget) -> None:
    cut: list[str] = []
    for part in page.findChildren(QWidget):
        if not part.isVisible():
            continue
        if isinstance(part, QAbstractButton) and part.text():
            if part.width() < part.minimumSizeHint().width():
                cut.append(part.text())
        elif isinstance(part, QLabel) and part.text():
            wants = part.heightForWidth(part.width()) if part.wordWrap() else part.sizeHint().height()
            if part.height() < wants or (not part.wordWrap() and part.width() < part.sizeHint().width()):
                cut.append(part.text())
    assert cut == []


def test_a_setting_is_changed_by_the_arrow_keys() -> None:
    application()
    for page in _drawn("settings", "en"):
        assert isinstance(page, MainWindow)
        preferred: list[Preferences] = []
        page.settings.preferred.connect(preferred.append)
        picked = page.findChild(QAbstractButton, "choose-en")
        assert picked is not None
        page.activateWindow()
        picked.setFocus()
        QTest.keyClick(picked, Qt.Key.Key_Left)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert focus.objectName() == "choose-fa"
        QTest.keyClick(focus, Qt.Key.Key_Space)
        assert [one.language for one in preferred][:1] == ["fa"]
