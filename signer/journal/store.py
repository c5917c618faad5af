"""The journal in SQLite: write-ahead log, synchronous commits, one thread of its own.

An entry is durable (fsync) when a method returns. The detached signatures of the last 24 h are kept beside
the chain, which holds only their hashes, so that a repeated request gets its result again; older ones are
deleted. Reading the journal for people is `signer.journal.reading`.
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
FILE = "journal.db"
KEY_FILE = "journal.key"

#: Seconds without an entry after which the log of what was written goes into the file itself.
RESTS_AFTER = 5.0
#: Pages of the log at which a commit would have to do that: only one who never rests comes there (64 MB).
_LONGEST_LOG = 16_000
#: Octets that the log keeps on the disk once it is empty.
_LOG_AT_REST = 4 * 1024 * 1024

#: Far below SQLite's limit of parameters in one statement.
_ROWS_AT_ONCE = 250
#: Pages that SQLite keeps in memory; by itself it takes four times as much, filled as the journal grows.
_CACHE_KIB = 500

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

# What people search by. These columns are read out of the payload, which the chain covers: none can drift.
_SEARCHED = """
ALTER TABLE entry ADD COLUMN credential TEXT
    GENERATED ALWAYS AS (json_extract(payload, '$.credential_id')) VIRTUAL;
ALTER TABLE entry ADD COLUMN code TEXT GENERATED ALWAYS AS (json_extract(payload, '$.code')) VIRTUAL;
ALTER TABLE entry ADD COLUMN content_hash TEXT
    GENERATED ALWAYS AS (json_extract(payload, '$.content_hash')) VIRTUAL;
ALTER TABLE entry ADD COLUMN signature_hash TEXT
    GENERATED ALWAYS AS (json_extract(payload, '$.signature_hash')) VIRTUAL;
CREATE INDEX ends ON entry (sequence, kind, at, origin, credential, code) WHERE kind IN ('seal', 'end');
CREATE INDEX ends_by_time ON entry (at, kind, origin, credential, code) WHERE kind IN ('seal', 'end');
CREATE INDEX seals_by_content ON entry (content_hash) WHERE kind = 'seal';
CREATE INDEX seals_by_signature ON entry (signature_hash) WHERE kind = 'seal';
"""
#: What makes each version of the schema out of the one before it.
_VERSIONS = (_SCHEMA, _SEARCHED)
SCHEMA_VERSION = len(_VERSIONS)

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
        self._rest: asyncio.TimerHandle | None = None

    async def intend(self, intents: tuple[Intent, ...]) -> None:
        """Make intents durable. Raises `JournalUnwritable`."""
        await self._write([("intent", i, i.signing_time) for i in intents])

    async def seal(self, seals: tuple[Seal, ...]) -> None:
        """Make seals durable in one commit. Raises `JournalUnwritable`, also for a second seal."""
        await self._write([("seal", s, s.signed_at) for s in seals])

    async def end(self, endings: tuple[Ending, ...]) -> None:
        """Record documents that ended without a signature. Raises `JournalUnwritable`."""
        await self._write([("end", e, e.at) for e in endings])

    async def past(self, origin: str, idempotency_key: str, now: datetime) -> PastRequest | None:
        """What became of an earlier request under this key, or None where nothing did within 24 h.

        A signature that is older is told of all the same, as `expired`.
        """
        return await self._run(lambda: self._past(origin, idempotency_key, now))

    async def check(self) -> int:
        """Walk the whole chain; the number of entries. Raises `ChainBroken` at the first bad one."""
        return await self._run(lambda: walk(self._open(), self._key))

    async def prepare(self) -> None:
        """See to it that the file is there, as this version knows it. Raises `JournalUnwritable`."""
        if self._db is None:
            await self._run(self._open)

    @property
    def address(self) -> str:
        """The database as a URI that only reads (sqlite.org/uri.html), for connections of other threads."""
        return f"{(self._folder / FILE).absolute().as_uri()}?mode=ro"

    @property
    def key(self) -> bytes:
        """The install's key. After `prepare`."""
        return self._key

    async def close(self) -> None:
        """Close the database and its thread. Closing twice is closing once."""
        if self._closed:
            return
        self._closed = True
        self._put_off_rest()
        with contextlib.suppress(JournalUnwritable):
            await self._run(self._close)
        self._thread.shutdown()

    async def _write(self, entries: Sequence[tuple[str, Entry, datetime]]) -> None:
        """Append, and rest later: a signature does not wait until others' entries are put in their places."""
        await self._run(lambda: self._append(entries))
        self._put_off_rest()
        if not self._closed:
            loop = asyncio.get_running_loop()
            self._rest = loop.call_later(RESTS_AFTER, self._thread.submit, self._tidy)

    def _put_off_rest(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

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
        key = _install_key(self._folder / KEY_FILE)
        db = sqlite3.connect(self._folder / FILE, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            db.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}")
            db.execute(f"PRAGMA journal_size_limit = {_LOG_AT_REST}")
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
            searched = (kind, stamp(at), entry.origin, entry.idempotency_key, entry.document_id)
            previous = chain.tag(self._key, previous, sequence, (*searched, payload))
            rows.append((sequence, *searched, payload, previous))
            if isinstance(entry, Seal):
                released.append((sequence, entry.signature, stamp(at + KEPT)))
        db.execute("BEGIN IMMEDIATE")
        try:
            _insert(db, f"entry ({_COLUMNS})", rows)
            _insert(db, "released (sequence, signature, until)", released)
            db.execute("DELETE FROM released WHERE until < ?", (stamp(entries[-1][2]),))
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
                (origin, idempotency_key, oldest := stamp(now - KEPT)),
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

    def _tidy(self) -> None:
        """Put the log into the file (sqlite.org/wal.html §3). One that cannot be now is put there later."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

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


def walk(db: sqlite3.Connection, key: bytes) -> int:
    """Walk the whole chain; the number of entries. Raises `ChainBroken` at the first bad one."""
    previous, count = chain.GENESIS, 0
    for sequence, *columns, tag in db.execute(
        f"SELECT {_COLUMNS} FROM entry ORDER BY sequence"  # noqa: S608  # names of this file
    ):
        count += 1
        previous = chain.tag(key, previous, count, tuple(columns))
        if sequence != count or previous != tag:
            raise ChainBroken(count)
    return count


def _migrate(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalUnwritable(f"schema {version}, this version knows {SCHEMA_VERSION}")
    if version < SCHEMA_VERSION:
        steps = "".join(_VERSIONS[version:])
        db.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _chained(entry: Entry) -> Entry:
    """The entry as the chain holds it: a seal's signature is there as its hash only."""
    return msgspec.structs.replace(entry, signature=b"") if isinstance(entry, Seal) else entry


def stamp(at: datetime) -> str:
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
