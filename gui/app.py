"""Runs the desktop: the agent's thread first, then Qt. Imports Qt only once the endpoint answers.

Until then SIGINT and SIGTERM are answered here, and by `signals` from then on.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from gui.bridge.surface import Outbox
from gui.bridge.thread import AgentThread, StartAgent

_ENDING = (signal.SIGINT, signal.SIGTERM)

#: Seconds that Qt's import waits for the endpoint: importing both at once would slow the endpoint down.
HEAD_START = 2.0


def run(
    start_agent: StartAgent,
    *,
    preferences_path: Path,
    arguments: Sequence[str] = (),
    hidden: bool = False,
    autostart: Path | None = None,
    welcome: bool = False,
) -> int:
    """Run until the person quits; the exit status.

    `start_agent` is called on the agent's own thread with the surface to ask on, so its imports belong inside
    it. `hidden` starts in the tray, where there is one. `autostart` is the folder of what starts at login,
    None where the settings leave that alone. `welcome` shows the first steps to who has not
    seen them. Quitting stops the agent before the process ends. Called on the main thread.
    """
    outbox = Outbox()
    agent = AgentThread(start_agent, outbox)
    for number in _ENDING:
        signal.signal(number, _leave)
    agent.start()
    try:
        agent.wait_settled(HEAD_START)
        return _show(
            agent, outbox, preferences_path, arguments, hidden=hidden, autostart=autostart, welcome=welcome
        )
    finally:
        agent.stop()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End before there is a Qt to quit: the agent may listen already, and is stopped on the way out."""
    for each in _ENDING:
        signal.signal(each, lambda *_: None)  # a second one must not cut that short
    raise SystemExit(0)


def _show(
    agent: AgentThread,
    outbox: Outbox,
    preferences_path: Path,
    arguments: Sequence[str],
    *,
    hidden: bool,
    autostart: Path | None,
    welcome: bool,
) -> int:
    from PySide6.QtWidgets import QApplication

    from gui.shell import Shell
    from gui.signals import QuitOnSignals

    app = QApplication([sys.argv[0], *arguments])
    quitting = QuitOnSignals(app)
    shell = Shell(
        app,
        outbox,
        agent.surface,
        preferences_path,
        call=agent.calls.call,
        autostart=autostart,
        welcome=welcome,
    )
    if not (hidden and shell.tray is not None):
        shell.open_window()
    status = app.exec()
    shell.close()
    agent.stop()  # before the signals are given back: a second one must not cut it short
    quitting.end()
    return status
