"""OCSP (RFC 6960): the request for one certificate, and what a signed answer says of it.

The signer is the issuer itself or a responder that it certified for this alone. Over HTTP this is `http`'s.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier
from msgspec import Struct

from signer.x509 import Certificate, CertificateUnreadable, issued_by, read, signed_by, tlv
from signer.x509.extensions import OCSP_SIGNING, purposes
from signer.x509.tlv import Tlv

REQUEST_TYPE = "application/ocsp-request"
MAX_OCTETS = 256 * 1024
#: How far a responder's clock may be ahead of ours.
AHEAD = timedelta(minutes=5)
#: An answer that names no next update tells of now (RFC 6960 §4.2.2.1) and is good for no longer than this.
FRESH_FOR = timedelta(hours=1)

_SHA1 = "1.3.14.3.2.26"
_BASIC = "1.3.6.1.5.5.7.48.1.1"
_SUCCESSFUL = b"\x00"
_CONTEXT_0, _GOOD, _REVOKED = 0xA0, 0x80, 0xA1


class AnswerRefused(Exception):
    """The answer says nothing usable about the certificate; the text says why."""


class Status(Struct, frozen=True, kw_only=True):
    """What a usable answer says, and until when (aware, UTC)."""

    revoked: bool
    until: datetime


@asn1.sequence
class _Algorithm:
    algorithm: ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _CertId:
    hash_algorithm: _Algorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: asn1.TLV


@asn1.sequence
class _One:
    req_cert: _CertId


@asn1.sequence
class _Tbs:
    request_list: list[_One]


@asn1.sequence
class _Request:
    """OCSPRequest (RFC 6960 §4.1.1), unsigned and without extensions, so that responders may cache."""

    tbs_request: _Tbs


def request(certificate: Certificate, issuer: Certificate) -> bytes:
    """The OCSPRequest, DER. SHA-1 only finds the issuer here and proves nothing (RFC 5019 §2.1.1)."""
    cert_id = _CertId(
        hash_algorithm=_Algorithm(algorithm=ObjectIdentifier(_SHA1), parameters=asn1.Null()),
        issuer_name_hash=_name_hash(issuer),
        issuer_key_hash=_key_hash(issuer),
        serial_number=asn1.decode_der(asn1.TLV, certificate.serial_der),
    )
    return asn1.encode_der(_Request(tbs_request=_Tbs(request_list=[_One(req_cert=cert_id)])))


def status(answer: bytes, certificate: Certificate, issuer: Certificate, now: datetime) -> Status:
    """What an OCSPResponse, DER, says of `certificate`. Raises `AnswerRefused`, whatever the bytes."""
    try:
        asn1.decode_der(asn1.TLV, answer)  # what holds it will be DER
        return _status(answer, certificate, issuer, now)
    except (ValueError, IndexError) as fault:
        raise AnswerRefused("not an OCSP response") from fault


def _status(answer: bytes, certificate: Certificate, issuer: Certificate, now: datetime) -> Status:
    code, *rest = tlv.read_one(answer).expect(tlv.SEQUENCE).children()
    if code.contents != _SUCCESSFUL:
        raise AnswerRefused(f"status {code.contents.hex()}")
    kind, octets = tlv.read_one(rest[0].contents).expect(tlv.SEQUENCE).children()
    if tlv.oid(kind.contents) != _BASIC:
        raise AnswerRefused("another kind of response")
    data, algorithm, value, *inside = tlv.read_one(octets.contents).expect(tlv.SEQUENCE).children()
    oid = tlv.oid(algorithm.children()[0].contents)
    signature = tlv.octets(value.contents)
    if not any(
        signed_by(signer.spki, oid, data.encoded, signature) for signer in _signers(inside, issuer, now)
    ):
        raise AnswerRefused("signature")
    fields = [field for field in data.children() if field.tag == tlv.SEQUENCE]
    return _said(fields[0].children(), certificate, issuer, now)


def _signers(inside: list[Tlv], issuer: Certificate, now: datetime) -> list[Certificate]:
    """Who may answer for the issuer (RFC 6960 §4.2.2.2)."""
    signers = [issuer]
    for one in tlv.read_one(inside[0].contents).children() if inside else []:
        try:
            responder = read(one.encoded)
        except CertificateUnreadable:
            continue
        said = purposes(responder)
        in_time = responder.not_before <= now <= responder.not_after
        if said and OCSP_SIGNING in said.oids and in_time and issued_by(responder, [issuer]):
            signers.append(responder)
    return signers


def _said(singles: list[Tlv], certificate: Certificate, issuer: Certificate, now: datetime) -> Status:
    for single in singles:
        cert_id, said, since, *rest = single.children()
        algorithm, name, key, serial = cert_id.children()
        ours = (_name_hash(issuer), _key_hash(issuer), certificate.serial_der)
        if tlv.oid(algorithm.children()[0].contents) != _SHA1 or ours != (
            name.contents,
            key.contents,
            serial.encoded,
        ):
            continue
        begun = tlv.moment(since)
        until = tlv.moment(tlv.read_one(rest[0].contents)) if _has_end(rest) else begun + FRESH_FOR
        if begun > now + AHEAD or until < now:
            raise AnswerRefused("out of its time")
        if said.tag not in {_GOOD, _REVOKED}:
            raise AnswerRefused("unknown to the responder")
        return Status(revoked=said.tag == _REVOKED, until=until)
    raise AnswerRefused("about another certificate")


def _has_end(rest: list[Tlv]) -> bool:
    return bool(rest) and rest[0].tag == _CONTEXT_0


def _name_hash(issuer: Certificate) -> bytes:
    return hashlib.sha1(issuer.subject_der, usedforsecurity=False).digest()


def _key_hash(issuer: Certificate) -> bytes:
    """Of the key's octets alone, without tag, length and unused bits."""
    key = tlv.read_one(issuer.spki).children()[1]
    return hashlib.sha1(tlv.octets(key.contents), usedforsecurity=False).digest()
