"""Checks a finished signature and says why it fails, sharing no ASN.1 code with what made it.

Installs and runs without a token, a window or a server. `verify` judges one file by anybody; who verifies
many keeps a `judge.Verifier`, which is what `verify` does for the trust it was last given.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from signer.verify.report import Finding, Indication, Report, Severity, SubIndication
from signer.verify.trust import RevocationData, RevocationPolicy, RevocationSource, Trust
from signer.x509 import Certificate

if TYPE_CHECKING:
    from signer.verify.judge import Verifier

__all__ = [
    "Finding",
    "Indication",
    "Report",
    "RevocationData",
    "RevocationPolicy",
    "RevocationSource",
    "Severity",
    "SubIndication",
    "Trust",
    "verify",
]


def verify(
    octets: bytes,
    *,
    content: bytes | None = None,
    anchors: tuple[Certificate, ...],
    intermediates: tuple[Certificate, ...] = (),
    at: datetime | None = None,
    revocation: RevocationPolicy = RevocationPolicy.PREFER,
    data: RevocationData | None = None,
    source: RevocationSource | None = None,
) -> Report:
    """Judge one signature file of any format, whatever its octets (EN 319 102-1 §5). Never raises for them.

    `content` is the document where the signature is detached, and is compared where it is attached. Only
    `anchors` are trusted; with none, no verdict is valid. `at` (aware) is the time to judge for, now if None.
    `data` is revocation data at hand, and `source` is asked for what it lacks. ValueError for a naive `at`.
    """
    if at is not None and at.tzinfo is None:
        raise ValueError("at must be aware")
    verifier = _verifier(anchors, intermediates, data, source, revocation)
    return verifier.verify(octets, content=content, at=at)


@lru_cache(maxsize=4)
def _verifier(
    anchors: tuple[Certificate, ...],
    intermediates: tuple[Certificate, ...],
    data: RevocationData | None,
    source: RevocationSource | None,
    revocation: RevocationPolicy,
) -> Verifier:
    # Imported late: the check before a release needs nothing of this.
    from signer.verify.judge import Verifier

    return Verifier(
        Trust(
            anchors=anchors,
            intermediates=intermediates,
            data=data or RevocationData(),
            source=source,
            revocation=revocation,
        )
    )
