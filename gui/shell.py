"""The Qt application: fonts, theme, tray, main window and desk, from first paint to quit."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from gui import preferences as stored
from gui import theme
from gui import translations as t
from gui.bridge.inbox import Inbox
from gui.bridge.line import Line as Wire
from gui.bridge.messages import AgentChanged, AgentState, Answered, Message
from gui.bridge.requests import (
    CheckJournal,
    ChooseHere,
    ChooseSession,
    CloseToken,
    ReadPanels,
    ReadTokens,
    Request,
    RevokePanel,
)
from gui.bridge.surface import Outbox, WindowSurface
from gui.checking import Checking
from gui.desk import Desk
from gui.preferences import Preferences
from gui.presenters.home import present_home
from gui.presenters.journal import chain_line
from gui.presenters.panels import present_panels
from gui.presenters.pin import Line
from gui.presenters.pin_change import PinChange, Task
from gui.presenters.session import open_state, present_session
from gui.presenters.tokens import CertificateRow, Warned, present_tokens, present_warnings
from gui.presenters.tongue import Tongue
from gui.requesting import Requesting
from gui.trusting import Trusting
from gui.views.ask import STRAY
from gui.views.centre_name import NameWindow
from gui.views.main import MainWindow, PageName
from gui.views.marks import seal_icon
from gui.views.pin import PinField
from gui.views.pin_change import PinChangeWindow
from gui.welcoming import Welcoming
from signer.model.errors import FileUnusable
from signer.model.presence import Presence
from signer.model.session_signing import Limits, OpenNow
from signer.platform.autostart import set_start, starts
from signer.service.office import TokensNow
from signer.service.panels import PanelsNow
from signer.service.token_desk import ManagedToken

log = logging.getLogger(__name__)


def start_command() -> tuple[str, ...]:
    """What starts this Mohr again, in the tray: the installed command, or else this interpreter."""
    installed = Path(sys.executable).with_name("mohr-desktop")
    return (str(installed), "--hidden") if installed.exists() else (sys.executable, "-m", "gui", "--hidden")


def _tongue_of(preferences: Preferences) -> Tongue:
    calendar, digits = preferences.calendar, preferences.digits
    return Tongue(
        preferences.language,
        calendar=None if calendar == "language" else calendar,
        digits=None if digits == "language" else digits,
    )


class Shell(QObject):
    """Everything of the desktop that is alive between start and quit. Made on Qt's main thread."""

    def __init__(
        self,
        app: QApplication,
        outbox: Outbox,
        surface: WindowSurface,
        preferences_path: Path,
        *,
        call: Callable[[int, Request[object]], None],
        stray: float = STRAY,
        autostart: Path | None = None,
        welcome: bool = False,
    ) -> None:
        """`welcome`: show the first steps where the person has not seen them."""
        super().__init__()
        self._app = app
        self._path = preferences_path
        self._autostart = autostart
        self._welcome = welcome
        self._preferences = stored.load(preferences_path)
        PinField.takes_paste = self._preferences.pin_paste
        self._agent = AgentChanged(AgentState.STARTING)
        self._presence: Presence | None = None
        self._opened: OpenNow | None = None
        self._tokens: TokensNow | None = None
        self._panels: PanelsNow | None = None
        self._chain_known = False
        self._broken_at: int | None = None
        self._tongue = _tongue_of(self._preferences)
        app.setQuitOnLastWindowClosed(False)
        app.setStyle("Fusion")
        theme.load_fonts()
        self._dress()
        app.setWindowIcon(seal_icon())
        self._face()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)

        self.desk = Desk(surface.reply, self._tongue, stray=stray)
        self.desk.waiting_changed.connect(lambda _: self._renew())
        self.desk.agent_changed.connect(self._agent_changed)
        self.desk.tokens_changed.connect(self._tokens_changed)
        self.desk.session_changed.connect(self._session_changed)
        self.line = Wire(call)
        self.window = MainWindow(self.line)
        self.window.set_tongue(self._tongue)
        self.window.open_size()
        self.window.settings.preferred.connect(self.prefer)
        self.window.settings.start_wanted.connect(self._set_start)
        self.window.settings.session_chosen.connect(self._choose_session)
        self.window.home.show_waiting.connect(self.desk.show_front)
        self.window.home.close_wanted.connect(self.close_token)
        self.window.turned.connect(self._turned)
        self.window.tokens.pin_wanted.connect(self._change_pin)
        self.window.tokens.naming.connect(self._name_centre)
        self.window.tokens.here_wanted.connect(self._choose_here)
        self.window.panels.revoked.connect(self._revoke_panel)
        self.window.closing.connect(self._window_closed)
        self.checking = Checking(self.window, self.line, self._tongue)
        self.trusting = Trusting(self.window.settings, self.line, self._tongue)
        self.welcoming = Welcoming(self.window, self.line, self._tongue, self._welcomed)
        self.requesting = Requesting(
            self.window, self.line, self._tongue, self._read_tokens, self._tokens_read
        )
        self.window.tokens.request_wanted.connect(self._request_certificate)
        self.window.home.renewal_wanted.connect(self._request_certificate)
        self.window.tokens.going_on.connect(self.requesting.go_on)
        self.window.tokens.forgotten.connect(self.requesting.forget)
        self.window.settings.steps_wanted.connect(self.welcoming.open)
        self.desk.waiting_changed.connect(lambda _: self.welcoming.look())
        self.tray = self._make_tray() if QSystemTrayIcon.isSystemTrayAvailable() else None
        self._drawn: object = None
        self._renew()
        self.inbox = Inbox(outbox, self._receive)

    def open_window(self) -> None:
        """Show the main window in front, the first time with the first steps."""
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        if self._welcome and not self._preferences.welcomed:
            self.welcoming.open()

    def prefer(self, preferences: Preferences) -> None:
        """Take up another language or appearance, now and for the next start."""
        before, self._preferences = self._preferences, preferences
        stored.save(self._path, preferences)
        PinField.takes_paste = preferences.pin_paste
        if (preferences.theme, preferences.text_percent) != (before.theme, before.text_percent):
            self._dress()
        if (
            replace(preferences, theme=before.theme, pin_paste=before.pin_paste, welcomed=before.welcomed)
            != before
        ):
            self._tongue = _tongue_of(preferences)
            self._face()
            self.desk.set_tongue(self._tongue)
            self.window.set_tongue(self._tongue)
            self.checking.set_tongue(self._tongue)
            self.trusting.set_tongue(self._tongue)
            self.welcoming.set_tongue(self._tongue)
            self.requesting.set_tongue(self._tongue)
            self._say_chain()
            if self._panels is not None:
                self._panels_read(self._panels)
            self._drawn = None
        self._renew()

    def _welcomed(self) -> None:
        self.prefer(replace(self._preferences, welcomed=True))

    def _starts(self) -> bool | None:
        return None if self._autostart is None else starts(self._autostart)

    def _set_start(self, wanted: bool) -> None:
        if self._autostart is not None:
            try:
                set_start(self._autostart, start_command() if wanted else None)
            except FileUnusable as problem:
                log.warning("the start with the system cannot be set: %s", problem.detail)
        self._drawn = None
        self._renew()

    def quit(self) -> None:
        """End the program, also while a question is open: Qt's own quit gives in to a window that stays."""
        self._app.exit()

    def close(self) -> None:
        """Take everything off the screen; nothing more is received."""
        self.inbox.close()
        if self.tray is not None:
            self.tray.hide()
        for window in self.desk.windows:
            window.finish()
        self.window.hide()
        self.window.deleteLater()

    def _dress(self) -> None:
        theme.apply(self._app, self._preferences.theme, self._preferences.text_percent)

    def _receive(self, message: Message) -> None:
        if isinstance(message, Answered):
            self.line.receive(message)
        else:
            self.desk.receive(message)

    def _face(self) -> None:
        rtl = self._tongue.rtl
        self._app.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight
        )
        self._app.setFont(theme.font())
        self._app.setApplicationDisplayName(self._tongue.say(t.APP))

    def _scheme_changed(self) -> None:
        if self._preferences.theme == "system":
            self._dress()

    def _agent_changed(self, change: AgentChanged) -> None:
        self._agent = change
        self._renew()
        if change.state is AgentState.READY:
            self._check_journal()
            self._turned(self.window.page)
        if change.state is AgentState.FAILED:
            self.open_window()

    def _tokens_changed(self, presence: Presence) -> None:
        self._presence = presence
        self._renew()
        self._read_tokens()
        if self.window.journal.model.opened is not None:
            self.window.journal.search()  # whose journal it is has changed

    def _session_changed(self, opened: OpenNow | None) -> None:
        self._opened = opened
        self._renew()

    def close_token(self) -> None:
        """Nothing more is signed without a PIN."""
        self.line.ask(CloseToken(), lambda _: None, lambda _: None, owner=self)

    def _choose_session(self, credential_id: str, limits: Limits | None) -> None:
        request = ChooseSession(credential_id=credential_id, limits=limits)
        self.line.ask(request, self._tokens_read, lambda _: self._read_tokens(), owner=self)

    def _turned(self, name: PageName) -> None:
        if name in {PageName.TOKENS, PageName.SETTINGS}:
            self._read_tokens()
        if name is PageName.SETTINGS and self._agent.state is AgentState.READY:
            self.trusting.read()
        elif name is PageName.JOURNAL and self._agent.state is AgentState.READY:
            self.window.journal.search()
        elif name is PageName.PANELS and self._agent.state is AgentState.READY:
            self._read_panels()

    def _read_panels(self) -> None:
        self.line.ask(ReadPanels(), self._panels_read, self._panels_failed, owner=self)

    def _revoke_panel(self, origin: str) -> None:
        self.line.ask(RevokePanel(origin), self._panels_read, self._panels_failed, owner=self)

    def _panels_read(self, now: PanelsNow) -> None:
        self._panels = now
        self.window.panels.show_panels(present_panels(now, self._tongue), self._tongue)

    def _panels_failed(self, code: str) -> None:
        self._panels_read(PanelsNow(panels=(), policy=None, problem=code))

    def _check_journal(self) -> None:
        self.window.journal.show_chain(Line(self._tongue.say(t.JOURNAL_CHECKING)))
        self.line.ask(CheckJournal(), self._chain_checked, lambda _: None, owner=self)

    def _chain_checked(self, broken_at: int | None) -> None:
        self._broken_at = broken_at
        self._chain_known = True
        self._say_chain()
        self._renew()

    def _say_chain(self) -> None:
        if self._chain_known:
            self.window.journal.show_chain(chain_line(self._broken_at, self._tongue))

    def _read_tokens(self) -> None:
        if self._agent.state is AgentState.READY:
            self.line.ask(ReadTokens(), self._tokens_read, lambda _: None, owner=self)

    def _tokens_read(self, now: TokensNow) -> None:
        self._tokens = now
        self._renew()

    def _change_pin(self, task: Task, token: ManagedToken) -> None:
        change = PinChange(task, token, self._tongue)
        PinChangeWindow(change, self.line, self._read_tokens, self.window).open()

    def _name_centre(self, certificate: CertificateRow) -> None:
        NameWindow(certificate, self._tongue, self.line, self._tokens_read, self.window).open()

    def _request_certificate(self, serial: str, credential_id: str) -> None:
        self.requesting.start(serial, credential_id or None)

    def _choose_here(self, credential_id: str, here: bool) -> None:
        request = ChooseHere(credential_id=credential_id, here=here)
        self.line.ask(request, self._tokens_read, lambda _: self._read_tokens(), owner=self)

    def _renew(self) -> None:
        view = present_home(
            self._agent,
            self.desk.waiting,
            self._tongue,
            tray=self.tray is not None,
            presence=self._presence,
            opened=self._opened,
        )
        session = present_session(None if self._tokens is None else self._tokens.session, self._tongue)
        warnings: tuple[Line, ...] = ()
        endings: tuple[Warned, ...] = ()
        if self._broken_at is not None:
            warnings = (chain_line(self._broken_at, self._tongue),)
        if self._tokens is not None:
            endings = present_warnings(self._tokens, self._tongue)
        view = replace(view, warnings=warnings, endings=endings)
        tokens = None if self._tokens is None else present_tokens(self._tokens, self._tongue)
        self.welcoming.tokens_are(self._presence, self._tokens)
        self.requesting.tokens_are(self._tokens)
        drawn = (view, tokens, self._preferences, session)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.window.show_state(view.state, self._tongue)
        self.window.home.show_home(view, self._tongue)
        if tokens is not None:
            self.window.tokens.show_tokens(tokens, self._tongue)
        self.window.settings.show_settings(self._preferences, self._tongue, self._starts(), session)
        if self.tray is not None:
            self._show_tray(self.tray, view.state.text)
            self._open_action.setText(self._tongue.say(t.TRAY_OPEN))
            self._quit_action.setText(self._tongue.say(t.TRAY_QUIT))

    def _show_tray(self, tray: QSystemTrayIcon, state: str) -> None:
        """How the agent is, and an open token, by the icon's shape and in words."""
        opened = self._opened
        tray.setIcon(seal_icon(opened=opened is not None))
        lines = [f"{self._tongue.say(t.APP)}: {state}"]
        if opened is not None:
            lines.append(open_state(opened, self._tongue))
        tray.setToolTip("\n".join(lines))
        self._close_action.setText(self._tongue.say(t.OPEN_CLOSE))
        self._close_action.setVisible(opened is not None)

    def _window_closed(self) -> None:
        if self.tray is None:
            self.quit()

    def _make_tray(self) -> QSystemTrayIcon:
        tray = QSystemTrayIcon(seal_icon(), self)
        self._menu = QMenu()
        self._close_action = self._menu.addAction(self._tongue.say(t.OPEN_CLOSE), self.close_token)
        self._close_action.setVisible(False)
        self._open_action = self._menu.addAction(self._tongue.say(t.TRAY_OPEN), self.open_window)
        self._quit_action = self._menu.addAction(self._tongue.say(t.TRAY_QUIT), self.quit)
        tray.setContextMenu(self._menu)
        tray.activated.connect(self._tray_pressed)
        tray.show()
        return tray

    def _tray_pressed(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Context:
            return
        if self.desk.waiting:
            self.desk.show_front()
        else:
            self.open_window()
