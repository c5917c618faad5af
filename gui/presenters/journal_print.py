"""The journal on paper, in words: whose it is, what was searched for, and a row for each entry.

How it becomes a PDF is `gui.views.journal_print`; who signs it, the token.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gui import translations as t
from gui.presenters.journal import columns, present_row, title
from gui.presenters.pin import Line
from gui.presenters.tongue import Tongue
from signer.model.history import Row
from signer.service.records import Opened

#: No more rows than a person can be asked to look through before signing: some fifteen pages.
MOST_ROWS = 400


class PrintView(Struct, frozen=True, kw_only=True):
    """What stands on the pages: plain texts, `rows` with as many cells as there are `columns`."""

    tongue: Tongue
    title: str
    lines: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def rtl(self) -> bool:
        """Do the pages begin at the right?"""
        return self.tongue.rtl

    def page_words(self, number: int) -> str:
        """What stands at the foot of a page, counted from 1."""
        return self.tongue.say(t.PRINT_PAGE, number=number)


def present_print(
    opened: Opened, rows: tuple[Row, ...], chain: Line, at: datetime, tongue: Tongue
) -> PrintView:
    """Everything on the pages, as it was `at` a moment; `chain` is what its check has found."""
    say = tongue.say
    when = f"{tongue.day(at)} ({tongue.other_day(at)})  {tongue.clock(at)}"
    lines = (
        say(t.PRINT_MADE, when=when),
        say(t.JOURNAL_COUNT, count=len(rows)),
        chain.text,
        say(t.PRINT_HINT),
    )
    return PrintView(
        tongue=tongue,
        title=title(opened, tongue),
        lines=lines,
        columns=(say(t.PRINT_NUMBER), *columns(tongue)),
        rows=tuple(
            (tongue.number(row.sequence), *present_row(row, opened.centres, tongue).cells) for row in rows
        ),
    )
