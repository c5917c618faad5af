"""Timestamps (RFC 3161): the request, and whether an answer is the token that was asked for.

An answer passes only where status, imprint, nonce, policy and the authority's own signature hold, under a
certificate that may do nothing but timestamp. Whether that certificate is trusted is `signer.verify`'s.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier
from msgspec import Struct

from signer.x509 import Certificate, CertificateUnreadable, read, signed_by, tlv
from signer.x509.extensions import TIME_STAMPING, purposes
from signer.x509.tlv import Tlv

REQUEST_TYPE = "application/timestamp-query"
#: Far more than a token with its authority's whole chain.
MAX_OCTETS = 128 * 1024

_VERSION = 1
_GRANTED = {0, 1}  # RFC 3161 §2.4.2: granted, grantedWithMods
_SHA256 = "2.16.840.1.101.3.4.2.1"
_DIGESTS = {_SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1


class TimestampRefused(Exception):
    """The answer is not a usable token; the text says why."""


@asn1.sequence
class _Algorithm:
    algorithm: ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _Imprint:
    hash_algorithm: _Algorithm
    hashed_message: bytes


@asn1.sequence
class _Request:
    """TimeStampReq (RFC 3161 §2.4.1)."""

    version: int
    message_imprint: _Imprint
    req_policy: ObjectIdentifier | None
    nonce: int
    cert_req: bool


class Wanted(Struct, frozen=True, kw_only=True):
    """What a token has to say: the SHA-256 of the stamped octets, our nonce, and the policy if any."""

    digest: bytes
    nonce: int
    policy: str | None = None


def request(wanted: Wanted) -> bytes:
    """The TimeStampReq, DER, that asks for the authority's certificate as well."""
    imprint = _Imprint(
        hash_algorithm=_Algorithm(algorithm=ObjectIdentifier(_SHA256), parameters=asn1.Null()),
        hashed_message=wanted.digest,
    )
    return asn1.encode_der(
        _Request(
            version=_VERSION,
            message_imprint=imprint,
            req_policy=None if wanted.policy is None else ObjectIdentifier(wanted.policy),
            nonce=wanted.nonce,
            cert_req=True,
        )
    )


def token(answer: bytes, wanted: Wanted) -> bytes:
    """The TimeStampToken inside a TimeStampResp, DER. Raises `TimestampRefused`, whatever the bytes."""
    try:
        found = _granted(answer)
        _check(found, wanted)
        asn1.decode_der(asn1.TLV, found.encoded)  # what holds it will be DER
    except (ValueError, IndexError) as fault:
        raise TimestampRefused("not a timestamp response") from fault
    return found.encoded


def certificates(stamp: bytes) -> tuple[Certificate, ...]:
    """The certificates inside a token that passed, the authority's first."""
    parts = _parts(tlv.read_one(stamp))
    return _authority_first(parts)


def moment(stamp: bytes) -> datetime:
    """When a token that passed `token` says that it was made (RFC 3161 §2.4.2, genTime); aware, UTC."""
    fields = tlv.read_one(_parts(tlv.read_one(stamp)).info).expect(tlv.SEQUENCE).children()
    return _told_at(fields[4])


class _Parts(Struct, frozen=True, kw_only=True):
    """A token taken apart."""

    info: bytes
    certificates: tuple[Certificate, ...]
    signer: list[Tlv]


def _granted(answer: bytes) -> Tlv:
    status, *found = tlv.read_one(answer).expect(tlv.SEQUENCE).children()
    code = tlv.integer(status.expect(tlv.SEQUENCE).children()[0].expect(tlv.INTEGER).contents)
    if code not in _GRANTED:
        raise TimestampRefused(f"status {code}")
    if len(found) != 1:
        raise TimestampRefused("no token")
    return found[0]


def _parts(stamp: Tlv) -> _Parts:
    """Every element is what RFC 5652 §5.1 and §5.3 have there, for whoever reads the token after us."""
    kind, wrapped = stamp.expect(tlv.SEQUENCE).children()
    if tlv.oid(kind.expect(tlv.OID).contents) != _SIGNED_DATA:
        raise ValueError("not a SignedData")
    data = tlv.read_one(wrapped.expect(_CONTEXT_0).contents).expect(tlv.SEQUENCE).children()
    version, digests, encapsulated, *optional, signers = data
    if version.expect(tlv.INTEGER).contents != b"\x03":
        raise ValueError("another version of SignedData")
    _algorithms(digests)
    content_type, content = encapsulated.expect(tlv.SEQUENCE).children()
    if tlv.oid(content_type.expect(tlv.OID).contents) != _TST_INFO:
        raise ValueError("not a TSTInfo")
    if [field.tag for field in optional] not in ([], [_CONTEXT_0], [_CONTEXT_1], [_CONTEXT_0, _CONTEXT_1]):
        raise ValueError("other fields than certificates and CRLs")
    inside = [part for field in optional if field.tag == _CONTEXT_0 for part in field.children()]
    if len(signers.expect(tlv.SET).children()) != 1:
        raise TimestampRefused("not exactly one signer")
    return _Parts(
        info=tlv.read_one(content.expect(_CONTEXT_0).contents).expect(tlv.OCTET_STRING).contents,
        certificates=tuple(_readable(inside)),
        signer=signers.children()[0].expect(tlv.SEQUENCE).children(),
    )


