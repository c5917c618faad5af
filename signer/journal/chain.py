"""The chain: each entry's tag covers the entry and the tag before it. Pure; no file is touched here.

What it detects by itself is damage and careless edits. Someone who holds the install's key can write
the whole chain anew; only a head that was exported and signed elsewhere shows that.
"""

from __future__ import annotations

import hashlib
import hmac

GENESIS = bytes(32)


def tag(key: bytes, previous: bytes, sequence: int, columns: tuple[str, ...]) -> bytes:
    """HMAC-SHA-256 (RFC 2104) under the install's key, 32 octets.

    `previous` is the tag before, 32 octets. Each column is preceded by its length, so that no two entries
    share one input.
    """
    parts = [previous, sequence.to_bytes(8, "big")]
    for column in columns:
        octets = column.encode()
        parts += (len(octets).to_bytes(4, "big"), octets)
    return hmac.digest(key, b"".join(parts), hashlib.sha256)
