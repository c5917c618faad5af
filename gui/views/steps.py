"""What windows that go step by step have in common: the row of steps, and the card of facts in a step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from gui import theme
from gui.presenters.first_run import StepMark
from gui.presenters.pin import Tone
from gui.views.kit import card, label, row
from gui.views.marks import Seal, Sign, SignMark
from gui.views.words import Flow


def steps_head(marks: tuple[StepMark, ...]) -> QFrame:
    """The seal, and behind it the steps with what is done and where one stands."""
    head = QFrame()
    head.setObjectName("header")
    steps = QWidget()
    flow = Flow(gap=18, line_gap=6)
    steps.setLayout(flow)
    for number, mark in enumerate(marks, 1):
        flow.addWidget(_step_mark(mark, number))
    across = row(Seal(), steps, spacing=16)
    across.setStretch(1, 1)
    across.setAlignment(steps, Qt.AlignmentFlag.AlignVCenter)
    across.setContentsMargins(22, 12, 22, 12)
    head.setLayout(across)
    return head


def _step_mark(mark: StepMark, number: int) -> QFrame:
    """A tick where it is done, a dash where it is not; the one that is picked stands in strong letters."""
    frame = QFrame()
    frame.setObjectName(f"step-{number}")
    frame.setAccessibleName(mark.accessible)
    line = QHBoxLayout(frame)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(6)
    sign = Sign.TICK if mark.done else Sign.DASH
    line.addWidget(SignMark(sign, Tone.OK if mark.done else Tone.PLAIN, theme.px(16)))
    line.addWidget(label(mark.name, "strong" if mark.here else "soft"))
    return frame


def facts_card(facts: tuple[tuple[str, str], ...]) -> QFrame:
    """Captions and values; a value without a caption takes the whole row."""
    frame, inside = card()
    inside.setContentsMargins(20, 14, 20, 14)
    grid = QGridLayout()
    grid.setHorizontalSpacing(22)
    grid.setVerticalSpacing(6)
    for at, (caption, value) in enumerate(facts):
        if caption:
            grid.addWidget(label(caption, "soft"), at, 0)
            grid.addWidget(label(value, wrap=True), at, 1)
        else:
            grid.addWidget(label(value, wrap=True), at, 0, 1, 2)
    grid.setColumnStretch(1, 1)
    inside.addLayout(grid)
    return frame
