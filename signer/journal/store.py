"""The journal in SQLite: write-ahead log, synchronous commits, one thread of its own.

An entry is durable (fsync) when a method returns. The detached signatures of the last 24 h are kept beside
the chain, which holds only their hashes, so that a repeated request gets its result again; older ones are
deleted. Reading the journal for people is not done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from signer.journal import chain
from signer.model.errors import JournalUnwritable
from signer.model.record import Ending, Intent, PastRequest, Seal

KEPT = timedelta(hours=24)

#: Far below SQLite's limit of parameters in one statement.
_ROWS_AT_ONCE = 250
SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE entry (
    sequence INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    origin TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    document_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    tag BLOB NOT NULL
) STRICT;
CREATE INDEX entry_by_request ON entry (origin, idempotency_key);
-- A document is sealed once under one key: this is what "never made twice" rests on.
CREATE UNIQUE INDEX one_seal ON entry (origin, idempotency_key, document_id) WHERE kind = 'seal';
CREATE TABLE released (
    sequence INTEGER PRIMARY KEY REFERENCES entry (sequence),
    signature BLOB NOT NULL,
    until TEXT NOT NULL
) STRICT;
CREATE INDEX released_by_end ON released (until);
"""

#: Everything but the tag itself is covered by the tag, in this order.
_COLUMNS = "sequence, kind, at, origin, idempotency_key, document_id, payload, tag"

Entry = Intent | Seal | Ending
_T = TypeVar("_T")


class _Request(msgspec.Struct):
    """The members that every kind of entry has."""

    request_id: str
    body_hash: bytes


