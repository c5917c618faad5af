"""The small parts of a sheet: captioned values, item names, and the signs of their comparison."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui import theme
from gui.presenters.pin import Tone
from gui.presenters.sheet import Field, ItemView, Value
from gui.views.kit import label
from gui.views.marks import Sign, SignMark
from gui.views.words import Flow
from signer.model.sheet import Comparison

#: What cannot be compared has no sign: a sign on every name would drown those that matter.
_COMPARISON = {
    Comparison.EQUAL: (Sign.TICK, Tone.OK),
    Comparison.DIFFERS: (Sign.UNEQUAL, Tone.BAD),
}


class Captioned(QWidget):
    """A value under its soft caption."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(label(field.caption, "caption"))
        value = label(field.value.text, "strong" if field.value.strong else "", wrap=True)
        value.setAccessibleName(f"{field.caption}: {field.value.text} {field.aside}")
        column.addWidget(_marked(value, field.value))
        if field.aside:
            column.addWidget(label(field.aside, "soft", wrap=True))


class NameCell(QWidget):
    """An item's name, and softly under it what qualifies it."""

    def __init__(self, item: ItemView) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(cell(item.name, name=True))
        if item.qualifiers:
            flow = Flow(gap=14)
            for value in item.qualifiers:
                words = label(value.text, "medium" if value.strong else "qualifier", wrap=True)
                flow.addWidget(_marked(words, value))
            column.addLayout(flow)


def cell(value: Value | None, *, stopped: bool = False, name: bool = False) -> QWidget:
    if value is None:
        return label("—", "soft")
    role = "strong" if name else "number" if value.strong else ""
    if value.strong and not name and (stopped or value.comparison is Comparison.DIFFERS):
        role = "number-bad"
    return _marked(label(value.text, role, wrap=True), value)


def legend(kind: Comparison, words: str) -> QWidget:
    """What a sign means."""
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 3, 0, 0)
    line.setSpacing(6)
    if kind in _COMPARISON:
        line.addWidget(SignMark(*_COMPARISON[kind], theme.px(13)))
    line.addWidget(label(words, "soft"))
    return holder


def _marked(words: QLabel, value: Value) -> QWidget:
    """The words with the sign of their comparison behind them."""
    if value.comparison not in _COMPARISON:
        return words
    sign, tone = _COMPARISON[value.comparison]
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(5)
    words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
    line.addWidget(words)
    line.addWidget(SignMark(sign, tone, theme.px(13), theme.px(7)), 0, Qt.AlignmentFlag.AlignTop)
    line.addStretch(1)
    return holder
