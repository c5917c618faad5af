"""What is wrong with one token as its module showed it: flags, PIN, mechanisms, certificates. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from drivers import errors as faults
from drivers import mechanisms
from drivers.catalogue import Profile, known_by_token
from drivers.types import Token, TokenFlags
from signer.diagnostics.catalogue import Severity
from signer.diagnostics.certificate_judgement import Known, Leaf, judge, sorted_out
from signer.diagnostics.conclusion import READY
from signer.diagnostics.finding import Finding, Subject, finding
from signer.diagnostics.survey import SurveyedToken
from signer.model.credential import KeyKind

#: Flags that say something by being set; that one is not set says nothing.
_FLAGS = (
    (TokenFlags.USER_PIN_LOCKED, "pin-locked"),
    (TokenFlags.USER_PIN_FINAL_TRY, "pin-last-try"),
    (TokenFlags.USER_PIN_COUNT_LOW, "pin-low"),
)


def judge_token(
    seen: SurveyedToken,
    profile: Profile,
    profiles: tuple[Profile, ...],
    subject: Subject,
    known: Known,
    now: datetime,
) -> tuple[Finding, ...]:
    """Every finding about an initialised token; `credential-ready` for each certificate that can sign now."""
    token = seen.token
    findings = [*_flags(token, subject), *_family(token, profiles, subject)]
    if seen.fault is not None:
        return (*findings, _unread(seen.fault, subject))
    leaves, authorities, unreadable = sorted_out(seen.certificates, subject)
    findings += unreadable
    if not leaves and not unreadable:
        findings.append(finding("certificate-absent", subject, count=len(authorities)))
    blocked = any(one.meaning.severity is Severity.STOPS for one in findings if one.subject == subject)
    for leaf in leaves:
        found = (*judge(leaf, authorities, seen.public_keys, known, now), *_mechanism(token, profile, leaf))
        findings += found
        if not blocked and all(one.meaning.severity is not Severity.STOPS for one in found):
            findings.append(finding(READY, leaf.subject, certificate=leaf.certificate.id))
    return tuple(findings)


def _flags(token: Token, subject: Subject) -> Iterator[Finding]:
    flags = token.token_flags
    code = next((code for flag, code in _FLAGS if flag in flags), None)
    if code is not None:
        yield finding(code, subject, serial=token.serial)
    if TokenFlags.LOGIN_REQUIRED in flags and TokenFlags.USER_PIN_INITIALIZED not in flags:
        yield finding("pin-not-set", subject, serial=token.serial)
    elif TokenFlags.USER_PIN_TO_BE_CHANGED in flags:
        yield finding("pin-must-change", subject, serial=token.serial)
    if TokenFlags.SO_PIN_LOCKED in flags:
        yield finding("officer-pin-locked", subject, serial=token.serial)


def _family(token: Token, profiles: tuple[Profile, ...], subject: Subject) -> Iterator[Finding]:
    if known_by_token(profiles, token) is None:
        yield finding("token-family-unknown", subject, model=token.model)


def _unread(fault: Exception, subject: Subject) -> Finding:
    if isinstance(fault, faults.ModuleReturned):
        return finding("token-failed", subject, function=fault.function, rv=f"0x{fault.rv:08X}")
    return finding("token-failed", subject, error=type(fault).__name__)


def _mechanism(token: Token, profile: Profile, leaf: Leaf) -> Iterator[Finding]:
    """Some algorithm of the key's kind must be there; the formats take every one that `mechanisms` knows."""
    certificate = leaf.certificate
    kind = "rsa-" if certificate.key_kind is KeyKind.RSA else "ecdsa-"
    there = mechanisms.offered(mechanisms.usable(token, certificate.key_bits), profile.sign)
    if not any(name.startswith(kind) for name in there):
        yield finding(
            "mechanism-missing", leaf.subject, bits=certificate.key_bits, count=len(token.mechanisms)
        )
