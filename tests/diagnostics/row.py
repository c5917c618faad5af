"""One row of the fault table: what is broken, for real, and the code that the check must name first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct

from signer.diagnostics.check import Checked, check, check_again
from signer.diagnostics.conclusion import READY
from signer.diagnostics.ground import Ground
from tests.diagnostics.computer import Computer

#: Breaks something of the computer while it is entered; the folder is the row's own, and empty.
Breaking = Callable[[Computer, Path], AbstractContextManager[Ground]]


class Row(Struct, frozen=True, kw_only=True):
    """`again` are the probes that the fault concerns, where the others' outcomes are those of health."""

    name: str
    first: str
    breaking: Breaking
    again: frozenset[str] = frozenset()

    def run(self, computer: Computer, folder: Path, health: Checked) -> Checked:
        """The check of the broken computer."""
        with self.breaking(computer, folder) as ground:
            if self.again:
                return asyncio.run(check_again(health, ground, self.again))
            return asyncio.run(check(ground))


def told_first(checked: Checked) -> str | None:
    """The code that stands on top: the first broken link, or where nothing is broken the first note."""
    return next((one.finding.code for one in checked.conclusion.causes if one.finding.code != READY), None)


class Table:
    """Rows of one kind of fault, each added by the function that breaks something."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def row(self, name: str, first: str, *again: str) -> Callable[[Breaking], Breaking]:
        """Add a row; `again` are the probes to run, none for all."""

        def add(breaking: Breaking) -> Breaking:
            self.rows.append(Row(name=name, first=first, breaking=breaking, again=frozenset(again)))
            return breaking

        return add


@contextmanager
def as_nobody() -> Iterator[None]:
    """As another user, where this one is root, who may read everything and owns what he makes."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
