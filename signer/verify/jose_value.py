"""Whose key made a JWS's value, and did it: `alg`, `x5c` and the value itself (RFC 7515 §4.1, RFC 7518 §3).

The key is the one of the first certificate in `x5c`, which stands in the signed header; whether to trust it
is judged elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Struct

from signer.model.ijson import JsonValue
from signer.verify.candidate import Candidate, SignatureTimestamp
from signer.verify.jose import (
    Jws,
    base64url,
    content_of,
    media_type,
    printable,
    refused,
    text,
    unbase64,
)
from signer.verify.report import Finding, Severity, SubIndication
from signer.x509 import Certificate, public_key, read

MAX_CERTIFICATES = 10


class Algorithm(Struct, frozen=True):
    """An `alg` (RFC 7518 §3.1): digest as `hashlib` calls it, padding as a `Candidate` does, r's octets."""

    digest: str
    padding: str
    coordinate: int = 0


ALGORITHMS = {
    **{f"RS{bits}": Algorithm(f"sha{bits}", "pkcs1") for bits in (256, 384, 512)},
    **{f"PS{bits}": Algorithm(f"sha{bits}", "pss") for bits in (256, 384, 512)},
    "ES256": Algorithm("sha256", "ecdsa", 32),
    "ES384": Algorithm("sha384", "ecdsa", 48),
    "ES512": Algorithm("sha512", "ecdsa", 66),
}

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


_THUMBPRINTS = {"x5t": "sha1", "x5t#S256": "sha256"}
#: As signatures name digests: by the names of the first edition's makers, of JOSE's headers, and by URI.
_DIGESTS = {
    spelling: name
    for name, spellings in {
        "sha256": ("S256", "sha-256", "http://www.w3.org/2001/04/xmlenc#sha256"),
        "sha384": ("S384", "sha-384", "http://www.w3.org/2001/04/xmldsig-more#sha384"),
        "sha512": ("S512", "sha-512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    }.items()
    for spelling in spellings
}


class Claims(Struct, frozen=True, kw_only=True):
    """What a profile's reader found in the headers, for `candidate` to put beside the value."""

    format: str
    level: str
    claimed_at: datetime | None
    timestamps: tuple[SignatureTimestamp, ...] = ()
    findings: tuple[Finding, ...] = ()


def candidate(found: Jws, claims: Claims, given: bytes | None) -> Candidate:
    """The signature as every format's reader hands it on. Raises `Unreadable`."""
    by, chain = algorithm(found.header), certificates(found.header)
    content = content_of(found, given)
    failure, code = None, ""
    if content is None:
        failure, code = SubIndication.SIGNED_DATA_NOT_FOUND, "content-missing"
    elif given is not None and given != content:
        failure, code = SubIndication.HASH_FAILURE, "content-differs"
    elif not signs(found, by, chain[0], content):
        failure, code = SubIndication.SIG_CRYPTO_FAILURE, "signature-wrong"
    against = () if failure is None else (Finding(code=code, severity=Severity.FAILED),)
    return Candidate(
        format=claims.format,
        level=claims.level,
        certificate=chain[0].der,
        certificates=tuple(other.der for other in chain[1:]),
        digest=by.digest,
        padding=by.padding,
        timestamps=claims.timestamps,
        claimed_at=claims.claimed_at,
        media_type=media_type(found.header),
        content=content,
        attached=bool(found.payload),
        failure=failure,
        findings=(*against, *claims.findings),
    )


def algorithm(header: Mapping[str, JsonValue]) -> Algorithm:
    """What `alg` names. Raises `Unreadable` for none, for a MAC and for everything unknown."""
    name = text(header, "alg")
    found = ALGORITHMS.get(name or "")
    if (name or "none").lower() == "none":
        raise refused("jose-unsigned")
    if found is None:
        raise refused("algorithm-unknown", printable(name), SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
    return found


def certificates(header: Mapping[str, JsonValue]) -> tuple[Certificate, ...]:
    """Those of `x5c`, the signer's first and each one's issuer after it (RFC 7515 §4.1.6).

    Every digest of the signer's beside it must be the first one's. Raises `Unreadable`.
    """
    texts = header.get("x5c")
    if not isinstance(texts, list) or not 0 < len(texts) <= MAX_CERTIFICATES:
        raise refused("jose-x5c", "", SubIndication.NO_SIGNING_CERTIFICATE_FOUND)
    chain = tuple(_certificate(value) for value in texts)
    for certificate, issuer in pairwise(chain):
        if certificate.issuer_der != issuer.subject_der:
            raise refused("jose-x5c-order")
    for digest, value in _references(header):
        if value != base64url(hashlib.new(digest, chain[0].der, usedforsecurity=False).digest()).decode():
            raise refused("signing-certificate-differs", "", SubIndication.NO_SIGNING_CERTIFICATE_FOUND)
    return chain


def _references(header: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """What the header says the signer's certificate is: digest as `hashlib` calls it, value in base64url.

    `x5t` and `x5t#S256` (RFC 7515 §4.1.7, §4.1.8), `x5t#o` and the first of `sigX5ts`, whose others are its
    issuers' (TS 119 182-1 §5.1.7, §5.2.2). Raises `Unreadable`, for a digest that is unknown too: it binds
    another verifier, and not this one.
    """
    for name, digest in _THUMBPRINTS.items():
        thumbprint = text(header, name)
        if thumbprint is not None:
            yield digest, thumbprint
    several = header.get("sigX5ts", [None])
    if not isinstance(several, list) or not several:
        raise refused("jose-parameter-malformed", "sigX5ts")
    for name, reference in (("x5t#o", header.get("x5t#o")), ("sigX5ts", several[0])):
        if name not in header:
            continue
        if not isinstance(reference, dict):
            raise refused("jose-parameter-malformed", name)
        by, value = reference.get("digAlg"), reference.get("digVal")
        if not isinstance(by, str) or not isinstance(value, str):
            raise refused("jose-parameter-malformed", name)
        if by not in _DIGESTS:
            raise refused("algorithm-unknown", name, SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
        yield _DIGESTS[by], value


def signs(found: Jws, by: Algorithm, certificate: Certificate, content: bytes) -> bool:
    """Did the certificate's key make the value over this header and content?"""
    value = found.signature
    message = found.protected + b"." + (found.payload or base64url(content))
    key, hashed = public_key(certificate.spki), _HASHES[by.digest]
    try:
        if isinstance(key, RSAPublicKey):
            if by.padding == "ecdsa":
                return False
            key.verify(value, message, _padding(by, hashed), hashed)
            return True
        if by.coordinate != (key.key_size + 7) // 8 or len(value) != 2 * by.coordinate:
            return False
        r, s = int.from_bytes(value[: by.coordinate]), int.from_bytes(value[by.coordinate :])
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashed))
    except InvalidSignature:
        return False
    return True


def _certificate(value: JsonValue) -> Certificate:
    try:
        if isinstance(value, str):
            return _read(value)
    except ValueError:
        pass
    raise refused("jose-x5c", "", SubIndication.NO_SIGNING_CERTIFICATE_FOUND)


@lru_cache(maxsize=64)
def _read(value: str) -> Certificate:
    return read(unbase64(value))


def _padding(by: Algorithm, hashed: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if by.padding == "pss":
        return padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return padding.PKCS1v15()
