"""What the journal tells a person: which documents were signed, declined or failed, as rows and as one entry.

Plain values. How they are found is `signer.journal.reading`; whose they are is decided in
`signer.service.records`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class Result(Enum):
    """How a document ended. Declined is the person's or the panel's own wish; failed is everything else."""

    SIGNED = "signed"
    DECLINED = "declined"
    FAILED = "failed"


#: Codes of endings that somebody wished for.
WISHED = frozenset({"consent-declined", "request-cancelled"})


class Wanted(Struct, frozen=True, kw_only=True):
    """Which entries are wanted. `since` and `before` are aware; None asks for all.

    `credentials` are the ids of the certificates whose entries may be told; entries that ended before a
    certificate was chosen, and certificate requests, which have none yet, are told to everybody. `centre`
    narrows these to some, and leaves the latter out.
    """

    credentials: tuple[str, ...]
    centre: tuple[str, ...] | None = None
    origin: str | None = None
    result: Result | None = None
    since: datetime | None = None
    before: datetime | None = None


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """One document's end. `code` is the stable error code where it was not signed. `at` is aware, UTC.

    `without_pin`: it was signed with a token that stood open from an earlier PIN.
    """

    sequence: int
    at: datetime
    origin: str
    document_id: str
    result: Result
    code: str | None
    credential_id: str | None
    without_pin: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """The answer to a `Wanted`: how many there are up to entry `top`, the first of them, newest first.

    Entries that come later do not move those that were counted.
    """

    count: int
    top: int
    rows: tuple[Row, ...]


class FullEntry(Struct, frozen=True, kw_only=True):
    """One document's end with all that is kept of it. Hashes are SHA-256, 32 octets.

    `signature_hash`, `level` and `format` are None where it was not signed; `signature`, what a signature
    added to its document, is kept for 24 hours. `accepted` are the codes of findings that got a yes.
    """

    row: Row
    content_hash: bytes
    signature_hash: bytes | None = None
    signature: bytes | None = None
    media_type: str | None = None
    format: str | None = None
    level: str | None = None
    accepted: tuple[str, ...] = ()
