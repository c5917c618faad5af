"""The one shape of SignedData that is accepted (RFC 5652 §5, EN 319 122-1 §6.3), taken apart.

What is fixed is compared here, to the octet: versions, types, one certificate, one signer, five signed
attributes in DER order, nothing unsigned. What depends on a content or a certificate is left to `cades`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from signer.verify import der
from signer.verify.der import NotDer, Reader
from signer.verify.verdict import Reason, Refused

_ONE = b"\x01"
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


class Parsed(Struct, frozen=True, kw_only=True):
    """The parts that can differ from one signature of the profile to another.

    `sid` and the three algorithm identifiers are DER; `signing_certificate` is the attribute's value in DER;
    `signed_attributes` is what was signed, with the tag of SET OF (RFC 5652 §5.4).
    """

    content: bytes | None
    certificate: bytes
    sid: bytes
    digest_algorithms: bytes
    digest_algorithm: bytes
    signature_algorithm: bytes
    signed_attributes: bytes
    message_digest: bytes
    signing_certificate: bytes
    signing_time: datetime
    media_type: str
    signature: bytes


def parse(signature: bytes) -> Parsed:
    """Take a ContentInfo apart, DER. Raises `Refused`, and nothing else, whatever the bytes."""
    try:
        return _parse(signature)
    except NotDer as fault:
        raise Refused(Reason.STRUCTURE, str(fault)) from None


def _parse(signature: bytes) -> Parsed:
    outer = Reader(signature)
    content_info = outer.enter(der.SEQUENCE)
    outer.done()
    _fixed(content_info.contents(der.OID), _ID_SIGNED_DATA, "contentType")
    explicit = content_info.enter(der.CONTEXT_0)
    content_info.done()
    signed_data = explicit.enter(der.SEQUENCE)
    explicit.done()

    _fixed(signed_data.contents(der.INTEGER), _ONE, "SignedData.version")
    digest_algorithms = signed_data.contents(der.SET)
    content = _content(signed_data.enter(der.SEQUENCE))
    certificates = signed_data.enter(der.CONTEXT_0)
    certificate = certificates.encoded(der.SEQUENCE)
    certificates.done()
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
    signer.done()

    attributes = _attributes(Reader(signed_attributes).enter(der.SET))
    content_type, message_digest, signing_time, signing_certificate, mime_type = (
        attributes[kind] for kind in _ATTRIBUTES
    )
    _fixed(content_type.contents(der.OID), _ID_DATA, "content-type")
    parsed = Parsed(
        content=content,
        certificate=certificate,
        sid=sid,
        digest_algorithms=digest_algorithms,
        digest_algorithm=digest_algorithm,
        signature_algorithm=signature_algorithm,
        signed_attributes=signed_attributes,
        message_digest=message_digest.contents(der.OCTET_STRING),
        signing_certificate=signing_certificate.encoded(der.SEQUENCE),
        signing_time=der.moment(signing_time),
        media_type=der.text(mime_type.contents(der.UTF8_STRING)),
        signature=value,
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


def _attributes(members: Reader) -> dict[bytes, Reader]:
    """The values of the signed attributes by type, each type once, all that are required and no other."""
    found: dict[bytes, Reader] = {}
    before = b""
    while not members.exhausted():
        encoded = members.encoded(der.SEQUENCE)
        attribute = Reader(encoded).enter(der.SEQUENCE)
        kind = attribute.contents(der.OID)
        if kind not in _ATTRIBUTES or kind in found:
            raise Refused(Reason.ATTRIBUTE_UNEXPECTED, _ATTRIBUTES.get(kind, kind.hex()))
        if encoded <= before:
            raise NotDer("signed attributes are not in the order of DER")
        found[kind] = attribute.enter(der.SET)
        attribute.done()
        before = encoded
    for kind, name in _ATTRIBUTES.items():
        if kind not in found:
            raise Refused(Reason.ATTRIBUTE_ABSENT, name)
    return found
