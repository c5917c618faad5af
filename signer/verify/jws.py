"""Reads a compact JWS in the profile of Iran's state services (RFC 7515, with `sigT` marked critical).

Sharing no code with what made it (`signer.envelope.jws`). A JWS that lacks a part of the profile is refused,
one with more in its signed header is told so.
"""

from __future__ import annotations

from signer.verify import jose
from signer.verify.candidate import Candidate
from signer.verify.jose_value import Claims, candidate

_KNOWN = frozenset({"alg", "typ", "cty", "crit", "x5c", "x5t", "x5t#S256", "sigT"})
_CRITICAL = frozenset({"sigT"})


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Take one compact JWS apart; `content` where it is detached. Raises `Unreadable` alone."""
    found = jose.take_apart(octets)
    if not found.compact:
        raise jose.refused("jose-not-compact")
    header = found.header
    if "typ" not in header or "cty" not in header:
        raise jose.refused("jose-parameter-absent", "cty" if "typ" in header else "typ")
    jose.check_typ(header, "jose")
    if not jose.critical(header, _CRITICAL):
        raise jose.refused("jose-parameter-absent", "crit")
    claims = Claims(
        format="jws",
        level="B-B",
        claimed_at=jose.sig_t(header),
        findings=jose.unknown(header, _KNOWN),
    )
    return candidate(found, claims, content)
