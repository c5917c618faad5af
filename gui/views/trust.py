"""The settings' cards about trust: the authorities, added after a look and removed after a question, and
where the time is stamped. They decide nothing; `gui.trusting` holds what they show.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui import translations as t
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue
from gui.presenters.trust import AuthorityRow, Offered, TrustView
from gui.views.kit import button, chip, label, row
from gui.views.page import notice, titled_card
from gui.views.words import Flow
from signer.service.trusted import LONGEST_ADDRESS


class TrustShown(Struct, frozen=True, kw_only=True):
    """What the cards show. `asking` is the id of the authority whose removal is asked about.

    `offered` is what a chosen file holds. `line` and `remedy` tell how the last deed went, about authorities;
    `stamper_line` about the address, of which `typed` is what stands in the field where it was refused.
    """

    view: TrustView
    asking: str | None = None
    offered: Offered | None = None
    line: Line | None = None
    remedy: str | None = None
    typed: str | None = None
    stamper_line: Line | None = None
    stamper_remedy: str | None = None


class TrustDeeds(Struct, frozen=True, kw_only=True):
    """What the cards' buttons do. `ask` None takes the question back."""

    add: Callable[[], None]
    answer: Callable[[bool], None]
    ask: Callable[[str | None], None]
    remove: Callable[[str], None]
    stamp_at: Callable[[str], None]


def trust_card(shown: TrustShown, deeds: TrustDeeds, tongue: Tongue) -> QFrame:
    """The authorities."""
    say, view = tongue.say, shown.view
    add = button(say(t.TRUST_ADD), "link")
    add.setObjectName("trust-add")
    add.clicked.connect(deeds.add)
    frame, inside = titled_card(say(t.TRUST_TITLE), end=add)
    inside.addWidget(label(say(t.TRUST_HINT), "soft", wrap=True))
    if shown.line is not None:
        inside.addWidget(notice(shown.line, shown.remedy))
    if shown.offered is not None:
        _offer(inside, shown.offered, deeds, tongue)
    if view.empty is not None and shown.offered is None:
        inside.addWidget(label(view.empty, wrap=True))
    for number, one in enumerate(view.users):
        _authority(inside, one, tongue, _end(number, one, shown, deeds, tongue))
        if shown.asking == one.id:
            inside.addWidget(notice(Line(one.question, Tone.WARN), say(t.DISTRUST_HINT)))
            no, yes = button(say(t.CANCEL)), button(say(t.DISTRUST_YES))
            no.setObjectName("distrust-no")
            yes.setObjectName("distrust-yes")
            no.clicked.connect(lambda: deeds.ask(None))
            yes.clicked.connect(lambda _=False, key=one.id: deeds.remove(key))
            inside.addWidget(_answers(no, yes))
    if view.unreadable is not None:
        inside.addWidget(notice(Line(view.unreadable, Tone.WARN)))
    if view.clinics:
        inside.addWidget(label(say(t.TRUST_BY_CLINIC), "strong", wrap=True))
        for one in view.clinics:
            _authority(inside, one, tongue, None)
    return frame


def stamper_card(shown: TrustShown, deeds: TrustDeeds, tongue: Tongue) -> QFrame:
    """Where the time is stamped: the clinic's words, or a field."""
    say = tongue.say
    frame, inside = titled_card(say(t.STAMPER_TITLE))
    inside.addWidget(label(say(t.STAMPER_HINT), "soft", wrap=True))
    if shown.view.fixed is not None:
        inside.addWidget(label(shown.view.fixed, wrap=True))
        return frame
    field = QLineEdit(shown.view.stamper if shown.typed is None else shown.typed)
    field.setObjectName("stamper")
    field.setAccessibleName(say(t.STAMPER_ADDRESS))
    field.setPlaceholderText("https://")
    field.setMaxLength(LONGEST_ADDRESS)
    # An address runs from left to right, in a Persian window too.
    field.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    keep = button(say(t.STAMPER_KEEP))
    keep.setObjectName("stamper-keep")
    keep.clicked.connect(lambda: deeds.stamp_at(field.text()))
    field.returnPressed.connect(lambda: deeds.stamp_at(field.text()))
    across = row(spacing=10)
    across.addWidget(field, 1)
    across.addWidget(keep)
    inside.addLayout(across)
    if shown.stamper_line is not None:
        inside.addWidget(notice(shown.stamper_line, shown.stamper_remedy))
    return frame


def _offer(inside: QVBoxLayout, offered: Offered, deeds: TrustDeeds, tongue: Tongue) -> None:
    inside.addWidget(
        notice(Line(offered.question, Tone.PLAIN if offered.warning is None else Tone.WARN), offered.warning)
    )
    for one in offered.rows:
        _authority(inside, one, tongue, None)
    no, yes = button(tongue.say(t.CANCEL)), button(tongue.say(t.TRUST_YES))
    no.setObjectName("trust-no")
    yes.setObjectName("trust-yes")
    no.clicked.connect(lambda: deeds.answer(False))
    yes.clicked.connect(lambda: deeds.answer(True))
    inside.addWidget(_answers(no, yes))


def _end(
    number: int, one: AuthorityRow, shown: TrustShown, deeds: TrustDeeds, tongue: Tongue
) -> QWidget | None:
    if shown.asking == one.id:
        return None
    remove = button(tongue.say(t.DISTRUST), "link")
    remove.setObjectName(f"distrust-{number}")
    remove.setAccessibleName(f"{tongue.say(t.DISTRUST)}: {one.name}")
    remove.clicked.connect(lambda: deeds.ask(one.id))
    return remove


def _authority(inside: QVBoxLayout, one: AuthorityRow, tongue: Tongue, end: QWidget | None) -> None:
    frame = QFrame()
    frame.setAccessibleName(one.accessible)
    column = QVBoxLayout(frame)
    column.setContentsMargins(0, 6, 0, 6)
    column.setSpacing(4)
    head = QHBoxLayout()
    head.setSpacing(10)
    head.addWidget(label(one.name, "strong", wrap=True), 1)
    if end is not None:
        head.addWidget(end, 0, Qt.AlignmentFlag.AlignTop)
    column.addLayout(head)
    column.addLayout(row(chip(one.mark.text, one.mark.tone), None))
    grid = QGridLayout()
    grid.setHorizontalSpacing(22)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for at, (caption, value) in enumerate(one.facts):
        grid.addWidget(label(caption, "soft"), at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(value, wrap=True), at, 1)
    column.addLayout(grid)
    inside.addWidget(frame)


def _answers(*parts: QWidget) -> QWidget:
    across = QWidget()
    flow = Flow(gap=10, line_gap=8)
    across.setLayout(flow)
    for part in parts:
        flow.addWidget(part)
    return across
