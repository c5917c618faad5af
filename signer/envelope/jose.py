"""What every signature in JSON clothes has in common (RFC 7515, RFC 7518): encodings, algorithms, values.

Which parameters a header holds is for `jws`, `jades` and `sign_in`; nothing is read or verified here.
"""

from __future__ import annotations

import binascii
import json

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from msgspec import Struct

from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused

#: RFC 7518 §3.1.
NAMES = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: "RS256",
    SignatureAlgorithm.RSA_PKCS1_SHA384: "RS384",
    SignatureAlgorithm.RSA_PKCS1_SHA512: "RS512",
    SignatureAlgorithm.RSA_PSS_SHA256: "PS256",
    SignatureAlgorithm.RSA_PSS_SHA384: "PS384",
    SignatureAlgorithm.RSA_PSS_SHA512: "PS512",
    SignatureAlgorithm.ECDSA_SHA256: "ES256",
    SignatureAlgorithm.ECDSA_SHA384: "ES384",
    SignatureAlgorithm.ECDSA_SHA512: "ES512",
}

#: Octets of r and of s in a JWS signature (RFC 7518 §3.4).
_COORDINATE = {
    SignatureAlgorithm.ECDSA_SHA256: 32,
    SignatureAlgorithm.ECDSA_SHA384: 48,
    SignatureAlgorithm.ECDSA_SHA512: 66,
}

_TO_URL = bytes.maketrans(b"+/", b"-_")


def check_content(content: bytes, media_type: str, *, attached: bool) -> None:
    """Raise `DocumentRefused` for empty content: its attached form would be its detached one."""
    if not content:
        raise DocumentRefused("no content to sign")


def base64(octets: bytes) -> str:
    """Base64 with padding (RFC 4648 §4), as `x5c` has it."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def base64url(octets: bytes) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    return binascii.b2a_base64(octets, newline=False).translate(_TO_URL).rstrip(b"=")


def json_octets(value: object) -> bytes:
    """Compact JSON in ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


class Beginning(Struct, frozen=True):
    """The part of a header that many signatures share, encoded once; `rest` did not fill a group of four."""

    encoded: bytes
    rest: bytes

    def protected(self, ending: bytes) -> bytes:
        """BASE64URL(UTF8(JWS Protected Header)) of the header that ends so."""
        return self.encoded + base64url(self.rest + ending)


def beginning(fixed: dict[str, object], last: str) -> Beginning:
    """A header of these parameters, up to the value of the `last` one, which alone changes."""
    text = json_octets(fixed)[:-1] + b',"%s":' % last.encode("ascii")
    whole = len(text) // 3 * 3
    return Beginning(base64url(text[:whole]), text[whole:])


def signature_value(algorithm: SignatureAlgorithm, signature: bytes) -> bytes:
    """BASE64URL(JWS Signature), from the value that a token gives: ECDSA comes as DER, leaves as r ‖ s."""
    size = _COORDINATE.get(algorithm)
    if size is not None:
        r, s = decode_dss_signature(signature)
        signature = r.to_bytes(size) + s.to_bytes(size)
    return base64url(signature)


def without_payload(compact: bytes) -> bytes:
    """The detached form of a compact JWS (RFC 7515 appendix F). Raises ValueError for what is none."""
    protected, _, value = _three(compact)
    return protected + b".." + value


def with_payload(detached: bytes, content: bytes) -> bytes:
    """The attached form of a detached compact JWS. Raises ValueError for what is none."""
    protected, payload, value = _three(detached)
    if payload:
        raise ValueError("the signature has a payload")
    return protected + b"." + base64url(content) + b"." + value


def _three(compact: bytes) -> list[bytes]:
    parts = compact.split(b".")
    if len(parts) != 3 or not parts[0] or not parts[2]:
        raise ValueError("not a compact JWS")
    return parts
