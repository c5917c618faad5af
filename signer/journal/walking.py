"""The journal of an agent that may be running, walked from outside it. Makes, migrates and writes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from signer.journal.store import FILE, KEY_FILE, SCHEMA_VERSION, walk
from signer.model.errors import JournalUnwritable

#: The detail of the condition where a newer version has written the file.
NEWER = "NewerVersion"


class Walked(Struct, frozen=True, kw_only=True):
    """How many entries there are, each following from the one before, and when the last was written."""

    entries: int
    last: datetime | None


def walk_file(folder: Path) -> Walked | None:
    """Walk the journal in `folder`; None where there is none yet. Blocks as long as the journal is long.

    Raises `ChainBroken`, and `JournalUnwritable` where it cannot be read.
    """
    try:
        if not (folder / FILE).exists():
            return None
        key = (folder / KEY_FILE).read_bytes()
        with closing(sqlite3.connect(_address(folder), uri=True)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
                raise JournalUnwritable(NEWER)
            count = walk(db, key)
            row = db.execute("SELECT at FROM entry ORDER BY sequence DESC LIMIT 1").fetchone()
    except (sqlite3.Error, OSError) as fault:
        raise JournalUnwritable(type(fault).__name__) from fault
    return Walked(entries=count, last=datetime.fromisoformat(row[0]) if row else None)


def _address(folder: Path) -> str:
    """A file that nobody has open is read as it is: SQLite could not open it on a read-only disk else."""
    still = not (folder / f"{FILE}-wal").exists()
    return f"{(folder / FILE).absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"
