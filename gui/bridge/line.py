"""The Qt side of what the window asks: numbers its requests and hands each answer to who waits for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from gui.bridge.messages import Answered
from gui.bridge.requests import Request

T = TypeVar("T")


class Line:
    """Used on Qt's thread alone. `send` brings a numbered request over and returns at once."""

    def __init__(self, send: Callable[[int, Request[object]], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[Callable[[Any], None], Callable[[str], None]]] = {}

    def ask(
        self,
        request: Request[T],
        then: Callable[[T], None],
        failed: Callable[[str], None],
        *,
        owner: QObject | None = None,
    ) -> None:
        """Have `request` performed; later, `then` with its answer or `failed` with a stable error code.

        Where `owner` is destroyed before that, neither is called.
        """
        number = next(self._numbers)
        self._waiting[number] = (then, failed)
        if owner is not None:
            owner.destroyed.connect(lambda: self._waiting.pop(number, None))
        self._send(number, request)

    def receive(self, answered: Answered) -> None:
        """An answer has come over."""
        waiting = self._waiting.pop(answered.number, None)
        if waiting is None:
            return
        then, failed = waiting
        if answered.problem is not None:
            failed(answered.problem)
        else:
            then(answered.answer)
