"""What the general verifier answers about one signature file, after ETSI EN 319 102-1.

A `Report` holds the verdict, its subindication and findings; it is built by `judge` and printed by the
command. The strict check of our own profile before a release answers in `verdict` instead.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from signer.model.credential import Holder


class Indication(Enum):
    """EN 319 102-1 §5.1.3: TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


class SubIndication(Enum):
    """EN 319 102-1 §5.1.3, table 4 to 6, under the standard's own names."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


#: What a subindication makes of the verdict: these fail for good; all others leave it open (§5.1.3).
_FINAL = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.REVOKED,
        SubIndication.EXPIRED,
        SubIndication.NOT_YET_VALID,
    }
)


def indication_of(sub_indication: SubIndication | None) -> Indication:
    """The indication that a subindication stands under; VALID where there is none."""
    if sub_indication is None:
        return Indication.VALID
    return Indication.INVALID if sub_indication in _FINAL else Indication.INDETERMINATE


class Severity(Enum):
    """How much a finding weighs: FAILED decides the verdict, WARNING does not, INFO only tells."""

    FAILED = "failed"
    WARNING = "warning"
    INFO = "info"


class Finding(Struct, frozen=True, kw_only=True, gc=False):
    """One thing found. `code` is stable and kebab-case; its sentences are in `sentences`.

    `detail` names a place (an attribute, an item, an object number), never a person.
    """

    code: str
    severity: Severity
    detail: str = ""


class Report(Struct, frozen=True, kw_only=True, gc=False):
    """The answer for one file. `signer` is None where no signing certificate could be read.

    `claimed_at` is the signer's own word, `proven_at` a timestamp's that held; both aware, UTC. `content` is
    what was signed, None where integrity does not hold or it is not at hand; `media_type` is what the
    signature says that it is.
    """

    indication: Indication
    sub_indication: SubIndication | None = None
    format: str | None = None
    level: str | None = None
    signer: Holder | None = None
    certificate: bytes | None = None
    issuer: str | None = None
    claimed_at: datetime | None = None
    proven_at: datetime | None = None
    media_type: str | None = None
    content: bytes | None = None
    findings: tuple[Finding, ...] = ()
