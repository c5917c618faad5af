"""The CMS inside a PDF signature: who signed which octets, and whether the values hold (EN 319 142-1 §5, §6).

Integrity and the key's own signature alone; trust, time and revocation are judged elsewhere. The container
around it, and which octets those are, is `pades`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from asn1crypto import cms, core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from signer.verify.candidate import SignatureTimestamp, Unreadable
from signer.verify.report import Finding, Severity, SubIndication
from signer.x509 import CertificateUnreadable, public_key, read

_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_PADDINGS = {"rsassa_pkcs1v15": "pkcs1", "rsassa_pss": "pss", "ecdsa": "ecdsa"}
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_SIGNATURE_TIMESTAMP = "1.2.840.113549.1.9.16.2.14"
_SIGNING_TIME = "1.2.840.113549.1.9.5"


class CmsPart(Struct, frozen=True, kw_only=True):
    """What the CMS says. Fields as in `candidate.Candidate`."""

    certificate: bytes
    digest: str
    padding: str
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    timestamps: tuple[SignatureTimestamp, ...] = ()
    failure: SubIndication | None = None
    findings: tuple[Finding, ...] = ()


def read_cms(octets: bytes, signed: bytes) -> CmsPart:
    """Take the ContentInfo apart and check it over `signed`. Raises `Unreadable` alone."""
    try:
        return _read(octets, signed)
    except _FAULTS as fault:
        raise _unreadable("cms-broken", type(fault).__name__) from None


def _read(octets: bytes, signed: bytes) -> CmsPart:
    info = cms.ContentInfo.load(octets, strict=True)
    if info["content_type"].native != "signed_data":
        raise _unreadable("cms-not-signed-data")
    data = info["content"]
    if len(data["signer_infos"]) != 1:
        raise _unreadable("cms-signers", str(len(data["signer_infos"])))
    if data["encap_content_info"]["content_type"].native != "data" or (
        data["encap_content_info"]["content"].native is not None
    ):
        raise _unreadable("cms-content-inside")
    signer = data["signer_infos"][0]
    attributes = _attributes(signer)
    certificates = [choice.chosen.dump() for choice in data["certificates"]]
    certificate = _named(attributes, certificates)
    digest = signer["digest_algorithm"]["algorithm"].native
    algorithm = signer["signature_algorithm"].signature_algo
    if digest not in _HASHES or algorithm not in _PADDINGS:
        raise _unreadable(
            "algorithm-unknown", f"{digest} {algorithm}", SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        )
    failure, findings = _checked(signer, attributes, certificate, digest, signed)
    value = signer["signature"].native
    return CmsPart(
        certificate=certificate,
        digest=digest,
        padding=_PADDINGS[algorithm],
        certificates=tuple(other for other in certificates if other != certificate),
        timestamps=tuple(SignatureTimestamp(token=token, stamped=value) for token in _tokens(signer)),
        failure=failure,
        findings=findings,
    )


def _attributes(signer: Any) -> dict[str, Any]:
    """Signed attributes by OID, each once and of one value."""
    found: dict[str, Any] = {}
    if isinstance(signer["signed_attrs"], core.Void):
        raise _unreadable("cms-no-signed-attributes")
    for attribute in signer["signed_attrs"]:
        kind = attribute["type"].dotted
        if kind in found or len(attribute["values"]) != 1:
            raise _unreadable("cms-attribute-repeated", kind)
        found[kind] = attribute["values"][0]
    return found


def _named(attributes: dict[str, Any], certificates: list[bytes]) -> bytes:
    """The certificate that the signed reference names (RFC 5035 §3)."""
    reference = attributes.get(_SIGNING_CERTIFICATE_V2)
    if reference is None:
        raise _unreadable("signing-certificate-missing", "", SubIndication.NO_SIGNING_CERTIFICATE_FOUND)
    first = reference["certs"][0]
    wanted, name = first["cert_hash"].native, first["hash_algorithm"]["algorithm"].native
    for der in certificates:
        if hashlib.new(name, der).digest() == wanted:
            return der
    raise _unreadable("signing-certificate-absent", "", SubIndication.NO_SIGNING_CERTIFICATE_FOUND)


def _checked(
    signer: Any, attributes: dict[str, Any], der: bytes, digest: str, signed: bytes
) -> tuple[SubIndication | None, tuple[Finding, ...]]:
    findings: list[Finding] = []
    failures: list[SubIndication] = []

    def fail(sub_indication: SubIndication, code: str) -> None:
        failures.append(sub_indication)
        findings.append(Finding(code=code, severity=Severity.FAILED))

    try:
        certificate = read(der)
    except CertificateUnreadable:
        raise _unreadable("certificate-unreadable") from None
    sid = signer["sid"].chosen
    if sid.dump() != _sequence(certificate.issuer_der + certificate.serial_der):
        fail(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "signer-differs")
    content_type = attributes.get("1.2.840.113549.1.9.3")
    if content_type is None or content_type.native != "data":
        fail(SubIndication.FORMAT_FAILURE, "content-type-differs")
    imprint = attributes.get("1.2.840.113549.1.9.4")
    if imprint is None or imprint.native != hashlib.new(digest, signed).digest():
        fail(SubIndication.HASH_FAILURE, "digest-differs")
    if not _holds(signer, certificate.spki, _HASHES[digest]):
        fail(SubIndication.SIG_CRYPTO_FAILURE, "signature-wrong")
    if _SIGNING_TIME in attributes:
        findings.append(Finding(code="pdf-signing-time-attribute", severity=Severity.WARNING))
    return (failures[0] if failures else None), tuple(findings)


def _holds(signer: Any, spki: bytes, digest: hashes.HashAlgorithm) -> bool:
    """Does the key's signature over the attributes hold (RFC 5652 §5.4)?"""
    message = b"\x31" + signer["signed_attrs"].dump()[1:]
    algorithm, value, key = signer["signature_algorithm"], signer["signature"].native, public_key(spki)
    try:
        if isinstance(key, RSAPublicKey):
            if algorithm.signature_algo == "rsassa_pss":
                parameters = algorithm["parameters"]
                mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
                if algorithm.hash_algo != digest.name or mask != digest.name:
                    return False
                scheme: padding.AsymmetricPadding = padding.PSS(
                    padding.MGF1(digest), parameters["salt_length"].native
                )
            elif algorithm.signature_algo == "rsassa_pkcs1v15":
                scheme = padding.PKCS1v15()
            else:
                return False
            key.verify(value, message, scheme, digest)
        else:
            if algorithm.signature_algo != "ecdsa" or algorithm.hash_algo != digest.name:
                return False
            key.verify(value, message, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True


def _tokens(signer: Any) -> list[bytes]:
    if isinstance(signer["unsigned_attrs"], core.Void):
        return []
    return [
        value.dump()
        for attribute in signer["unsigned_attrs"]
        if attribute["type"].dotted == _SIGNATURE_TIMESTAMP
        for value in attribute["values"]
    ]


def _sequence(contents: bytes) -> bytes:
    return bytes(core.Sequence(contents=contents).dump())


def _unreadable(
    code: str, detail: str = "", sub_indication: SubIndication = SubIndication.FORMAT_FAILURE
) -> Unreadable:
    return Unreadable(sub_indication, Finding(code=code, severity=Severity.FAILED, detail=detail))
