"""What the journal keeps: hashes, times, origins and credentials. No document, no name, no patient.

A certificate request and a certificate that is kept on a token leave the same entries: `format` tells them.
The first has no credential yet (`credential_id` is empty), and its `signature` is the PKCS #10; the second's
is the certificate. How entries are chained and stored is `signer.journal`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Intent(Struct, frozen=True, kw_only=True):
    """What is durable before C_Sign: who asked for what, hashes only. `signing_time` is aware, UTC.

    `binding` is what the yes was bound to (`signer.service.consent.binding_digest`); `accepted` the codes
    of the findings that got a yes of their own.
    """

    request_id: str
    origin: str
    idempotency_key: str
    body_hash: bytes
    document_id: str
    content_hash: bytes
    media_type: str
    format: str
    level: str
    attached: bool
    credential_id: str
    signing_time: datetime
    binding: bytes
    accepted: tuple[str, ...] = ()


class Seal(Struct, frozen=True, kw_only=True):
    """What is durable before the panel sees a signature.

    `signature` is what the signature adds, never the content: the detached form. `level` is the one that was
    reached, which may be lower than the intent's; entries of before there were levels are B-B. `without_pin`:
    the token stood open from an earlier PIN, and the yes alone was this document's.
    """

    request_id: str
    origin: str
    idempotency_key: str
    body_hash: bytes
    document_id: str
    content_hash: bytes
    signature: bytes
    signature_hash: bytes
    credential_id: str
    signed_at: datetime
    level: str = "B-B"
    without_pin: bool = False


class Ending(Struct, frozen=True, kw_only=True):
    """A document that was not signed: declined, cancelled, expired, or failed with a stable code.

    `credential_id` is the certificate that it was to be signed with, None where none was chosen before the
    end; entries of before it was noted have none.
    """

    request_id: str
    origin: str
    idempotency_key: str
    body_hash: bytes
    document_id: str
    content_hash: bytes
    code: str
    at: datetime
    credential_id: str | None = None


class PastRequest(Struct, frozen=True, kw_only=True):
    """What the journal remembers under one (origin, Idempotency-Key) of the last 24 h.

    `since` is the time of the first of it, aware. `expired` where a signature under this key is older than
    that: it is not kept any more, and none can be made under the key again.
    """

    request_id: str
    body_hash: bytes
    seals: tuple[Seal, ...]
    endings: tuple[Ending, ...]
    intents: tuple[Intent, ...]
    since: datetime
    expired: bool = False
