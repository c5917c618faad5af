"""The shapes of SignedData that Mohr makes (RFC 5652 §5, EN 319 122-1 §6.3), taken apart.

What is fixed is compared here, to the octet: versions, types, one signer, the signed attributes of a profile
in DER order. What is unsigned is told apart, and what depends on a content or a certificate is left to
`cades`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import Enum
from itertools import pairwise

from msgspec import Struct

from signer.verify import der
from signer.verify.der import NotDer, Reader
from signer.verify.verdict import Reason, Refused

_CONTEXT_1 = 0xA1
_ONE, _FIVE = b"\x01", b"\x05"
_ID_DATA = bytes.fromhex("2a864886f70d010701")
_ID_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")

_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")
_MIME_TYPE = bytes.fromhex("04008d450201")

_ATTRIBUTES = {
    _CONTENT_TYPE: "content-type",
    _MESSAGE_DIGEST: "message-digest",
    _SIGNING_TIME: "signing-time",
    _SIGNING_CERTIFICATE_V2: "signing-certificate-v2",
    _MIME_TYPE: "mime-type",
}

_SIGNATURE_TIMESTAMP = bytes.fromhex("2a864886f70d010910020e")
_OCSP_RESPONSE = bytes.fromhex("2b06010505071002")


class Profile(Enum):
    """Which signed attributes there are: each of these once, and no other."""

    CADES = tuple(_ATTRIBUTES)
    LEGACY = (_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME)


class Unsigned(Struct, frozen=True, kw_only=True):
    """What nobody signed: a timestamp, other certificates, CRLs and OCSPResponses, all DER."""

    timestamp: bytes | None = None
    certificates: frozenset[bytes] = frozenset()
    crls: frozenset[bytes] = frozenset()
    ocsps: frozenset[bytes] = frozenset()


#: What level B-B carries of it.
NOTHING_UNSIGNED = Unsigned()


class Parsed(Struct, frozen=True, kw_only=True):
    """The parts that can differ from one signature of the profile to another.

    `sid` and the three algorithm identifiers are DER; `signing_certificate` is the attribute's value in DER;
    `signed_attributes` is what was signed, with the tag of SET OF (RFC 5652 §5.4). `signing_certificate` and
    `media_type` are None in the legacy profile.
    """

    content: bytes | None
    certificate: bytes
    sid: bytes
    digest_algorithms: bytes
    digest_algorithm: bytes
    signature_algorithm: bytes
    signed_attributes: bytes
    message_digest: bytes
    signing_certificate: bytes | None
    signing_time: datetime
    media_type: str | None
    signature: bytes
    unsigned: Unsigned


def parse(signature: bytes, profile: Profile = Profile.CADES) -> Parsed:
    """Take a ContentInfo apart, DER. Raises `Refused`, and nothing else, whatever the bytes."""
    try:
        return _parse(signature, profile)
    except NotDer as fault:
        raise Refused(Reason.STRUCTURE, str(fault)) from None


def _parse(signature: bytes, profile: Profile) -> Parsed:
    outer = Reader(signature)
    content_info = outer.enter(der.SEQUENCE)
    outer.done()
    _fixed(content_info.contents(der.OID), _ID_SIGNED_DATA, "contentType")
    explicit = content_info.enter(der.CONTEXT_0)
    content_info.done()
    signed_data = explicit.enter(der.SEQUENCE)
    explicit.done()

    version = signed_data.contents(der.INTEGER)
    digest_algorithms = signed_data.contents(der.SET)
    content = _content(signed_data.enter(der.SEQUENCE))
    certificates = _set_of(signed_data.enter(der.CONTEXT_0), der.SEQUENCE)
    crls, ocsps = _revocation(signed_data)
    _fixed(version, _FIVE if ocsps else _ONE, "SignedData.version")
    signers = signed_data.enter(der.SET)
    signed_data.done()
    if signers.exhausted():
        raise Refused(Reason.SIGNER_COUNT, "none")
    signer = signers.enter(der.SEQUENCE)
    if not signers.exhausted():
        raise Refused(Reason.SIGNER_COUNT, "more than one")

    _fixed(signer.contents(der.INTEGER), _ONE, "SignerInfo.version")
    sid = signer.contents(der.SEQUENCE)
    digest_algorithm = signer.encoded(der.SEQUENCE)
    if not signer.next_is(der.CONTEXT_0):
        raise Refused(Reason.SIGNED_ATTRIBUTES_ABSENT)
    signed_attributes = bytes([der.SET]) + signer.encoded(der.CONTEXT_0)[1:]
    signature_algorithm = signer.encoded(der.SEQUENCE)
    value = signer.contents(der.OCTET_STRING)
    timestamp = _timestamp(signer.enter(_CONTEXT_1)) if signer.next_is(_CONTEXT_1) else None
    signer.done()

    attributes = _attributes(Reader(signed_attributes).enter(der.SET), profile)
    _fixed(attributes[_CONTENT_TYPE].contents(der.OID), _ID_DATA, "content-type")
    reference, mime_type = attributes.get(_SIGNING_CERTIFICATE_V2), attributes.get(_MIME_TYPE)
    signing_certificate = None if reference is None else reference.encoded(der.SEQUENCE)
    certificate = _signer_among(certificates, signing_certificate)
    parsed = Parsed(
        content=content,
        certificate=certificate,
        sid=sid,
        digest_algorithms=digest_algorithms,
        digest_algorithm=digest_algorithm,
        signature_algorithm=signature_algorithm,
        signed_attributes=signed_attributes,
        message_digest=attributes[_MESSAGE_DIGEST].contents(der.OCTET_STRING),
        signing_certificate=signing_certificate,
        signing_time=der.moment(attributes[_SIGNING_TIME]),
        media_type=None if mime_type is None else der.text(mime_type.contents(der.UTF8_STRING)),
        signature=value,
        unsigned=Unsigned(
            timestamp=timestamp,
            certificates=frozenset(certificates) - {certificate},
            crls=crls,
            ocsps=ocsps,
        )
        if timestamp is not None or crls or ocsps or len(certificates) > 1
        else NOTHING_UNSIGNED,
    )
    for attribute in attributes.values():
        attribute.done()
    return parsed


def _fixed(found: bytes, expected: bytes, place: str) -> None:
    if found != expected:
        raise Refused(Reason.STRUCTURE, place)


def _content(encapsulated: Reader) -> bytes | None:
    _fixed(encapsulated.contents(der.OID), _ID_DATA, "eContentType")
    if encapsulated.exhausted():
        return None
    explicit = encapsulated.enter(der.CONTEXT_0)
    encapsulated.done()
    content = explicit.contents(der.OCTET_STRING)
    explicit.done()
    return content


def _set_of(members: Reader, tag: int) -> list[bytes]:
    """The members of a SET OF, at least one, each once and in the order of DER."""
    found: list[bytes] = []
    while not members.exhausted():
        found.append(members.encoded(tag))
    _ordered(found)
    if not found:
        raise NotDer("an empty set")
    return found


def _ordered(members: list[bytes]) -> None:
    if any(after <= before for before, after in pairwise(members)):
        raise NotDer("a set that is not in the order of DER")


def _signer_among(certificates: list[bytes], reference: bytes | None) -> bytes:
    """The certificate whose hash the signed reference ends with; the only one where there is no choice."""
    if len(certificates) == 1:
        return certificates[0]
    for certificate in certificates:
        if reference is not None and reference.endswith(hashlib.sha256(certificate).digest()):
            return certificate
    raise Refused(Reason.CERTIFICATE_DIFFERS, "certificates")


def _revocation(signed_data: Reader) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """CRLs and OCSPResponses (RFC 5652 §10.2.1, RFC 5940 §2); DER sorts the ones before the others."""
    if not signed_data.next_is(_CONTEXT_1):
        return frozenset(), frozenset()
    choices = signed_data.enter(_CONTEXT_1)
    crls, others = [], []
    while choices.next_is(der.SEQUENCE):
        crls.append(choices.encoded(der.SEQUENCE))
    while choices.next_is(_CONTEXT_1):
        others.append(choices.encoded(_CONTEXT_1))
    choices.done()
    if not crls and not others:
        raise NotDer("an empty set")
    _ordered(crls)
    _ordered(others)
    return frozenset(crls), frozenset(_ocsp_response(other) for other in others)


def _ocsp_response(other: bytes) -> bytes:
    fields = Reader(other).enter(_CONTEXT_1)
    _fixed(fields.contents(der.OID), _OCSP_RESPONSE, "otherRevInfoFormat")
    response = fields.encoded(der.SEQUENCE)
    fields.done()
    return response


def _timestamp(unsigned: Reader) -> bytes:
    """The one unsigned attribute there may be (EN 319 122-1 §5.3)."""
    attribute = unsigned.enter(der.SEQUENCE)
    unsigned.done()
    _fixed(attribute.contents(der.OID), _SIGNATURE_TIMESTAMP, "unsignedAttrs")
    values = attribute.enter(der.SET)
    attribute.done()
    token = values.encoded(der.SEQUENCE)
    values.done()
    return token


def _attributes(members: Reader, profile: Profile) -> dict[bytes, Reader]:
    """The values of the signed attributes by type, each type once, all that are required and no other."""
    found: dict[bytes, Reader] = {}
    before = b""
    while not members.exhausted():
        encoded = members.encoded(der.SEQUENCE)
        attribute = Reader(encoded).enter(der.SEQUENCE)
        kind = attribute.contents(der.OID)
        if kind not in profile.value or kind in found:
            raise Refused(Reason.ATTRIBUTE_UNEXPECTED, _ATTRIBUTES.get(kind, kind.hex()))
        if encoded <= before:
            raise NotDer("signed attributes are not in the order of DER")
        found[kind] = attribute.enter(der.SET)
        attribute.done()
        before = encoded
    for kind in profile.value:
        if kind not in found:
            raise Refused(Reason.ATTRIBUTE_ABSENT, _ATTRIBUTES[kind])
    return found
