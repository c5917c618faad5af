"""The chain: each entry's tag covers the entry and the tag before it. Pure; no file is touched here.

What it detects by itself is damage and careless edits. Someone who holds the install's key can write
the whole chain anew; only a head that was exported and signed elsewhere shows that.
"""

from __future__ import annotations

import hashlib
import hmac

GENESIS = bytes(32)


def tag(key: bytes, previous: bytes, sequence: int, kind: str, at: str, payload: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) under the install's key, 32 octets.

    `previous` is the tag before, 32 octets. Each further part is preceded by its length, so that no two
    entries share one input.
    """
    parts = (sequence.to_bytes(8, "big"), kind.encode(), at.encode(), payload)
    message = previous + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, message, hashlib.sha256)
