"""Is this the CAdES signature that Mohr makes, over this content, by this certificate? If not, why not.

The check before anything is released. It knows the profiles that `structure` takes apart (EN 319 122-1 §6.3,
and the legacy one) and compares every field with what it must be, so that no bit can change unnoticed: of
what is unsigned, that it is what was to be placed there. It is no validator of other people's CMS, and judges
neither revocation nor timestamps.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.verify.structure import NOTHING_UNSIGNED, Parsed, Profile, Unsigned, parse
from signer.verify.verdict import Reason, Refused, Signed, Verdict
from signer.x509 import Certificate, CertificateUnreadable, path, public_key, read, unusable

_SHA256 = bytes.fromhex("300b0609608648016503040201")
_SHA384 = bytes.fromhex("300b0609608648016503040202")
_SHA512 = bytes.fromhex("300b0609608648016503040203")


class _Suite(Struct, frozen=True):
    """What goes with a signatureAlgorithm: digest (identifier in DER, hashlib name) and kind of key."""

    algorithm: SignatureAlgorithm
    key: KeyKind
    digest_algorithm: bytes
    digest_name: str
    hash: hashes.HashAlgorithm
    padding: padding.AsymmetricPadding = padding.PKCS1v15()


def _pss(digest: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(padding.MGF1(digest), digest.digest_size)


#: By the DER of the AlgorithmIdentifier: RFC 5754 §3.2, §3.3; RFC 4055 §3.1, the salt as long as the digest.
_SUITES = {
    bytes.fromhex("300d06092a864886f70d01010b0500"): _Suite(
        SignatureAlgorithm.RSA_PKCS1_SHA256, KeyKind.RSA, _SHA256, "sha256", hashes.SHA256()
    ),
    bytes.fromhex("300d06092a864886f70d01010c0500"): _Suite(
        SignatureAlgorithm.RSA_PKCS1_SHA384, KeyKind.RSA, _SHA384, "sha384", hashes.SHA384()
    ),
    bytes.fromhex("300d06092a864886f70d01010d0500"): _Suite(
        SignatureAlgorithm.RSA_PKCS1_SHA512, KeyKind.RSA, _SHA512, "sha512", hashes.SHA512()
    ),
    bytes.fromhex(
        "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
        "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
    ): _Suite(
        SignatureAlgorithm.RSA_PSS_SHA256,
        KeyKind.RSA,
        _SHA256,
        "sha256",
        hashes.SHA256(),
        _pss(hashes.SHA256()),
    ),
    bytes.fromhex(
        "304106092a864886f70d01010a3034a00f300d06096086480165030402020500"
        "a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"
    ): _Suite(
        SignatureAlgorithm.RSA_PSS_SHA384,
        KeyKind.RSA,
        _SHA384,
        "sha384",
        hashes.SHA384(),
        _pss(hashes.SHA384()),
    ),
    bytes.fromhex(
        "304106092a864886f70d01010a3034a00f300d06096086480165030402030500"
        "a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140"
    ): _Suite(
        SignatureAlgorithm.RSA_PSS_SHA512,
        KeyKind.RSA,
        _SHA512,
        "sha512",
        hashes.SHA512(),
        _pss(hashes.SHA512()),
    ),
    bytes.fromhex("300a06082a8648ce3d040302"): _Suite(
        SignatureAlgorithm.ECDSA_SHA256, KeyKind.EC_P256, _SHA256, "sha256", hashes.SHA256()
    ),
    bytes.fromhex("300a06082a8648ce3d040303"): _Suite(
        SignatureAlgorithm.ECDSA_SHA384, KeyKind.EC_P384, _SHA384, "sha384", hashes.SHA384()
    ),
    bytes.fromhex("300a06082a8648ce3d040304"): _Suite(
        SignatureAlgorithm.ECDSA_SHA512, KeyKind.EC_P521, _SHA512, "sha512", hashes.SHA512()
    ),
}

#: SigningCertificateV2 of one ESSCertIDv2 with the default hash and nothing else (RFC 5035 §3, §4), up to it.
_SIGNING_CERTIFICATE = bytes.fromhex("3026302430220420")


def verify(
    signature: bytes,
    *,
    content: bytes | None = None,
    certificate: bytes | None = None,
    media_type: str | None = None,
    anchors: tuple[Certificate, ...] = (),
    intermediates: tuple[Certificate, ...] = (),
) -> Verdict:
    """Judge a B-B signature, DER, whatever its bytes. Raises ValueError for a call that would trust anybody.

    `content` is needed where the signature is detached, and compared where it is attached. `certificate`
    (DER) must have signed; where it is None the one inside counts, and `anchors` must vouch for it. With
    `anchors`, there must be a way to one of them at the signing time. `media_type` None accepts any.
    """
    if certificate is None and not anchors:
        raise ValueError("neither a certificate nor an anchor to trust")
    try:
        parsed = parse(signature)
        _same_certificate(parsed, certificate)
        _same_unsigned(parsed, NOTHING_UNSIGNED)
        signed = _judge(parsed, _read(parsed.certificate), content, media_type)
        _trusted(signed, anchors, intermediates)
    except Refused as refused:
        return Verdict(reason=refused.reason, detail=refused.detail)
    return Verdict(signed=signed)


def verify_release(
    signature: bytes,
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool,
    profile: Profile = Profile.CADES,
    unsigned: Unsigned = NOTHING_UNSIGNED,
) -> None:
    """Let pass only the signature that was agreed to. `signing_time` is aware and counts to the second.

    `unsigned` is what had to be placed into it, no more and no less. In the legacy profile no media type is
    signed, and none is compared. Raises `SignatureNotVerified`, with the reason in its detail.
    """
    try:
        parsed = parse(signature, profile)
        _same_certificate(parsed, certificate.der)
        _same_unsigned(parsed, unsigned)
        signed = _judge(parsed, certificate, content, media_type if profile is Profile.CADES else None)
        _as_agreed(signed, algorithm, signing_time, attached=attached)
    except Refused as refused:
        raise SignatureNotVerified(f"{refused.reason.name} {refused.detail}".rstrip()) from None


def _same_certificate(parsed: Parsed, expected: bytes | None) -> None:
    if expected is not None and parsed.certificate != expected:
        raise Refused(Reason.CERTIFICATE_DIFFERS, "certificates")


def _same_unsigned(parsed: Parsed, expected: Unsigned) -> None:
    if parsed.unsigned != expected:
        raise Refused(Reason.UNSIGNED_DIFFERS)


def _trusted(
    signed: Signed, anchors: tuple[Certificate, ...], intermediates: tuple[Certificate, ...]
) -> None:
    if anchors and path(signed.certificate, anchors, intermediates, signed.signing_time) is None:
        raise Refused(Reason.CHAIN_UNTRUSTED)


def _as_agreed(signed: Signed, algorithm: SignatureAlgorithm, moment: datetime, *, attached: bool) -> None:
    if signed.algorithm is not algorithm:
        raise Refused(Reason.ALGORITHM, signed.algorithm.value)
    if signed.signing_time != moment.replace(microsecond=0):
        raise Refused(Reason.SIGNING_TIME_DIFFERS)
    if signed.attached is not attached:
        raise Refused(Reason.ATTACHMENT_DIFFERS)


def _judge(parsed: Parsed, certificate: Certificate, content: bytes | None, media_type: str | None) -> Signed:
    suite = _suite(parsed, certificate)
    if parsed.sid != certificate.issuer_der + certificate.serial_der:
        raise Refused(Reason.CERTIFICATE_DIFFERS, "sid")
    reference = parsed.signing_certificate
    if reference is not None and reference != _SIGNING_CERTIFICATE + bytes.fromhex(certificate.id):
        raise Refused(Reason.CERTIFICATE_DIFFERS, "signing-certificate-v2")
    reason = unusable(certificate, parsed.signing_time)
    if reason is not None:
        raise Refused(Reason.CERTIFICATE_UNUSABLE, reason.value)
    if media_type is not None and parsed.media_type != media_type:
        raise Refused(Reason.MEDIA_TYPE_DIFFERS)
    content = _content(parsed, content)
    if hashlib.new(suite.digest_name, content).digest() != parsed.message_digest:
        raise Refused(Reason.CONTENT_DIFFERS, "message-digest")
    _check_value(suite, certificate, parsed)
    return Signed(
        content=content,
        media_type=parsed.media_type or "",
        certificate=certificate,
        signing_time=parsed.signing_time,
        algorithm=suite.algorithm,
        attached=parsed.content is not None,
    )


def _suite(parsed: Parsed, certificate: Certificate) -> _Suite:
    suite = _SUITES.get(parsed.signature_algorithm)
    if suite is None:
        raise Refused(Reason.ALGORITHM, "signatureAlgorithm")
    if not suite.digest_algorithm == parsed.digest_algorithm == parsed.digest_algorithms:
        raise Refused(Reason.ALGORITHM, "digestAlgorithm")
    if suite.key is not certificate.key_kind:
        raise Refused(Reason.ALGORITHM, f"{suite.algorithm.value} with a {certificate.key_kind.value} key")
    return suite


def _content(parsed: Parsed, given: bytes | None) -> bytes:
    if parsed.content is None:
        if given is None:
            raise Refused(Reason.CONTENT_ABSENT)
        return given
    if given is not None and given != parsed.content:
        raise Refused(Reason.CONTENT_DIFFERS, "eContent")
    return parsed.content


def _check_value(suite: _Suite, certificate: Certificate, parsed: Parsed) -> None:
    key = public_key(certificate.spki)
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(parsed.signature, parsed.signed_attributes, suite.padding, suite.hash)
        else:
            key.verify(parsed.signature, parsed.signed_attributes, ec.ECDSA(suite.hash))
    except InvalidSignature:
        raise Refused(Reason.SIGNATURE_WRONG) from None


@lru_cache(maxsize=64)
def _read(certificate: bytes) -> Certificate:
    try:
        return read(certificate)
    except CertificateUnreadable as fault:
        raise Refused(Reason.CERTIFICATE_UNREADABLE, str(fault)) from None
