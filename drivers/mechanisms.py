"""Which mechanism of a token makes a wanted signature or key, what it is fed, and what its answer becomes.

Pure. Algorithms are named as in `signer.model.credential.SignatureAlgorithm`; constants are those of
PKCS #11 v2.40. SHA-1 is not here. Whether a signature is right is found out by verifying it, elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from drivers import der
from drivers.errors import NoSuchMechanism, SignatureMalformed
from drivers.types import KeySizes, KeySpec, Mechanism, PssParameters, Token, TokenFlags

CKM_RSA_PKCS_KEY_PAIR_GEN = 0x0000
CKM_RSA_PKCS = 0x0001
CKM_RSA_PKCS_PSS = 0x000D
CKM_SHA256_RSA_PKCS = 0x0040
CKM_SHA384_RSA_PKCS = 0x0041
CKM_SHA512_RSA_PKCS = 0x0042
CKM_SHA256_RSA_PKCS_PSS = 0x0043
CKM_SHA384_RSA_PKCS_PSS = 0x0044
CKM_SHA512_RSA_PKCS_PSS = 0x0045
CKM_SHA256 = 0x0250
CKM_SHA384 = 0x0260
CKM_SHA512 = 0x0270
CKM_EC_KEY_PAIR_GEN = 0x1040
CKM_ECDSA = 0x1041
CKM_ECDSA_SHA256 = 0x1044
CKM_ECDSA_SHA384 = 0x1045
CKM_ECDSA_SHA512 = 0x1046
CKG_MGF1_SHA256 = 0x0002
CKG_MGF1_SHA384 = 0x0003
CKG_MGF1_SHA512 = 0x0004

# A module whose largest key has fewer bits than any key in use counts in octets.
_FEWEST_BITS_OF_RSA = 1024
_FEWEST_BITS_OF_A_CURVE = 112
_ABSURD = 1 << 24

_HASH_OID = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}


class Hashing(Enum):
    """Who hashes: the module, in a mechanism that takes the message, or this side of the pipe.

    HOST comes first: a maker's module, which may keep a log, then never holds a prescription, a card never
    has kilobytes sent to it, and it is the way that browsers' client authentication goes through it.
    """

    MODULE = "module"
    HOST = "host"


class EcdsaOutput(Enum):
    """What the module answers for ECDSA: r||s as PKCS #11 says, or DER as some modules do."""

    RAW = "raw"
    DER = "der"


