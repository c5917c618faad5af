"""Reads CMS SignedData by anybody: CAdES (EN 319 122-1) and plain CMS or PKCS #7 (RFC 5652), in strict DER.

One signer, signed attributes, one encoding: what is written with indefinite lengths, without signed
attributes, or by two signers is refused by name. The stricter check of what Mohr itself made, before it is
released, is `cades`; whom to trust is `judge`'s matter.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from signer.verify import algorithms, attributes, der
from signer.verify.algorithms import Algorithm
from signer.verify.attributes import Reference, Signed, Unsigned
from signer.verify.candidate import Candidate, SignatureTimestamp, Unreadable
from signer.verify.der import NotDer, Reader
from signer.verify.report import Finding, Severity, SubIndication
from signer.x509 import Certificate, CertificateUnreadable
from signer.x509 import read as read_certificate

ID_DATA = bytes.fromhex("2a864886f70d010701")
_ID_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_ID_OCSP_RESPONSE = bytes.fromhex("2b060105050710" + "02")
_VERSIONS = frozenset({b"\x01", b"\x03", b"\x04", b"\x05"})
_SUBJECT_KEY_ID = "2.5.29.14"

#: Certificates, CRLs and OCSP responses that a file may hold; no real one comes near.
MAX_CERTIFICATES = 32
MAX_REVOCATION_DATA = 32


class _Parts(Struct, frozen=True, kw_only=True):
    """A SignedData taken apart; `signed_attributes` bear the tag of SET OF, as they were signed (§5.4)."""

    content_type: bytes
    content: bytes | None
    digest_algorithms: bytes
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    sid: bytes
    digest_algorithm: bytes
    signed_attributes: bytes
    signature_algorithm: bytes
    signature: bytes
    unsigned_attributes: bytes | None


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Take a ContentInfo, DER, apart; `content` where it is detached. Raises `Unreadable` alone."""
    return read_signed_data(octets, content)


def read_signed_data(
    octets: bytes,
    content: bytes | None = None,
    *,
    content_type: bytes = ID_DATA,
    certificates: tuple[bytes, ...] = (),
) -> Candidate:
    """As `read`, for a content of another type (the contents octets of its OID), such as a TSTInfo.

    `certificates` are looked through, too, for the signer's. Raises `Unreadable` alone.
    """
    try:
        parts = _take_apart(octets)
        signed = attributes.signed(parts.signed_attributes)
        unsigned = attributes.unsigned(parts.unsigned_attributes)
        algorithm = _algorithm(parts.digest_algorithms, parts.digest_algorithm, parts.signature_algorithm)
    except NotDer as fault:
        raise _broken("not-der", str(fault)) from None
    except algorithms.Unknown as fault:
        raise _unreadable(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "algorithm-unknown", str(fault)) from None
    if parts.content_type != content_type or signed.content_type != content_type:
        raise _broken("content-type-unexpected")
    if signed.algorithm_protection not in {None, _protected(parts)}:
        raise _broken("algorithms-disagree", "CMSAlgorithmProtection")
    inside = (*parts.certificates, *unsigned.certificates)
    certificate = _signer((*inside, *certificates), parts.sid, signed.references)
    failure, found, changed = _check(parts, signed, algorithm, certificate, content)
    cades = signed.references is not None
    data = content if parts.content is None else parts.content
    return Candidate(
        format="cades" if cades else "cms",
        level=_level(unsigned, parts) if cades else "",
        certificate=certificate.der,
        digest=algorithm.digest,
        padding=algorithm.padding,
        certificates=tuple(one for one in (*inside, *certificates) if one != certificate.der),
        crls=(*parts.crls, *unsigned.crls),
        ocsps=(*parts.ocsps, *unsigned.ocsps),
        timestamps=tuple(
            SignatureTimestamp(token=token, stamped=parts.signature) for token in unsigned.timestamps
        ),
        claimed_at=signed.signing_time,
        media_type=signed.media_type,
        content=data,
        attached=parts.content is not None,
        changed=changed,
        failure=failure,
        findings=(*found, *signed.findings, *unsigned.findings),
    )


def _level(unsigned: Unsigned, parts: _Parts) -> str:
    if not unsigned.timestamps:
        return "B-B"
    return "B-LT" if unsigned.crls or unsigned.ocsps or parts.crls or parts.ocsps else "B-T"


def _take_apart(octets: bytes) -> _Parts:
    outer = Reader(octets)
    info = outer.enter(der.SEQUENCE)
    outer.done()
    if info.contents(der.OID) != _ID_SIGNED_DATA:
        raise _broken("not-signed-data")
    explicit = info.enter(der.CONTEXT_0)
    info.done()
    data = explicit.enter(der.SEQUENCE)
    explicit.done()
    if data.contents(der.INTEGER) not in _VERSIONS:
        raise _broken("version-unknown", "SignedData")
    digest_algorithms = data.contents(der.SET)
    encapsulated = data.enter(der.SEQUENCE)
    content_type = encapsulated.contents(der.OID)
    content = _content(encapsulated)
    certificates = _certificates(data.enter(der.CONTEXT_0)) if data.next_is(der.CONTEXT_0) else ()
    crls, ocsps = _revocation(data.enter(der.CONTEXT_1)) if data.next_is(der.CONTEXT_1) else ((), ())
    signers = data.enter(der.SET)
    data.done()
    if signers.exhausted():
        raise _broken("no-signer")
    signer = signers.enter(der.SEQUENCE)
    if not signers.exhausted():
        raise _unreadable(SubIndication.SIG_CONSTRAINTS_FAILURE, "several-signers")
    version, sid = signer.contents(der.INTEGER), signer.element()
    if version != (b"\x01" if sid[0] == der.SEQUENCE else b"\x03"):
        raise _broken("version-unknown", "SignerInfo")
    digest_algorithm = signer.encoded(der.SEQUENCE)
    if not signer.next_is(der.CONTEXT_0):
        raise _broken("no-signed-attributes")
    signed_attributes = b"\x31" + signer.encoded(der.CONTEXT_0)[1:]
    signature_algorithm = signer.encoded(der.SEQUENCE)
    signature = signer.contents(der.OCTET_STRING)
    unsigned = None if signer.exhausted() else signer.contents(der.CONTEXT_1)
    signer.done()
    return _Parts(
        content_type=content_type,
        content=content,
        digest_algorithms=digest_algorithms,
        certificates=certificates,
        crls=crls,
        ocsps=ocsps,
        sid=sid,
        digest_algorithm=digest_algorithm,
        signed_attributes=signed_attributes,
        signature_algorithm=signature_algorithm,
        signature=signature,
        unsigned_attributes=unsigned,
    )


