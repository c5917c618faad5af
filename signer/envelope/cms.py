"""CMS SignedData (RFC 5652 §5), ESS (RFC 5035) and CAdES attributes (EN 319 122-1), written in DER.

Octets joined to octets: `cades` and `legacy` say what goes in. What others encoded (names, certificates,
tokens, revocation data) is carried byte for byte, once it is known to be DER. Written by hand: right after a
token's work, when no cache is warm, a general encoder takes twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

OCTET_STRING, UTF8_STRING, UTC_TIME, GENERALIZED_TIME = 0x04, 0x0C, 0x17, 0x18
SEQUENCE, SET, EXPLICIT_0 = 0x30, 0x31, 0xA0
_IMPLICIT_0, _IMPLICIT_1 = 0xA0, 0xA1

#: RFC 5652 §11.3: years up to 2049 are UTCTime, later ones GeneralizedTime.
_LAST_UTC_TIME_YEAR = 2049

#: Identifier octet, and a length of two octets.
_LONG = Struct(">BBH")


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element: its identifier octet and its contents, the length in its shortest form (X.690 §10.1)."""
    joined = b"".join(contents)
    length = len(joined)
    if length < 0x80:
        return b"%c%c%b" % (tag, length, joined)
    if 0xFF < length < 0x10000:
        return _LONG.pack(tag, 0x82, length) + joined
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + joined


def set_of(members: Iterable[bytes], tag: int = SET) -> bytes:
    """A SET OF, its members in the order of DER (X.690 §11.6)."""
    return tlv(tag, *sorted(members))


def raw(encoded: bytes) -> bytes:
    """The same octets, which are one element in DER. Raises ValueError."""
    asn1.decode_der(asn1.TLV, encoded)
    return encoded


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return asn1.encode_der(ObjectIdentifier(dotted))


ID_DATA = oid("1.2.840.113549.1.7.1")
ID_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
ID_CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
ID_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
ID_SIGNING_TIME = oid("1.2.840.113549.1.9.5")
ID_SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
ID_MIME_TYPE = oid("0.4.0.1733.2.1")
ID_SIGNATURE_TIMESTAMP = oid("1.2.840.113549.1.9.16.2.14")
ID_RI_OCSP_RESPONSE = oid("1.3.6.1.5.5.7.16.2")

_ONE, _FIVE = b"\x02\x01\x01", b"\x02\x01\x05"


def attribute(kind: bytes, value: bytes) -> bytes:
    """An Attribute of one value (RFC 5652 §5.3); every attribute made here has exactly one."""
    return tlv(SEQUENCE, kind, tlv(SET, value))


def signing_time(moment: datetime) -> bytes:
    """The signing-time attribute (RFC 5652 §11.3) of an aware time, to the second."""
    if moment.tzinfo is None:
        raise ValueError("a signing time is aware")
    return _signing_time(int(moment.timestamp()))


@lru_cache(maxsize=8)
def _signing_time(second: int) -> bytes:
    """Documents that were approved together have one time, written once. `second` counts from 1970."""
    utc = datetime.fromtimestamp(second, UTC)
    digits = utc.strftime("%Y%m%d%H%M%SZ").encode("ascii")
    if utc.year <= _LAST_UTC_TIME_YEAR:
        return attribute(ID_SIGNING_TIME, tlv(UTC_TIME, digits[2:]))
    return attribute(ID_SIGNING_TIME, tlv(GENERALIZED_TIME, digits))


def signing_certificate(sha256: bytes) -> bytes:
    """The signing-certificate-v2 attribute of one certificate, by its SHA-256 (RFC 5035 §3, §4).

    `hashAlgorithm` is the default and DER leaves it out. So is `issuerSerial`: SignerInfo's own sid says the
    same, and the hash alone binds (EN 319 122-1 §5.2.2.3, note 2). `policies` shall not be used.
    """
    reference = tlv(SEQUENCE, tlv(OCTET_STRING, sha256))
    return attribute(ID_SIGNING_CERTIFICATE_V2, tlv(SEQUENCE, tlv(SEQUENCE, reference)))


def signer_info(
    *,
    sid: bytes,
    digest_algorithm: bytes,
    signed_attributes: bytes,
    signature_algorithm: bytes,
    signature: bytes,
    timestamp: bytes | None,
) -> bytes:
    """A SignerInfo, version 1 (RFC 5652 §5.3); `signed_attributes` as they were signed, a SET OF.

    A timestamp is the one unsigned attribute (EN 319 122-1 §5.3); where there is none, there is no empty SET.
    """
    unsigned = b""
    if timestamp is not None:
        unsigned = tlv(_IMPLICIT_1, attribute(ID_SIGNATURE_TIMESTAMP, raw(timestamp)))
    return tlv(
        SEQUENCE,
        _ONE,
        sid,
        digest_algorithm,
        b"\xa0",
        signed_attributes[1:],
        signature_algorithm,
        tlv(OCTET_STRING, signature),
        unsigned,
    )


def signed_data(
    *,
    digest_algorithm: bytes,
    content: bytes | None,
    certificates: Iterable[bytes],
    crls: Iterable[bytes],
    ocsps: Iterable[bytes],
    signer: bytes,
) -> bytes:
    """A ContentInfo around a SignedData of one signer over id-data content (RFC 5652 §3, §5.1).

    OCSPResponses become OtherRevocationInfo (RFC 5940 §2), and the version then is 5.
    """
    answers = [tlv(_IMPLICIT_1, ID_RI_OCSP_RESPONSE, raw(response)) for response in dict.fromkeys(ocsps)]
    revocation = [raw(crl) for crl in dict.fromkeys(crls)] + answers
    return _content_info(
        _FIVE if answers else _ONE,
        tlv(SET, digest_algorithm),
        _encapsulated(content),
        set_of(certificates, _IMPLICIT_0),
        set_of(revocation, _IMPLICIT_1) if revocation else b"",
        tlv(SET, signer),
    )


def with_content(signature: bytes, had: bytes | None, content: bytes | None) -> bytes:
    """The same ContentInfo around another content, or none, than it `had`.

    Raises ValueError for octets that are no ContentInfo as `signed_data` writes it, around what it had.
    """
    encapsulated = _encapsulated(had)
    before, _, after = signature.partition(encapsulated)
    first = before[_beginning(signature) :]  # version and digestAlgorithms
    if _content_info(first, encapsulated, after) != signature:
        raise ValueError("not attached to that content, or not written here")
    return _content_info(first, _encapsulated(content), after)


def _beginning(signature: bytes) -> int:
    """Where the first field of the SignedData stands, three elements deep. Raises ValueError."""
    explicit = _start(signature, 0) + len(ID_SIGNED_DATA)
    return _start(signature, _start(signature, explicit))


def _start(octets: bytes, at: int) -> int:
    """Where the contents of the element at `at` begin. Raises ValueError where it is cut short."""
    if at + 2 > len(octets):
        raise ValueError("cut short")
    length = octets[at + 1]
    return at + 2 if length < 0x80 else at + 2 + length - 0x80


def _content_info(*fields: bytes) -> bytes:
    return tlv(SEQUENCE, ID_SIGNED_DATA, tlv(EXPLICIT_0, tlv(SEQUENCE, *fields)))


def _encapsulated(content: bytes | None) -> bytes:
    """An EncapsulatedContentInfo (RFC 5652 §5.2)."""
    if content is None:
        return tlv(SEQUENCE, ID_DATA)
    return tlv(SEQUENCE, ID_DATA, tlv(EXPLICIT_0, tlv(OCTET_STRING, content)))
