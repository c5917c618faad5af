"""May this certificate sign a prescription now? Its own words only: no chain, no revocation."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from signer.model.algorithms import RSA_BITS
from signer.model.credential import KeyKind
from signer.model.errors import CredentialUnusable
from signer.x509.certificate import Certificate


class Unusable(Enum):
    """Why it may not."""

    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    USAGE = "key usage has neither digitalSignature nor nonRepudiation"
    KEY_SIZE = "RSA key below 2048 or above 4096 bits"


def unusable(certificate: Certificate, at: datetime) -> Unusable | None:
    """The first reason against signing at `at` (aware), or None. An absent key usage forbids nothing."""
    usage = certificate.key_usage
    if at < certificate.not_before:
        return Unusable.NOT_YET_VALID
    if at > certificate.not_after:
        return Unusable.EXPIRED
    if usage is not None and not (usage.digital_signature or usage.non_repudiation):
        return Unusable.USAGE
    if certificate.key_kind is KeyKind.RSA and certificate.key_bits not in RSA_BITS:
        return Unusable.KEY_SIZE
    return None


def signs_in(certificate: Certificate) -> bool:
    """May its key answer a challenge? nonRepudiation alone is for documents (RFC 5280 §4.2.1.3)."""
    return certificate.key_usage is None or certificate.key_usage.digital_signature


def why_unusable(certificate: Certificate, now: datetime) -> str | None:
    """The stable error code for `Credential.problem`, or None where the certificate may sign at `now`."""
    return None if unusable(certificate, now) is None else CredentialUnusable.code
