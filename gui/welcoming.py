"""The first steps between their window and the line: which step is shown, and what is known for it.

The shell says what it hears of tokens; panels are read when a step needs them and when a question ended.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import QObject

from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.bridge.requests import ReadPanels, SignTrial
from gui.presenters.first_run import Deed, Known, Step, present_first_run
from gui.presenters.tongue import Tongue
from gui.views.first_run import FirstRunWindow
from gui.views.main import MainWindow, PageName
from signer.model.presence import Presence
from signer.service.office import TokensNow
from signer.service.own_signing import OwnSigned
from signer.service.panels import PanelsNow


class Welcoming(QObject):
    """One for the desktop; its window is there from `open` until it is closed. `over` is told of that."""

    def __init__(self, window: MainWindow, wire: Wire, tongue: Tongue, over: Callable[[], None]) -> None:
        super().__init__()
        self._main, self._wire, self._tongue, self._over = window, wire, tongue, over
        self._step = Step.TOKEN
        self._known = Known()
        self.window: FirstRunWindow | None = None

    def open(self) -> None:
        """Show the first step in front of the main window; once more where it is open already."""
        if self.window is None:
            self._step = Step.TOKEN
            window = self.window = FirstRunWindow(self._main)
            window.went.connect(self._go)
            window.done_wanted.connect(self._do)
            window.finished.connect(self._closed)
            self._read_panels()
            self._draw()
            window.show()
        self.window.raise_()
        self.window.activateWindow()

    def set_tongue(self, tongue: Tongue) -> None:
        """Say the same in another language, or in letters of another size."""
        self._tongue = tongue
        self._draw()

    def tokens_are(self, presence: Presence | None, tokens: TokensNow | None) -> None:
        """What the shell knows of tokens."""
        self._known = replace(self._known, presence=presence, tokens=tokens)
        self._draw()

    def look(self) -> None:
        """A question came or went: a panel may have been paired."""
        if self.window is not None:
            self._read_panels()

    def _go(self, by: int) -> None:
        steps = list(Step)
        at = steps.index(self._step) + by
        if at < len(steps):
            self._step = steps[at]
            self._read_panels()
            self._draw()
        elif self.window is not None:
            self.window.accept()

    def _do(self, deed: Deed) -> None:
        if deed is Deed.CHECK:
            self._main.turn_to(PageName.CHECK)
            if self.window is not None:
                self.window.accept()
            return
        self._known = replace(self._known, signing=True, tried=None, refused=None)
        self._draw()
        text = self._tongue.say(t.TRIAL_DOCUMENT)
        self._wire.ask(SignTrial(text), self._signed, self._refused, owner=self)

    def _signed(self, tried: OwnSigned) -> None:
        self._known = replace(self._known, signing=False, tried=tried)
        self._draw()

    def _refused(self, code: str) -> None:
        self._known = replace(self._known, signing=False, refused=code)
        self._draw()

    def _read_panels(self) -> None:
        self._wire.ask(ReadPanels(), self._panels_read, lambda _: None, owner=self)

    def _panels_read(self, now: PanelsNow) -> None:
        self._known = replace(self._known, panels=now)
        self._draw()

    def _draw(self) -> None:
        if self.window is not None:
            self.window.show_step(present_first_run(self._step, self._known, self._tongue), self._tongue)

    def _closed(self) -> None:
        if self.window is not None:
            self.window.deleteLater()
            self.window = None
            self._over()
