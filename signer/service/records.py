"""What the holder of a certificate sees of the journal, and *did I sign this?*

A clinic's computer has one account for many: entries are told to the holders whose tokens are in, and those
that have no certificate, as they ended before one was chosen or asked for one, to any of them. Nothing here
is written but an export.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct, structs

from signer.model.credential import Holder
from signer.model.errors import FileUnusable, MohrError
from signer.model.history import Found, FullEntry, Result, Row, Wanted
from signer.service.exported import write_export
from signer.service.ports import History, Signers
from signer.service.seen_certificates import SeenCertificates, person
from signer.verify import Report, verify
from signer.verify.candidate import Unreadable
from signer.verify.recognise import MAX_OCTETS, recognise
from signer.x509 import Certificate

#: Rows in the first answer and in each page that follows.
PAGE = 200
_EXPORTED_AT_ONCE = 2000
_COLUMNS = ("entry", "at", "origin", "document", "result", "code", "holder", "centre", "certificate", "pin")


class Search(Struct, frozen=True, kw_only=True):
    """What is searched for; None is all. `centre` is a centre's name as certificates write it."""

    since: datetime | None = None
    before: datetime | None = None
    origin: str | None = None
    centre: str | None = None
    result: Result | None = None


class Signer(Struct, frozen=True, kw_only=True):
    """Whose certificate an entry names; times are aware, UTC."""

    holder: Holder
    issuer: str
    not_before: datetime
    not_after: datetime


class Opened(Struct, frozen=True, kw_only=True):
    """The journal as it may be told: `holders` names those whose tokens are in, each once; none without one.

    `wanted` asks for more of the same; `centres` name the certificate of each entry by id; `origins` and
    `centre_names` can be searched for.
    """

    holders: tuple[str, ...]
    wanted: Wanted
    found: Found
    origins: tuple[str, ...]
    centres: dict[str, str]


class Detailed(Struct, frozen=True, kw_only=True):
    """One entry and whose certificate it was, where that is known.

    Whether the signature is good is told by `Records.trace`, which has the document.
    """

    entry: FullEntry
    signer: Signer | None


class Traced(Struct, frozen=True, kw_only=True):
    """Was this file signed here? `rows` are the entries that it belongs to, newest first.

    `report` is the verifier's on the signature in the file, or on the one that is still kept for it; None
    where there is neither. `sha256` is the file's own.
    """

    name: str
    sha256: bytes
    rows: tuple[Row, ...]
    report: Report | None


