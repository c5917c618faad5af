"""What a caller is told when something goes wrong: RFC 9457 problems in the caller's language.

Every problem has an incident number, which the log has too. The log gets codes, details and the frames of a
traceback, never a message or a value that could hold a piece of a document.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from enum import Enum

from msgspec import Struct

from signer.model.errors import (
    AdmissionError,
    ApplicantInvalid,
    MohrError,
    RefusedLately,
    RequestError,
    RequestMalformed,
    TooManyPending,
    TooManyRequests,
    Unexpected,
)
from signer.service.traces import without_values

MEDIA_TYPE = "application/problem+json"
PENDING_RETRY_AFTER = 5

_log = logging.getLogger(__name__)


class Language(Enum):
    """Languages that a problem is told in."""

    FA = "fa"
    EN = "en"


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem as the contract names its members. `detail` only where the request itself is at fault."""

    type: str
    title: str
    status: int
    code: str
    remedy: str
    instance: str
    detail: str = ""


def problem_of(error: MohrError, incident: str, language: Language) -> Problem:
    """The problem that tells of `error`, which must be `sendable`."""
    status = error.status
    assert status is not None
    persian = language is Language.FA
    shown = isinstance(error, RequestError | AdmissionError | ApplicantInvalid)
    return Problem(
        type=f"urn:mohr:problem:{error.code}",
        title=error.fa if persian else error.en,
        status=status,
        code=error.code,
        remedy=error.fa_remedy if persian else error.en_remedy,
        instance=f"urn:mohr:incident:{incident}",
        detail=error.detail if shown else "",
    )


def sendable(error: Exception, incident: str) -> MohrError:
    """`error` as a condition that may leave Mohr, written to the log under its incident number.

    What is no `MohrError`, or one that must stay in Mohr, is a bug of ours: `Unexpected`.
    """
    if isinstance(error, MohrError) and error.status is not None:
        level = logging.ERROR if isinstance(error, Unexpected) else logging.INFO
        # What is malformed is quoted to its panel, member names and all, but not written down.
        detail = "" if isinstance(error, RequestMalformed) else error.detail
        _log.log(level, "incident %s: %s (%s)", incident, error.code, detail or "no detail")
        return error
    _log.error("incident %s: %s", incident, without_values(error))
    return Unexpected()


def retry_after(error: MohrError) -> int | None:
    """Seconds for a Retry-After header (RFC 9110 §10.2.3), where one helps."""
    if isinstance(error, TooManyRequests | RefusedLately):
        return error.retry_after
    return PENDING_RETRY_AFTER if isinstance(error, TooManyPending) else None


def new_incident() -> str:
    """A number to say over the phone: eight characters, none of which looks like another."""
    return _spoken(os.urandom(5))


def incident_of(*parts: str) -> str:
    """The same number for the same thing, so that it does not change from one poll to the next."""
    return _spoken(hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:5])


def preferred_language(accept_language: str) -> Language:
    """Persian where it is asked for before English (RFC 9110 §12.5.4), else English."""
    weights = {"fa": 0.0, "en": 0.0}
    for found in _LANGUAGE_RANGE.finditer(accept_language[:1000].lower()):
        primary = found["primary"]
        if primary in weights:
            weights[primary] = max(weights[primary], float(found["weight"] or 1))
    return Language.FA if weights["fa"] > weights["en"] else Language.EN


_LANGUAGE_RANGE = re.compile(
    r"(?:^|,)[ \t]*(?P<primary>[a-z]{2,3})(?:-[a-z0-9-]+)?[ \t]*"
    r"(?:;[ \t]*q=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*(?=,|$)",
    re.ASCII,
)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _spoken(octets: bytes) -> str:
    number = int.from_bytes(octets, "big")
    text = "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{text[:4]}-{text[4:]}"
