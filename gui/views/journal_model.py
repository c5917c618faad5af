"""The journal's rows as Qt asks for them: a page at a time, fetched over the line as it comes into sight."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from gui import translations as t
from gui.bridge.line import Line
from gui.bridge.requests import JournalPage
from gui.presenters.journal import RowView, columns, present_row
from gui.presenters.tongue import Tongue
from signer.model.history import Row
from signer.service.records import PAGE, Opened

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
#: Pages kept at once; the one that was fetched first goes first.
_KEPT = 40


class JournalModel(QAbstractTableModel):
    """As many rows as were counted, of which only those that were in sight are here."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._opened: Opened | None = None
        self._tongue = Tongue("fa")
        self._pages: dict[int, tuple[Row, ...]] = {}
        self._views: dict[int, RowView] = {}
        self._asked: set[int] = set()

    @property
    def opened(self) -> Opened | None:
        """What is shown; None before anything was."""
        return self._opened

    def show(self, opened: Opened, tongue: Tongue) -> None:
        """Begin anew with what was opened."""
        self.beginResetModel()
        self._opened, self._tongue = opened, tongue
        self._pages, self._views, self._asked = {}, {}, set()
        self._keep(0, opened.found.rows)
        self.endResetModel()

    def sequence(self, row: int) -> int | None:
        """The entry's number in the journal, None where its page is not here yet."""
        found = self._row(row)
        return None if found is None else found.sequence

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """All that were counted."""
        return 0 if parent.isValid() or self._opened is None else self._opened.found.count

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Time, panel, centre, document, result."""
        return 0 if parent.isValid() else len(columns(self._tongue))

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """The columns' names."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return columns(self._tongue)[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> RowView | str | None:
        """A cell; the whole row for who paints it, and in one sentence for a screen reader."""
        if role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.UserRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        view = self._view(index.row())
        if role == Qt.ItemDataRole.UserRole:
            return view
        if view is None:
            return self._tongue.say(t.ROW_LOADING)
        return view.accessible if role == Qt.ItemDataRole.AccessibleTextRole else view.cells[index.column()]

    def _view(self, row: int) -> RowView | None:
        number = row // PAGE
        opened = self._opened
        found = self._row(row)
        if found is not None and opened is not None:
            # Put into words when it comes into sight: a page at once would hold the window up.
            if row not in self._views:
                self._views[row] = present_row(found, opened.centres, self._tongue)
            return self._views[row]
        if opened is not None and number not in self._asked:
            self._asked.add(number)
            request = JournalPage(wanted=opened.wanted, top=opened.found.top, skip=number * PAGE)
            self._line.ask(
                request,
                lambda rows: self._arrived(opened, number, rows),
                lambda _: self._asked.discard(number),
                owner=self,
            )
        return None

    def _row(self, row: int) -> Row | None:
        page = self._pages.get(row // PAGE)
        return None if page is None or row % PAGE >= len(page) else page[row % PAGE]

    def _arrived(self, opened: Opened, number: int, rows: tuple[Row, ...]) -> None:
        if opened is not self._opened:
            return  # another search has begun meanwhile
        self._keep(number, rows)
        first = number * PAGE
        last = min(first + len(rows), opened.found.count) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, self.columnCount() - 1))

    def _keep(self, number: int, rows: tuple[Row, ...]) -> None:
        while len(self._pages) >= _KEPT:
            old = next(iter(self._pages))
            del self._pages[old]
            for row in range(old * PAGE, (old + 1) * PAGE):
                self._views.pop(row, None)
            self._asked.discard(old)
        self._asked.add(number)
        self._pages[number] = rows
