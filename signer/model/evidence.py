"""What others attest about a certificate, as octets that were fetched and checked."""

from __future__ import annotations

from msgspec import Struct


class Revocation(Struct, frozen=True, kw_only=True):
    """That one certificate is not revoked, all DER.

    `issuer` is its issuer's certificate, `crls` are CertificateLists (RFC 5280 §5), `ocsps` OCSPResponses
    (RFC 6960 §4.2.1).
    """

    issuer: bytes
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
