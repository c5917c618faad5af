"""The top row of a consent: the seal, what is asked and by whom, and the chips."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QVBoxLayout

from gui import theme
from gui import translations as t
from gui.presenters.consent import ConsentPresenter
from gui.presenters.pin import Tone
from gui.views.kit import chip, clear, label
from gui.views.marks import Seal
from gui.views.words import Flow

#: Per cent of the designed text size from which the chips stand below the words.
_TOO_LARGE = 150


class HeaderRow(QFrame):
    """Draws a consent's header; `show_counts` renews the chips of many documents."""

    def __init__(self, presenter: ConsentPresenter) -> None:
        super().__init__()
        self.setObjectName("header")
        self._presenter = presenter
        header = presenter.header()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 12, 22, 12)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(Seal())
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(header.title, "title"))
        words.addLayout(origin_line(header.lead, header.origin, header.since))
        self._notices = QVBoxLayout()
        self._notices.setSpacing(0)
        words.addLayout(self._notices)
        line.addLayout(words, 1)
        whole.addLayout(line)
        large = theme.px(100) >= _TOO_LARGE
        self._chips: QLayout = _chips(large)
        with_what = _chips(large)
        for part in (self._chips, with_what):
            (whole if large else line).addLayout(part)
        if header.insurer is not None:
            with_what.addWidget(chip(header.insurer, None))
        with_what.addWidget(chip(header.certificate, Tone.OK))
        self.show_notices()

    def show_notices(self) -> None:
        """Renew what is to be known of who asks and who waits."""
        clear(self._notices)
        for notice in self._presenter.notices():
            self._notices.addWidget(label(notice, "warn", wrap=True))

    def show_counts(self) -> None:
        """Renew the chips that count."""
        clear(self._chips)
        counts, say = self._presenter.counts(), self._presenter.tongue.say
        for text, number, tone in (
            (t.CHIP_APPROVED, counts.approved, Tone.OK),
            (t.CHIP_REFUSED, counts.refused, Tone.BAD),
            (t.CHIP_OPEN, counts.open, Tone.PLAIN),
        ):
            if number:
                self._chips.addWidget(chip(say(text, count=number), tone))


def _chips(large: bool) -> QLayout:
    """Room for chips: beside the words, or in lines of their own where the letters are large."""
    if large:
        return Flow(gap=10, line_gap=6)
    beside = QHBoxLayout()
    beside.setSpacing(10)
    return beside


def origin_line(lead: str, origin: str, since: str | None) -> Flow:
    """Who asks, the origin in strong letters: the one thing of this row that no panel can choose."""
    line = Flow(gap=8)
    line.addWidget(label(lead, "soft"))
    line.addWidget(label(origin, "origin", wrap=True))
    if since is not None:
        line.addWidget(label(since, "soft"))
    return line
