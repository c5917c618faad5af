"""The journal as a person reads it: counted, paged, looked up by hash. Never writes.

Each call has a read-only connection of its own in a thread: what is being committed is not waited for, and
does not wait. Which entries may be told to whom is `signer.service.records`' to say.
"""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from signer.journal.store import ChainBroken, SqliteJournal, stamp, walk
from signer.model.errors import JournalUnwritable
from signer.model.history import WISHED, Found, FullEntry, Result, Row, Wanted
from signer.model.record import Ending, Intent, Seal

_T = TypeVar("_T")
_OPEN = "json_extract(payload, '$.without_pin')"
_ROW = f"sequence, at, origin, document_id, kind, code, credential, {_OPEN}"
#: Entries that end a document: the partial indexes stand over these.
_ENDS = "kind IN ('seal', 'end')"
_WISHED = ", ".join(f"'{code}'" for code in sorted(WISHED))
_RESULT = {
    Result.SIGNED: "kind = 'seal'",
    Result.DECLINED: f"kind = 'end' AND code IN ({_WISHED})",
    Result.FAILED: f"kind = 'end' AND code NOT IN ({_WISHED})",
}


class JournalReader:
    """Implements the `History` port. Every method raises `JournalUnwritable` where it cannot be read."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal

    async def find(self, wanted: Wanted, rows: int) -> Found:
        """Count what is wanted, and give the first `rows`."""
        if wanted.centre == ():
            return Found(count=0, top=0, rows=())

        def read(db: sqlite3.Connection) -> Found:
            (top,) = db.execute("SELECT coalesce(max(sequence), 0) FROM entry").fetchone()
            where, values = _where(wanted, top)
            query = f"SELECT count(*) FROM entry {where}"  # noqa: S608  # names of this file
            (count,) = db.execute(query, values).fetchone()
            return Found(count=count, top=top, rows=_page(db, where, values, 0, rows if count else 0))

        return await self._read(read)

    async def page(self, wanted: Wanted, top: int, skip: int, rows: int) -> tuple[Row, ...]:
        """`rows` more of what `find` counted up to `top`, after the first `skip`."""
        where, values = _where(wanted, top)
        return await self._read(lambda db: _page(db, where, values, skip, rows))

    async def origins(self, credentials: tuple[str, ...]) -> tuple[str, ...]:
        """The panels of all entries that may be told."""
        where, values = _where(Wanted(credentials=credentials), None)
        query = f"SELECT DISTINCT origin FROM entry {where} ORDER BY origin"  # noqa: S608  # names of this file
        return await self._read(lambda db: tuple(origin for (origin,) in db.execute(query, values)))

    async def signed(self, origin: str) -> int:
        """How many documents of one panel were signed."""
        query = "SELECT count(*) FROM entry WHERE kind = 'seal' AND origin = ?"
        return await self._read(lambda db: int(db.execute(query, (origin,)).fetchone()[0]))

    async def entry(self, sequence: int) -> FullEntry | None:
        """All that is kept of one document's end; None where there is no such entry."""
        return await self._read(lambda db: _entry(db, sequence))

    async def by_hash(self, digests: tuple[bytes, ...]) -> tuple[Row, ...]:
        """The documents whose content, or whose finished signature, has one of these SHA-256 hashes."""
        texts = [base64.b64encode(digest).decode() for digest in digests]
        marks = ", ".join("?" * len(texts))
        query = (
            f"SELECT {_ROW} FROM entry WHERE kind = 'seal' AND sequence IN ("  # noqa: S608  # names of this file
            f"SELECT sequence FROM entry WHERE kind = 'seal' AND content_hash IN ({marks})"
            f" UNION SELECT sequence FROM entry WHERE kind = 'seal' AND signature_hash IN ({marks})"
            ") ORDER BY sequence DESC"
        )
        return await self._read(lambda db: tuple(_row(row) for row in db.execute(query, texts + texts)))

    async def broken_at(self) -> int | None:
        """Walk the whole chain; the number of the first entry that is not as written, None if all are."""

        def look(db: sqlite3.Connection) -> int | None:
            try:
                walk(db, self._journal.key)
            except ChainBroken as broken:
                return broken.sequence
            return None

        return await self._read(look)

    async def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        await self._journal.prepare()

        def guarded() -> _T:
            try:
                with closing(sqlite3.connect(self._journal.address, uri=True)) as db:
                    return work(db)
            except (sqlite3.Error, OSError, msgspec.MsgspecError) as fault:
                raise JournalUnwritable(type(fault).__name__) from fault

        return await asyncio.to_thread(guarded)


