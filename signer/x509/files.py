"""Certificates in the files that authorities hand out, and a request in the file that they take.

A file is taken for what it holds and never for its name: DER, PEM (RFC 7468), or the PKCS #7 of a `.p7b`,
in either. Which of the certificates is whose is for others to say.
"""

from __future__ import annotations

import base64
import binascii
import re

from signer.x509 import tlv
from signer.x509.certificate import Certificate, CertificateUnreadable, read

#: Octets of a file, and certificates in it: no authority's chain is that long.
MAX_OCTETS = 1024 * 1024
MAX_CERTIFICATES = 20
_PEM = re.compile(
    rb"-----BEGIN (CERTIFICATE|X509 CERTIFICATE|PKCS7|CMS)-----([A-Za-z0-9+/=\s]+)-----END \1-----"
)
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_WRAPPED = 0xA0


def certificates_in(octets: bytes) -> tuple[Certificate, ...]:
    """Every certificate of a file, each once, in the order written. Raises `CertificateUnreadable`.

    One that cannot be read spoils the file: what is left out would be missed later.
    """
    if len(octets) > MAX_OCTETS:
        raise CertificateUnreadable("a file too large for certificates")
    found: list[Certificate] = []
    for block in _blocks(octets):
        found += (read(der) for der in _certificates(block))
    if not found:
        raise CertificateUnreadable("no certificate in it")
    if len(found) > MAX_CERTIFICATES:
        raise CertificateUnreadable(f"{len(found)} certificates are more than a chain has")
    return tuple(dict.fromkeys(found))


def request_pem(der: bytes) -> str:
    """A PKCS #10 as text (RFC 7468 §7)."""
    encoded = base64.b64encode(der).decode()
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    kind = "CERTIFICATE REQUEST"
    return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""))


def _blocks(octets: bytes) -> list[bytes]:
    """The DER in a file: the file itself, or its PEM blocks."""
    if octets[:1] == b"\x30":
        return [octets]
    try:
        return [base64.b64decode(b"".join(body.split()), validate=True) for _, body in _PEM.findall(octets)]
    except binascii.Error:
        raise CertificateUnreadable("broken PEM") from None


def _certificates(der: bytes) -> list[bytes]:
    """A certificate itself, or those in a SignedData (RFC 5652 §5.1), whatever it signs."""
    try:
        first, *rest = tlv.read_one(der).expect(tlv.SEQUENCE).children()
        if first.tag != tlv.OID or tlv.oid(first.contents) != _SIGNED_DATA:
            return [der]
        (content,) = rest
        signed = tlv.read_one(content.expect(_WRAPPED).contents).expect(tlv.SEQUENCE)
        (held,) = [part for part in signed.children() if part.tag == _WRAPPED]
        return [part.encoded for part in tlv.read_all(held.contents) if part.tag == tlv.SEQUENCE]
    except ValueError as fault:
        raise CertificateUnreadable(f"neither a certificate nor PKCS #7: {fault}") from fault
