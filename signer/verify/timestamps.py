"""A timestamp token (RFC 3161 §2.4.2): what it covers, when it says, and who signed it, in strict DER.

The token is a CMS signature like any other, read by the same reader. Whether its authority is trusted is
judged with the same rules as a signer (`judge`); here only what makes it a timestamp is checked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from signer.verify import algorithms, cms, der
from signer.verify.candidate import Candidate, SignatureTimestamp, Unreadable
from signer.verify.der import NotDer, over
from signer.verify.ocsp import purposes
from signer.x509 import Certificate

_ID_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_TIME_STAMPING = bytes.fromhex("2b06010505070308")
_EXTENDED_KEY_USAGE = "2.5.29.37"


class Stamp(Struct, frozen=True, kw_only=True):
    """A token whose own signature holds and which covers what it should: the signer and the time it says."""

    candidate: Candidate
    at: datetime


class NotAStamp(Exception):
    """This token proves nothing. `code` is the finding's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(timestamp: SignatureTimestamp, certificates: tuple[bytes, ...]) -> Stamp:
    """Take a token apart. `certificates` (DER) may hold the authority's. Raises `NotAStamp` alone."""
    try:
        candidate = cms.read_signed_data(
            timestamp.token, content_type=_ID_TST_INFO, certificates=certificates
        )
    except Unreadable as fault:
        raise NotAStamp("timestamp-unreadable") from fault
    if candidate.failure is not None or candidate.content is None or candidate.format != "cades":
        raise NotAStamp("timestamp-broken")
    try:
        digest, imprint, at = _info(candidate.content)
    except (NotDer, algorithms.Unknown):
        raise NotAStamp("timestamp-unreadable") from None
    if algorithms.hashed(digest, timestamp.stamped) != imprint:
        raise NotAStamp("timestamp-of-something-else")
    return Stamp(candidate=candidate, at=at)


def may_stamp(authority: Certificate) -> bool:
    """Is it certified for timestamps and for nothing else, and is that critical (RFC 3161 §2.3)?"""
    usage = authority.extension(_EXTENDED_KEY_USAGE)
    try:
        only = usage is not None and purposes(usage) == (_TIME_STAMPING,)
    except NotDer:
        return False
    return only and _EXTENDED_KEY_USAGE in authority.critical


def _info(encoded: bytes) -> tuple[str, bytes, datetime]:
    """Hash, imprint and time of a TSTInfo; accuracy, nonce and the rest are passed over."""
    outer = over(encoded)
    info = outer.enter(der.SEQUENCE)
    outer.done()
    if info.contents(der.INTEGER) != b"\x01":
        raise NotDer("a TSTInfo of another version")
    info.contents(der.OID)
    imprint = info.enter(der.SEQUENCE)
    digest, value = algorithms.digest(imprint.encoded(der.SEQUENCE)), imprint.contents(der.OCTET_STRING)
    imprint.done()
    info.contents(der.INTEGER)
    return digest, value, _time(info.contents(der.GENERALIZED_TIME))


def _time(digits: bytes) -> datetime:
    """RFC 3161 §2.4.2: Zulu, with a fraction of a second that does not end in zero, or none."""
    whole, point, fraction = digits.removesuffix(b"Z").partition(b".")
    if point and (not fraction.isdigit() or fraction.endswith(b"0")):
        raise NotDer("a fraction of a second that is not in its shortest form")
    at = der.generalized(whole + digits[-1:])
    return at + timedelta(seconds=float(b"0." + fraction)) if point else at
