"""ASN.1 types of a CAdES signature: CMS SignedData (RFC 5652 §5), ESS (RFC 5035), CAdES (EN 319 122-1).

Shapes only; `cades` fills them. Fields that may hold a producer's odd encoding (names, certificates) and
AlgorithmIdentifiers are raw elements, carried byte for byte.
"""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

ID_DATA = ObjectIdentifier("1.2.840.113549.1.7.1")
ID_SIGNED_DATA = ObjectIdentifier("1.2.840.113549.1.7.2")
ID_CONTENT_TYPE = ObjectIdentifier("1.2.840.113549.1.9.3")
ID_MESSAGE_DIGEST = ObjectIdentifier("1.2.840.113549.1.9.4")
ID_SIGNING_TIME = ObjectIdentifier("1.2.840.113549.1.9.5")
ID_SIGNING_CERTIFICATE_V2 = ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
ID_MIME_TYPE = ObjectIdentifier("0.4.0.1733.2.1")

TAG_SIGNED_ATTRIBUTES = b"\xa0"


def raw(encoded: bytes) -> asn1.TLV:
    """One whole DER element, to be carried as it is."""
    return asn1.decode_der(asn1.TLV, encoded)


@asn1.sequence
class Attribute:
    """RFC 5652 §5.3. Every attribute made here has exactly one value."""

    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


def attribute(kind: ObjectIdentifier, value: object) -> Attribute:
    """An Attribute of one value, which is any type that `cryptography.hazmat.asn1` encodes."""
    return Attribute(type=kind, values=asn1.SetOf([raw(asn1.encode_der(value))]))


@asn1.sequence
class EssCertIdV2:
    """RFC 5035 §4. `hashAlgorithm` is the default, SHA-256, and DER leaves it out.

    So is `issuerSerial`: SignerInfo's own sid says the same, and the hash alone binds (EN 319 122-1 §5.2.2.3,
    note 2).
    """

    cert_hash: bytes


@asn1.sequence
class SigningCertificateV2:
    """RFC 5035 §3. `policies` shall not be used (EN 319 122-1 §5.2.2.3)."""

    certs: list[EssCertIdV2]


@asn1.sequence
class IssuerAndSerialNumber:
    """RFC 5652 §10.2.4; both as they stand in the certificate."""

    issuer: asn1.TLV
    serial_number: asn1.TLV


@asn1.sequence
class SignerInfo:
    """RFC 5652 §5.3, version 1; `signed_attrs` is `[0] IMPLICIT SET OF Attribute`, already encoded."""

    version: int
    sid: IssuerAndSerialNumber
    digest_algorithm: asn1.TLV
    signed_attrs: asn1.TLV
    signature_algorithm: asn1.TLV
    signature: bytes


@asn1.sequence
class EncapsulatedContentInfo:
    """RFC 5652 §5.2; `e_content` is None in a detached signature."""

    e_content_type: ObjectIdentifier
    e_content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedData:
    """RFC 5652 §5.1, version 1: id-data content, certificates alone, no revocation data."""

    version: int
    digest_algorithms: asn1.SetOf[asn1.TLV]
    encap_content_info: EncapsulatedContentInfo
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    signer_infos: asn1.SetOf[SignerInfo]


@asn1.sequence
class ContentInfo:
    """RFC 5652 §3, around SignedData."""

    content_type: ObjectIdentifier
    content: Annotated[SignedData, asn1.Explicit(0)]
