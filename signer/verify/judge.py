"""Judges what a reader found, after ETSI EN 319 102-1 §5.3, §5.5: whom to trust, for what time, and why.

One place for all formats. It reads no file and fetches nothing by itself; revocation data that neither the
signature nor the caller holds come from `Trust.source`. What a document says is judged in `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from signer.model import algorithms
from signer.model.algorithms import MIN_RSA_EXPONENT, PADDINGS
from signer.verify import documents, recognise, revocation, timestamps
from signer.verify.candidate import Candidate, Unreadable
from signer.verify.report import Finding, Report, Severity, SubIndication, indication_of
from signer.verify.revocation import State, Status
from signer.verify.timestamps import NotAStamp
from signer.verify.trust import RevocationData, RevocationPolicy, Trust
from signer.x509 import Certificate, CertificateUnreadable, paths, public_key, simulated
from signer.x509 import read as read_certificate

#: What a signer's clock may be ahead before its claim is remarked upon.
_AHEAD = timedelta(minutes=5)
#: Signers whose ways up are kept; a clinic has a handful, an insurer's batch some thousands.
_MEMORY = 4096
#: Octets of the certificates beside a signer that are remembered with it: no file fills the memory.
_WORTH_KEEPING = 16 * 1024
_SHA1_SIGNATURES = frozenset({"1.2.840.113549.1.1.5", "1.2.840.10045.4.1"})
_SKIPPED = Finding(code="revocation-skipped", severity=Severity.WARNING)
_CLAIMED = Finding(code="time-claimed", severity=Severity.INFO)


class _Way(Struct, frozen=True, gc=False):
    """A way from a signer (first) to an anchor (last), when all of it is in force, and what is to be said."""

    certificates: tuple[Certificate, ...]
    since: datetime
    until: datetime
    remarks: tuple[Finding, ...]


class _Means(Struct, frozen=True, gc=False):
    """What a signature's algorithm and its signer's certificate are good for, whatever it is over."""

    origin: tuple[Problem, ...]
    weaknesses: tuple[Problem, ...]
    usage: tuple[Problem, ...]
    remarks: tuple[Finding, ...]
    algorithm: Finding


class _Moment(Struct, frozen=True, gc=False):
    """When the signature is known to have existed: proven by a timestamp, or only now.

    Revocation data must be current for `current_for`: the same moment, but for a timestamp authority, which
    has to be in force when it is judged and is asked about when it stamped.
    """

    at: datetime
    proven: bool
    current_for: datetime
    claimed: datetime | None = None


class Problem(Struct, frozen=True):
    """What keeps a verdict from being valid."""

    sub_indication: SubIndication
    finding: Finding


class Verifier:
    """Verifies any number of files under one `Trust`, and remembers the ways from signers to anchors."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._ways: dict[tuple[bytes, tuple[bytes, ...]], tuple[_Way, ...]] = {}

    def verify(self, octets: bytes, *, content: bytes | None = None, at: datetime | None = None) -> Report:
        """The report on one file, whatever its octets. `at` (aware) is the time to judge for, now if None."""
        try:
            candidate = recognise.read(octets, content)
        except Unreadable as fault:
            return Report(
                indication=indication_of(fault.sub_indication),
                sub_indication=fault.sub_indication,
                findings=(fault.finding,),
            )
        return self.judge(candidate, at)

    def judge(self, candidate: Candidate, at: datetime | None = None) -> Report:
        """The report on one signature that a reader took apart."""
        at = datetime.now(UTC) if at is None else at
        findings = list(candidate.findings)
        try:
            signer = read_certificate(candidate.certificate)
        except CertificateUnreadable:
            finding = Finding(code="certificate-unreadable", severity=Severity.FAILED)
            missing = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
            return _report(candidate, None, None, missing, [*findings, finding])
        if candidate.failure is not None:
            findings += documents.changes(candidate)
            return _report(candidate, signer, None, candidate.failure, findings)
        data = self._data(candidate)
        proven = self._proven(candidate, data, at, findings)
        moment = _Moment(proven or at, proven is not None, proven or at, candidate.claimed_at)
        means = _means(candidate.digest, candidate.padding, signer)
        findings += means.remarks
        trusted = self._trusted(signer, candidate.certificates, data, moment, findings)
        problems = [*means.origin, *means.weaknesses, *trusted, *means.usage]
        if not candidate.covers_all:
            problems.append(_problem(SubIndication.SIG_CONSTRAINTS_FAILURE, "more-than-signed"))
        for finding in documents.findings(candidate, signer.holder):
            if finding.severity is Severity.FAILED:
                problems.append(Problem(SubIndication.SIG_CONSTRAINTS_FAILURE, finding))
            else:
                findings.append(finding)
        findings[:0] = [problem.finding for problem in problems]
        _claims(candidate, signer, moment, at, findings)
        findings.append(means.algorithm)
        sub_indication = problems[0].sub_indication if problems else None
        return _report(candidate, signer, proven, sub_indication, findings)

    def _data(self, candidate: Candidate) -> RevocationData:
        """What is inside and what is at hand."""
        data = self._trust.data
        if not candidate.crls and not candidate.ocsps:
            return data
        return RevocationData(crls=candidate.crls + data.crls, ocsps=candidate.ocsps + data.ocsps)

    def _proven(
        self, candidate: Candidate, data: RevocationData, at: datetime, findings: list[Finding]
    ) -> datetime | None:
        """The earliest time that a trusted timestamp proves (§5.5.4), and what is to be said of each."""
        proven: datetime | None = None
        for timestamp in candidate.timestamps:
            try:
                stamp = timestamps.read(timestamp, candidate.certificates)
                self._check_authority(stamp, data, at)
            except NotAStamp as fault:
                findings.append(Finding(code=fault.code, severity=Severity.WARNING))
                continue
            proven = stamp.at if proven is None else min(proven, stamp.at)
        return proven

    def _check_authority(self, stamp: timestamps.Stamp, data: RevocationData, at: datetime) -> None:
        """Raises `NotAStamp` where the authority may not stamp, or could not be trusted when it did."""
        authority = read_certificate(stamp.candidate.certificate)
        if not timestamps.may_stamp(authority):
            raise NotAStamp("timestamp-authority-usage")
        if stamp.at > at + _AHEAD:
            raise NotAStamp("timestamp-in-future")
        if _means(stamp.candidate.digest, stamp.candidate.padding, authority).weaknesses:
            raise NotAStamp("timestamp-weak")
        if not authority.not_before <= stamp.at <= authority.not_after:
            raise NotAStamp("timestamp-authority-out-of-time")
        moment = _Moment(at, False, stamp.at)
        if self._trusted(authority, stamp.candidate.certificates, data, moment, []):
            raise NotAStamp("timestamp-authority-untrusted")

    def _trusted(
        self,
        signer: Certificate,
        certificates: tuple[bytes, ...],
        data: RevocationData,
        moment: _Moment,
        findings: list[Finding],
    ) -> list[Problem]:
        """The problems of the best way up to an anchor: none, or those of the first way found."""
        ways = self._all_ways(signer, certificates)
        if not ways:
            return [_problem(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "chain-missing")]
        first: list[Problem] | None = None
        for way in ways:
            said: list[Finding] = []
            problems = self._problems(way, data, moment, said)
            if not problems:
                findings += said
                return []
            first = problems if first is None else first
        return first or []

    def _all_ways(self, signer: Certificate, certificates: tuple[bytes, ...]) -> tuple[_Way, ...]:
        key = (signer.der, certificates)
        known = self._ways.get(key)
        if known is not None:
            return known
        between = [*self._trust.intermediates]
        for encoded in certificates:
            try:
                between.append(read_certificate(encoded))
            except CertificateUnreadable:
                continue
        ways = tuple(map(_way, paths(signer, self._trust.anchors, between)))
        if sum(map(len, certificates)) <= _WORTH_KEEPING:
            if len(self._ways) >= _MEMORY:
                self._ways.clear()
            self._ways[key] = ways
        return ways

    def _problems(
        self, way: _Way, data: RevocationData, moment: _Moment, findings: list[Finding]
    ) -> list[Problem]:
        """What is wrong on this way: validity at the moment, then revocation, from the signer upwards."""
        problems: list[Problem] = []
        if not way.since <= moment.at <= way.until:
            problems += _out_of_time(way.certificates, moment)
        if self._trust.revocation is RevocationPolicy.SKIP:
            findings.append(_SKIPPED)
        else:
            for certificate, issuer in pairwise(way.certificates):
                status = self._status(certificate, issuer, data, moment.current_for)
                problems += self._revoked(certificate is way.certificates[0], status, moment, findings)
        findings += way.remarks
        return problems

    def _status(
        self, certificate: Certificate, issuer: Certificate, data: RevocationData, at: datetime
    ) -> Status:
        found = revocation.status(certificate, issuer, data, at)
        if self._trust.source is None or found.state not in {State.UNKNOWN, State.STALE}:
            return found
        fetched = revocation.status(certificate, issuer, self._trust.source(certificate, issuer, at), at)
        return found if fetched.state is State.UNKNOWN else fetched

    def _revoked(
        self, of_signer: bool, status: Status, moment: _Moment, findings: list[Finding]
    ) -> Iterator[Problem]:
        who = "certificate" if of_signer else "authority"
        if status.at is not None:
            if status.at > moment.at:
                findings.append(Finding(code=f"{who}-revoked-later", severity=Severity.INFO))
            elif status.state is State.ON_HOLD:
                yield _problem(SubIndication.TRY_LATER, f"{who}-on-hold")
            else:
                yield _problem(_revoked_as(of_signer, status.at, moment), f"{who}-revoked")
        elif status.state is State.GOOD:
            findings.append(Finding(code=f"{who}-not-revoked", severity=Severity.INFO))
        else:
            code = "revocation-stale" if status.state is State.STALE else "revocation-unknown"
            if self._trust.revocation is RevocationPolicy.REQUIRE:
                yield _problem(SubIndication.TRY_LATER, code)
            else:
                findings.append(Finding(code=code, severity=Severity.WARNING))


