"""What a panel asks for: a signing request and its documents.

Plain values after the endpoint has parsed and bounded them. What they look like to a person is
`sheet`; how they travel through the agent is `journey`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import Enum

from msgspec import Struct

PRESCRIPTION = "application/vnd.mohr.prescription+json"
JSON = "application/json"
TEXT = "text/plain"

MAX_DOCUMENTS = 250


class SignatureFormat(Enum):
    """The family of envelope; the level says how much long-term data it carries."""

    CADES = "cades"
    CMS = "cms"
    JWS = "jws"
    JADES = "jades"
    XADES = "xades"
    PADES = "pades"
    ASIC_E = "asic-e"


class Level(Enum):
    """ETSI baseline level (EN 319 122-1 §6). One that ends in `?` may come out lower; the result says so."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_T_IF_POSSIBLE = "B-T?"
    B_LT_IF_POSSIBLE = "B-LT?"


class Document(Struct, frozen=True, kw_only=True):
    """One thing to sign: exactly `content`, byte for byte, said to be `media_type`.

    `id` is the panel's own, unique within its request. `attached` puts the content inside the signature.
    """

    id: str
    media_type: str
    content: bytes
    format: SignatureFormat = SignatureFormat.CADES
    level: Level = Level.B_B
    attached: bool = True

    def content_hash(self) -> bytes:
        """SHA-256 of the content, 32 bytes."""
        return hashlib.sha256(self.content).digest()


class SigningRequest(Struct, frozen=True, kw_only=True):
    """One POST: 1 to 250 documents from one origin, under one Idempotency-Key.

    `body_hash` is the SHA-256 of the request body as received. `credential` is a credential id, or None to
    let the doctor choose. `received_at` is aware, UTC.
    """

    id: str
    origin: str
    idempotency_key: str
    body_hash: bytes
    documents: tuple[Document, ...]
    received_at: datetime
    credential: str | None = None
    purpose: str | None = None


class DocumentState(Enum):
    """Where one document stands, as the contract names it."""

    PENDING = "pending"
    SIGNING = "signing"
    SIGNED = "signed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RequestState(Enum):
    """Where a request stands, as the contract names it. The last four are final."""

    RECEIVED = "received"
    CHOOSING = "choosing"
    CONSENT = "consent"
    SIGNING = "signing"
    FINISHED = "finished"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"
