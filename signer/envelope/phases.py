"""What every format's maker has in common: phases as types, so that no step can run out of order.

`<format>.prepare(...)` gives a `ToBeSigned`; the token signs `to_be_signed`; `finish` makes the file.
Level B-T and up ask for `stamped(signature)` between the two, and pass what came of it in `Evidence`.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from signer.model.credential import SignatureAlgorithm
from signer.x509 import Certificate


class Evidence(Struct, frozen=True, kw_only=True):
    """What levels above B-B place into a signature; it was fetched and checked by whoever passes it.

    `timestamp` is a TimeStampToken (RFC 3161 §2.4.2), `certificates` are the chain without the signer,
    `crls` CertificateLists (RFC 5280 §5), `ocsps` OCSPResponses (RFC 6960 §4.2.1). All DER.
    """

    timestamp: bytes | None = None
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


#: What level B-B places: nothing.
NOTHING = Evidence()


class ToBeSigned(Protocol):
    """A signature that lacks its value. Implementations are frozen."""

    @property
    def to_be_signed(self) -> bytes:
        """What the token hashes and signs."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """With which algorithm; ECDSA values come as DER ECDSA-Sig-Value, RSA's as they are."""

    @property
    def certificate(self) -> Certificate:
        """Under which certificate."""

    def stamped(self, signature: bytes) -> bytes:
        """The octets whose hash a signature timestamp covers, for this signature value."""

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The finished signature file."""
