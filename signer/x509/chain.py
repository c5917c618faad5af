"""Who issued a certificate, and is there a way up to a trusted one.

Light on purpose: names by their DER bytes, signatures, CA flags, path lengths, name constraints, validity.
Neither revocation nor policies are judged; a critical extension that is not understood ends the way
(RFC 5280 §6.1.4).
An authority re-issued under one name and key gives several issuers for one certificate, and each is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from signer.x509.certificate import Certificate
from signer.x509.name_constraints import permits
from signer.x509.signed import signed_by

#: Certificates between a leaf and its anchor: two in the field, with room to spare.
MAX_INTERMEDIATES = 4

#: Certificates looked at on all ways together: a file full of authorities that certify one another ends here.
MAX_TRIED = 64


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
    ways = paths(certificate, anchors, intermediates)
    return next((way for way in ways if all(one.not_before <= at <= one.not_after for one in way)), None)


def paths(
    certificate: Certificate, anchors: Iterable[Certificate], intermediates: Iterable[Certificate]
) -> Iterator[tuple[Certificate, ...]]:
    """Every way from the certificate (first) to an anchor (last), at whatever time it was or will be valid.

    It ends after `MAX_TRIED` certificates, so that no file can make it long.
    """
    trusted = tuple(anchors)
    known = tuple(dict.fromkeys((*trusted, *intermediates)))
    tried = 0

    def climb(way: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        nonlocal tried
        tried += 1
        top = way[-1]
        if top.critical_unknown or tried > MAX_TRIED:
            return
        if top in trusted:
            yield way
            return
        for issuer in issued_by(top, known):
            if issuer not in way and _reaches(issuer, len(way) - 1) and _may_name(issuer, way):
                yield from climb((*way, issuer))

    return climb((certificate,))


def _may_name(issuer: Certificate, way: tuple[Certificate, ...]) -> bool:
    """RFC 5280 §6.1.3 (b), (c): what the issuer may name, the leaf always, others unless self-issued."""
    return all(permits(issuer, one) for one in way if one is way[0] or not one.self_issued)


def _may_issue(candidate: Certificate) -> bool:
    usage = candidate.key_usage
    constraints = candidate.basic_constraints
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def _reaches(issuer: Certificate, intermediates: int) -> bool:
    constraints = issuer.basic_constraints
    limit = None if constraints is None else constraints.path_length
    return intermediates <= (MAX_INTERMEDIATES if limit is None else min(limit, MAX_INTERMEDIATES))
