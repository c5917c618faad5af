"""CMS SignedData (RFC 5652 §5) as types, by which tests take signatures apart and put them together wrongly.

Encoded by `cryptography`, which shares no line with what writes signatures here, nor with what reads them.
"""

from __future__ import annotations

from datetime import UTC, datetime
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
ID_SIGNATURE_TIMESTAMP = ObjectIdentifier("1.2.840.113549.1.9.16.2.14")
ID_RI_OCSP_RESPONSE = ObjectIdentifier("1.3.6.1.5.5.7.16.2")

TAG_SIGNED_ATTRIBUTES = b"\xa0"
TAG_OTHER_REVOCATION_INFO = b"\xa1"

#: RFC 5652 §11.3: years up to 2049 are UTCTime, later ones GeneralizedTime.
_LAST_UTC_TIME_YEAR = 2049


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


def signing_time(moment: datetime) -> Attribute:
    """The signing-time attribute (RFC 5652 §11.3) of an aware time, to the second."""
    if moment.tzinfo is None:
        raise ValueError("a signing time is aware")
    moment = moment.astimezone(UTC).replace(microsecond=0)
    kind = asn1.UTCTime if moment.year <= _LAST_UTC_TIME_YEAR else asn1.GeneralizedTime
    return attribute(ID_SIGNING_TIME, kind(moment))


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
    """RFC 5652 §5.3, version 1; `signed_attrs` is `[0] IMPLICIT SET OF Attribute`, already encoded.

    `unsigned_attrs` is None where there is none, for an empty SET is not allowed.
    """

    version: int
    sid: IssuerAndSerialNumber
    digest_algorithm: asn1.TLV
    signed_attrs: asn1.TLV
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned_attrs: Annotated[asn1.SetOf[Attribute] | None, asn1.Implicit(1)]


@asn1.sequence
class EncapsulatedContentInfo:
    """RFC 5652 §5.2; `e_content` is None in a detached signature."""

    e_content_type: ObjectIdentifier
    e_content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedData:
    """RFC 5652 §5.1 around id-data content; `crls` are RevocationInfoChoices (§10.2.1), None where none."""

    version: int
    digest_algorithms: asn1.SetOf[asn1.TLV]
    encap_content_info: EncapsulatedContentInfo
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    crls: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signer_infos: asn1.SetOf[SignerInfo]


@asn1.sequence
class _OtherRevocationInfo:
    other_rev_info_format: ObjectIdentifier
    other_rev_info: asn1.TLV


def ocsp_revocation_info(response: bytes) -> asn1.TLV:
    """An OCSPResponse, DER, as a RevocationInfoChoice (RFC 5940 §2): `[1] IMPLICIT OtherRevocationInfo`."""
    other = _OtherRevocationInfo(other_rev_info_format=ID_RI_OCSP_RESPONSE, other_rev_info=raw(response))
    return raw(TAG_OTHER_REVOCATION_INFO + asn1.encode_der(other)[1:])


@asn1.sequence
class ContentInfo:
    """RFC 5652 §3, around SignedData."""

    content_type: ObjectIdentifier
    content: Annotated[SignedData, asn1.Explicit(0)]
