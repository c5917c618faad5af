"""Who issued a certificate, and is there a way up to a trusted one.

Light on purpose: names by their DER bytes, signatures, CA flags, path lengths, validity. Neither revocation
nor policies nor name constraints are judged; a critical extension that is not understood ends the way
(RFC 5280 §6.1.4).
An authority re-issued under one name and key gives several issuers for one certificate, and each is tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from signer.x509.certificate import Certificate
from signer.x509.signed import signed_by

#: Certificates between a leaf and its anchor: two in the field, with room to spare.
MAX_INTERMEDIATES = 4


def issued_by(certificate: Certificate, candidates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Every candidate CA that bears the issuer's name, byte for byte, and whose key made the signature."""
    return tuple(
        candidate
        for candidate in candidates
        if candidate.subject_der == certificate.issuer_der
        and _may_issue(candidate)
        and signed_by(candidate.spki, certificate.signature_algorithm, certificate.tbs, certificate.signature)
    )


def path(
    certificate: Certificate,
    anchors: Iterable[Certificate],
    intermediates: Iterable[Certificate],
    at: datetime,
) -> tuple[Certificate, ...] | None:
    """A way from the certificate (first) to one of the anchors (last), or None.

    Every certificate on it is valid at `at` (aware). A certificate that is itself an anchor is its own way.
    """
    trusted, between = tuple(anchors), tuple(intermediates)

    def climb(way: tuple[Certificate, ...]) -> tuple[Certificate, ...] | None:
        top = way[-1]
        if not top.not_before <= at <= top.not_after or top.critical_unknown:
            return None
        if top in trusted:
            return way
        ways = (
            climb((*way, issuer))
            for issuer in issued_by(top, (*trusted, *between))
            if issuer not in way and _reaches(issuer, len(way) - 1)
        )
        return next((found for found in ways if found), None)

    return climb((certificate,))


def _may_issue(candidate: Certificate) -> bool:
    usage = candidate.key_usage
    constraints = candidate.basic_constraints
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def _reaches(issuer: Certificate, intermediates: int) -> bool:
    constraints = issuer.basic_constraints
    limit = None if constraints is None else constraints.path_length
    return intermediates <= (MAX_INTERMEDIATES if limit is None else min(limit, MAX_INTERMEDIATES))
