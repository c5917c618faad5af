"""What authorities publish beside certificates, for tests: CRLs, OCSP responses, timestamps.

Made by `cryptography` and by pyHanko, which share no line with the verifier that reads them.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
from datetime import datetime, timedelta
from functools import cache

from asn1crypto import cms as asn1_cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signer.cli.demo.authority import PrivateKey
from signer.verify.der import Reader, over
from signer.x509 import Certificate, read
from tests import pki

A_DAY = timedelta(days=1)

# Teaches asn1crypto a content type, which it does not learn any more once it has looked one up.
importlib.import_module("asn1crypto.tsp")


def _strict(certificate: Certificate | bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate if isinstance(certificate, bytes) else certificate.der)


def crl(
    *revoked: tuple[Certificate, datetime],
    at: datetime = pki.NOW,
    until: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    key: PrivateKey | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    """The demo authority's CRL of a moment, DER; current for a day unless `until` says otherwise."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_strict(pki.authority().certificate).subject)
        .last_update(at)
        .next_update(until or at + A_DAY)
    )
    for certificate, when in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial).revocation_date(when)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key or pki.key("p256"), hashes.SHA256()).public_bytes(Encoding.DER)


def ocsp_response(
    certificate: Certificate,
    *,
    at: datetime = pki.NOW,
    until: datetime | None = None,
    revoked_at: datetime | None = None,
    responder: tuple[Certificate, PrivateKey] | None = None,
) -> bytes:
    """What the demo authority, or a responder in its place, answers about a certificate, DER."""
    issuer = _strict(pki.authority().certificate)
    who, key = (issuer, pki.key("p256")) if responder is None else (_strict(responder[0]), responder[1])
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=_strict(certificate),
            issuer=issuer,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD if revoked_at is None else ocsp.OCSPCertStatus.REVOKED,
            this_update=at,
            next_update=until or at + A_DAY,
            revocation_time=revoked_at,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, who)
    )
    if responder is not None:
        builder = builder.certificates([who])
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def officer(
    kind: str,
    purpose: x509.ObjectIdentifier,
    *,
    critical: bool = True,
    not_before: datetime = pki.NOW - pki.A_MONTH,
    not_after: datetime = pki.NOW + 12 * pki.A_MONTH,
    issuer_key: PrivateKey | None = None,
) -> Certificate:
    """A certificate of the demo authority for one purpose, under the key of this kind.

    `issuer_key` makes it a forgery: the authority's name over another's signature.
    """
    issuer = _strict(pki.authority().certificate)
    key = pki.key(kind)
    made = (
        x509.CertificateBuilder()
        .issuer_name(issuer.subject)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mohr demo officer")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=critical)
        .sign(issuer_key or pki.key("p256"), hashes.SHA256())
    )
    return read(made.public_bytes(Encoding.DER))


@cache
def timestamp_authority() -> Certificate:
    """A TSA of the demo authority."""
    return officer("other-rsa-2048", ExtendedKeyUsageOID.TIME_STAMPING)


def timestamp(
    stamped: bytes, at: datetime, authority: Certificate | None = None, kind: str = "other-rsa-2048"
) -> bytes:
    """A TimeStampToken over these octets, DER (RFC 3161), as pyHanko makes it."""
    from pyhanko.sign.timestamps import DummyTimeStamper

    who = asn1_x509.Certificate.load((authority or timestamp_authority()).der)
    key = pki.key(kind).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(
        tsa_cert=who,
        tsa_key=asn1_keys.PrivateKeyInfo.load(key),
        fixed_dt=at,
    )
    token = asyncio.run(stamper.async_timestamp(hashlib.sha256(stamped).digest(), "sha256"))
    return bytes(token.dump())


def tlv(tag: int, contents: bytes) -> bytes:
    """One DER element."""
    return bytes([tag]) + asn1.encode_der(contents)[1:]


SIGNATURE_TIMESTAMP = bytes.fromhex("060b2a864886f70d010910020e")
CERTIFICATE_VALUES = bytes.fromhex("060b2a864886f70d0109100217")
REVOCATION_VALUES = bytes.fromhex("060b2a864886f70d0109100218")


def elements(reader: Reader) -> list[bytes]:
    """All that are left, each whole."""
    found = []
    while not reader.exhausted():
        found.append(reader.element())
    return found


def with_unsigned(signature: bytes, kind: bytes, value: bytes) -> bytes:
    """A CMS signature with one more unsigned attribute: its type and its value, DER."""
    kind_of_content, explicit = elements(over(signature).enter(0x30))
    *fields, signers = elements(over(explicit).enter(0xA0).enter(0x30))
    *signer, last = elements(over(signers).enter(0x31).enter(0x30))
    present = elements(over(last).enter(0xA1)) if last[0] == 0xA1 else []
    signer += [] if present else [last]
    attributes = sorted([*present, tlv(0x30, kind + tlv(0x31, value))])
    signer.append(tlv(0xA1, b"".join(attributes)))
    data = tlv(0x30, b"".join(fields) + tlv(0x31, tlv(0x30, b"".join(signer))))
    return tlv(0x30, kind_of_content + tlv(0xA0, data))


def signature_value(signature: bytes) -> bytes:
    """What a signature timestamp covers: the value in SignerInfo."""
    info = asn1_cms.ContentInfo.load(signature)
    return bytes(info["content"]["signer_infos"][0]["signature"].native)


def stamped(signature: bytes, at: datetime, token: bytes | None = None) -> bytes:
    """The B-T form of a CMS signature."""
    token = token or timestamp(signature_value(signature), at)
    return with_unsigned(signature, SIGNATURE_TIMESTAMP, token)
