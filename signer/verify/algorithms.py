"""AlgorithmIdentifiers of CMS, CRLs and OCSP, read; and whether a key made a value under one of them.

What an algorithm is good for is said by `signer.model.algorithms`. Parameters are compared to the octet:
those that an algorithm has no use for are refused (RFC 5754, RFC 4055, RFC 5758).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from signer.verify import der
from signer.verify.der import NotDer, Reader, over
from signer.x509 import public_key

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303  # verified with a finding, never made
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_CONSTRUCTORS: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "sha1": hashlib.sha1,
    "sha224": hashlib.sha224,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}

_DIGESTS = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040204"): "sha224",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
_PSS = bytes.fromhex("2a864886f70d01010a")
_MGF1 = bytes.fromhex("2a864886f70d010108")
_PKCS1 = {
    bytes.fromhex("2a864886f70d010105"): "sha1",
    bytes.fromhex("2a864886f70d01010e"): "sha224",
    bytes.fromhex("2a864886f70d01010b"): "sha256",
    bytes.fromhex("2a864886f70d01010c"): "sha384",
    bytes.fromhex("2a864886f70d01010d"): "sha512",
}
_ECDSA = {
    bytes.fromhex("2a8648ce3d0401"): "sha1",
    bytes.fromhex("2a8648ce3d040301"): "sha224",
    bytes.fromhex("2a8648ce3d040302"): "sha256",
    bytes.fromhex("2a8648ce3d040303"): "sha384",
    bytes.fromhex("2a8648ce3d040304"): "sha512",
}
#: Defaults of RSASSA-PSS-params (RFC 4055 §3.1).
_DEFAULT_SALT = 20


class Unknown(ValueError):
    """An algorithm, or parameters of one, that are not in the tables above."""


class Algorithm(Struct, frozen=True, kw_only=True):
    """`digest` as `hashlib` names it, `padding` "pkcs1", "pss" or "ecdsa", `salt` in octets (PSS alone)."""

    digest: str
    padding: str
    salt: int = 0


@lru_cache(maxsize=64)
def digest(identifier: bytes) -> str:
    """The hash of a digest AlgorithmIdentifier, DER. Raises `Unknown`, `NotDer`."""
    outer = over(identifier)
    fields = outer.enter(der.SEQUENCE)
    outer.done()
    kind = fields.contents(der.OID)
    _no_parameters(fields)
    if kind not in _DIGESTS:
        raise Unknown(f"digest {kind.hex()}")
    return _DIGESTS[kind]


@lru_cache(maxsize=64)
def signature(identifier: bytes, digest_name: str | None = None) -> Algorithm:
    """What a signature AlgorithmIdentifier, DER, means. Raises `Unknown`, `NotDer`.

    `digest_name` is the hash that CMS names beside it, for the identifier that names none (rsaEncryption,
    RFC 5754 §3.2).
    """
    outer = over(identifier)
    fields = outer.enter(der.SEQUENCE)
    outer.done()
    kind = fields.contents(der.OID)
    if kind == _PSS:
        return _pss(fields)
    if kind in _ECDSA:
        fields.done()
        return Algorithm(digest=_ECDSA[kind], padding="ecdsa")
    _no_parameters(fields)
    if kind in _PKCS1:
        return Algorithm(digest=_PKCS1[kind], padding="pkcs1")
    if kind == _RSA_ENCRYPTION and digest_name is not None:
        return Algorithm(digest=digest_name, padding="pkcs1")
    raise Unknown(f"signature algorithm {kind.hex()}")


def hashed(name: str, octets: bytes) -> bytes:
    """The hash of these octets under a hash of `digest`'s names."""
    return _CONSTRUCTORS[name](octets).digest()


def made_by(spki: bytes, algorithm: Algorithm, value: bytes, message: bytes) -> bool:
    """Did this key (SubjectPublicKeyInfo, DER) make `value` over `message`?

    False, too, for a key of another kind than the algorithm's. ECDSA values are DER (RFC 3279 §2.2.3).
    """
    rsa, other = _key(spki)
    hash_ = _HASHES[algorithm.digest]
    try:
        if rsa is not None and algorithm.padding != "ecdsa":
            rsa.verify(value, message, _padding(algorithm), hash_)
        elif other is not None and algorithm.padding == "ecdsa":
            other.verify(value, message, ec.ECDSA(hash_))
        else:
            return False
    except (InvalidSignature, ValueError):  # ValueError: the key is too small for the hash
        return False
    return True


@lru_cache(maxsize=4096)
def _key(spki: bytes) -> tuple[RSAPublicKey | None, ec.EllipticCurvePublicKey | None]:
    """The key by its kind, which is dear to ask for each signature."""
    key = public_key(spki)
    return (key, None) if isinstance(key, RSAPublicKey) else (None, key)


@lru_cache(maxsize=64)
def _padding(algorithm: Algorithm) -> rsa_padding.AsymmetricPadding:
    if algorithm.padding == "pkcs1":
        return rsa_padding.PKCS1v15()
    return rsa_padding.PSS(rsa_padding.MGF1(_HASHES[algorithm.digest]), algorithm.salt)


def _no_parameters(fields: Reader) -> None:
    """Absent or NULL: both are in use, and both mean none (RFC 5754 §2)."""
    if not fields.exhausted() and fields.contents(der.NULL):
        raise NotDer("a NULL with contents")
    fields.done()


def _pss(fields: Reader) -> Algorithm:
    """RFC 4055 §3.1. One hash for both uses, as everybody writes it; the trailer is the only one there is."""
    parameters = fields.enter(der.SEQUENCE)
    fields.done()
    name = digest(_explicit(parameters, 0).encoded(der.SEQUENCE)) if parameters.next_is(0xA0) else "sha1"
    mask = "sha1"
    if parameters.next_is(0xA1):
        generation = _explicit(parameters, 1).enter(der.SEQUENCE)
        if generation.contents(der.OID) != _MGF1:
            raise Unknown("mask generation function")
        mask = digest(generation.encoded(der.SEQUENCE))
        generation.done()
    salt = _DEFAULT_SALT
    if parameters.next_is(0xA2):
        salt = int.from_bytes(_explicit(parameters, 2).contents(der.INTEGER), signed=True)
    if parameters.next_is(0xA3) and _explicit(parameters, 3).contents(der.INTEGER) != b"\x01":
        raise Unknown("PSS trailer")
    parameters.done()
    if mask != name or not 0 <= salt <= _HASHES[name].digest_size:
        raise Unknown("PSS parameters")
    return Algorithm(digest=name, padding="pss", salt=salt)


def _explicit(fields: Reader, number: int) -> Reader:
    return fields.enter(der.CONTEXT_0 + number)