class Records:
    """The use cases of the journal's page."""

    def __init__(
        self,
        history: History,
        signers: Signers,
        seen: SeenCertificates,
        anchors: Callable[[], tuple[Certificate, ...]] = tuple,
    ) -> None:
        self._history = history
        self._signers = signers
        self._seen = seen
        self._anchors = anchors

    async def broken_at(self) -> int | None:
        """The first entry that is not as it was written; None where the whole chain holds."""
        return await self._history.broken_at()

    async def open(self, search: Search) -> Opened:
        """Count what is searched for, with the first page."""
        holders = await self._holders()
        mine = self._seen.of_holders(holders)
        if not holders:
            nothing = Wanted(credentials=())
            found = Found(count=0, top=0, rows=())
            return Opened(holders=(), wanted=nothing, found=found, origins=(), centres={})
        centres = {name: one.holder.centre or "" for name, one in mine.items()}
        wanted = Wanted(
            credentials=tuple(sorted(mine)),
            centre=None
            if search.centre is None
            else tuple(sorted(name for name, centre in centres.items() if centre == search.centre)),
            origin=search.origin,
            result=search.result,
            since=search.since,
            before=search.before,
        )
        return Opened(
            holders=tuple({person(holder): holder.name for holder in reversed(holders)}.values()),
            wanted=wanted,
            found=await self._history.find(wanted, PAGE),
            origins=await self._history.origins(wanted.credentials),
            centres=centres,
        )

    async def page(self, wanted: Wanted, top: int, skip: int) -> tuple[Row, ...]:
        """One more page of what was opened."""
        return await self._history.page(wanted, top, skip, PAGE)

    async def first(self, wanted: Wanted, top: int, count: int) -> tuple[Row, ...]:
        """The first `count` rows of what was opened."""
        return await self._history.page(wanted, top, 0, count)

    async def entry(self, sequence: int) -> Detailed | None:
        """One entry of a holder whose token is in; None where it is nobody's of them, or there is none."""
        entry = await self._history.entry(sequence)
        mine = self._seen.of_holders(await self._holders())
        if entry is None or (entry.row.credential_id or next(iter(mine), None)) not in mine:
            return None
        certificate = None if entry.row.credential_id is None else mine[entry.row.credential_id]
        return Detailed(entry=entry, signer=_signer(certificate))

    async def trace(self, path: Path) -> Traced:
        """Look a file up by its octets and, if it is a signature, by what it signs. Raises `FileUnusable`."""
        octets, report, digests = await asyncio.to_thread(self._look_into, path)
        mine = self._seen.of_holders(await self._holders())
        found = await self._history.by_hash(digests)
        rows = tuple(row for row in found if (row.credential_id or next(iter(mine), None)) in mine)
        if report is None and rows:
            report = await self._kept(rows[0], octets)
        return Traced(name=path.name, sha256=hashlib.sha256(octets).digest(), rows=rows, report=report)

    async def export(self, wanted: Wanted, top: int, path: Path) -> int:
        """Write what was opened as CSV (RFC 4180, UTF-8 with its mark, for spreadsheets); how many rows.

        Raises `FileUnusable`.
        """
        centres = {name: one.holder for name, one in self._seen.of_holders(await self._holders()).items()}
        text = io.StringIO()
        sheet = csv.writer(text)
        sheet.writerow(_COLUMNS)
        count = 0
        while rows := await self._history.page(wanted, top, count, _EXPORTED_AT_ONCE):
            for row in rows:
                holder = centres.get(row.credential_id or "")
                sheet.writerow(
                    (
                        row.sequence,
                        row.at.isoformat(timespec="seconds"),
                        _cell(row.origin),
                        _cell(row.document_id),
                        row.result.value,
                        row.code or "",
                        _cell(holder.name if holder else ""),
                        _cell((holder.centre or "") if holder else ""),
                        row.credential_id or "",
                        _pin(row),
                    )
                )
            count += len(rows)
        await asyncio.to_thread(write_export, path, b"\xef\xbb\xbf" + text.getvalue().encode())
        return count

    async def _holders(self) -> tuple[Holder, ...]:
        try:
            credentials = await self._signers.credentials()
        except MohrError:
            return ()
        self._seen.remember(credentials)
        return tuple(credential.holder for credential in credentials)

    async def _kept(self, row: Row, content: bytes) -> Report | None:
        """The verifier's report on the signature that is still kept for this document, if one is."""
        entry = await self._history.entry(row.sequence)
        if entry is None or entry.signature is None:
            return None
        report = await asyncio.to_thread(self._verify, entry.signature, content)
        return None if report.certificate is None else structs.replace(report, content=None)

    def _verify(self, signature: bytes, content: bytes | None = None) -> Report:
        return verify(signature, content=content, anchors=self._anchors())

    def _look_into(self, path: Path) -> tuple[bytes, Report | None, tuple[bytes, ...]]:
        try:
            if not path.is_file() or path.stat().st_size > MAX_OCTETS:
                raise FileUnusable("no file, or too large")
            octets = path.read_bytes()
        except OSError as fault:
            raise FileUnusable(type(fault).__name__) from fault
        digests = [hashlib.sha256(octets).digest()]
        try:
            _, unwrapped = recognise(octets)
        except Unreadable:
            return octets, None, tuple(digests)
        report = self._verify(octets)
        if report.certificate is None:
            return octets, None, tuple(digests)  # it began like a signature, and is none
        digests.append(hashlib.sha256(unwrapped).digest())
        if report.content is not None:
            digests.append(hashlib.sha256(report.content).digest())
        return octets, structs.replace(report, content=None), tuple(digests)


def _signer(certificate: Certificate | None) -> Signer | None:
    if certificate is None:
        return None
    return Signer(
        holder=certificate.holder,
        issuer=certificate.issuer,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )


def _pin(row: Row) -> str:
    """Was a PIN typed for it? Nothing is said of what was not signed."""
    if row.result is not Result.SIGNED:
        return ""
    return "open" if row.without_pin else "typed"


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: those begin with one of these."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