def _content(encapsulated: Reader) -> bytes | None:
    if encapsulated.exhausted():
        return None
    explicit = encapsulated.enter(der.CONTEXT_0)
    encapsulated.done()
    content = explicit.contents(der.OCTET_STRING)
    explicit.done()
    return content


def _certificates(members: Reader) -> tuple[bytes, ...]:
    """X.509 certificates; attribute certificates (RFC 5652 §10.2.2) are passed over."""
    found = []
    while not members.exhausted():
        member = members.element()
        if member[0] == der.SEQUENCE:
            found.append(member)
    if len(found) > MAX_CERTIFICATES:
        raise _broken("too-many-certificates")
    return tuple(found)


def _revocation(members: Reader) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CRLs, and OCSP responses in OtherRevocationInfoFormat (RFC 5940 §2.1)."""
    crls, ocsps = [], []
    while not members.exhausted():
        if members.next_is(der.CONTEXT_1):
            other = members.enter(der.CONTEXT_1)
            if other.contents(der.OID) == _ID_OCSP_RESPONSE:
                ocsps.append(other.encoded(der.SEQUENCE))
        else:
            crls.append(members.encoded(der.SEQUENCE))
    if len(crls) + len(ocsps) > MAX_REVOCATION_DATA:
        raise _broken("too-much-revocation-data")
    return tuple(crls), tuple(ocsps)


@lru_cache(maxsize=64)
def _algorithm(listed: bytes, signers: bytes, signature: bytes) -> Algorithm:
    """The one algorithm that all of its places name: the list, the signer's digest, the signature's."""
    digest = algorithms.digest(signers)
    declared = Reader(listed)
    names = set()
    while not declared.exhausted():
        names.add(algorithms.digest(declared.encoded(der.SEQUENCE)))
    algorithm = algorithms.signature(signature, digest)
    if digest not in names or algorithm.digest != digest:
        raise _broken("algorithms-disagree")
    return algorithm


def _protected(parts: _Parts) -> bytes:
    """What a CMSAlgorithmProtection attribute must say (RFC 6211 §2)."""
    return parts.digest_algorithm + b"\xa1" + parts.signature_algorithm[1:]


@lru_cache(maxsize=4096)
def _signer(
    candidates: tuple[bytes, ...], sid: bytes, references: tuple[Reference, ...] | None
) -> Certificate:
    """The certificate that SignerInfo names and that the signed reference, where there is one, binds."""
    named = [one for der_ in dict.fromkeys(candidates) if (one := _named(der_, sid)) is not None]
    if not named:
        raise _unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-missing")
    if references is not None:
        first = references[0]
        named = [one for one in named if first.binds(one.der)]
        if not named:
            raise _unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-differs")
    if len(named) > 1:
        raise _unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-ambiguous")
    return named[0]


def _named(encoded: bytes, sid: bytes) -> Certificate | None:
    try:
        certificate = read_certificate(encoded)
        if sid[0] == der.SEQUENCE:
            name = Reader(sid).contents(der.SEQUENCE)
            return certificate if name == certificate.issuer_der + certificate.serial_der else None
        key_id = Reader(sid).contents(0x80)
    except CertificateUnreadable:
        return None
    return certificate if key_id == certificate.subject_key_id else None


def _check(
    parts: _Parts, signed: Signed, algorithm: Algorithm, certificate: Certificate, given: bytes | None
) -> tuple[SubIndication | None, tuple[Finding, ...], bytes | None]:
    """What digest and value end in, why, and a version of the content that is not the signed one."""
    content = given if parts.content is None else parts.content
    if not algorithms.made_by(certificate.spki, algorithm, parts.signature, parts.signed_attributes):
        return SubIndication.SIG_CRYPTO_FAILURE, (_failed("signature-wrong"),), None
    if content is None:
        return SubIndication.SIGNED_DATA_NOT_FOUND, (_failed("content-missing"),), None
    if algorithms.hashed(algorithm.digest, content) != signed.message_digest:
        meant = given is not None and algorithms.hashed(algorithm.digest, given) == signed.message_digest
        return SubIndication.HASH_FAILURE, (_failed("digest-differs"),), given if meant else None
    if given is not None and given != content:
        return SubIndication.HASH_FAILURE, (_failed("content-differs"),), given
    if attributes.looks_like_attributes(content):
        return SubIndication.SIG_CONSTRAINTS_FAILURE, (_failed("content-is-attributes"),), None
    return None, (), None


def _failed(code: str, detail: str = "") -> Finding:
    return Finding(code=code, severity=Severity.FAILED, detail=detail)


def _unreadable(reason: SubIndication, code: str, detail: str = "") -> Unreadable:
    return Unreadable(reason, _failed(code, detail))


def _broken(code: str, detail: str = "") -> Unreadable:
    return _unreadable(SubIndication.FORMAT_FAILURE, code, detail)
