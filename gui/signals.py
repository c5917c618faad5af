"""SIGINT and SIGTERM quit the desktop as its menu does, so that the agent is stopped first. No timer.

Qt's loop runs no Python while nothing happens, and Python runs its signal handlers only between two of its
own instructions. The interpreter's wake-up socket is what both understand.
"""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier


class QuitOnSignals(QObject):
    """In force from its making until `end`. Made on the main thread."""

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__()
        self._app = app
        self._read, self._written = socket.socketpair()
        self._read.setblocking(False)
        self._written.setblocking(False)
        self._before = {
            number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._woken = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._quit)

    def end(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._woken)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._read.close()
        self._written.close()

    def _quit(self) -> None:
        self._read.recv(64)
        self._app.exit()  # `quit` would ask every window first, and one with a question stays
