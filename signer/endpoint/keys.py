"""P-256 keys as the protocol names them: uncompressed points, raw signatures, key identifiers.

Signatures are r || s, 64 octets (RFC 9421 §3.3.4); points are 65 octets (SEC 1 §2.3.3). Keeping a key on
disk is `agent_key`.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from signer.endpoint.encodings import b64u

POINT_OCTETS = 65
SIGNATURE_OCTETS = 64

_ECDSA = ec.ECDSA(hashes.SHA256())


class SigningKey:
    """A P-256 private key that signs for one side of a pairing."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("not a P-256 key")  # noqa: TRY004 - the curve is data, not a type
        self._key = key
        self.point = key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.keyid = keyid(self.point)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, octets: bytes) -> SigningKey:
        """The key in an unencrypted PKCS#8 PEM (RFC 5958, RFC 7468). Raises ValueError for anything else."""
        try:
            key = serialization.load_pem_private_key(octets, password=None)
        except TypeError as problem:
            raise ValueError("the key is encrypted") from problem
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not a P-256 key")  # noqa: TRY004 - the file is wrong, not the call
        return cls(key)

    def to_pem(self) -> bytes:
        """Unencrypted PKCS#8 PEM, for a file that only its owner can read."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """ECDSA P-256 with SHA-256 over `message`: r || s, 64 octets."""
        r, s = decode_dss_signature(self._key.sign(message, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __repr__(self) -> str:
        return f"<SigningKey {self.keyid}>"


def keyid(point: bytes) -> str:
    """The name of a key: b64u(SHA-256(point))."""
    return b64u(hashlib.sha256(point).digest())


def check_point(point: bytes) -> None:
    """Raise ValueError unless `point` is an uncompressed point on P-256."""
    _public_key(point)


def verifies(point: bytes, message: bytes, signature: bytes) -> bool:
    """Is `signature` (r || s, 64 octets) one of `point`'s key over `message`?"""
    if len(signature) != SIGNATURE_OCTETS:
        return False
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        _public_key(point).verify(der, message, _ECDSA)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    if len(point) != POINT_OCTETS or point[0] != 4:
        raise ValueError("not an uncompressed P-256 point")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
