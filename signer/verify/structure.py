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
from signer.verify.der import Element, NotDer
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
    info = _of(2, der.only(signature).parts(der.SEQUENCE), "ContentInfo")
    _fixed(info[0].contents(der.OID), _ID_SIGNED_DATA, "contentType")
    data = info[1].only(der.CONTEXT_0).parts(der.SEQUENCE)
    revocation = data.pop(4) if len(data) == 6 else None
    version, digest_algorithms, encapsulated, inside, signers = _of(5, data, "SignedData")
    content = _content(encapsulated.parts(der.SEQUENCE))
    certificates = _set_of(inside.parts(der.CONTEXT_0), der.SEQUENCE)
    crls, ocsps = (frozenset[bytes](), frozenset[bytes]()) if revocation is None else _revocation(revocation)
    _fixed(version.contents(der.INTEGER), _FIVE if ocsps else _ONE, "SignedData.version")
    signer_infos = signers.parts(der.SET)
    if len(signer_infos) != 1:
        raise Refused(Reason.SIGNER_COUNT, "more than one" if signer_infos else "none")
    signer = signer_infos[0].parts(der.SEQUENCE)
    unsigned = signer.pop(6) if len(signer) == 7 else None

    if len(signer) > 3 and signer[3].tag != der.CONTEXT_0:
        raise Refused(Reason.SIGNED_ATTRIBUTES_ABSENT)
    version, sid, digest_algorithm, signed, signature_algorithm, value = _of(6, signer, "SignerInfo")
    _fixed(version.contents(der.INTEGER), _ONE, "SignerInfo.version")
    signed_attributes = bytes([der.SET]) + signed.encoded(der.CONTEXT_0)[1:]
    timestamp = None if unsigned is None else _timestamp(unsigned.parts(_CONTEXT_1))

    said, message_digest = _attributes(signed.encoded(der.CONTEXT_0), profile)
    certificate = _signer_among(certificates, said.signing_certificate)
    return Parsed(
        content=content,
        certificate=certificate,
        sid=sid.contents(der.SEQUENCE),
        digest_algorithms=digest_algorithms.contents(der.SET),
        digest_algorithm=digest_algorithm.encoded(der.SEQUENCE),
        signature_algorithm=signature_algorithm.encoded(der.SEQUENCE),
        signed_attributes=signed_attributes,
        message_digest=message_digest,
        signing_certificate=said.signing_certificate,
        signing_time=said.signing_time,
        media_type=said.media_type,
        signature=value.contents(der.OCTET_STRING),
        unsigned=Unsigned(
            timestamp=timestamp,
            certificates=frozenset(certificates) - {certificate},
            crls=crls,
            ocsps=ocsps,
        )
        if timestamp is not None or crls or ocsps or len(certificates) > 1
        else NOTHING_UNSIGNED,
    )


def _of(count: int, parts: list[Element], place: str) -> list[Element]:
    if len(parts) != count:
        raise NotDer(f"not the parts of {place}")
    return parts


def _fixed(found: bytes, expected: bytes, place: str) -> None:
    if found != expected:
        raise Refused(Reason.STRUCTURE, place)


def _content(encapsulated: list[Element]) -> bytes | None:
    if not encapsulated:
        raise NotDer("not the parts of EncapsulatedContentInfo")
    _fixed(encapsulated[0].contents(der.OID), _ID_DATA, "eContentType")
    if len(encapsulated) == 1:
        return None
    explicit = _of(2, encapsulated, "EncapsulatedContentInfo")[1]
    return explicit.only(der.CONTEXT_0).contents(der.OCTET_STRING)


def _set_of(members: list[Element], tag: int) -> list[bytes]:
    """The members of a SET OF, at least one, each once and in the order of DER."""
    found = [member.encoded(tag) for member in members]
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


