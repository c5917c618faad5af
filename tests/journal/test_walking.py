"""The journal walked from outside: beside an agent that writes it, and after one; nothing is changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from signer.journal.store import ChainBroken, SqliteJournal
from signer.journal.walking import walk_file
from signer.model.errors import JournalUnwritable
from tests.journal.test_store import NOW, intent, seal


async def test_a_journal_that_is_being_written_is_walked_to_its_last_entry(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    assert walk_file(tmp_path) is None
    await journal.intend((intent(),))
    assert (walked := walk_file(tmp_path)) is not None and walked.entries == 1
    await journal.seal((seal(),))
    walked = walk_file(tmp_path)
    assert walked is not None and (walked.entries, walked.last) == (2, NOW)
    await journal.close()
    assert walk_file(tmp_path) == walked


async def test_walking_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.intend((intent(),))
    await journal.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert walk_file(tmp_path) is not None
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


async def test_an_edited_entry_is_named_and_a_lost_key_is_told(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    await journal.intend((intent("rx-1"), intent("rx-2")))
    await journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as db:
        db.execute("UPDATE entry SET document_id = 'rx-9' WHERE sequence = 2")
    with pytest.raises(ChainBroken) as broken:
        walk_file(tmp_path)
    assert broken.value.sequence == 2
    (tmp_path / "journal.key").unlink()
    with pytest.raises(JournalUnwritable):
        walk_file(tmp_path)
