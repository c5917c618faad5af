"""Base64 and base64url as the wire uses them: one spelling for each octet string, everything else refused.

Not a general decoder. Leniency here would let two different texts stand for one key, nonce or document.
"""

from __future__ import annotations

import binascii

import msgspec


def b64(octets: bytes) -> str:
    """Base64 with padding (RFC 4648 §4)."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def unb64(text: str) -> bytes:
    """The octets of canonical, padded base64 (RFC 4648 §4, §3.5). Raises ValueError for anything else."""
    try:
        # Eight times as fast as binascii's strict mode, which counts in a batch of 250 documents.
        octets = msgspec.convert(text, bytes)
    except msgspec.ValidationError:
        raise ValueError("not padded base64") from None
    if text[-4:] != b64(octets[(len(octets) - 1) // 3 * 3 :]):
        raise ValueError("base64 has bits set after its last octet")
    return octets


def b64u(octets: bytes) -> str:
    """Base64url without padding (RFC 4648 §5)."""
    return b64(octets).translate(_TO_URL).rstrip("=")


def unb64u(text: str) -> bytes:
    """The octets of canonical base64url without padding. Raises ValueError for anything else."""
    if not text.isascii() or any(sign in text for sign in "+/=") or len(text) % 4 == 1:
        raise ValueError("not base64url without padding")
    return unb64(text.translate(_FROM_URL) + "=" * (-len(text) % 4))


_TO_URL = str.maketrans("+/", "-_")
_FROM_URL = str.maketrans("-_", "+/")
