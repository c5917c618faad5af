"""What a certificate says beyond its own signature: what it is for, and where its revocation is told.

Reads extensions of RFC 5280 §4.2 from a certificate that was read already. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from signer.x509 import tlv
from signer.x509.certificate import Certificate
from signer.x509.tlv import Tlv

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"

_EXTENDED_KEY_USAGE = "2.5.29.37"
_CRL_DISTRIBUTION_POINTS, _AUTHORITY_INFORMATION = "2.5.29.31", "1.3.6.1.5.5.7.1.1"
_OCSP, _CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
_CONTEXT_0, _URI = 0xA0, 0x86


class Purposes(Struct, frozen=True, kw_only=True):
    """Extended key usage (RFC 5280 §4.2.1.12): dotted OIDs, and whether others must heed them."""

    oids: tuple[str, ...]
    critical: bool


def purposes(certificate: Certificate) -> Purposes | None:
    """What it is for, or None where it does not say."""
    found = _extension(certificate, _EXTENDED_KEY_USAGE)
    if found is None:
        return None
    kinds = found.expect(tlv.SEQUENCE).children()
    return Purposes(
        oids=tuple(tlv.oid(kind.expect(tlv.OID).contents) for kind in kinds),
        critical=_EXTENDED_KEY_USAGE in certificate.critical,
    )


def crl_urls(certificate: Certificate) -> tuple[str, ...]:
    """Where its CRL is (RFC 5280 §4.2.1.13), as written; points under another issuer's name are left out."""
    found = _extension(certificate, _CRL_DISTRIBUTION_POINTS)
    return () if found is None else tuple(_distributed(found))


def ocsp_urls(certificate: Certificate) -> tuple[str, ...]:
    """Where its OCSP responders are (RFC 5280 §4.2.2.1), as written."""
    return _accessed(certificate, _OCSP)


def issuer_urls(certificate: Certificate) -> tuple[str, ...]:
    """Where its issuer's certificate is (RFC 5280 §4.2.2.1), as written."""
    return _accessed(certificate, _CA_ISSUERS)


def _distributed(points: Tlv) -> Iterator[str]:
    for point in points.expect(tlv.SEQUENCE).children():
        parts = {part.tag: part for part in point.expect(tlv.SEQUENCE).children()}
        if set(parts) != {_CONTEXT_0}:
            continue  # for some reasons only, or an indirect CRL
        name = tlv.read_one(parts[_CONTEXT_0].contents)
        if name.tag == _CONTEXT_0:
            yield from (_text(one) for one in name.children() if one.tag == _URI)


def _accessed(certificate: Certificate, method: str) -> tuple[str, ...]:
    found = _extension(certificate, _AUTHORITY_INFORMATION)
    descriptions = [] if found is None else found.expect(tlv.SEQUENCE).children()
    pairs = (description.expect(tlv.SEQUENCE).children() for description in descriptions)
    return tuple(
        _text(place)
        for kind, place in pairs
        if tlv.oid(kind.expect(tlv.OID).contents) == method and place.tag == _URI
    )


def _text(uri: Tlv) -> str:
    return uri.contents.decode("ascii", errors="replace")


def _extension(certificate: Certificate, oid: str) -> Tlv | None:
    value = certificate.extension(oid)
    return None if value is None else tlv.read_one(value)
