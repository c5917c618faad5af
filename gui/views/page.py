"""A page of the main window: content in a scroll area, redrawn where what it shows has changed.

A redrawing keeps the focus, by the names of controls, and the place that was scrolled to.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui import theme
from gui.presenters.pin import Line, Tone
from gui.views.kit import card, chip, label, row
from gui.views.marks import Sign, SignMark

_FIND = {Tone.BAD: "find-red", Tone.WARN: "find-amber", Tone.OK: "find-ok", Tone.PLAIN: "find-note"}
_SIGN = {Tone.BAD: Sign.CROSS, Tone.WARN: Sign.BANG, Tone.OK: Sign.TICK, Tone.PLAIN: Sign.INFO}


class Page(QScrollArea):
    """Holds one page's content; the page's name is its accessible name."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self._drawn: object = None

    def draw(self, what: object, name: str, parts: list[QWidget | None]) -> None:
        """Show `parts` one below the other; None takes what is left. `what` is what they were made of."""
        self._drawn = what
        self.setAccessibleName(name)
        held: QWidget | None = self.focusWidget()
        focused = held.objectName() if held is not None and held.hasFocus() else ""
        place = self.verticalScrollBar().value()
        body = QWidget()
        body.setObjectName("sheet")
        column = QVBoxLayout(body)
        column.setContentsMargins(22, 20, 22, 22)
        column.setSpacing(14)
        for part in parts:
            if part is None:
                column.addStretch(1)
            else:
                column.addWidget(part)
        self.setWidget(body)
        body.show()
        self.verticalScrollBar().setValue(place)
        again = body.findChild(QWidget, focused) if focused else None
        if again is not None:
            again.setFocus()

    def stands(self, what: object) -> bool:
        """Is this what is drawn already?"""
        return self._drawn == what


def titled_card(
    title: str, mark: Line | None = None, end: QWidget | None = None
) -> tuple[QFrame, QVBoxLayout]:
    """A card that begins with its title, a chip beside it, and one widget at the end of that row."""
    frame, inside = card()
    inside.setContentsMargins(22, 16, 22, 18)
    inside.setSpacing(8)
    head = row(label(title, "title"))
    if mark is not None:
        head.addWidget(chip(mark.text, mark.tone))
    head.addStretch(1)
    if end is not None:
        head.addWidget(end)
    inside.addLayout(head)
    return frame, inside


def notice(line: Line, remedy: str | None = None, end: QWidget | None = None) -> QFrame:
    """A sentence on the ground of its tone, with a sign, what to do below it, and one widget at its end."""
    frame = QFrame()
    frame.setProperty("role", _FIND[line.tone])
    frame.setAccessibleName(line.text)
    across = row(spacing=10)
    across.setContentsMargins(14, 10, 14, 10)
    frame.setLayout(across)
    tone = None if line.tone is Tone.PLAIN else line.tone
    # Level with the first line, or with the only one that stands beside a taller button.
    above, side = (4, Qt.AlignmentFlag.AlignTop) if end is None else (0, Qt.AlignmentFlag.AlignVCenter)
    across.addWidget(SignMark(_SIGN[line.tone], tone, theme.px(18), above=above), 0, side)
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(label(line.text, "strong", wrap=True))
    if remedy:
        words.addWidget(label(remedy, "remedy", wrap=True))
    across.addLayout(words, 1)
    if end is not None:
        across.addWidget(end)
    return frame
