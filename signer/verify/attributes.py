"""The signed and unsigned attributes of a SignerInfo (RFC 5652 §5.3, EN 319 122-1 §5), read in strict DER.

What is unknown among the signed ones is told, since its signer meant something by it; unsigned ones prove
nothing by themselves. Neither digests nor values are checked here.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from signer.verify import algorithms, der
from signer.verify.candidate import Unreadable
from signer.verify.der import NotDer, Reader
from signer.verify.report import Finding, Severity, SubIndication

_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")
_SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910020c")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")
_MIME_TYPE = bytes.fromhex("04008d450201")
_PROTECTION = bytes.fromhex("2a864886f70d010934")

_TIMESTAMP = bytes.fromhex("2a864886f70d010910020e")
_CERTIFICATE_VALUES = bytes.fromhex("2a864886f70d0109100217")
_REVOCATION_VALUES = bytes.fromhex("2a864886f70d0109100218")

#: Signed attributes that say nothing a verdict could hang on: S/MIME capabilities, content hints, the
#: commitment, place and roles that the signer claims, and the policy that it names.
_HARMLESS = {
    bytes.fromhex("2a864886f70d01090f"): "smime-capabilities",
    bytes.fromhex("2a864886f70d0109100204"): "content-hints",
    bytes.fromhex("2a864886f70d0109100210"): "commitment-type",
    bytes.fromhex("2a864886f70d0109100211"): "signer-location",
    bytes.fromhex("2a864886f70d0109100212"): "signer-attributes",
    bytes.fromhex("2a864886f70d010910020f"): "signature-policy",
    bytes.fromhex("04008d45020b"): "signer-attributes-v2",
}
_NAMES = {
    _CONTENT_TYPE: "content-type",
    _MESSAGE_DIGEST: "message-digest",
    _SIGNING_TIME: "signing-time",
    _SIGNING_CERTIFICATE: "signing-certificate",
    _SIGNING_CERTIFICATE_V2: "signing-certificate-v2",
    _MIME_TYPE: "mime-type",
    _PROTECTION: "algorithm-protection",
} | _HARMLESS

#: More timestamps than any file has a use for, each of which costs a signature to check.
MAX_TIMESTAMPS = 8


class Reference(Struct, frozen=True):
    """An ESSCertID or ESSCertIDv2 (RFC 5035 §4): the hash of a certificate."""

    digest: str
    value: bytes

    def binds(self, certificate: bytes) -> bool:
        """Is it the hash of this certificate, DER?"""
        return algorithms.hashed(self.digest, certificate) == self.value


class Signed(Struct, frozen=True, kw_only=True):
    """What the signed attributes say. `references` is None where no signing certificate is named."""

    content_type: bytes
    message_digest: bytes
    signing_time: datetime | None
    references: tuple[Reference, ...] | None
    media_type: str | None
    algorithm_protection: bytes | None
    findings: tuple[Finding, ...]


class Unsigned(Struct, frozen=True, kw_only=True):
    """What the unsigned attributes carry, each DER."""

    timestamps: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    findings: tuple[Finding, ...] = ()


def signed(encoded: bytes) -> Signed:
    """Read a SET OF Attribute, DER. Raises `NotDer`, `Unreadable`, `algorithms.Unknown`."""
    found: dict[bytes, Reader] = {}
    findings = []
    members, before = Reader(encoded).enter(der.SET), b""
    while not members.exhausted():
        place = members.place
        attribute = members.enter(der.SEQUENCE)
        one = members.since(place)
        kind = attribute.contents(der.OID)
        if one <= before:
            raise NotDer("signed attributes are not in the order of DER")
        if kind in found:
            raise _broken("attribute-twice", _NAMES.get(kind, kind.hex()))
        found[kind], before = attribute.enter(der.SET), one
        attribute.done()
        if kind not in _NAMES:
            findings.append(_finding("attribute-unknown", kind.hex()))
    content_type = _needed(found, _CONTENT_TYPE).contents(der.OID)
    message_digest = _needed(found, _MESSAGE_DIGEST).contents(der.OCTET_STRING)
    time, mime, protection = found.get(_SIGNING_TIME), found.get(_MIME_TYPE), found.get(_PROTECTION)
    read = Signed(
        content_type=content_type,
        message_digest=message_digest,
        signing_time=None if time is None else der.moment(time),
        references=_references(found),
        media_type=None if mime is None else der.text(mime.contents(der.UTF8_STRING)),
        algorithm_protection=None if protection is None else protection.contents(der.SEQUENCE),
        findings=tuple(findings),
    )
    for kind, values in found.items():
        if kind in _NAMES and kind not in _HARMLESS:
            values.done()
    return read


def unsigned(contents: bytes | None) -> Unsigned:
    """Read the contents of a SET OF Attribute; None where there is none. Raises `NotDer`, `Unreadable`."""
    if contents is None:
        return Unsigned()
    members = Reader(contents)
    timestamps: list[bytes] = []
    certificates: list[bytes] = []
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    findings = []
    while not members.exhausted():
        attribute = members.enter(der.SEQUENCE)
        kind, values = attribute.contents(der.OID), attribute.enter(der.SET)
        attribute.done()
        if kind == _TIMESTAMP:
            timestamps += _all(values)
        elif kind == _CERTIFICATE_VALUES:
            certificates += _all(values.enter(der.SEQUENCE))
        elif kind == _REVOCATION_VALUES:
            _revocation_values(values.enter(der.SEQUENCE), crls, ocsps)
        else:
            findings.append(_finding("unsigned-attribute-ignored", kind.hex()))
    if len(timestamps) > MAX_TIMESTAMPS or max(map(len, (certificates, crls, ocsps))) > 32:
        raise _broken("too-much-unsigned")
    return Unsigned(
        timestamps=tuple(timestamps),
        certificates=tuple(certificates),
        crls=tuple(crls),
        ocsps=tuple(ocsps),
        findings=tuple(findings),
    )


def looks_like_attributes(content: bytes) -> bool:
    """Could this content itself be taken for the signed attributes of a signature (RFC 5652 §5.3)?"""
    if content[:1] != b"\x31":
        return False
    outer = Reader(content)
    try:
        members = outer.enter(der.SET)
        outer.done()
        return bool(members.enter(der.SEQUENCE).contents(der.OID))
    except NotDer:
        return False


def _references(found: dict[bytes, Reader]) -> tuple[Reference, ...] | None:
    """Version 2 before version 1, as where both stand the stronger hash is the one meant."""
    references: tuple[Reference, ...] | None = None
    for kind, fixed in ((_SIGNING_CERTIFICATE, "sha1"), (_SIGNING_CERTIFICATE_V2, None)):
        if kind not in found:
            continue
        references = _hashes(found[kind].contents(der.SEQUENCE), fixed)
    return references


@lru_cache(maxsize=1024)
def _hashes(attribute: bytes, fixed: str | None) -> tuple[Reference, ...]:
    """The references of a SigningCertificate or, where no hash is fixed, a SigningCertificateV2."""
    certificates, found = Reader(attribute).enter(der.SEQUENCE), []
    while not certificates.exhausted():
        reference = certificates.enter(der.SEQUENCE)
        name = fixed or "sha256"
        if fixed is None and reference.next_is(der.SEQUENCE):
            name = algorithms.digest(reference.encoded(der.SEQUENCE))
        found.append(Reference(name, reference.contents(der.OCTET_STRING)))
    if not found:
        raise _broken("attribute-missing", "signing-certificate")
    return tuple(found)


def _revocation_values(fields: Reader, crls: list[bytes], ocsps: list[bytes]) -> None:
    """EN 319 122-1 §A.1.3: CRLs, then BasicOCSPResponses; other kinds are passed over."""
    for tag, found in ((der.CONTEXT_0, crls), (der.CONTEXT_1, ocsps)):
        if fields.next_is(tag):
            found.extend(_all(fields.enter(tag).enter(der.SEQUENCE)))


def _all(members: Reader) -> list[bytes]:
    found = []
    while not members.exhausted():
        found.append(members.encoded(der.SEQUENCE))
    return found


def _needed(found: dict[bytes, Reader], kind: bytes) -> Reader:
    if kind not in found:
        raise _broken("attribute-missing", _NAMES[kind])
    return found[kind]


def _finding(code: str, detail: str) -> Finding:
    return Finding(code=code, severity=Severity.INFO, detail=detail)


def _broken(code: str, detail: str = "") -> Unreadable:
    finding = Finding(code=code, severity=Severity.FAILED, detail=detail)
    return Unreadable(SubIndication.FORMAT_FAILURE, finding)
