"""The signed and unsigned attributes of a SignerInfo (RFC 5652 §5.3, EN 319 122-1 §5), read in strict DER.

What is unknown among the signed ones is told, since its signer meant something by it; unsigned ones prove
nothing by themselves. Neither digests nor values are checked here.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from signer.verify import algorithms, der
from signer.verify.candidate import Unreadable
from signer.verify.der import Element, NotDer
from signer.verify.report import Finding, Severity, SubIndication
from signer.x509 import Certificate

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
_READ = {
    _CONTENT_TYPE: "content-type",
    _MESSAGE_DIGEST: "message-digest",
    _SIGNING_TIME: "signing-time",
    _SIGNING_CERTIFICATE: "signing-certificate",
    _SIGNING_CERTIFICATE_V2: "signing-certificate-v2",
    _MIME_TYPE: "mime-type",
    _PROTECTION: "algorithm-protection",
}
_NAMES = _READ | _HARMLESS

#: In GeneralName (RFC 5280 §4.2.1.6).
_DIRECTORY_NAME = 0xA4

#: More timestamps than any file has a use for, each of which costs a signature to check.
MAX_TIMESTAMPS = 8


class Reference(Struct, frozen=True, gc=False, cache_hash=True):
    """An ESSCertID or ESSCertIDv2 (RFC 5035 §4): a certificate's hash; `issuer_serial` is DER, or None."""

    digest: str
    value: bytes
    issuer_serial: bytes | None

    def binds(self, certificate: Certificate) -> bool:
        """Is it the hash of this certificate, and its issuer and serial number where it has them?"""
        if algorithms.hashed(self.digest, certificate.der) != self.value:
            return False
        return self.issuer_serial is None or _names(self.issuer_serial, certificate)


class Meaning(Struct, frozen=True, kw_only=True, gc=False):
    """What the signed attributes say, but for digest and time. `references` are the signer's own, one of each
    attribute that has some; None where no signing certificate is named.
    """

    content_type: bytes
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


#: What a signature of level B-B has of it.
NOTHING = Unsigned()


def signed(members: list[Element]) -> tuple[Meaning, Element, Element | None]:
    """What a SET OF Attribute says, its message digest, and its signing time where there is one.

    Raises `NotDer`, `Unreadable`, `algorithms.Unknown`.
    """
    found: dict[bytes, list[Element]] = {}
    findings: tuple[Finding, ...] = ()
    before = b""
    for member in members:
        one, parts = member.encoded(der.SEQUENCE), member.parts(der.SEQUENCE)
        if len(parts) != 2:
            raise NotDer("not the two parts of an Attribute")
        kind = parts[0].contents(der.OID)
        if one <= before:
            raise NotDer("signed attributes are not in the order of DER")
        if kind in found:
            raise _broken("attribute-twice", _NAMES.get(kind, kind.hex()))
        found[kind], before = parts[1].parts(der.SET), one
        if kind not in _NAMES:
            findings += (_finding("attribute-unknown", kind.hex()),)
        elif kind not in _HARMLESS and len(found[kind]) != 1:
            raise NotDer("not one value in a signed attribute")
    content_type, message_digest = _needed(found, _CONTENT_TYPE), _needed(found, _MESSAGE_DIGEST)
    time, mime, protection = found.get(_SIGNING_TIME), found.get(_MIME_TYPE), found.get(_PROTECTION)
    meaning = Meaning(
        content_type=content_type.contents(der.OID),
        references=_references(found),
        media_type=None if mime is None else der.text(mime[0].contents(der.UTF8_STRING)),
        algorithm_protection=None if protection is None else protection[0].contents(der.SEQUENCE),
        findings=findings,
    )
    return meaning, message_digest, None if time is None else time[0]


