"""The journal as a person reads it: found by every filter, paged without moving, looked up by hash."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from signer.journal import store
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.errors import JournalUnwritable
from signer.model.history import Result, Wanted
from tests.journal.test_store import NOW, ORIGIN, ending, intent, seal

MINE, OTHERS = "aa" * 32, "bb" * 32
ALL = Wanted(credentials=(MINE, OTHERS))
HOURS = 3
OTHER_PANEL = "https://other.example"


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """Ten documents, three hours apart: signed, declined, failed; two certificates, two panels."""
    opened = SqliteJournal(tmp_path / "journal")
    for n in range(10):
        at, name = NOW + timedelta(hours=HOURS * n), f"rx-{n}"
        origin = OTHER_PANEL if n % 4 == 3 else ORIGIN
        mine = MINE if n % 2 else OTHERS
        if n < 6:
            await opened.intend((replace(intent(name), origin=origin, signing_time=at, credential_id=mine),))
            sealed = replace(
                seal(name), origin=origin, signed_at=at, credential_id=mine, content_hash=bytes([n]) * 32
            )
            await opened.seal((replace(sealed, signature_hash=bytes([100 + n]) * 32),))
        else:
            code = "consent-declined" if n < 8 else "token-removed"
            ended = replace(ending(name), origin=origin, at=at, code=code)
            await opened.end((replace(ended, credential_id=None if n == 9 else mine),))
    yield opened
    await opened.close()


async def names(journal: SqliteJournal, wanted: Wanted) -> list[str]:
    found = await JournalReader(journal).find(wanted, 100)
    assert found.count == len(found.rows)
    return [row.document_id.removeprefix("rx-") for row in found.rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ALL, "9876543210"),
        (replace(ALL, result=Result.SIGNED), "543210"),
        (replace(ALL, result=Result.DECLINED), "76"),
        (replace(ALL, result=Result.FAILED), "98"),
        (replace(ALL, origin=OTHER_PANEL), "73"),
        (replace(ALL, origin="https://nobody.example"), ""),
        (replace(ALL, centre=(MINE,)), "7531"),
        (replace(ALL, centre=()), ""),
        (replace(ALL, since=NOW + timedelta(hours=6), before=NOW + timedelta(hours=12)), "32"),
        (replace(ALL, since=NOW + timedelta(hours=6), result=Result.FAILED), "98"),
        (Wanted(credentials=(MINE,)), "97531"),
        (Wanted(credentials=()), "9"),
    ],
)
async def test_each_filter_finds_its_own_newest_first(
    journal: SqliteJournal, wanted: Wanted, expected: str
) -> None:
    assert "".join(await names(journal, wanted)) == expected


async def test_a_certificate_request_which_has_no_certificate_is_told_to_everybody_and_of_no_centre(
    journal: SqliteJournal,
) -> None:
    await journal.seal((replace(seal("rx-request"), signed_at=NOW, credential_id=""),))
    found = await JournalReader(journal).find(Wanted(credentials=(MINE,), result=Result.SIGNED), 10)
    assert [(row.document_id, row.credential_id) for row in found.rows[:1]] == [("rx-request", None)]
    assert "request" not in await names(journal, replace(ALL, centre=(MINE,)))


async def test_pages_follow_each_other_and_do_not_move_when_more_is_written(journal: SqliteJournal) -> None:
    reader = JournalReader(journal)
    found = await reader.find(ALL, 4)
    await journal.end((replace(ending("rx-late"), at=NOW),))
    pages = [found.rows, await reader.page(ALL, found.top, 4, 4), await reader.page(ALL, found.top, 8, 4)]
    assert [row.document_id for page in pages for row in page] == [f"rx-{n}" for n in reversed(range(10))]
    assert found.count == 10
    assert (await reader.find(ALL, 1)).count == 11


async def test_what_is_read_while_a_batch_is_written_is_whole(journal: SqliteJournal) -> None:
    reader = JournalReader(journal)
    for n in range(20):
        await journal.seal((seal("rx-more", f"other-{n}"),))
        assert (await reader.find(ALL, 1)).count == 11 + n


async def test_a_signed_document_is_found_by_its_content_and_by_its_signature(journal: SqliteJournal) -> None:
    reader = JournalReader(journal)
    for digest in (bytes([3]) * 32, bytes([103]) * 32):
        (row,) = await reader.by_hash((digest,))
        assert (row.document_id, row.result) == ("rx-3", Result.SIGNED)
    assert await reader.by_hash((b"\xff" * 32,)) == ()


async def test_an_entry_has_all_that_is_kept(journal: SqliteJournal) -> None:
    reader = JournalReader(journal)
    rows = {row.document_id: row for row in (await reader.find(ALL, 100)).rows}
    entry = await reader.entry(rows["rx-5"].sequence)
    assert entry is not None
    assert (entry.content_hash, entry.signature_hash) == (bytes([5]) * 32, bytes([105]) * 32)
    assert (entry.format, entry.level, entry.media_type) == ("cades", "B-B", "text/plain")
    assert entry.signature == b"detached"
    failed = await reader.entry(rows["rx-8"].sequence)
    assert failed is not None
    assert (failed.row.code, failed.signature_hash) == ("token-removed", None)
    assert await reader.entry(1) is None, "an intent is no document's end"
    assert await reader.entry(999) is None


async def test_panels_are_told_and_counted(journal: SqliteJournal) -> None:
    reader = JournalReader(journal)
    assert await reader.origins((MINE, OTHERS)) == (OTHER_PANEL, ORIGIN)
    assert await reader.origins((OTHERS,)) == (ORIGIN,)
    assert (await reader.signed(ORIGIN), await reader.signed(OTHER_PANEL)) == (5, 1)


async def test_a_break_of_the_chain_is_told_by_its_entry(journal: SqliteJournal, tmp_path: Path) -> None:
    reader = JournalReader(journal)
    assert await reader.broken_at() is None
    with sqlite3.connect(tmp_path / "journal" / "journal.db") as db:
        db.execute("UPDATE entry SET origin = 'https://x.example' WHERE sequence = 7")
    db.close()
    assert await reader.broken_at() == 7


async def test_a_journal_of_the_first_schema_is_read_and_its_chain_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(store, "_VERSIONS", store._VERSIONS[:1])
        before.setattr(store, "SCHEMA_VERSION", 1)
        old = SqliteJournal(tmp_path / "journal")
        await old.intend((intent(),))
        await old.seal((seal(),))
        await old.close()
    journal = SqliteJournal(tmp_path / "journal")
    reader = JournalReader(journal)
    assert [row.document_id for row in (await reader.find(ALL, 9)).rows] == ["rx-1"]
    assert await reader.broken_at() is None
    await journal.close()


async def test_an_empty_journal_is_empty(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal")
    reader = JournalReader(journal)
    assert (await reader.find(ALL, 9)).count == 0
    assert await reader.broken_at() is None
    await journal.close()


async def test_a_file_that_is_no_journal_is_a_typed_refusal(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "journal.db").write_bytes(b"not a database" * 100)
    journal = SqliteJournal(tmp_path / "journal")
    with pytest.raises(JournalUnwritable):
        await JournalReader(journal).find(ALL, 9)
    await journal.close()
