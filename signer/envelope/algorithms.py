"""Signature algorithms as CMS names them, and the choice among what a token offers.

SHA-1 has no member in `SignatureAlgorithm`, so nothing here can name it.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier
from msgspec import Struct

from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import MechanismUnsupported

#: `hashlib.new` would look the name up in OpenSSL each time.
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


@asn1.sequence
class _Plain:
    """AlgorithmIdentifier without parameters (RFC 5754 §2 for digests, §3.3 for ECDSA)."""

    algorithm: ObjectIdentifier


@asn1.sequence
class _WithNull:
    """AlgorithmIdentifier with NULL parameters (RFC 5754 §3.2 for RSA, RFC 4055 §2.1 inside PSS)."""

    algorithm: ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _MaskGeneration:
    algorithm: ObjectIdentifier
    parameters: _WithNull


@asn1.sequence
class _PssParameters:
    """RSASSA-PSS-params (RFC 4055 §3.1); the trailer is the default and DER leaves it out."""

    hash_algorithm: Annotated[_WithNull, asn1.Explicit(0)]
    mask_generation: Annotated[_MaskGeneration, asn1.Explicit(1)]
    salt_length: Annotated[int, asn1.Explicit(2)]


@asn1.sequence
class _Pss:
    algorithm: ObjectIdentifier
    parameters: _PssParameters


class Suite(Struct, frozen=True):
    """One algorithm in CMS: what `hashlib` calls its digest, and both AlgorithmIdentifiers in DER."""

    digest_name: str
    digest_algorithm: bytes
    signature_algorithm: bytes

    def digest(self, content: bytes) -> bytes:
        """The content's digest under this suite."""
        return _HASHES[self.digest_name](content).digest()

    @property
    def digest_size(self) -> int:
        """Of a digest under this suite, in octets."""
        return _HASHES[self.digest_name]().digest_size


_SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_SHA384 = ObjectIdentifier("2.16.840.1.101.3.4.2.2")
_SHA512 = ObjectIdentifier("2.16.840.1.101.3.4.2.3")


def _rsa(oid: str) -> bytes:
    return asn1.encode_der(_WithNull(algorithm=ObjectIdentifier(oid), parameters=asn1.Null()))


def _plain(oid: str | ObjectIdentifier) -> bytes:
    return asn1.encode_der(_Plain(algorithm=ObjectIdentifier(oid) if isinstance(oid, str) else oid))


def _pss(hash_oid: ObjectIdentifier, salt: int) -> bytes:
    """The salt is in octets, as many as the digest has."""
    digest = _WithNull(algorithm=hash_oid, parameters=asn1.Null())
    mgf1 = _MaskGeneration(algorithm=ObjectIdentifier("1.2.840.113549.1.1.8"), parameters=digest)
    parameters = _PssParameters(hash_algorithm=digest, mask_generation=mgf1, salt_length=salt)
    return asn1.encode_der(_Pss(algorithm=ObjectIdentifier("1.2.840.113549.1.1.10"), parameters=parameters))


SUITES: dict[SignatureAlgorithm, Suite] = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: Suite("sha256", _plain(_SHA256), _rsa("1.2.840.113549.1.1.11")),
    SignatureAlgorithm.RSA_PKCS1_SHA384: Suite("sha384", _plain(_SHA384), _rsa("1.2.840.113549.1.1.12")),
    SignatureAlgorithm.RSA_PKCS1_SHA512: Suite("sha512", _plain(_SHA512), _rsa("1.2.840.113549.1.1.13")),
    SignatureAlgorithm.RSA_PSS_SHA256: Suite("sha256", _plain(_SHA256), _pss(_SHA256, 32)),
    SignatureAlgorithm.RSA_PSS_SHA384: Suite("sha384", _plain(_SHA384), _pss(_SHA384, 48)),
    SignatureAlgorithm.RSA_PSS_SHA512: Suite("sha512", _plain(_SHA512), _pss(_SHA512, 64)),
    SignatureAlgorithm.ECDSA_SHA256: Suite("sha256", _plain(_SHA256), _plain("1.2.840.10045.4.3.2")),
    SignatureAlgorithm.ECDSA_SHA384: Suite("sha384", _plain(_SHA384), _plain("1.2.840.10045.4.3.3")),
    SignatureAlgorithm.ECDSA_SHA512: Suite("sha512", _plain(_SHA512), _plain("1.2.840.10045.4.3.4")),
}

#: What each kind of key may sign with, best first. PKCS #1 v1.5 before PSS: all verifiers in use have it.
PREFERENCE: dict[KeyKind, tuple[SignatureAlgorithm, ...]] = {
    KeyKind.RSA: (
        SignatureAlgorithm.RSA_PKCS1_SHA256,
        SignatureAlgorithm.RSA_PKCS1_SHA384,
        SignatureAlgorithm.RSA_PKCS1_SHA512,
        SignatureAlgorithm.RSA_PSS_SHA256,
        SignatureAlgorithm.RSA_PSS_SHA384,
        SignatureAlgorithm.RSA_PSS_SHA512,
    ),
    KeyKind.EC_P256: (SignatureAlgorithm.ECDSA_SHA256,),
    KeyKind.EC_P384: (SignatureAlgorithm.ECDSA_SHA384,),
    KeyKind.EC_P521: (SignatureAlgorithm.ECDSA_SHA512,),
}


def choose(key_kind: KeyKind, offered: tuple[SignatureAlgorithm, ...]) -> SignatureAlgorithm:
    """The algorithm to sign with, of those the token offers for this key.

    Raises `MechanismUnsupported` where none of them fits the key.
    """
    for algorithm in PREFERENCE[key_kind]:
        if algorithm in offered:
            return algorithm
    names = ", ".join(algorithm.value for algorithm in offered) or "nothing"
    raise MechanismUnsupported(f"{key_kind.value} key, token offers {names}")
