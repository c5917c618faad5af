"""What a signature carries for later: timestamps of a real authority, CRLs and OCSP responses inside it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from signer.cli.demo.authority import PLAIN_DOCTOR, to_pem
from signer.verify import Indication, Report, RevocationPolicy, SubIndication, ocsp, verify
from signer.verify.der import NotDer, over
from signer.x509 import read
from tests import pki
from tests.revocation import (
    A_DAY,
    CERTIFICATE_VALUES,
    REVOCATION_VALUES,
    crl,
    elements,
    ocsp_response,
    officer,
    signature_value,
    stamped,
    timestamp_authority,
    tlv,
    with_unsigned,
)
from tests.signatures import signed

ROOT = read(pki.authority().certificate)
LEAF = pki.leaf("p256")
BT = stamped(signed(), pki.NOW)
LATER = pki.NOW + timedelta(days=345)


def judged(signature: bytes, at: datetime = LATER) -> Report:
    return verify(signature, anchors=(ROOT,), at=at, revocation=RevocationPolicy.REQUIRE)


def basic(response: bytes) -> bytes:
    """The BasicOCSPResponse inside an OCSPResponse."""
    _, explicit = elements(over(response).enter(0x30))
    _, octets = elements(over(explicit).enter(0xA0).enter(0x30))
    return over(octets).contents(0x04)


def with_values(signature: bytes, *, crls: bytes = b"", ocsps: bytes = b"") -> bytes:
    """The B-LT form: revocation-values (EN 319 122-1 §A.1.3)."""
    value = (tlv(0xA0, tlv(0x30, crls)) if crls else b"") + (tlv(0xA1, tlv(0x30, ocsps)) if ocsps else b"")
    return with_unsigned(signature, REVOCATION_VALUES, tlv(0x30, value))


def with_crls(signature: bytes, *choices: bytes) -> bytes:
    """RevocationInfoChoices in SignedData itself (RFC 5652 §5.1)."""
    kind, explicit = elements(over(signature).enter(0x30))
    *fields, signers = elements(over(explicit).enter(0xA0).enter(0x30))
    data = tlv(0x30, b"".join([*fields, tlv(0xA1, b"".join(choices)), signers]))
    return tlv(0x30, kind + tlv(0xA0, data))


OTHER_FORMAT = bytes.fromhex("06082b06010505071002")

#: The demo authority also certified the timestamp authority, whose state is asked as well.
RESPONSES = [ocsp_response(certificate) for certificate in (LEAF, timestamp_authority())]

FORMS: list[tuple[str, bytes]] = [
    ("CRL in revocation-values", with_values(BT, crls=crl())),
    ("OCSP in revocation-values", with_values(BT, ocsps=b"".join(map(basic, RESPONSES)))),
    ("CRL in SignedData", with_crls(BT, crl())),
    ("OCSP in SignedData", with_crls(BT, *(tlv(0xA1, OTHER_FORMAT + response) for response in RESPONSES))),
]


@pytest.mark.parametrize("signature", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_data_inside_settle_the_proven_time_after_the_certificate_has_expired(signature: bytes) -> None:
    report = judged(signature)
    assert report.indication is Indication.VALID, report.findings
    assert (report.level, report.proven_at) == ("B-LT", pki.NOW)


def test_more_revocation_data_than_any_signature_needs_are_refused() -> None:
    report = judged(with_crls(BT, *[tlv(0x30, bytes(1024 * 1024))] * 9))
    assert {finding.code for finding in report.findings} == {"too-much-revocation-data"}


def test_without_them_the_verdict_is_left_open() -> None:
    report = judged(BT)
    assert (report.level, report.sub_indication) == ("B-T", SubIndication.OUT_OF_BOUNDS_NO_POE)
    assert "timestamp-authority-untrusted" in {finding.code for finding in report.findings}


def test_data_older_than_the_proven_time_do_not_settle_it() -> None:
    stale = with_values(BT, crls=crl(at=pki.NOW - 3 * A_DAY))
    assert judged(stale).sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_an_authority_of_timestamps_that_was_revoked_since_proves_nothing() -> None:
    listed = crl((timestamp_authority(), pki.NOW + A_DAY), at=pki.NOW + 2 * A_DAY)
    report = judged(with_values(BT, crls=listed))
    assert report.proven_at is None


def test_what_is_unknown_among_unsigned_attributes_is_told_and_passed_over() -> None:
    report = verify(with_unsigned(BT, bytes.fromhex("06032a0304"), b"\x05\x00"), anchors=(ROOT,), at=pki.NOW)
    assert report.indication is Indication.VALID
    assert "unsigned-attribute-ignored" in {finding.code for finding in report.findings}


def test_junk_in_the_unsigned_attributes_is_a_broken_file() -> None:
    broken = with_unsigned(BT, CERTIFICATE_VALUES, b"\x04\x00")
    assert judged(broken).sub_indication is SubIndication.FORMAT_FAILURE


_CONFIGURATION = """
[tsa]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = {hash}
"""


@pytest.mark.parametrize("hash_", ["sha1", "sha256"])
def test_a_timestamp_of_openssls_authority_proves_the_time(tmp_path: Path, hash_: str) -> None:
    now = datetime.now(UTC)
    authority = officer(
        "other-rsa-2048",
        ExtendedKeyUsageOID.TIME_STAMPING,
        not_before=now - A_DAY,
        not_after=now + A_DAY,
    )
    doctor = read(pki.authority().issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=now - A_DAY))
    signature = signed(certificate=doctor)
    pem = pki.key("other-rsa-2048").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "tsa.key").write_bytes(pem)
    (tmp_path / "tsa.pem").write_text(to_pem(authority.der))
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "tsa.conf").write_text(_CONFIGURATION.format(folder=tmp_path, hash=hash_))
    (tmp_path / "value").write_bytes(signature_value(signature))
    for command in (
        ("-query", "-data", "value", "-sha256", "-cert", "-out", "query"),
        (
            "-reply",
            "-config",
            "tsa.conf",
            "-section",
            "tsa",
            "-queryfile",
            "query",
            *("-token_out", "-out", "token"),
        ),
    ):
        subprocess.run(["openssl", "ts", *command], cwd=tmp_path, check=True, capture_output=True)
    token = (tmp_path / "token").read_bytes()
    report = verify(stamped(signature, now, token), anchors=(ROOT,))
    assert report.indication is Indication.VALID, report.findings
    assert report.proven_at is not None
    assert abs(report.proven_at - now) < timedelta(minutes=5)


def test_answers_inside_one_another_are_refused_however_deep() -> None:
    nested = b"\x30\x00"
    basic_type = bytes.fromhex("06092b0601050507300101")
    while len(nested) < ocsp.MAX_OCTETS - 64:
        nested = tlv(
            0x30,
            bytes.fromhex("0a0100") + tlv(0xA0, tlv(0x30, basic_type + tlv(0x04, nested))),
        )
    with pytest.raises(NotDer):
        ocsp.read(nested)
