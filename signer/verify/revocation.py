"""Is a certificate revoked, as far as the CRLs and OCSP responses at hand can tell (EN 319 102-1 §5.2.6)?

A list or answer is *current* for a moment if the moment lies before its nextUpdate, or before its thisUpdate:
what was issued later knows of what came before. That a certificate is revoked is believed of a stale list
too; that it is not, of a current one alone. Nothing is fetched here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct

from signer.verify import crl, ocsp
from signer.verify.der import NotDer
from signer.verify.trust import RevocationData
from signer.x509 import Certificate

#: CRLReason (RFC 5280 §5.3.1): a hold may be lifted, and an entry may say that it has been.
_HOLD, _REMOVED = 6, 8
#: How long an answer without nextUpdate is current: a responder then says that newer ones can always be had.
_UNLIMITED = timedelta(days=1)


class State(Enum):
    """What is known. STALE: only by data that is no longer current."""

    GOOD = "good"
    REVOKED = "revoked"
    ON_HOLD = "on hold"
    STALE = "stale"
    UNKNOWN = "unknown"


class Status(Struct, frozen=True, kw_only=True):
    """`at` is when it was revoked or put on hold (aware, UTC)."""

    state: State
    at: datetime | None = None


_UNKNOWN = Status(state=State.UNKNOWN)


def status(certificate: Certificate, issuer: Certificate, data: RevocationData, moment: datetime) -> Status:
    """What the data say of the certificate, for a judgement about `moment` (aware)."""
    if not data.crls and not data.ocsps:
        return _UNKNOWN
    state = State.UNKNOWN
    for this_update, next_update, revoked_at, reason in _words(certificate, issuer, data):
        if revoked_at is not None and reason != _REMOVED:
            return Status(state=State.ON_HOLD if reason == _HOLD else State.REVOKED, at=revoked_at)
        if _current(this_update, next_update, moment):
            state = State.GOOD
        elif state is State.UNKNOWN:
            state = State.STALE
    return Status(state=state)


def _current(this_update: datetime, next_update: datetime | None, moment: datetime) -> bool:
    if next_update is None:
        return moment - this_update <= _UNLIMITED
    return moment <= max(this_update, next_update)


_Word = tuple[datetime, datetime | None, datetime | None, int]


def _words(certificate: Certificate, issuer: Certificate, data: RevocationData) -> Iterator[_Word]:
    """thisUpdate, nextUpdate, time of revocation, reason, of each that answers. What is broken does not."""
    for encoded in data.ocsps:
        try:
            answer = ocsp.read(encoded).answer(certificate, issuer)
        except NotDer:
            continue
        if answer is not None and answer.known:
            yield answer.this_update, answer.next_update, answer.revoked_at, answer.reason
    for encoded in data.crls:
        try:
            listed = crl.read(encoded)
            if not listed.answers_for(certificate, issuer):
                continue
            entry = listed.entry(certificate)
        except NotDer:
            continue
        revoked_at, reason = (None, 0) if entry is None else (entry.at, entry.reason)
        yield listed.this_update, listed.next_update, revoked_at, reason