class SignPreferences(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile's `[sign]`. `hashing` is the order to try; a way that is not named is not taken."""

    hashing: tuple[Hashing, ...] = (Hashing.HOST, Hashing.MODULE)
    ecdsa_output: EcdsaOutput = EcdsaOutput.RAW


class Input(Enum):
    """Which octets the mechanism is fed."""

    MESSAGE = "message"
    DIGEST = "digest"
    DIGEST_INFO = "digest-info"


class SigningPlan(Struct, frozen=True, kw_only=True):
    """How one algorithm is made on one token. `mechanism` goes to the worker as it is."""

    algorithm: str
    mechanism: Mechanism
    hash: str
    input: Input
    ecdsa: EcdsaOutput | None = None

    def data(self, message: bytes) -> bytes:
        """What C_Sign is given for `message`."""
        if self.input is Input.MESSAGE:
            return message
        digest = hashlib.new(self.hash, message).digest()
        return digest_info(self.hash, digest) if self.input is Input.DIGEST_INFO else digest

    def signature(self, answer: bytes) -> bytes:
        """What C_Sign answered, as the algorithm's signature value. Raises `SignatureMalformed`."""
        match self.ecdsa:
            case EcdsaOutput.RAW:
                return ecdsa_sig_value(answer)
            case EcdsaOutput.DER:
                return ecdsa_normalised(answer)
            case None:
                return answer


class _Way(Struct, frozen=True):
    hashing: Hashing
    mechanism: Mechanism
    input: Input


def _ways(hashed: int, bare: int, bare_input: Input, pss: PssParameters | None = None) -> tuple[_Way, ...]:
    return (
        _Way(Hashing.MODULE, Mechanism(type=hashed, pss=pss), Input.MESSAGE),
        _Way(Hashing.HOST, Mechanism(type=bare, pss=pss), bare_input),
    )


# The salt is as long as the digest, which is what every verifier and every token that has PSS takes.
_PSS_SHA256 = PssParameters(hash=CKM_SHA256, mgf=CKG_MGF1_SHA256, salt=32)
_PSS_SHA384 = PssParameters(hash=CKM_SHA384, mgf=CKG_MGF1_SHA384, salt=48)
_PSS_SHA512 = PssParameters(hash=CKM_SHA512, mgf=CKG_MGF1_SHA512, salt=64)

_ALGORITHMS: dict[str, tuple[str, tuple[_Way, ...]]] = {
    "rsa-pkcs1-sha256": ("sha256", _ways(CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS, Input.DIGEST_INFO)),
    "rsa-pkcs1-sha384": ("sha384", _ways(CKM_SHA384_RSA_PKCS, CKM_RSA_PKCS, Input.DIGEST_INFO)),
    "rsa-pkcs1-sha512": ("sha512", _ways(CKM_SHA512_RSA_PKCS, CKM_RSA_PKCS, Input.DIGEST_INFO)),
    "rsa-pss-sha256": ("sha256", _ways(CKM_SHA256_RSA_PKCS_PSS, CKM_RSA_PKCS_PSS, Input.DIGEST, _PSS_SHA256)),
    "rsa-pss-sha384": ("sha384", _ways(CKM_SHA384_RSA_PKCS_PSS, CKM_RSA_PKCS_PSS, Input.DIGEST, _PSS_SHA384)),
    "rsa-pss-sha512": ("sha512", _ways(CKM_SHA512_RSA_PKCS_PSS, CKM_RSA_PKCS_PSS, Input.DIGEST, _PSS_SHA512)),
    "ecdsa-sha256": ("sha256", _ways(CKM_ECDSA_SHA256, CKM_ECDSA, Input.DIGEST)),
    "ecdsa-sha384": ("sha384", _ways(CKM_ECDSA_SHA384, CKM_ECDSA, Input.DIGEST)),
    "ecdsa-sha512": ("sha512", _ways(CKM_ECDSA_SHA512, CKM_ECDSA, Input.DIGEST)),
}


def plan(wanted: str, mechanisms: Collection[int], preferences: SignPreferences) -> SigningPlan:
    """The first way, in the profile's order, that the token's CKM_ list offers.

    Raises `NoSuchMechanism` where there is none, or where `wanted` is no algorithm of ours.
    """
    hash_name, ways = _ALGORITHMS.get(wanted, ("", ()))
    for hashing in preferences.hashing:
        for way in ways:
            if way.hashing is hashing and way.mechanism.type in mechanisms:
                return SigningPlan(
                    algorithm=wanted,
                    mechanism=way.mechanism,
                    hash=hash_name,
                    input=way.input,
                    ecdsa=preferences.ecdsa_output if wanted.startswith("ecdsa-") else None,
                )
    raise NoSuchMechanism(wanted)


def offered(mechanisms: Collection[int], preferences: SignPreferences) -> tuple[str, ...]:
    """The algorithms that a token with these mechanisms can make, whatever keys it holds."""
    names = []
    for name, (_, ways) in _ALGORITHMS.items():
        if any(way.hashing in preferences.hashing and way.mechanism.type in mechanisms for way in ways):
            names.append(name)
    return tuple(names)


def usable(token: Token, bits: int) -> frozenset[int]:
    """The token's mechanisms that take a key of this many bits, as far as the module tells sizes."""
    refused = {sizes.mechanism for sizes in token.key_sizes if not _takes(sizes, bits)}
    return frozenset(token.mechanisms) - refused


def makes(token: Token) -> tuple[KeySpec, ...]:
    """The key pairs that the token says it can make, as far as it tells: no module names its curves."""
    if TokenFlags.WRITE_PROTECTED in token.token_flags:
        return ()
    return tuple(spec for spec, (maker, bits) in _MAKERS.items() if maker in usable(token, bits))


_MAKERS = {
    KeySpec.RSA_2048: (CKM_RSA_PKCS_KEY_PAIR_GEN, 2048),
    KeySpec.RSA_3072: (CKM_RSA_PKCS_KEY_PAIR_GEN, 3072),
    KeySpec.RSA_4096: (CKM_RSA_PKCS_KEY_PAIR_GEN, 4096),
    KeySpec.EC_P256: (CKM_EC_KEY_PAIR_GEN, 256),
    KeySpec.EC_P384: (CKM_EC_KEY_PAIR_GEN, 384),
    KeySpec.EC_P521: (CKM_EC_KEY_PAIR_GEN, 521),
}


def _takes(sizes: KeySizes, bits: int) -> bool:
    """Modules count in bits or in octets (PKCS #11 v2.40 mechanisms §2.1.1 lets RSA do both)."""
    least, most = sizes.least, sizes.most
    if not 0 < most < _ABSURD or least > most:
        return True  # nothing, or nothing to be believed
    is_curve = sizes.mechanism >= CKM_EC_KEY_PAIR_GEN
    unit = 8 if most < (_FEWEST_BITS_OF_A_CURVE if is_curve else _FEWEST_BITS_OF_RSA) else 1
    return least * unit <= bits <= most * unit


def digest_info(hash_name: str, digest: bytes) -> bytes:
    """DigestInfo with NULL parameters, what CKM_RSA_PKCS pads (RFC 8017 §9.2 note 1)."""
    return _before_digest(hash_name, len(digest)) + digest


@lru_cache(maxsize=8)
def _before_digest(hash_name: str, size: int) -> bytes:
    """All of a DigestInfo but the digest, which stands at its end: always the same octets."""
    algorithm = der.sequence(der.oid(_HASH_OID[hash_name]), der.NULL)
    return der.sequence(algorithm, der.octet_string(bytes(size)))[:-size]


def ecdsa_sig_value(raw: bytes) -> bytes:
    """r||s (PKCS #11 v2.40 mechanisms §2.3.1) as DER ECDSA-Sig-Value (RFC 3279 §2.2.3).

    Raises `SignatureMalformed` on an odd length, nothing, or an r or s of zero.
    """
    half, odd = divmod(len(raw), 2)
    r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    if odd or not r or not s:
        raise SignatureMalformed(f"{len(raw)} octets are no r||s")
    return der.sequence(der.integer(r), der.integer(s))


def ecdsa_normalised(answer: bytes) -> bytes:
    """ECDSA-Sig-Value in DER from one in which a module's own encoder was careless.

    Long lengths, leading zeros, a missing sign octet and what stands behind are forgiven: r and s are
    positive, and a wrong one does not verify. Raises `SignatureMalformed`.
    """
    try:
        pair, _ = der.read(answer, der.SEQUENCE)
        r, rest = der.read(pair, der.INTEGER)
        s, _ = der.read(rest, der.INTEGER)
    except ValueError as reason:
        raise SignatureMalformed(f"{len(answer)} octets are no ECDSA-Sig-Value: {reason}") from None
    numbers = [int.from_bytes(octets, "big") for octets in (r, s)]
    if not all(numbers):
        raise SignatureMalformed("r or s is zero")
    return der.sequence(*map(der.integer, numbers))
