"""What is wrong with the certificates on one token, by its visible keys and by what is trusted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from drivers.types import StoredCertificate, StoredKey
from signer import x509
from signer.diagnostics.finding import Finding, Subject, finding
from signer.verify.revocation import State, status
from signer.verify.trust import RevocationData
from signer.x509 import Certificate, Unusable

SOON = timedelta(days=30)

_UNUSABLE = {
    Unusable.EXPIRED: "certificate-expired",
    Unusable.NOT_YET_VALID: "certificate-not-yet-valid",
    Unusable.USAGE: "certificate-wrong-usage",
    Unusable.KEY_SIZE: "certificate-key-size",
}
_REVOKED = {
    State.REVOKED: "certificate-revoked",
    State.ON_HOLD: "certificate-on-hold",
    State.STALE: "revocation-stale",
}


class Known(Struct, frozen=True, kw_only=True):
    """What certificates are judged by: trusted authorities and revocation data at hand."""

    anchors: tuple[Certificate, ...] = ()
    data: RevocationData = RevocationData()


class Leaf(Struct, frozen=True, kw_only=True):
    """A holder's certificate that could be read, and the CKA_ID that it has on the token."""

    certificate: Certificate
    key_id: bytes
    subject: Subject


def sorted_out(
    stored: tuple[StoredCertificate, ...], subject: Subject
) -> tuple[tuple[Leaf, ...], tuple[Certificate, ...], tuple[Finding, ...]]:
    """The holder's certificates, the authorities beside them, and a finding for each that cannot be read."""
    leaves, authorities, findings = [], [], []
    for number, one in enumerate(stored, 1):
        place = (*subject, f"certificate {number}")
        try:
            certificate = x509.read(one.der)
        except x509.CertificateUnreadable:
            findings.append(finding("certificate-unreadable", place))
            continue
        if certificate.basic_constraints is not None and certificate.basic_constraints.ca:
            authorities.append(certificate)
        else:
            leaves.append(Leaf(certificate=certificate, key_id=one.key_id, subject=place))
    return tuple(leaves), tuple(authorities), tuple(findings)


def judge(
    leaf: Leaf,
    authorities: tuple[Certificate, ...],
    keys: tuple[StoredKey, ...],
    known: Known,
    now: datetime,
) -> Iterator[Finding]:
    """Everything that is wrong with one certificate at `now` (aware)."""
    certificate, about = leaf.certificate, leaf.subject
    reason = x509.unusable(certificate, now)
    if reason is not None:
        day = certificate.not_before if reason is Unusable.NOT_YET_VALID else certificate.not_after
        dated = reason in {Unusable.EXPIRED, Unusable.NOT_YET_VALID}
        yield finding(
            _UNUSABLE[reason],
            about,
            certificate=certificate.id,
            day=f"{day:%Y-%m-%d}" if dated else None,
            bits=certificate.key_bits if reason is Unusable.KEY_SIZE else None,
        )
    elif certificate.not_after - now < SOON:
        yield finding(
            "certificate-ends-soon",
            about,
            certificate=certificate.id,
            day=f"{certificate.not_after:%Y-%m-%d}",
        )
    if not certificate.holder.national_codes and not certificate.holder.council_numbers:
        yield finding("certificate-without-number", about, certificate=certificate.id)
    if x509.simulated(certificate):
        yield finding("certificate-simulated", about, certificate=certificate.id)
    yield from _key(leaf, keys)
    yield from _chain(leaf, authorities, known, now)
    yield from _revocation(leaf, authorities, known, now)


def _key(leaf: Leaf, keys: tuple[StoredKey, ...]) -> Iterator[Finding]:
    """The key by CKA_ID and by value, as far as public keys show without a PIN."""
    certificate, about = leaf.certificate, leaf.subject
    visible = [key for key in keys if key.spki is not None]
    if not visible:
        yield finding("key-not-checked", about)
        return
    by_id = {key.spki for key in visible if key.key_id == leaf.key_id}
    by_value = {key.key_id for key in visible if key.spki == certificate.spki}
    if certificate.spki in by_id:
        return
    if by_value:
        yield finding("key-under-other-id", about, certificate=certificate.id)
    elif by_id:
        yield finding("certificate-key-mismatch", about, certificate=certificate.id)
    else:
        yield finding("certificate-without-key", about, certificate=certificate.id, count=len(visible))


def _chain(
    leaf: Leaf, authorities: tuple[Certificate, ...], known: Known, now: datetime
) -> Iterator[Finding]:
    if not known.anchors or leaf.certificate in known.anchors:
        return
    ways = tuple(x509.paths(leaf.certificate, known.anchors, authorities))
    if not ways:
        yield finding("chain-missing", leaf.subject, certificate=leaf.certificate.id)
    elif not any(all(one.not_before <= now <= one.not_after for one in way[1:]) for way in ways):
        yield finding("chain-not-valid-now", leaf.subject, certificate=leaf.certificate.id)


def _revocation(
    leaf: Leaf, authorities: tuple[Certificate, ...], known: Known, now: datetime
) -> Iterator[Finding]:
    """The first certificate on a way up that the data at hand speak against, the leaf before others."""
    issuers = x509.issued_by(leaf.certificate, dict.fromkeys((*known.anchors, *authorities)))
    ways = x509.paths(leaf.certificate, known.anchors, authorities)
    pairs = [(leaf.certificate, issuer) for issuer in issuers]
    pairs += [pair for way in ways for pair in pairwise(way)]
    for certificate, issuer in dict.fromkeys(pairs):
        said = status(certificate, issuer, known.data, now)
        if said.state in _REVOKED:
            day = None if said.at is None else f"{said.at:%Y-%m-%d}"
            yield finding(_REVOKED[said.state], leaf.subject, certificate=certificate.id, day=day)
            return
