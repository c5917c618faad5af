"""CAdES B-B, B-T and B-LT (ETSI EN 319 122-1 §6.3), attached or detached, in two phases that are types.

`prepare` gives what a token must sign, and only that has a `finish`, which places a timestamp and
revocation data that it is given. The signed attributes are content-type,
message-digest, signing-certificate-v2, signing-time and mime-type: the media type is signed, so a reader
cannot be told that the bytes are something else. Nothing is verified here (`signer.verify.cades`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from asn1crypto import parser
from msgspec import Struct

from signer.envelope import cms
from signer.envelope.algorithms import SUITES
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import CredentialUnusable, DocumentRefused
from signer.model.request import Level
from signer.x509 import Certificate

_SET, _SEQUENCE, _OID = (0, 1, 17), (0, 1, 16), (0, 0, 6)
#: Identifier octets that BER may have for a SET: primitive too, and in the form for high tag numbers.
_MAY_BE_SET = frozenset({b"\x31", b"\x11", b"\x3f", b"\x1f"})

_CONTENT_TYPE = cms.attribute(cms.ID_CONTENT_TYPE, cms.ID_DATA)


class CadesToBeSigned(Struct, frozen=True, kw_only=True):
    """A signature that lacks its value; implements `phases.ToBeSigned`.

    `to_be_signed` is what the token hashes and signs: the DER of SET OF Attribute (RFC 5652 §5.4). `content`
    is None where the signature will be detached.
    """

    to_be_signed: bytes
    algorithm: SignatureAlgorithm
    certificate: Certificate
    content: bytes | None

    def stamped(self, signature: bytes) -> bytes:
        """The octets of the signature value, without tag and length (EN 319 122-1 §5.3)."""
        return signature

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The ContentInfo, DER, around a signature value (ECDSA: DER ECDSA-Sig-Value).

        The timestamp becomes an unsigned attribute (EN 319 122-1 §5.3), the chain and the revocation data
        stand in SignedData (§5.5.3, RFC 5940).
        """
        suite, signer = SUITES[self.algorithm], _signer(self.certificate)
        return cms.signed_data(
            digest_algorithm=suite.digest_algorithm,
            content=self.content,
            certificates=(self.certificate.der, *_chain(self.certificate, evidence)),
            crls=evidence.crls,
            ocsps=evidence.ocsps,
            signer=cms.signer_info(
                sid=signer.sid,
                digest_algorithm=suite.digest_algorithm,
                signed_attributes=self.to_be_signed,
                signature_algorithm=suite.signature_algorithm,
                signature=signature,
                timestamp=evidence.timestamp,
            ),
        )


def prepare(
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool = True,
    level: Level = Level.B_B,
) -> CadesToBeSigned:
    """Begin a signature over `content`, exactly; `attached` puts the content inside it.

    What is signed is the same for each `level`. `signing_time` is aware and signed to the second. Raises
    `DocumentRefused` for content that parses as SET OF Attribute, `FormatUnsupported` for a media type that
    is none, `MechanismUnsupported` for an algorithm that is not the key's, `CredentialUnusable` for a
    certificate that no DER can hold.
    """
    check(media_type, certificate, algorithm)
    check_content(content, media_type, attached=attached)
    attributes = signed_attributes(
        digest=SUITES[algorithm].digest(content),
        certificate=certificate,
        signing_time=signing_time,
        media_type=media_type,
    )
    return CadesToBeSigned(
        to_be_signed=attributes,
        algorithm=algorithm,
        certificate=certificate,
        content=content if attached else None,
    )


def check_content(content: bytes, media_type: str, *, attached: bool) -> None:
    """Raise `DocumentRefused` for content that parses as SET OF Attribute, whatever is to become of it."""
    if parses_as_signed_attributes(content):
        raise DocumentRefused("content parses as the signed attributes of a signature")


def signed_attributes(
    *,
    digest: bytes,
    certificate: Certificate,
    signing_time: datetime | None = None,
    media_type: str | None = None,
) -> bytes:
    """The DER of SET OF Attribute over content with this digest (RFC 5652 §5.4).

    Time and media type are None where a format forbids the attribute. Raises `CredentialUnusable`.
    """
    attributes = [
        _CONTENT_TYPE,
        cms.attribute(cms.ID_MESSAGE_DIGEST, cms.tlv(cms.OCTET_STRING, digest)),
        _signer(certificate).signing_certificate,
    ]
    if signing_time is not None:
        attributes.append(cms.signing_time(signing_time))
    if media_type is not None:
        attributes.append(_mime_type(media_type))
    return cms.set_of(attributes)


def strip(attached: bytes, content: bytes) -> bytes:
    """The detached form: what the signature adds to `content`, and no octet of it.

    Raises ValueError for bytes that are no signature of this module over this content.
    """
    return cms.with_content(attached, content, None)


def attach(detached: bytes, content: bytes) -> bytes:
    """The attached form of a detached signature, byte for byte as it was finished with its content.

    That the content is the signed one is not checked here. Raises ValueError for bytes that are no
    signature of this module.
    """
    return cms.with_content(detached, None, content)


def parses_as_signed_attributes(content: bytes) -> bool:
    """Could a verifier take this content for the SET OF Attribute of a signature (RFC 5652 §5.3)?

    Signing such content would let the signature be moved under what the attributes name. Told by the first
    member alone and in BER as well as in DER, so that it errs on the side of yes.
    """
    if content[:1] not in _MAY_BE_SET:
        return False
    try:
        tag, members = _first_element(content)
        if tag != _SET:
            return False
        tag, attribute = _first_element(members, alone=False)
        return tag == _SEQUENCE and _first_element(attribute, alone=False)[0] == _OID
    except (ValueError, RecursionError):
        return False


class _Signer(Struct, frozen=True):
    """What is the same in every signature under one certificate."""

    sid: bytes
    signing_certificate: bytes


def _signer(certificate: Certificate) -> _Signer:
    return _signer_of(certificate.der, certificate.issuer_der, certificate.serial_der)


@lru_cache(maxsize=64)
def _signer_of(der: bytes, issuer: bytes, serial: bytes) -> _Signer:
    try:
        cms.raw(der)
        sid = cms.tlv(cms.SEQUENCE, cms.raw(issuer), cms.raw(serial))  # RFC 5652 §10.2.4
    except ValueError:
        raise CredentialUnusable(
            "certificate, issuer or serial number has a length that is not DER"
        ) from None
    return _Signer(sid, cms.signing_certificate(hashlib.sha256(der).digest()))


@lru_cache(maxsize=64)
def _mime_type(media_type: str) -> bytes:
    """EN 319 122-1 §5.2.4.2; content-hints is for content inside content, which there is none of."""
    return cms.attribute(cms.ID_MIME_TYPE, cms.tlv(cms.UTF8_STRING, media_type.encode()))


def _chain(signer: Certificate, evidence: Evidence) -> list[bytes]:
    """Each certificate once, the signer's left out."""
    return [cms.raw(der) for der in dict.fromkeys(evidence.certificates) if der != signer.der]


def _first_element(encoded: bytes, *, alone: bool = True) -> tuple[tuple[int, int, int], bytes]:
    """Class, method and number of the first element, and its contents; ValueError where others follow."""
    class_, method, number, _, contents, _ = parser.parse(encoded, strict=alone)
    return (class_, method, number), contents