class ChainBroken(Exception):
    """The entry at `sequence` is not what was written, or one before it is missing."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"entry {sequence} does not follow from the one before")
        self.sequence = sequence


class SqliteJournal:
    """Implements the `Journal` port. `folder` is made with mode 0700 and holds the database and its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._db: sqlite3.Connection | None = None
        self._key = b""
        self._head = (0, chain.GENESIS)
        self._closed = False

    async def intend(self, intents: tuple[Intent, ...]) -> None:
        """Make intents durable. Raises `JournalUnwritable`."""
        await self._run(lambda: self._append([("intent", i, i.signing_time) for i in intents]))

    async def seal(self, seals: tuple[Seal, ...]) -> None:
        """Make seals durable in one commit. Raises `JournalUnwritable`, also for a second seal."""
        await self._run(lambda: self._append([("seal", s, s.signed_at) for s in seals]))

    async def end(self, endings: tuple[Ending, ...]) -> None:
        """Record documents that ended without a signature. Raises `JournalUnwritable`."""
        await self._run(lambda: self._append([("end", e, e.at) for e in endings]))

    async def past(self, origin: str, idempotency_key: str, now: datetime) -> PastRequest | None:
        """What became of an earlier request under this key, or None where nothing did within 24 h.

        A signature that is older is told of all the same, as `expired`.
        """
        return await self._run(lambda: self._past(origin, idempotency_key, now))

    async def check(self) -> int:
        """Walk the whole chain; the number of entries. Raises `ChainBroken` at the first bad one."""
        return await self._run(self._check)

    async def close(self) -> None:
        """Close the database and its thread. Closing twice is closing once."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(JournalUnwritable):
            await self._run(self._close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], _T]) -> _T:
        def guarded() -> _T:
            try:
                return work()
            except (sqlite3.Error, OSError) as fault:
                raise JournalUnwritable(type(fault).__name__) from fault

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    # Everything below runs on the journal's own thread.

    def _open(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _install_key(self._folder / "journal.key")
        db = sqlite3.connect(self._folder / "journal.db", isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            _migrate(db)
            last = db.execute("SELECT sequence, tag FROM entry ORDER BY sequence DESC LIMIT 1").fetchone()
        except BaseException:
            db.close()
            raise
        self._db, self._key, self._head = db, key, last or (0, chain.GENESIS)
        return db

    def _append(self, entries: Sequence[tuple[str, Entry, datetime]]) -> None:
        if not entries:
            return
        db = self._open()
        sequence, previous = self._head
        rows, released = [], []
        for kind, entry, at in entries:
            sequence += 1
            payload = msgspec.json.encode(_chained(entry)).decode()
            searched = (kind, _stamp(at), entry.origin, entry.idempotency_key, entry.document_id)
            previous = chain.tag(self._key, previous, sequence, (*searched, payload))
            rows.append((sequence, *searched, payload, previous))
            if isinstance(entry, Seal):
                released.append((sequence, entry.signature, _stamp(at + KEPT)))
        db.execute("BEGIN IMMEDIATE")
        try:
            _insert(db, f"entry ({_COLUMNS})", rows)
            _insert(db, "released (sequence, signature, until)", released)
            db.execute("DELETE FROM released WHERE until < ?", (_stamp(entries[-1][2]),))
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self._head = (sequence, previous)

    def _past(self, origin: str, idempotency_key: str, now: datetime) -> PastRequest | None:
        rows = (
            self._open()
            .execute(
                "SELECT entry.kind, entry.payload, released.signature, entry.at FROM entry"
                " LEFT JOIN released USING (sequence)"
                " WHERE origin = ? AND idempotency_key = ? AND (at >= ? OR kind = 'seal') ORDER BY sequence",
                (origin, idempotency_key, oldest := _stamp(now - KEPT)),
            )
            .fetchall()
        )
        if not rows:
            return None
        expired = any(kind == "seal" and at < oldest for kind, _, _, at in rows)
        intents = tuple(msgspec.json.decode(p, type=Intent) for kind, p, _, _ in rows if kind == "intent")
        endings = tuple(msgspec.json.decode(p, type=Ending) for kind, p, _, _ in rows if kind == "end")
        seals = tuple(
            msgspec.structs.replace(msgspec.json.decode(p, type=Seal), signature=signature)
            for kind, p, signature, at in rows
            if kind == "seal" and signature is not None and at >= oldest
        )
        latest = msgspec.json.decode(rows[-1][1], type=_Request)
        return PastRequest(
            request_id=latest.request_id,
            body_hash=latest.body_hash,
            intents=intents,
            endings=endings,
            seals=seals,
            since=datetime.fromisoformat(rows[0][3]),
            expired=expired,
        )

    def _check(self) -> int:
        previous, count = chain.GENESIS, 0
        for sequence, *columns, tag in self._open().execute(
            f"SELECT {_COLUMNS} FROM entry ORDER BY sequence"  # noqa: S608  # names of this file
        ):
            count += 1
            previous = chain.tag(self._key, previous, count, tuple(columns))
            if sequence != count or previous != tag:
                raise ChainBroken(count)
        return count

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _insert(db: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """All rows in one statement: each statement gives the interpreter away and must win it back.

    With a batch being signed on the other thread that costs more than the insert itself.
    """
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        places = ",".join(["(" + ",".join("?" * len(some[0])) + ")"] * len(some))
        values = [value for row in some for value in row]
        db.execute(f"INSERT INTO {into} VALUES {places}", values)  # noqa: S608  # names of this file


def _migrate(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    elif version != SCHEMA_VERSION:
        raise JournalUnwritable(f"schema {version}, this version knows {SCHEMA_VERSION}")


def _chained(entry: Entry) -> Entry:
    """The entry as the chain holds it: a seal's signature is there as its hash only."""
    return msgspec.structs.replace(entry, signature=b"") if isinstance(entry, Seal) else entry


def _stamp(at: datetime) -> str:
    """Fixed-width UTC, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _install_key(path: Path) -> bytes:
    """The install's 32-octet key, made once, readable by this user alone."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    if len(key) != 32:
        raise JournalUnwritable("the install's key is damaged")
    return key
