"""Which algorithms may sign, and which may still be relied on: one table for makers and for the verifier.

Values are those of `hashlib` and of `KeyKind`; how a format spells an algorithm is each format's own matter.
What is not reliable is still checked by the verifier, which then says so and leaves its verdict open.
"""

from __future__ import annotations

from signer.model.credential import KeyKind

#: Below it RSA may no longer sign (NIST SP 800-131A §3); above it no token of the field goes.
RSA_BITS = range(2048, 4096 + 1)
#: A smaller public exponent signs nothing new (FIPS 186-5 §A.1.1); authorities of the field have 3.
MIN_RSA_EXPONENT = 65537

#: May sign and may be relied on. SHA-1, MD5 and whatever else there is may not.
DIGESTS = frozenset({"sha256", "sha384", "sha512"})
#: How a value is made from a digest: PKCS #1 v1.5, PSS, ECDSA.
PADDINGS = frozenset({"pkcs1", "pss", "ecdsa"})


def reliable_digest(digest: str) -> bool:
    """May a signature over this hash be relied on?"""
    return digest in DIGESTS


def reliable_key(kind: KeyKind, bits: int) -> bool:
    """May a signature by a key of this size be relied on? The curves of `KeyKind` all may."""
    return kind is not KeyKind.RSA or bits >= RSA_BITS.start
