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
#: What a sign-in asks for: made by the agent itself, and no media type that a panel may post.
SIGN_IN = "application/vnd.mohr.sign-in+json"
#: What a certificate request asks for, in the agent's own words, and what a certificate that comes in is
#: (RFC 2585 §4.1).
CERTIFICATE_REQUEST = "application/vnd.mohr.certificate-request+json"
CERTIFICATE = "application/pkix-cert"
#: The ids of the documents that Mohr itself makes; a panel may give its own the same.
REQUEST_ID, CERTIFICATE_ID, TEST_ID, JOURNAL_ID = "certificate-request", "certificate", "test", "journal"
XML = "application/xml"
PDF = "application/pdf"

#: The two names of an XML document (RFC 7303 §9).
XML_TYPES = frozenset({XML, "text/xml"})

MAX_DOCUMENTS = 250


class SignatureFormat(Enum):
    """The family of envelope; the level says how much long-term data it carries.

    SIGN_IN is no envelope that a panel can ask for: a document of that format comes from a sign-in alone.
    Nor are PKCS10, which a new key signs for itself, and CERTIFICATE, which is kept and not signed.
    """

    CADES = "cades"
    CMS = "cms"
    JWS = "jws"
    JADES = "jades"
    XADES = "xades"
    PADES = "pades"
    ASIC_E = "asic-e"
    ASIC_E_CADES = "asic-e-cades"
    SIGN_IN = "sign-in"
    PKCS10 = "pkcs10"
    CERTIFICATE = "certificate"


#: The formats that hold attachments beside the document.
CONTAINERS = frozenset({SignatureFormat.ASIC_E, SignatureFormat.ASIC_E_CADES})

#: The formats that stand in no posted document.
AGENTS_OWN = frozenset({SignatureFormat.SIGN_IN, SignatureFormat.PKCS10, SignatureFormat.CERTIFICATE})


class Level(Enum):
    """ETSI baseline level (EN 319 122-1 §6). One that ends in `?` may come out lower; the result says so."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_T_IF_POSSIBLE = "B-T?"
    B_LT_IF_POSSIBLE = "B-LT?"


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that is signed together with a document, under its name: exactly `content`, byte for byte."""

    name: str
    media_type: str
    content: bytes

    def content_hash(self) -> bytes:
        """SHA-256 of the content, 32 bytes."""
        return hashlib.sha256(self.content).digest()


class Corner(Enum):
    """Where on a page, as its reader sees it."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


class VisibleSeal(Struct, frozen=True, kw_only=True):
    """Where a PDF shows the doctor's seal.

    `page` counts from 1, None is the last; `reason` is the panel's own words for why this is signed.
    """

    page: int | None = None
    corner: Corner = Corner.BOTTOM_LEFT
    reason: str | None = None


class Document(Struct, frozen=True, kw_only=True):
    """One thing to sign: exactly `content`, byte for byte, said to be `media_type`.

    `id` is the panel's own, unique within its request. `attached` puts the content inside the signature.
    `attachments` are for a container (ASiC-E) alone, and the issuers of a certificate that comes in.
    `seal` is None for a signature that is not seen on a page; only PAdES has one.
    """

    id: str
    media_type: str
    content: bytes
    format: SignatureFormat = SignatureFormat.CADES
    level: Level = Level.B_B
    attached: bool = True
    attachments: tuple[Attachment, ...] = ()
    seal: VisibleSeal | None = None

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

    @property
    def signs_in(self) -> bool:
        """True where this is a sign-in, which is one document that the agent made."""
        return any(document.format is SignatureFormat.SIGN_IN for document in self.documents)


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
