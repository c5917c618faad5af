"""The other ports of the use cases: signers, journal, clock. The port to the person is `consent`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from drivers.pin import Pin
from signer.model.credential import Authorisation, Credential, SignatureAlgorithm


class Clock(Protocol):
    """The time, so that tests can choose it."""

    def now(self) -> datetime:
        """Aware, UTC."""


class SigningSession(Protocol):
    """A logged-in token, good for the documents of one consent."""

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """The signature over `message` (hashed by the algorithm). Many calls may be in flight at once.

        Raises a `MohrError` of the token, session or module family.
        """

    async def close(self) -> None:
        """Log out. Never raises: a token that is gone is logged out."""


class Signers(Protocol):
    """Where credentials come from: tokens today, approval elsewhere another day."""

    async def credentials(self) -> tuple[Credential, ...]:
        """All certificates of all tokens, usable or not, in a stable order. Asks for no PIN."""

    async def authorisation(self, credential: Credential) -> Authorisation:
        """What the token wants and what is known of the tries left, read now."""

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        """What this credential's token can make, best first. Empty where it can make none."""

    async def log_in(self, credential: Credential, pin: Pin | None) -> SigningSession:
        """C_Login, once. Raises `PinWrong` and the other PIN conditions, or of the token family."""


class Intent(Struct, frozen=True, kw_only=True):
    """What is durable before C_Sign: who asked for what, hashes only. `signing_time` is aware, UTC.

    `binding` is `consent.binding_digest`; `accepted` the codes of the findings that got their own yes.
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

    `signature` is what the signature adds, never the content: the detached form, DER.
    """

    request_id: str
    origin: str
    idempotency_key: str
    document_id: str
    content_hash: bytes
    signature: bytes
    signature_hash: bytes
    credential_id: str
    signed_at: datetime


class Ending(Struct, frozen=True, kw_only=True):
    """A document that was not signed: declined, cancelled, expired, or failed with a stable code."""

    request_id: str
    origin: str
    idempotency_key: str
    document_id: str
    content_hash: bytes
    code: str
    at: datetime


class PastRequest(Struct, frozen=True, kw_only=True):
    """What the journal remembers under one (origin, Idempotency-Key) of the last 24 h."""

    request_id: str
    body_hash: bytes
    seals: tuple[Seal, ...]
    endings: tuple[Ending, ...]
    intents: tuple[Intent, ...]


class Journal(Protocol):
    """The tamper-evident record. Every method raises `JournalUnwritable` rather than losing an entry."""

    async def intend(self, intents: tuple[Intent, ...]) -> None:
        """Make intents durable; on return they survive a power cut."""

    async def seal(self, seals: tuple[Seal, ...]) -> None:
        """Make seals durable, in one commit; on return they survive a power cut."""

    async def end(self, endings: tuple[Ending, ...]) -> None:
        """Record documents that end without a signature."""

    async def past(self, origin: str, idempotency_key: str, now: datetime) -> PastRequest | None:
        """What became of an earlier request under this key within 24 h, or None."""
