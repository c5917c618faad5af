"""Reads CMS SignedData by anybody: CAdES (EN 319 122-1) and plain CMS or PKCS #7 (RFC 5652), in strict DER.

One signer, signed attributes, one encoding: what is written with indefinite lengths, without signed
attributes, or by two signers is refused by name. The stricter check of what Mohr itself made, before it is
released, is `cades`; whom to trust is `judge`'s matter.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from signer.verify import algorithms, attributes, crl, der, signer_info
from signer.verify.algorithms import Algorithm
from signer.verify.attributes import Reference, Unsigned
from signer.verify.candidate import Candidate, SignatureTimestamp, Unreadable
from signer.verify.der import Element, NotDer
from signer.verify.report import Finding, Severity, SubIndication
from signer.verify.signer_info import SignerInfo
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


class _Parts(Struct, frozen=True, kw_only=True, gc=False):
    """A SignedData taken apart; `signer` is its one SignerInfo, DER."""

    content_type: bytes
    content: bytes | None
    digest_algorithms: bytes
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    signer: bytes


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
        signer = signer_info.read(parts.signer)
        unsigned = attributes.unsigned(signer.unsigned_attributes)
        algorithm = _algorithm(parts.digest_algorithms, signer.digest_algorithm, signer.signature_algorithm)
    except NotDer as fault:
        raise _broken("not-der", str(fault)) from None
    except algorithms.Unknown as fault:
        raise _unreadable(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "algorithm-unknown", str(fault)) from None
    meaning = signer.meaning
    if parts.content_type != content_type or meaning.content_type != content_type:
        raise _broken("content-type-unexpected")
    if meaning.algorithm_protection is not None and meaning.algorithm_protection != _protected(signer):
        raise _broken("algorithms-disagree", "CMSAlgorithmProtection")
    every = parts.certificates + unsigned.certificates + certificates
    crls, ocsps = parts.crls + unsigned.crls, parts.ocsps + unsigned.ocsps
    if crls and sum(map(len, crls)) > crl.MAX_OCTETS:
        raise _broken("too-much-revocation-data")
    certificate = _signer(every, signer.sid, meaning.references)
    data = content if parts.content is None else parts.content
    failure, found, changed = _check(data, signer, algorithm, certificate, content)
    cades = meaning.references is not None
    if not cades:
        found += (Finding(code="signing-certificate-not-bound", severity=Severity.WARNING),)
    return Candidate(
        format="cades" if cades else "cms",
        level=_level(unsigned, parts) if cades else "",
        certificate=certificate.der,
        digest=algorithm.digest,
        padding=algorithm.padding,
        certificates=_others(every, certificate.der),
        crls=crls,
        ocsps=ocsps,
        timestamps=tuple(
            [SignatureTimestamp(token=token, stamped=signer.signature) for token in unsigned.timestamps]
        ),
        claimed_at=signer.signing_time,
        media_type=meaning.media_type,
        content=data,
        attached=parts.content is not None,
        changed=changed,
        failure=failure,
        findings=found + meaning.findings + unsigned.findings,
    )


def _others(certificates: tuple[bytes, ...], signers: bytes) -> tuple[bytes, ...]:
    if len(certificates) == 1:
        return ()  # the signer's was found among them
    return tuple([one for one in certificates if one != signers])


def _level(unsigned: Unsigned, parts: _Parts) -> str:
    if not unsigned.timestamps:
        return "B-B"
    return "B-LT" if unsigned.crls or unsigned.ocsps or parts.crls or parts.ocsps else "B-T"


def _take_apart(octets: bytes) -> _Parts:
    info = der.only(octets).parts(der.SEQUENCE)
    if len(info) != 2:
        raise NotDer("not the two parts of a ContentInfo")
    if info[0].contents(der.OID) != _ID_SIGNED_DATA:
        raise _broken("not-signed-data")
    data = info[1].only(der.CONTEXT_0).parts(der.SEQUENCE)
    if not 4 <= len(data) <= 6:
        raise NotDer("not the parts of a SignedData")
    version, digest_algorithms, encapsulated, *optional, signers = data
    if version.contents(der.INTEGER) not in _VERSIONS:
        raise _broken("version-unknown", "SignedData")
    content_type, content = _content(encapsulated.parts(der.SEQUENCE))
    certificates: tuple[bytes, ...] = ()
    if optional and optional[0].tag == der.CONTEXT_0:
        certificates = _certificates(optional.pop(0))
    crls, ocsps = _revocation(optional.pop(0)) if optional else ((), ())
    signer = signers.parts(der.SET)
    if optional:
        raise NotDer("an element too many in SignedData")
    if not signer:
        raise _broken("no-signer")
    if len(signer) > 1:
        raise _unreadable(SubIndication.SIG_CONSTRAINTS_FAILURE, "several-signers")
    return _Parts(
        content_type=content_type,
        content=content,
        digest_algorithms=digest_algorithms.contents(der.SET),
        certificates=certificates,
        crls=crls,
        ocsps=ocsps,
        signer=signer[0].encoded(der.SEQUENCE),
    )


def _content(encapsulated: list[Element]) -> tuple[bytes, bytes | None]:
    """Type and octets of an EncapsulatedContentInfo (RFC 5652 §5.2)."""
    if not 1 <= len(encapsulated) <= 2:
        raise NotDer("not the parts of an EncapsulatedContentInfo")
    content_type = encapsulated[0].contents(der.OID)
    if len(encapsulated) == 1:
        return content_type, None
    return content_type, encapsulated[1].only(der.CONTEXT_0).contents(der.OCTET_STRING)


def _certificates(members: Element) -> tuple[bytes, ...]:
    """X.509 certificates; attribute certificates (RFC 5652 §10.2.2) are passed over."""
    found = [one.encoded(der.SEQUENCE) for one in members.parts(der.CONTEXT_0) if one.tag == der.SEQUENCE]
    if len(found) > MAX_CERTIFICATES:
        raise _broken("too-many-certificates")
    return tuple(found)


def _revocation(members: Element) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CRLs, and OCSP responses in OtherRevocationInfoFormat (RFC 5940 §2.1)."""
    crls, ocsps = [], []
    for member in members.parts(der.CONTEXT_1):
        if member.tag == der.CONTEXT_1:
            other = member.parts(der.CONTEXT_1)
            if len(other) == 2 and other[0].contents(der.OID) == _ID_OCSP_RESPONSE:
                ocsps.append(other[1].encoded(der.SEQUENCE))
        else:
            crls.append(member.encoded(der.SEQUENCE))
    if len(crls) + len(ocsps) > MAX_REVOCATION_DATA:
        raise _broken("too-much-revocation-data")
    return tuple(crls), tuple(ocsps)