def _where(wanted: Wanted, top: int | None) -> tuple[str, list[object]]:
    """The index, the condition and its values; only names of this file are written into it."""
    parts, values = [_ENDS], list[object]()
    if top is not None:
        parts.append("+sequence <= ?")
        values.append(top)
    # A certificate request is sealed without a credential, and its seal says so by an empty one.
    told = (*wanted.credentials, "") if wanted.centre is None else wanted.centre
    among = f"credential IN ({', '.join('?' * len(told))})"
    parts.append(among if wanted.centre is not None else f"(credential IS NULL OR {among})")
    values += told
    for column, value in (
        ("origin = ?", wanted.origin),
        ("at >= ?", wanted.since),
        ("at < ?", wanted.before),
    ):
        if value is not None:
            parts.append(column)
            values.append(stamp(value) if isinstance(value, datetime) else value)
    if wanted.result is not None:
        parts.append(_RESULT[wanted.result])
    # Without statistics SQLite would look each entry up in the table: both indexes hold all that is asked.
    index = "ends" if wanted.since is None and wanted.before is None else "ends_by_time"
    return f"INDEXED BY {index} WHERE {' AND '.join(parts)}", values


def _page(db: sqlite3.Connection, where: str, values: list[object], skip: int, rows: int) -> tuple[Row, ...]:
    # The rows are found in the index alone, and only those that are shown are looked up.
    query = (
        f"SELECT {_ROW} FROM entry WHERE sequence IN (SELECT sequence FROM entry {where}"  # noqa: S608  # names of this file
        " ORDER BY sequence DESC LIMIT ? OFFSET ?) ORDER BY sequence DESC"
    )
    return tuple(_row(row) for row in db.execute(query, [*values, rows, skip]))


def _row(columns: tuple[int, str, str, str, str, str | None, str | None, int | None]) -> Row:
    sequence, at, origin, document_id, kind, code, credential, without_pin = columns
    signed = Result.SIGNED if kind == "seal" else Result.DECLINED if code in WISHED else Result.FAILED
    return Row(
        sequence=sequence,
        at=datetime.fromisoformat(at).astimezone(UTC),
        origin=origin,
        document_id=document_id,
        result=signed,
        code=code,
        credential_id=credential or None,
        without_pin=bool(without_pin),
    )


def _entry(db: sqlite3.Connection, sequence: int) -> FullEntry | None:
    found = db.execute(
        f"SELECT {_ROW}, idempotency_key, payload, signature FROM entry LEFT JOIN released USING (sequence)"  # noqa: S608  # names of this file
        f" WHERE sequence = ? AND {_ENDS}",
        (sequence,),
    ).fetchone()
    if found is None:
        return None
    *columns, key, payload, signature = found
    row = _row(tuple(columns))
    if row.result is not Result.SIGNED:
        ending = msgspec.json.decode(payload, type=Ending)
        return FullEntry(row=row, content_hash=ending.content_hash)
    seal = msgspec.json.decode(payload, type=Seal)
    intent = _intent(db, row, key)
    return FullEntry(
        row=row,
        content_hash=seal.content_hash,
        signature_hash=seal.signature_hash,
        signature=signature,
        level=seal.level,
        media_type=None if intent is None else intent.media_type,
        format=None if intent is None else intent.format,
        accepted=() if intent is None else intent.accepted,
    )


def _intent(db: sqlite3.Connection, row: Row, key: str) -> Intent | None:
    """The last intent before a seal of the same document under the same key."""
    found = db.execute(
        "SELECT payload FROM entry WHERE kind = 'intent' AND origin = ? AND idempotency_key = ?"
        " AND document_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1",
        (row.origin, key, row.document_id, row.sequence),
    ).fetchone()
    return None if found is None else msgspec.json.decode(found[0], type=Intent)