def _algorithms(digests: Tlv) -> None:
    for algorithm in digests.expect(tlv.SET).children():
        tlv.oid(algorithm.expect(tlv.SEQUENCE).children()[0].expect(tlv.OID).contents)


def _readable(encoded: list[Tlv]) -> list[Certificate]:
    found = []
    for one in encoded:
        try:
            found.append(read(one.encoded))
        except CertificateUnreadable:
            continue  # another one may be the signer's
    return found


def _check(stamp: Tlv, wanted: Wanted) -> None:
    parts = _parts(stamp)
    at = _check_info(parts.info, wanted)
    digest, attributes = _signer(parts)
    authority = _authority_first(parts)[0]
    if _contents(attributes, _CONTENT_TYPE) != _oid_contents(_TST_INFO):
        raise TimestampRefused("content type")
    digested = hashlib.new(_digest_name(digest), parts.info).digest()
    if _contents(attributes, _MESSAGE_DIGEST) != digested:
        raise TimestampRefused("message digest")
    algorithm = tlv.oid(parts.signer[4].children()[0].contents)
    message = b"\x31" + attributes.encoded[1:]
    value = parts.signer[5].expect(tlv.OCTET_STRING).contents
    if not signed_by(authority.spki, algorithm, message, value, digest=digest):
        raise TimestampRefused("signature")
    if not authority.not_before <= at <= authority.not_after:
        raise TimestampRefused("certificate out of its time")
    found = purposes(authority)
    if found is None or found.oids != (TIME_STAMPING,) or not found.critical:
        raise TimestampRefused("certificate is not for timestamps alone")  # RFC 3161 §2.3


def _check_info(encoded: bytes, wanted: Wanted) -> datetime:
    """TSTInfo (RFC 3161 §2.4.2): what was stamped is what was asked; the time, aware, UTC."""
    version, policy, imprint, _, at, *rest = tlv.read_one(encoded).expect(tlv.SEQUENCE).children()
    if tlv.integer(version.contents) != _VERSION:
        raise TimestampRefused("version")
    algorithm, digest = imprint.children()
    hashed = tlv.oid(algorithm.children()[0].contents)
    if hashed != _SHA256 or digest.contents != wanted.digest:
        raise TimestampRefused("imprint")
    nonce = next((part for part in rest if part.tag == tlv.INTEGER), None)
    if nonce is None or tlv.integer(nonce.contents) != wanted.nonce:
        raise TimestampRefused("nonce")
    if wanted.policy is not None and tlv.oid(policy.contents) != wanted.policy:
        raise TimestampRefused("policy")
    return _told_at(at)


def _told_at(at: Tlv) -> datetime:
    """genTime, without its fraction of a second."""
    whole, dot, _ = at.contents.partition(b".")
    return tlv.moment(Tlv(at.tag, whole + b"Z" * len(dot), at.encoded))


def _signer(parts: _Parts) -> tuple[str, Tlv]:
    """The digest algorithm's OID and the signed attributes, `[0]`, of the one SignerInfo."""
    if len(parts.signer) < 6 or parts.signer[3].tag != _CONTEXT_0:
        raise TimestampRefused("no signed attributes")
    return tlv.oid(parts.signer[2].children()[0].contents), parts.signer[3]


def _authority_first(parts: _Parts) -> tuple[Certificate, ...]:
    """The certificate that the signed reference names (RFC 5816 §2.2.1, RFC 3161 §2.4.2), then the rest."""
    _, attributes = _signer(parts)
    for oid, default in ((_SIGNING_CERTIFICATE_V2, "sha256"), (_SIGNING_CERTIFICATE, "sha1")):
        value = _attribute(attributes, oid)
        if value is None:
            continue
        reference = value.children()[0].children()[0].children()
        name = default
        if reference[0].tag == tlv.SEQUENCE:
            name = _digest_name(tlv.oid(reference[0].children()[0].contents))
            reference = reference[1:]
        for one in parts.certificates:
            if hashlib.new(name, one.der).digest() == reference[0].contents:
                return (one, *(other for other in parts.certificates if other is not one))
    raise TimestampRefused("certificate")


def _digest_name(oid: str) -> str:
    if oid not in _DIGESTS:
        raise TimestampRefused("digest algorithm")
    return _DIGESTS[oid]


def _attribute(attributes: Tlv, oid: str) -> Tlv | None:
    for attribute in attributes.children():
        kind, values = attribute.expect(tlv.SEQUENCE).children()
        if tlv.oid(kind.contents) == oid:
            return tlv.read_one(values.contents)
    return None


def _contents(attributes: Tlv, oid: str) -> bytes | None:
    value = _attribute(attributes, oid)
    return None if value is None else value.contents


def _oid_contents(oid: str) -> bytes:
    return asn1.encode_der(ObjectIdentifier(oid))[2:]
