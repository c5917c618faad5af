"""Did this key sign these octets? For what authorities sign: certificates, CRLs, OCSP answers, timestamps.

Algorithms by the dotted OIDs that stand in such structures (RFC 3279, RFC 4055, RFC 5758). What a doctor's
own signature may use is decided elsewhere, and more strictly.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from signer.x509.certificate import KeyUnsupported, public_key

#: SHA-1 is here because authorities of the field signed with it; nothing is ever signed with it.
_RSA: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.1.5": hashes.SHA1(),  # noqa: S303
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
}
_ECDSA: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
#: An algorithm of a CMS SignerInfo that leaves the hash to its digestAlgorithm (RFC 3370 §3.2).
_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}


def signed_by(spki: bytes, algorithm: str, message: bytes, signature: bytes, *, digest: str = "") -> bool:
    """True where the key in `spki` (DER) made `signature` over `message`, by the algorithm's OID.

    `digest` is the digestAlgorithm's OID, for RSA signatures that name none. An algorithm that is not known
    here, or is not the key's, is False, and so is a key of another kind.
    """
    try:
        key = public_key(spki)
    except KeyUnsupported:
        return False
    rsa = isinstance(key, RSAPublicKey)
    hashed = (_RSA if rsa else _ECDSA).get(algorithm)
    if rsa and algorithm == _RSA_ENCRYPTION:
        hashed = _DIGESTS.get(digest)
    if hashed is None:
        return False
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashed)
        else:
            key.verify(signature, message, ec.ECDSA(hashed))
    except InvalidSignature:
        return False
    return True
