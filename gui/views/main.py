"""The main window: a header, a sidebar that names the pages, and the page that is picked.

What is on a page is its own file's; what closing the window does is the shell's to say.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.presenters.pin import Line
from gui.presenters.tongue import Tongue
from gui.translations import Text
from gui.views.check import CheckPage
from gui.views.home import HomePage
from gui.views.journal import JournalPage
from gui.views.kit import chip, hairline_v, label, scrolled
from gui.views.marks import Seal
from gui.views.panels import PanelsPage
from gui.views.settings import SettingsPage
from gui.views.tokens import TokensPage

SIZE = QSize(1040, 760)


class PageName(Enum):
    """The pages, in the sidebar's order."""

    HOME = "home"
    TOKENS = "tokens"
    JOURNAL = "journal"
    PANELS = "panels"
    CHECK = "check"
    SETTINGS = "settings"


_NAMES: dict[PageName, Text] = {
    PageName.HOME: t.NAV_HOME,
    PageName.TOKENS: t.NAV_TOKENS,
    PageName.JOURNAL: t.NAV_JOURNAL,
    PageName.PANELS: t.NAV_PANELS,
    PageName.CHECK: t.NAV_CHECK,
    PageName.SETTINGS: t.NAV_SETTINGS,
}


class MainWindow(QWidget):
    """`closing` when the person closes it; `turned(page)` when another page is picked."""

    closing = Signal()
    turned = Signal(object)

    def __init__(self, line: Wire) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.home = HomePage()
        self.tokens = TokensPage()
        self.journal = JournalPage(line)
        self.panels = PanelsPage()
        self.check = CheckPage()
        self.settings = SettingsPage()
        self.pages: dict[PageName, QWidget] = {
            PageName.HOME: self.home,
            PageName.TOKENS: self.tokens,
            PageName.JOURNAL: scrolled(self.journal),
            PageName.PANELS: self.panels,
            PageName.CHECK: self.check,
            PageName.SETTINGS: self.settings,
        }
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        self._group = QButtonGroup(self)
        self.buttons = {name: self._nav_button(name) for name in self.pages}
        self._head: QFrame | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self._sidebar())
        body.addWidget(hairline_v())
        body.addWidget(self._stack, 1)
        self._column.addLayout(body, 1)
        for number, name in enumerate(self.pages, 1):
            keys = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            keys.activated.connect(lambda name=name: self.turn_to(name))
        self.turn_to(PageName.HOME)

    def set_tongue(self, tongue: Tongue) -> None:
        """Name the pages in another language, or in letters of another size."""
        self.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if tongue.rtl else Qt.LayoutDirection.LeftToRight
        )
        self.setWindowTitle(tongue.say(t.APP))
        self._side.setAccessibleName(tongue.say(t.NAVIGATION))
        for name, part in self.buttons.items():
            words = tongue.say(_NAMES[name])
            part.setText(words)
            part.setAccessibleName(words.replace("&", ""))
        self.journal.set_tongue(tongue)
        widest = max(part.sizeHint().width() for part in self.buttons.values())
        self._side.setFixedWidth(max(theme.px(150), widest + theme.px(26)))

    def show_state(self, state: Line, tongue: Tongue) -> None:
        """The header: the agent's state at its end."""
        if self._head is not None:
            self._column.removeWidget(self._head)
            self._head.hide()
            self._head.deleteLater()
        self._head = QFrame()
        self._head.setObjectName("header")
        line = QHBoxLayout(self._head)
        line.setContentsMargins(22, 11, 22, 11)
        line.setSpacing(12)
        line.addWidget(Seal())
        line.addWidget(label(tongue.say(t.APP), "title"))
        line.addStretch(1)
        line.addWidget(chip(state.text, state.tone))
        self._column.insertWidget(0, self._head)
        self._head.show()

    @property
    def page(self) -> PageName:
        """The page that is picked."""
        return next(name for name, part in self.buttons.items() if part.isChecked())

    def turn_to(self, name: PageName) -> None:
        """Show a page."""
        self.buttons[name].setChecked(True)
        self.buttons[name].setFocus()
        self._stack.setCurrentWidget(self.pages[name])
        self.turned.emit(name)

    def open_size(self) -> None:
        """As large as designed, where the screen has room for it."""
        room = self.screen().availableGeometry().size()
        wanted = QSize(theme.px(SIZE.width()), theme.px(SIZE.height()))
        self.resize(wanted.boundedTo(room - QSize(24, 60)))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closed by the person."""
        event.accept()
        self.closing.emit()

    def _sidebar(self) -> QScrollArea:
        inside = QFrame()
        inside.setObjectName("nav")
        column = QVBoxLayout(inside)
        column.setContentsMargins(10, 14, 10, 14)
        column.setSpacing(4)
        for part in self.buttons.values():
            column.addWidget(part)
        column.addStretch(1)
        self._side = QScrollArea()
        self._side.setWidgetResizable(True)
        self._side.setFrameShape(QFrame.Shape.NoFrame)
        self._side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._side.setWidget(inside)
        return self._side

    def _nav_button(self, name: PageName) -> QPushButton:
        part = _NavButton()
        part.setObjectName(f"page-{name.value}")
        self._group.addButton(part)
        part.clicked.connect(lambda: self.turn_to(name))
        return part


class _NavButton(QPushButton):
    """The name of a page. Left to itself a button writes in its middle; these stand at their side."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "nav")
        self.setCheckable(True)
        self.setAutoDefault(False)
