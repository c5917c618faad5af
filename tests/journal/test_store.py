"""The journal keeps what it promised: durable, chained, once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from signer.journal import store
from signer.journal.store import ChainBroken, SqliteJournal
from signer.model.errors import JournalUnwritable
from signer.model.record import Ending, Intent, Seal

NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
ORIGIN = "https://panel.example"


def intent(document: str = "rx-1", key: str = "k1") -> Intent:
    return Intent(
        request_id="r1",
        origin=ORIGIN,
        idempotency_key=key,
        body_hash=b"b" * 32,
        document_id=document,
        content_hash=b"c" * 32,
        media_type="text/plain",
        format="cades",
        level="B-B",
        attached=True,
        credential_id="aa" * 32,
        signing_time=NOW,
        binding=b"d" * 32,
    )


def seal(document: str = "rx-1", key: str = "k1") -> Seal:
    return Seal(
        request_id="r1",
        origin=ORIGIN,
        idempotency_key=key,
        body_hash=b"b" * 32,
        document_id=document,
        content_hash=b"c" * 32,
        signature=b"detached",
        signature_hash=b"h" * 32,
        credential_id="aa" * 32,
        signed_at=NOW,
    )


def ending(document: str = "rx-2") -> Ending:
    return Ending(
        request_id="r1",
        origin=ORIGIN,
        idempotency_key="k1",
        body_hash=b"b" * 32,
        document_id=document,
        content_hash=b"c" * 32,
        code="consent-declined",
        at=NOW,
    )


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "journal")
    yield opened
    await opened.close()


async def test_what_was_sealed_is_given_back_after_a_restart(journal: SqliteJournal, tmp_path: Path) -> None:
    await journal.intend((intent(), intent("rx-2")))
    await journal.seal((seal(),))
    await journal.end((ending(),))
    await journal.close()
    again = SqliteJournal(tmp_path / "journal")
    past = await again.past(ORIGIN, "k1", NOW + timedelta(hours=1))
    await again.close()
    assert past is not None
    assert past.request_id == "r1"
    assert past.body_hash == b"b" * 32
    assert past.seals == (seal(),)
    assert past.endings == (ending(),)
    assert [i.document_id for i in past.intents] == ["rx-1", "rx-2"]


async def test_another_origin_or_key_sees_nothing(journal: SqliteJournal) -> None:
    await journal.seal((seal(),))
    assert await journal.past("https://other.example", "k1", NOW) is None
    assert await journal.past(ORIGIN, "k2", NOW) is None


async def test_results_are_forgotten_after_a_day_but_the_chain_stays(journal: SqliteJournal) -> None:
    await journal.seal((seal(),))
    later = NOW + timedelta(hours=24, seconds=1)
    past = await journal.past(ORIGIN, "k1", later)
    assert past is not None
    assert past.expired, "no second signature can be sealed under the key"
    assert past.seals == ()
    await journal.seal((replace(seal("rx-9", "k9"), signed_at=later),))
    assert await journal.check() == 2


async def test_a_document_is_never_sealed_twice_under_one_key(journal: SqliteJournal) -> None:
    await journal.seal((seal(),))
    with pytest.raises(JournalUnwritable):
        await journal.seal((seal("rx-2"), seal()))
    past = await journal.past(ORIGIN, "k1", NOW)
    assert past is not None
    assert [s.document_id for s in past.seals] == ["rx-1"], "a refused commit leaves nothing behind"
    await journal.seal((seal("rx-2"),))
    assert await journal.check() == 2


@pytest.mark.parametrize(
    ("damage", "broken_at"),
    [
        ("UPDATE entry SET payload = replace(payload, 'rx-1', 'rx-7') WHERE sequence = 1", 1),
        ("UPDATE entry SET kind = 'end' WHERE sequence = 2", 2),
        ("UPDATE entry SET at = '2020' WHERE sequence = 2", 2),
        ("UPDATE entry SET origin = 'https://other.example' WHERE sequence = 3", 3),
        ("UPDATE entry SET idempotency_key = 'k2' WHERE sequence = 3", 3),
        ("UPDATE entry SET document_id = 'rx-9' WHERE sequence = 3", 3),
        ("UPDATE entry SET tag = zeroblob(32) WHERE sequence = 1", 1),
        ("DELETE FROM entry WHERE sequence = 1", 1),
    ],
)
async def test_any_edit_breaks_the_chain(
    journal: SqliteJournal, tmp_path: Path, damage: str, broken_at: int
) -> None:
    await journal.intend((intent(), intent("rx-2"), intent("rx-3")))
    assert await journal.check() == 3
    with sqlite3.connect(tmp_path / "journal" / "journal.db") as db:
        db.execute(damage)
    db.close()
    with pytest.raises(ChainBroken) as broken:
        await journal.check()
    assert broken.value.sequence == broken_at


async def test_what_was_written_is_in_the_file_itself_once_nothing_more_is(
    journal: SqliteJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "journal" / "journal.db"
    monkeypatch.setattr(store, "RESTS_AFTER", 600)
    await journal.intend((intent("rx-0"),))
    assert b"rx-0" not in file.read_bytes(), "an entry is durable in the log, and put in its place later"
    monkeypatch.setattr(store, "RESTS_AFTER", 0.01)
    await journal.intend((intent("rx-1"),))
    async with asyncio.timeout(5):
        while b"rx-1" not in file.read_bytes():
            await asyncio.sleep(0.01)
    await journal.seal((seal("rx-0"),))
    await journal.close()
    assert b"detached" in file.read_bytes(), "closing does not wait for the rest"


async def test_a_folder_that_cannot_be_written_is_a_typed_refusal(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    journal = SqliteJournal(tmp_path / "taken")
    with pytest.raises(JournalUnwritable):
        await journal.intend((intent(),))
    await journal.close()


async def test_a_newer_journal_is_refused_and_left_as_it_is(journal: SqliteJournal, tmp_path: Path) -> None:
    await journal.intend((intent(),))
    await journal.close()
    with sqlite3.connect(tmp_path / "journal" / "journal.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    newer = SqliteJournal(tmp_path / "journal")
    with pytest.raises(JournalUnwritable):
        await newer.intend((intent(),))
    await newer.close()
    with sqlite3.connect(tmp_path / "journal" / "journal.db") as db:
        assert db.execute("SELECT count(*) FROM entry").fetchone() == (1,)
    db.close()


async def test_the_key_and_folder_are_the_users_alone(journal: SqliteJournal, tmp_path: Path) -> None:
    await journal.intend((intent(),))
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "journal" / "journal.key").stat().st_mode & 0o777 == 0o600