def unsigned(contents: bytes | None) -> Unsigned:
    """Read the contents of a SET OF Attribute; None where there is none. Raises `NotDer`, `Unreadable`."""
    if contents is None:
        return NOTHING
    timestamps: list[bytes] = []
    certificates: list[bytes] = []
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    findings = []
    for member in der.split(contents, 0, len(contents)):
        attribute = member.parts(der.SEQUENCE)
        if len(attribute) != 2:
            raise NotDer("not the two parts of an Attribute")
        kind, values = attribute[0].contents(der.OID), attribute[1]
        if kind == _TIMESTAMP:
            timestamps += _all(values, der.SET)
        elif kind == _CERTIFICATE_VALUES:
            certificates += _all(values.only(der.SET), der.SEQUENCE)
        elif kind == _REVOCATION_VALUES:
            _revocation_values(values.only(der.SET).parts(der.SEQUENCE), crls, ocsps)
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
    try:
        first = der.only(content).parts(der.SET)[:1]
        return bool(first) and bool(first[0].parts(der.SEQUENCE)[0].contents(der.OID))
    except (NotDer, IndexError):
        return False


def _references(found: dict[bytes, list[Element]]) -> tuple[Reference, ...] | None:
    """The first of each version: a signer who names two certificates has not said which is his."""
    versions = ((_SIGNING_CERTIFICATE_V2, None), (_SIGNING_CERTIFICATE, "sha1"))
    attributes = [(found[kind][0], fixed) for kind, fixed in versions if kind in found]
    return tuple([_first(one.encoded(der.SEQUENCE), fixed) for one, fixed in attributes]) or None


@lru_cache(maxsize=1024)
def _first(attribute: bytes, fixed: str | None) -> Reference:
    """The first reference of a SigningCertificate or, where no hash is fixed, a SigningCertificateV2."""
    fields = der.only(attribute).parts(der.SEQUENCE)
    references = fields[0].parts(der.SEQUENCE) if fields else []
    if not references:
        raise _broken("attribute-missing", "signing-certificate")
    name, parts = fixed or "sha256", references[0].parts(der.SEQUENCE)
    if fixed is None and parts and parts[0].tag == der.SEQUENCE:
        name = algorithms.digest(parts.pop(0).encoded(der.SEQUENCE))
    if not 1 <= len(parts) <= 2:
        raise NotDer("a reference without a hash, or with more than issuer and serial number")
    issuer_serial = parts[1].encoded(der.SEQUENCE) if len(parts) == 2 else None
    return Reference(name, parts[0].contents(der.OCTET_STRING), issuer_serial)


def _names(issuer_serial: bytes, certificate: Certificate) -> bool:
    """Is it the IssuerSerial (RFC 5035 §5) of this certificate? Its issuer is one directoryName."""
    try:
        names, serial = der.only(issuer_serial).parts(der.SEQUENCE)
        issuer = names.only(der.SEQUENCE).contents(_DIRECTORY_NAME)
    except (ValueError, NotDer):
        return False
    return issuer == certificate.issuer_der and serial.encoded(der.INTEGER) == certificate.serial_der


def _revocation_values(fields: list[Element], crls: list[bytes], ocsps: list[bytes]) -> None:
    """EN 319 122-1 §A.1.3: CRLs, then BasicOCSPResponses; other kinds are passed over."""
    for tag, found in ((der.CONTEXT_0, crls), (der.CONTEXT_1, ocsps)):
        if fields and fields[0].tag == tag:
            found.extend(_all(fields.pop(0).only(tag), der.SEQUENCE))


def _all(members: Element, tag: int) -> list[bytes]:
    """The members of a SET OF or SEQUENCE OF sequences."""
    return [one.encoded(der.SEQUENCE) for one in members.parts(tag)]


def _needed(found: dict[bytes, list[Element]], kind: bytes) -> Element:
    if kind not in found:
        raise _broken("attribute-missing", _NAMES[kind])
    return found[kind][0]


def _finding(code: str, detail: str) -> Finding:
    return Finding(code=code, severity=Severity.INFO, detail=detail)


def _broken(code: str, detail: str = "") -> Unreadable:
    finding = Finding(code=code, severity=Severity.FAILED, detail=detail)
    return Unreadable(SubIndication.FORMAT_FAILURE, finding)