def _revocation(choices: Element) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """CRLs and OCSPResponses (RFC 5652 §10.2.1, RFC 5940 §2); DER sorts the ones before the others."""
    members = choices.parts(_CONTEXT_1)
    crls = [member.encoded(der.SEQUENCE) for member in members if member.tag == der.SEQUENCE]
    others = [member.encoded(_CONTEXT_1) for member in members[len(crls) :]]
    if not members:
        raise NotDer("an empty set")
    _ordered(crls)
    _ordered(others)
    return frozenset(crls), frozenset(_ocsp_response(other) for other in members[len(crls) :])


def _ocsp_response(other: Element) -> bytes:
    kind, response = _of(2, other.parts(_CONTEXT_1), "OtherRevocationInfoFormat")
    _fixed(kind.contents(der.OID), _OCSP_RESPONSE, "otherRevInfoFormat")
    return response.encoded(der.SEQUENCE)


def _timestamp(unsigned: list[Element]) -> bytes:
    """The one unsigned attribute there may be (EN 319 122-1 §5.3)."""
    attribute = _of(1, unsigned, "unsignedAttrs")[0].parts(der.SEQUENCE)
    kind, values = _of(2, attribute, "unsignedAttrs")
    _fixed(kind.contents(der.OID), _SIGNATURE_TIMESTAMP, "unsignedAttrs")
    return values.only(der.SET).encoded(der.SEQUENCE)


class _Said(Struct, frozen=True, kw_only=True):
    """What the signed attributes say, and where between them the contents of the digest begin and end."""

    digest_at: int
    digest_end: int
    signing_certificate: bytes | None
    signing_time: datetime
    media_type: str | None


#: The latest ones by profile and length. Documents that are signed together differ in the digest alone.
_latest: dict[tuple[Profile, int], tuple[bytes, _Said]] = {}
_MOST = 64


def _attributes(octets: bytes, profile: Profile) -> tuple[_Said, bytes]:
    """The signed attributes and the digest in them: all that are required, each once, and no other.

    Octets that differ from the ones before in the contents of the digest alone say the same in DER.
    """
    before, said = _latest.get((profile, len(octets)), (b"", None))
    if said is None or not _same_but_for_the_digest(octets, before, said):
        said = _read_attributes(der.only(octets), profile)
        if len(_latest) >= _MOST:
            _latest.clear()
        _latest[profile, len(octets)] = octets, said
    return said, octets[said.digest_at : said.digest_end]


def _same_but_for_the_digest(octets: bytes, before: bytes, said: _Said) -> bool:
    at, end = said.digest_at, said.digest_end
    return octets[:at] == before[:at] and octets[end:] == before[end:]


def _read_attributes(signed: Element, profile: Profile) -> _Said:
    found: dict[bytes, Element] = {}
    before = b""
    for attribute in signed.parts(der.CONTEXT_0):
        kind_, values = _of(2, attribute.parts(der.SEQUENCE), "an Attribute")
        kind, encoded = kind_.contents(der.OID), attribute.encoded(der.SEQUENCE)
        if kind not in profile.value or kind in found:
            raise Refused(Reason.ATTRIBUTE_UNEXPECTED, _ATTRIBUTES.get(kind, kind.hex()))
        if encoded <= before:
            raise NotDer("signed attributes are not in the order of DER")
        found[kind] = values.only(der.SET)
        before = encoded
    for kind in profile.value:
        if kind not in found:
            raise Refused(Reason.ATTRIBUTE_ABSENT, _ATTRIBUTES[kind])
    _fixed(found[_CONTENT_TYPE].contents(der.OID), _ID_DATA, "content-type")
    digest, reference, mime_type = (
        found[_MESSAGE_DIGEST],
        found.get(_SIGNING_CERTIFICATE_V2),
        found.get(_MIME_TYPE),
    )
    digest.contents(der.OCTET_STRING)
    return _Said(
        digest_at=digest.start,
        digest_end=digest.end,
        signing_certificate=None if reference is None else reference.encoded(der.SEQUENCE),
        signing_time=der.moment(found[_SIGNING_TIME]),
        media_type=None if mime_type is None else der.text(mime_type.contents(der.UTF8_STRING)),
    )
