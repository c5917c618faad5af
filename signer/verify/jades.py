"""Reads JAdES B-B and B-T (ETSI TS 119 182-1 V1.2.1), compact or flattened in JSON, attached or detached.

Sharing no code with what made it (`signer.envelope.jades`). Signatures of the first edition, with `sigT`, are
read too. Of the unsigned parts, `sigTst` alone is understood; `sigD`, which names what is signed by
reference, is refused.
"""

from __future__ import annotations

from datetime import datetime

from signer.model import ijson
from signer.model.ijson import JsonValue
from signer.verify import jose
from signer.verify.candidate import Candidate, SignatureTimestamp
from signer.verify.jose_value import Claims, candidate
from signer.verify.report import Finding, Severity

MAX_UNSIGNED = 100

_KNOWN = frozenset({"alg", "typ", "cty", "crit", "x5c", "x5t", "x5t#S256", "x5t#o", "sigX5ts", "iat", "sigT"})
_CRITICAL = frozenset({"sigT", "x5t#o", "sigX5ts"})


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Take one JAdES signature apart; `content` where it is detached. Raises `Unreadable` alone."""
    found = jose.take_apart(octets)
    header = found.header
    jose.check_typ(header, "jose" if found.compact else "jose+json")
    jose.critical(header, _CRITICAL)
    if "sigD" in header:
        raise jose.refused("jades-sig-d")
    claimed_at = _time(header)
    timestamps, unread = _unsigned(found)
    claims = Claims(
        format="jades",
        level="B-T" if timestamps else "B-B",
        claimed_at=claimed_at,
        timestamps=timestamps,
        findings=(*jose.unknown(header, _KNOWN), *unread),
    )
    return candidate(found, claims, content)


def _time(header: dict[str, JsonValue]) -> datetime:
    """`iat` (§5.1.11), or `sigT` (§5.2.1) in signatures of the first edition; where both stand, one time."""
    iat, sig_t = jose.seconds(header, "iat"), jose.sig_t(header)
    if iat is not None and sig_t is not None and iat != sig_t:
        raise jose.refused("jades-two-times")
    claimed = iat or sig_t
    if claimed is None:
        raise jose.refused("jose-parameter-absent", "iat")
    return claimed


def _unsigned(found: jose.Jws) -> tuple[tuple[SignatureTimestamp, ...], tuple[Finding, ...]]:
    """The timestamps in `etsiU` (§5.3.1), and a word about everything else that is there."""
    elements = found.unprotected.get("etsiU", [])
    if not isinstance(elements, list) or len(elements) > MAX_UNSIGNED:
        raise jose.refused("jades-etsi-u")
    timestamps: list[SignatureTimestamp] = []
    unread: list[Finding] = []
    for element in elements:
        ((name, value),) = _single(element).items()
        if name == "sigTst":
            timestamps += (SignatureTimestamp(token=t, stamped=found.value) for t in _tokens(value))
        else:
            detail = jose.printable(name)
            unread.append(Finding(code="jades-unsigned-unread", severity=Severity.INFO, detail=detail))
    return tuple(timestamps), tuple(unread)


def _single(element: JsonValue) -> dict[str, JsonValue]:
    """An element of `etsiU`: an object of one member, in base64url or in clear."""
    try:
        if isinstance(element, str):
            element = ijson.parse(jose.unbase64url(element.encode("ascii")))
    except ValueError:
        raise jose.refused("jades-etsi-u") from None
    if not isinstance(element, dict) or len(element) != 1:
        raise jose.refused("jades-etsi-u")
    return element


def _tokens(container: JsonValue) -> list[bytes]:
    """The TimeStampTokens of a `tstContainer` (§5.4.3.3), DER."""
    tokens = container.get("tstTokens") if isinstance(container, dict) else None
    if not isinstance(tokens, list) or not tokens:
        raise jose.refused("jades-sig-tst")
    return [_token(token) for token in tokens]


def _token(token: JsonValue) -> bytes:
    value = token.get("val") if isinstance(token, dict) else None
    try:
        if isinstance(value, str):
            return jose.unbase64(value)
    except ValueError:
        pass
    raise jose.refused("jades-sig-tst")
