"""Trust, time and revocation decide the verdict as EN 319 102-1 says, and each finding says why."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signer.cli.demo.authority import AUTHORITY_NAME, PLAIN_DOCTOR, DemoAuthority, NamePart, Usage
from signer.model.credential import SignatureAlgorithm
from signer.verify import (
    Indication,
    Report,
    RevocationData,
    RevocationPolicy,
    SubIndication,
    Trust,
    verify,
)
from signer.verify.judge import Verifier
from signer.x509 import Certificate, read
from tests import pki
from tests.revocation import (
    A_DAY,
    SIGNATURE_TIMESTAMP,
    crl,
    ocsp_response,
    officer,
    signature_value,
    stamped,
    timestamp,
    with_unsigned,
)
from tests.signatures import CONTENT, MEDIA_TYPE, signed

ROOT = read(pki.authority().certificate)
LEAF = pki.leaf("p256")
SIGNED = signed()
AN_HOUR = timedelta(hours=1)
NEXT_YEAR = pki.NOW + timedelta(days=345)
S = SubIndication


def judged(
    signature: bytes = SIGNED,
    *,
    at: datetime = pki.NOW + 2 * AN_HOUR,
    crls: tuple[bytes, ...] = (),
    ocsps: tuple[bytes, ...] = (),
    revocation: RevocationPolicy = RevocationPolicy.PREFER,
    anchors: tuple[Certificate, ...] = (ROOT,),
) -> Report:
    return verify(
        signature, anchors=anchors, at=at, data=RevocationData(crls=crls, ocsps=ocsps), revocation=revocation
    )


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_a_valid_signature_says_what_by_whom_when_and_on_what_grounds() -> None:
    report = judged(crls=(crl(),))
    assert report.indication is Indication.VALID
    assert (report.format, report.level, report.media_type) == ("cades", "B-B", MEDIA_TYPE)
    assert report.content == CONTENT
    assert report.signer == LEAF.holder
    assert (report.claimed_at, report.proven_at) == (pki.NOW, None)
    assert codes(report) >= {"chain-trusted", "certificate-not-revoked", "time-claimed", "algorithm"}


def test_nobody_is_trusted_where_nobody_was_named() -> None:
    assert judged(anchors=()).sub_indication is S.NO_CERTIFICATE_CHAIN_FOUND


def test_a_namesake_of_the_authority_is_not_trusted() -> None:
    namesake = read(DemoAuthority(now=pki.NOW, key=pki.key("other-p256")).certificate)
    assert judged(anchors=(namesake,)).sub_indication is S.NO_CERTIFICATE_CHAIN_FOUND


REVOKED = crl((LEAF, pki.NOW - AN_HOUR))
REVOKED_LATER = crl((LEAF, pki.NOW + AN_HOUR), at=pki.NOW + 2 * AN_HOUR)
STALE = crl(at=pki.NOW - 3 * A_DAY)
ON_HOLD = crl((LEAF, pki.NOW - AN_HOUR), reason=x509.ReasonFlags.certificate_hold)
BT = stamped(SIGNED, pki.NOW)
REQUIRE, PREFER, SKIP = RevocationPolicy

REVOCATIONS: list[tuple[str, bytes, tuple[bytes, ...], RevocationPolicy, SubIndication | None, str]] = [
    ("current CRL", SIGNED, (crl(),), REQUIRE, None, "certificate-not-revoked"),
    ("none, required", SIGNED, (), REQUIRE, S.TRY_LATER, "revocation-unknown"),
    ("none, preferred", SIGNED, (), PREFER, None, "revocation-unknown"),
    ("none, skipped", SIGNED, (), SKIP, None, "revocation-skipped"),
    ("stale, required", SIGNED, (STALE,), REQUIRE, S.TRY_LATER, "revocation-stale"),
    ("stale, preferred", SIGNED, (STALE,), PREFER, None, "revocation-stale"),
    ("stale and current", SIGNED, (STALE, crl()), REQUIRE, None, "certificate-not-revoked"),
    ("revoked before", SIGNED, (REVOKED,), PREFER, S.REVOKED, "certificate-revoked"),
    ("revoked before, timestamped", BT, (REVOKED,), PREFER, S.REVOKED, "certificate-revoked"),
    ("revoked after", SIGNED, (REVOKED_LATER,), PREFER, S.REVOKED_NO_POE, "certificate-revoked"),
    ("revoked after a timestamp", BT, (REVOKED_LATER,), REQUIRE, None, "certificate-revoked-later"),
    ("revoked in a stale list", SIGNED, (crl((LEAF, pki.NOW - 4 * A_DAY), at=pki.NOW - 3 * A_DAY),),
     PREFER, S.REVOKED, "certificate-revoked"),
    ("on hold", SIGNED, (ON_HOLD,), PREFER, S.TRY_LATER, "certificate-on-hold"),
    ("hold lifted", SIGNED, (crl((LEAF, pki.NOW - AN_HOUR), reason=x509.ReasonFlags.remove_from_crl),),
     REQUIRE, None, "certificate-not-revoked"),
    ("CRL by another key", SIGNED, (crl(key=pki.key("other-p256")),), REQUIRE, S.TRY_LATER,
     "revocation-unknown"),
    ("delta CRL", SIGNED, (crl(extensions=((x509.DeltaCRLIndicator(1), True),)),), REQUIRE, S.TRY_LATER,
     "revocation-unknown"),
    ("CRL of authorities only", SIGNED, (crl(extensions=((x509.IssuingDistributionPoint(
        full_name=None, relative_name=None, only_contains_user_certs=False, only_contains_ca_certs=True,
        only_some_reasons=None, indirect_crl=False, only_contains_attribute_certs=False), True),)),),
     REQUIRE, S.TRY_LATER, "revocation-unknown"),
    ("CRL of another distribution point", SIGNED, (crl(extensions=((x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier("http://crl.example/7")], relative_name=None,
        only_contains_user_certs=False, only_contains_ca_certs=False, only_some_reasons=None,
        indirect_crl=False, only_contains_attribute_certs=False), True),)),),
     REQUIRE, S.TRY_LATER, "revocation-unknown"),
    ("junk for a CRL", SIGNED, (b"\x30\x03\x02\x01\x01",), REQUIRE, S.TRY_LATER, "revocation-unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("signature", "crls", "policy", "expected", "code"),
    [row[1:] for row in REVOCATIONS],
    ids=[row[0] for row in REVOCATIONS],
)
def test_a_crl_decides_by_its_time_and_by_the_policy(
    signature: bytes,
    crls: tuple[bytes, ...],
    policy: RevocationPolicy,
    expected: SubIndication | None,
    code: str,
) -> None:
    report = judged(signature, crls=crls, revocation=policy)
    assert report.sub_indication is expected, report.findings
    assert code in codes(report)


RESPONDER = officer("other-p256", ExtendedKeyUsageOID.OCSP_SIGNING)
NO_RESPONDER = officer("other-p256", ExtendedKeyUsageOID.CODE_SIGNING)
FORGED_RESPONDER = officer("other-p256", ExtendedKeyUsageOID.OCSP_SIGNING, issuer_key=pki.key("p384"))
OTHER = pki.key("other-p256")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (ocsp_response(LEAF), None),
        (ocsp_response(LEAF, responder=(RESPONDER, OTHER)), None),
        (ocsp_response(LEAF, revoked_at=pki.NOW - AN_HOUR), S.REVOKED),
        (ocsp_response(LEAF, at=pki.NOW - 3 * A_DAY), S.TRY_LATER),
        (ocsp_response(LEAF, responder=(NO_RESPONDER, OTHER)), S.TRY_LATER),
        (ocsp_response(LEAF, responder=(FORGED_RESPONDER, OTHER)), S.TRY_LATER),
        (ocsp_response(pki.leaf("p384")), S.TRY_LATER),
        (ocsp_response(LEAF)[:-1], S.TRY_LATER),
        (b"\x30\x03\x0a\x01\x06", S.TRY_LATER),
    ],
    ids=[
        "good",
        "delegated",
        "revoked",
        "stale",
        "no right",
        "forged",
        "other leaf",
        "cut",
        "unauthorized",
    ],
)
def test_an_ocsp_response_counts_if_it_is_current_and_given_by_right(
    response: bytes, expected: SubIndication | None
) -> None:
    assert judged(ocsps=(response,), revocation=REQUIRE).sub_indication is expected


def test_a_source_is_asked_for_what_the_file_does_not_settle_and_only_then() -> None:
    asked = []

    def source(certificate: Certificate, issuer: Certificate, at: datetime) -> RevocationData:
        asked.append((certificate, issuer, at))
        return RevocationData(crls=(REVOKED,))

    at = pki.NOW + AN_HOUR
    report = verify(SIGNED, anchors=(ROOT,), at=at, source=source)
    assert report.sub_indication is S.REVOKED
    assert asked == [(LEAF, ROOT, at)]
    settled = verify(SIGNED, anchors=(ROOT,), at=at, source=source, data=RevocationData(crls=(crl(),)))
    assert settled.indication is Indication.VALID
    assert len(asked) == 1
    skipped = verify(SIGNED, anchors=(ROOT,), at=at, source=source, revocation=SKIP)
    assert skipped.indication is Indication.VALID
    assert len(asked) == 1


def test_an_expired_certificate_leaves_the_verdict_open_unless_a_timestamp_is_older() -> None:
    report = judged(at=NEXT_YEAR)
    assert report.sub_indication is S.OUT_OF_BOUNDS_NO_POE
    assert "certificate-expired-unproven" in codes(report)
    proven = judged(BT, at=NEXT_YEAR)
    assert proven.indication is Indication.VALID
    assert (proven.level, proven.proven_at) == ("B-T", pki.NOW)


def test_a_timestamp_after_the_certificate_expired_proves_that_the_signature_came_too_late() -> None:
    report = judged(stamped(SIGNED, NEXT_YEAR), at=NEXT_YEAR + AN_HOUR)
    assert (report.indication, report.sub_indication) == (Indication.INVALID, S.EXPIRED)


def test_a_certificate_that_is_not_valid_yet_leaves_the_verdict_open() -> None:
    report = judged(at=pki.NOW - 2 * pki.A_MONTH)
    assert report.sub_indication is S.OUT_OF_BOUNDS_NO_POE
    assert "certificate-not-yet-valid" in codes(report)


def test_a_timestamp_before_the_certificate_was_valid_is_final() -> None:
    young = read(pki.authority().issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW + AN_HOUR))
    report = judged(stamped(signed(certificate=young), pki.NOW))
    assert (report.indication, report.sub_indication) == (Indication.INVALID, S.NOT_YET_VALID)


VALUE = signature_value(SIGNED)
WRONG_USE = officer("other-rsa-2048", ExtendedKeyUsageOID.CODE_SIGNING)
FORGED_STAMPER = officer("other-rsa-2048", ExtendedKeyUsageOID.TIME_STAMPING, issuer_key=pki.key("p384"))
LENIENT = officer("other-rsa-2048", ExtendedKeyUsageOID.TIME_STAMPING, critical=False)
SHORT = officer("other-rsa-2048", ExtendedKeyUsageOID.TIME_STAMPING, not_after=pki.NOW + A_DAY)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (timestamp(b"something else", pki.NOW), "timestamp-of-something-else"),
        (timestamp(VALUE, pki.NOW)[:-1] + b"\x00", "timestamp-broken"),
        (timestamp(VALUE, pki.NOW + A_DAY), "timestamp-in-future"),
        (timestamp(VALUE, pki.NOW, WRONG_USE), "timestamp-authority-usage"),
        (timestamp(VALUE, pki.NOW, LENIENT), "timestamp-authority-usage"),
        (timestamp(VALUE, pki.NOW, FORGED_STAMPER), "timestamp-authority-untrusted"),
        (timestamp(VALUE, pki.NOW - 2 * pki.A_MONTH), "timestamp-authority-out-of-time"),
        (SIGNED, "timestamp-unreadable"),
        (b"\x30\x00", "timestamp-unreadable"),
    ],
    ids=[
        "other imprint",
        "altered",
        "future",
        "code signer",
        "not critical",
        "forged",
        "too old",
        "cms",
        "junk",
    ],
)
def test_a_timestamp_that_proves_nothing_does_not_count(token: bytes, code: str) -> None:
    report = judged(with_unsigned(SIGNED, SIGNATURE_TIMESTAMP, token))
    assert report.proven_at is None
    assert code in codes(report)


def test_a_timestamp_whose_authority_has_expired_since_does_not_count() -> None:
    report = judged(stamped(SIGNED, pki.NOW, timestamp(VALUE, pki.NOW, SHORT)), at=pki.NOW + 9 * A_DAY)
    assert report.proven_at is None
    assert "timestamp-authority-untrusted" in codes(report)


def test_the_earliest_of_several_timestamps_counts() -> None:
    twice = with_unsigned(BT, SIGNATURE_TIMESTAMP, timestamp(VALUE, pki.NOW + AN_HOUR))
    assert judged(twice).proven_at == pki.NOW


def intermediate(*, until: datetime | None = None) -> Certificate:
    name = (*AUTHORITY_NAME[:1], NamePart("2.5.4.3", "Mohr Demo Intermediate"))
    return read(
        pki.authority().issue(
            pki.spki(pki.key("p384")),
            name,
            not_before=pki.NOW - 2 * pki.A_MONTH,
            not_after=until,
            usage=frozenset({Usage.KEY_CERT_SIGN, Usage.CRL_SIGN}),
            ca=True,
        )
    )


def issued_below() -> tuple[Certificate, bytes]:
    name = (*AUTHORITY_NAME[:1], NamePart("2.5.4.3", "Mohr Demo Intermediate"))
    below = DemoAuthority(now=pki.NOW, name=name, key=pki.key("p384"))
    doctor = read(below.issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW - pki.A_MONTH))
    return doctor, signed(certificate=doctor)


def test_of_two_certificates_for_one_authority_the_one_in_force_leads_up() -> None:
    _, signature = issued_below()
    expired, current = intermediate(until=pki.NOW - A_DAY), intermediate()
    for between in ((expired, current), (current, expired)):
        report = verify(signature, anchors=(ROOT,), intermediates=between, at=pki.NOW)
        assert report.indication is Indication.VALID, report.findings
    old = verify(signature, anchors=(ROOT,), intermediates=(expired,), at=pki.NOW)
    assert old.sub_indication is S.OUT_OF_BOUNDS_NO_POE
    assert "authority-out-of-time" in codes(old)


def test_a_revoked_intermediate_leaves_the_verdict_open() -> None:
    _, signature = issued_below()
    between = intermediate()
    data = RevocationData(crls=(crl((between, pki.NOW - AN_HOUR)),))
    report = verify(signature, anchors=(ROOT,), intermediates=(between,), at=pki.NOW, data=data)
    assert report.sub_indication is S.REVOKED_CA_NO_POE


@pytest.mark.parametrize(
    ("kind", "code"), [("rsa-1024", "key-weak"), ("rsa-2048", "algorithm"), ("p521", "algorithm")]
)
def test_a_weak_key_is_verified_with_a_finding_and_leaves_the_verdict_open(kind: str, code: str) -> None:
    report = verify(foreign(kind, "sha256"), anchors=(ROOT,), at=pki.NOW)
    assert code in codes(report)
    expected = None if code == "algorithm" else S.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    assert report.sub_indication is expected


def test_sha1_is_verified_with_a_finding_and_leaves_the_verdict_open() -> None:
    report = verify(foreign("rsa-2048", "sha1"), anchors=(ROOT,), at=pki.NOW)
    assert report.sub_indication is S.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    assert "digest-weak" in codes(report)


def foreign(kind: str, digest: str) -> bytes:
    """An attached CMS signature as OpenSSL makes it, with algorithms that Mohr would not sign with."""
    from tests.openssl import cms_signature

    certificate = read(
        pki.authority().issue(pki.spki(pki.key(kind)), PLAIN_DOCTOR, not_before=pki.NOW - pki.A_MONTH)
    )
    return cms_signature(CONTENT, certificate.der, pki.key(kind), digest=digest)


def test_legacy_cms_without_a_signed_certificate_is_told_apart() -> None:
    report = verify(foreign("rsa-2048", "sha256"), anchors=(ROOT,), at=pki.NOW)
    assert (report.indication, report.format, report.level) == (Indication.VALID, "cms", None)
    assert report.media_type is None
    assert "signing-certificate-not-bound" in codes(report)


def test_a_signer_of_another_name_than_the_prescribers_is_not_accepted() -> None:
    document = (
        '{"mohr":1,"kind":"drug","insurer":"free","issued":"2026-11-22T10:15:00+03:30","patient":{"name":"x"},'
        '"prescriber":{"name":"y","national_code":"%s"},"items":[],"wire":{}}'
    )
    own = verify(signed(content=(document % "0012345679").encode()), anchors=(ROOT,), at=pki.NOW)
    assert own.indication is Indication.VALID
    assert "signer-is-prescriber" in codes(own)
    other = verify(signed(content=(document % "0499370899").encode()), anchors=(ROOT,), at=pki.NOW)
    assert other.sub_indication is S.SIG_CONSTRAINTS_FAILURE
    assert "signer-is-not-prescriber" in codes(other)


def test_a_verifier_remembers_nothing_that_changes_its_answer() -> None:
    verifier = Verifier(Trust(anchors=(ROOT,)))
    first, again = (verifier.verify(SIGNED, at=pki.NOW) for _ in range(2))
    assert first == again
    assert verifier.verify(SIGNED, at=NEXT_YEAR).sub_indication is S.OUT_OF_BOUNDS_NO_POE


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        verify(SIGNED, anchors=(ROOT,), at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_ecdsa_and_pss_are_verified_as_well() -> None:
    pss = signed("rsa-2048", SignatureAlgorithm.RSA_PSS_SHA256)
    assert verify(pss, anchors=(ROOT,), at=pki.NOW).indication is Indication.VALID
