"""A small PKI for tests: keys made once for each run, authorities, and leaves plain and odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority, Name, PrivateKey
from signer.model.credential import SignatureAlgorithm
from signer.x509 import Certificate, read

NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
A_MONTH = timedelta(days=30)

_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


@cache
def key(kind: str) -> PrivateKey:
    """A private key: `rsa-2048`, `rsa-3072`, …, `p256`, `p384`, `p521`; `other-` before it gives another."""
    kind = kind.removeprefix("other-")
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    if kind == "p521":
        return ec.generate_private_key(ec.SECP521R1())
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))


@cache
def authority(kind: str = "p256") -> DemoAuthority:
    """The root under a key of this kind."""
    return DemoAuthority(now=NOW, key=key(kind))


def spki(private: PrivateKey) -> bytes:
    """Its SubjectPublicKeyInfo, DER."""
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def leaf(kind: str = "rsa-2048", subject: Name = PLAIN_DOCTOR) -> Certificate:
    """A doctor's certificate, valid for a year from a month before NOW."""
    return read(authority().issue(spki(key(kind)), subject, not_before=NOW - A_MONTH))


def sign(private: PrivateKey, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
    """What a token would answer."""
    digest = _DIGESTS[algorithm.value[-3:]]
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(message, ec.ECDSA(digest))
    if algorithm.value.startswith("rsa-pss-"):
        return private.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return private.sign(message, padding.PKCS1v15(), digest)


def rsa_key(kind: str) -> rsa.RSAPrivateKey:
    """`key`, known to be RSA."""
    private = key(kind)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private


def resigned_with_sha1(der: bytes, issuer: rsa.RSAPrivateKey) -> bytes:
    """The certificate as an old authority would have signed it; its issuer's key is RSA."""
    sha256_with_rsa, sha1_with_rsa = (bytes.fromhex(f"2a864886f70d0101{last}") for last in ("0b", "05"))
    old = der.replace(sha256_with_rsa, sha1_with_rsa)
    tbs, signature = read(old).tbs, read(old).signature
    return old.replace(signature, issuer.sign(tbs, padding.PKCS1v15(), hashes.SHA1()))


def with_a_long_length(der: bytes) -> bytes:
    """The certificate with one octet more than needed in its outermost length: BER, and no longer DER."""
    assert der[1] == 0x82
    return der[:1] + b"\x83\x00" + der[2:]