def _revoked_as(of_signer: bool, at: datetime, moment: _Moment) -> SubIndication:
    """Revoked for good where it is proven, or said by the signer, that it signed afterwards."""
    if not of_signer:
        return SubIndication.REVOKED_CA_NO_POE
    afterwards = moment.proven or (moment.claimed is not None and moment.claimed >= at)
    return SubIndication.REVOKED if afterwards else SubIndication.REVOKED_NO_POE


def _way(certificates: tuple[Certificate, ...]) -> _Way:
    remarks = [
        Finding(code="chain-weak", severity=Severity.WARNING, detail=one.issuer)
        for one in certificates[:-1]
        if one.signature_algorithm in _SHA1_SIGNATURES
    ]
    remarks.append(Finding(code="chain-trusted", severity=Severity.INFO, detail=certificates[-1].holder.name))
    return _Way(
        certificates,
        max(one.not_before for one in certificates),
        min(one.not_after for one in certificates),
        tuple(remarks),
    )


def _out_of_time(way: tuple[Certificate, ...], moment: _Moment) -> Iterator[Problem]:
    signer = way[0]
    early, late = moment.at < signer.not_before, moment.at > signer.not_after
    if early or late:
        final = SubIndication.NOT_YET_VALID if early else SubIndication.EXPIRED
        code = "certificate-expired" if moment.proven else "certificate-expired-unproven"
        yield _problem(
            final if moment.proven else SubIndication.OUT_OF_BOUNDS_NO_POE,
            "certificate-not-yet-valid" if early else code,
        )
    for authority in way[1:]:
        if not authority.not_before <= moment.at <= authority.not_after:
            yield _problem(SubIndication.OUT_OF_BOUNDS_NO_POE, "authority-out-of-time", authority.subject)


