"""One finding on the ground of its weight, with the tick that an amber one wants."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from gui import theme
from gui import translations as t
from gui.presenters.pin import Tone
from gui.presenters.sheet import FindingView
from gui.presenters.tongue import Tongue
from gui.views.kit import label
from gui.views.marks import Sign, SignMark
from gui.views.ticks import Tick
from signer.model.sheet import Weight

FINDING = {
    Weight.RED: ("find-red", Sign.CROSS, Tone.BAD),
    Weight.AMBER: ("find-amber", Sign.BANG, Tone.WARN),
    Weight.NOTE: ("find-note", Sign.INFO, Tone.PLAIN),
}


class Yes(Struct, frozen=True, kw_only=True):
    """The yes to a finding: was it given, can it be changed, and who hears of it."""

    given: bool
    frozen: bool
    answer: Callable[[bool], None]


def finding_frame(finding: FindingView, tongue: Tongue, yes: Yes, *, below: bool = False) -> QFrame:
    """The finding, what to do, and its tick beside it or `below`, where there is little room."""
    role, sign, tone = FINDING[finding.weight]
    frame = QFrame()
    frame.setProperty("role", role)
    frame.setAccessibleName(f"{finding.heading}: {finding.text} {finding.remedy}")
    line = QHBoxLayout(frame)
    line.setContentsMargins(14, 9, 14, 10)
    line.setSpacing(10)
    line.addWidget(SignMark(sign, tone, theme.px(18), theme.px(4)), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(1)
    words.addWidget(label(finding.text, "strong", wrap=True))
    words.addWidget(label(finding.remedy, "remedy", wrap=True))
    line.addLayout(words, 1)
    if finding.needs_yes:
        tick = Tick(tongue.say(t.FINDING_YES), Tone.WARN)
        tick.setObjectName(f"accept-{finding.index}")
        tick.setAccessibleName(f"{tick.text()}: {finding.text}")
        tick.setChecked(yes.given)
        tick.setEnabled(not yes.frozen)
        tick.toggled.connect(yes.answer)
        if below:
            words.addSpacing(6)
            words.addWidget(tick)
        else:
            line.addWidget(tick, 0, Qt.AlignmentFlag.AlignVCenter)
    return frame
