"""What a verifier may answer: accepted, and what was signed; or refused, for one reason of a closed list."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from signer.model.credential import SignatureAlgorithm
from signer.x509 import Certificate


class Reason(Enum):
    """Why a signature is refused: the first thing found wrong, in the order that reading meets it."""

    STRUCTURE = "not the structure of this profile, in DER"
    SIGNER_COUNT = "not exactly one signer"
    SIGNED_ATTRIBUTES_ABSENT = "the signer has no signed attributes"
    ATTRIBUTE_ABSENT = "a required signed attribute is absent"
    ATTRIBUTE_UNEXPECTED = "a signed attribute is unknown or stands twice"
    CERTIFICATE_UNREADABLE = "the certificate inside cannot be read"
    CERTIFICATE_DIFFERS = "another certificate than the one that must have signed"
    CERTIFICATE_UNUSABLE = "the certificate could not sign at the signing time"
    CHAIN_UNTRUSTED = "no way from the certificate to a trusted authority"
    ALGORITHM = "the algorithms are unknown, do not agree, or do not fit the key"
    CONTENT_ABSENT = "the signature is detached and no content was given"
    CONTENT_DIFFERS = "another content than the signed one"
    MEDIA_TYPE_DIFFERS = "another media type than the signed one"
    SIGNING_TIME_DIFFERS = "another signing time than the agreed one"
    ATTACHMENT_DIFFERS = "attached where detached was agreed, or the reverse"
    UNSIGNED_DIFFERS = "other timestamps, certificates or revocation data than were to be placed"
    SIGNATURE_WRONG = "the signature value does not fit the key and the signed attributes"


class Signed(Struct, frozen=True, kw_only=True):
    """What an accepted signature says. `signing_time` is aware, UTC, and the signer's own claim.

    `media_type` is empty in the legacy profile, which signs none.
    """

    content: bytes
    media_type: str
    certificate: Certificate
    signing_time: datetime
    algorithm: SignatureAlgorithm
    attached: bool


class Verdict(Struct, frozen=True, kw_only=True):
    """Accepted (`signed` is there) or refused (`reason` is). `detail` names a place, never a person."""

    signed: Signed | None = None
    reason: Reason | None = None
    detail: str = ""

    @property
    def valid(self) -> bool:
        """True where the signature is accepted."""
        return self.signed is not None


class Refused(Exception):
    """How the parts of the verifier tell one another a reason; callers see a `Verdict`."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