@lru_cache(maxsize=_MEMORY)
def _means(digest: str, padding: str, signer: Certificate) -> _Means:
    """§5.2.8: what may not be relied on leaves the verdict open; what is merely old is remarked upon."""
    kind, bits = signer.key_kind, signer.key_bits
    weak, weaknesses = SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, []
    if not algorithms.reliable_digest(digest):
        weaknesses.append(_problem(weak, "digest-weak", digest))
    if not algorithms.reliable_key(kind, bits):
        weaknesses.append(_problem(weak, "key-weak", f"{kind.value} {bits}"))
    if padding not in PADDINGS:
        weaknesses.append(_problem(weak, "algorithm-unknown", padding))
    small = Finding(code="key-exponent-small", severity=Severity.WARNING)
    detail = f"{kind.value} {bits}, {padding}, {digest}"
    return _Means(
        origin=tuple(_simulated(signer)),
        weaknesses=tuple(weaknesses),
        usage=tuple(_usage(signer)),
        remarks=(small,) if _small_exponent(signer.spki) else (),
        algorithm=Finding(code="algorithm", severity=Severity.INFO, detail=detail),
    )


def _small_exponent(spki: bytes) -> bool:
    key = public_key(spki)
    return isinstance(key, RSAPublicKey) and key.public_numbers().e < MIN_RSA_EXPONENT


def _simulated(signer: Certificate) -> Iterator[Problem]:
    """No way up can help it: its critical mark ends each, and this says why."""
    if simulated(signer):
        yield _problem(SubIndication.CHAIN_CONSTRAINTS_FAILURE, "simulator-certificate")


def _usage(signer: Certificate) -> Iterator[Problem]:
    usage = signer.key_usage
    if usage is not None and not (usage.digital_signature or usage.non_repudiation):
        yield _problem(SubIndication.CHAIN_CONSTRAINTS_FAILURE, "certificate-usage")


def _claims(
    candidate: Candidate, signer: Certificate, moment: _Moment, at: datetime, findings: list[Finding]
) -> None:
    """What is to be said of times, whatever the verdict."""
    claimed = candidate.claimed_at
    if moment.proven:
        findings.append(Finding(code="time-proven", severity=Severity.INFO))
    elif claimed is not None:
        findings.append(_CLAIMED)
    if claimed is not None:
        if claimed > moment.at + _AHEAD or claimed > at + _AHEAD:
            findings.append(Finding(code="time-claimed-in-future", severity=Severity.WARNING))
        if not signer.not_before <= claimed <= signer.not_after:
            findings.append(Finding(code="time-claimed-outside-certificate", severity=Severity.WARNING))


def _problem(sub_indication: SubIndication, code: str, detail: str = "") -> Problem:
    return Problem(sub_indication, Finding(code=code, severity=Severity.FAILED, detail=detail))


def _report(
    candidate: Candidate,
    signer: Certificate | None,
    proven: datetime | None,
    sub_indication: SubIndication | None,
    findings: list[Finding],
) -> Report:
    return Report(
        indication=indication_of(sub_indication),
        sub_indication=sub_indication,
        format=candidate.format,
        level=candidate.level or None,
        signer=None if signer is None else signer.holder,
        certificate=candidate.certificate,
        issuer=None if signer is None else signer.issuer,
        claimed_at=candidate.claimed_at,
        proven_at=proven,
        media_type=candidate.media_type,
        content=candidate.content if candidate.failure is None else None,
        findings=tuple(findings),
    )
