"""The Qt side of the bridge: one signal, emitted on the agent's thread, delivered on the windows'."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from gui.bridge.messages import Message
from gui.bridge.surface import Outbox


class Inbox(QObject):
    """Delivers an outbox's messages to `receive` on the thread that made this object."""

    _arrived = Signal(object)

    def __init__(self, outbox: Outbox, receive: Callable[[Message], None]) -> None:
        super().__init__()
        self._outbox = outbox
        self._receive = receive
        # Queued even where both ends share a thread: a message never overtakes the one in hand.
        self._arrived.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)
        outbox.attach(self._arrived.emit)

    def close(self) -> None:
        """Let nothing more in."""
        self._outbox.detach()
        self._arrived.disconnect(self._hand_over)

    def _hand_over(self, message: Message) -> None:
        self._receive(message)