@lru_cache(maxsize=64)
def _algorithm(listed: bytes, signers: bytes, signature: bytes) -> Algorithm:
    """The one algorithm that all of its places name: the list, the signer's digest, the signature's."""
    digest = algorithms.digest(signers)
    declared = der.split(listed, 0, len(listed))
    names = {algorithms.digest(one.encoded(der.SEQUENCE)) for one in declared}
    algorithm = algorithms.signature(signature, digest)
    if digest not in names or algorithm.digest != digest:
        raise _broken("algorithms-disagree")
    return algorithm


def _protected(signer: SignerInfo) -> bytes:
    """What a CMSAlgorithmProtection attribute must say (RFC 6211 §2)."""
    return signer.digest_algorithm + b"\xa1" + signer.signature_algorithm[1:]


@lru_cache(maxsize=64)
def _signer(
    candidates: tuple[bytes, ...], sid: bytes, references: tuple[Reference, ...] | None
) -> Certificate:
    """The certificate that SignerInfo names and that the signed reference, where there is one, binds."""
    named = [one for der_ in dict.fromkeys(candidates) if (one := _named(der_, sid)) is not None]
    if not named:
        raise _unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-missing")
    if references is not None:
        named = [one for one in named if all(reference.binds(one) for reference in references)]
        if not named:
            raise _unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-differs")
    if len(named) > 1:
        raise _unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-ambiguous")
    return named[0]


def _named(encoded: bytes, sid: bytes) -> Certificate | None:
    try:
        certificate = read_certificate(encoded)
        if sid[0] == der.SEQUENCE:
            name = der.only(sid).contents(der.SEQUENCE)
            return certificate if name == certificate.issuer_der + certificate.serial_der else None
        key_id = der.only(sid).contents(0x80)
    except CertificateUnreadable:
        return None
    return certificate if key_id == certificate.subject_key_id else None


def _check(
    content: bytes | None,
    signer: SignerInfo,
    algorithm: Algorithm,
    certificate: Certificate,
    given: bytes | None,
) -> tuple[SubIndication | None, tuple[Finding, ...], bytes | None]:
    """What digest and value end in, why, and a version of the content that is not the signed one."""
    if not algorithms.made_by(certificate.spki, algorithm, signer.signature, signer.signed_attributes):
        return SubIndication.SIG_CRYPTO_FAILURE, (_failed("signature-wrong"),), None
    if content is None:
        return SubIndication.SIGNED_DATA_NOT_FOUND, (_failed("content-missing"),), None
    if algorithms.hashed(algorithm.digest, content) != signer.message_digest:
        meant = given is not None and algorithms.hashed(algorithm.digest, given) == signer.message_digest
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
