"""Certificates are read as they are: the odd ones load, and junk is told by its own error."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509 as strict_x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, Name, NamePart, StringKind, Usage
from signer.model.credential import KeyKind
from signer.x509 import (
    BasicConstraints,
    CertificateUnreadable,
    KeyUnsupported,
    KeyUsage,
    Unusable,
    read,
    unusable,
    why_unusable,
)
from tests import pki

CN = "2.5.4.3"


def issue(subject: Name = PLAIN_DOCTOR, kind: str = "p256") -> bytes:
    return pki.authority().issue(pki.spki(pki.key(kind)), subject, not_before=pki.NOW)


def test_a_certificate_says_what_was_written_into_it() -> None:
    der = pki.authority().issue(
        pki.spki(pki.key("rsa-2048")),
        PLAIN_DOCTOR,
        not_before=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        not_after=datetime(2051, 1, 1, tzinfo=UTC),
    )
    certificate = read(der)
    reference = strict_x509.load_der_x509_certificate(der)
    assert certificate.id == hashlib.sha256(der).hexdigest()
    assert certificate.serial == reference.serial_number
    assert certificate.not_before == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert certificate.not_after == datetime(2051, 1, 1, tzinfo=UTC)
    assert certificate.issuer_der == reference.issuer.public_bytes()
    assert certificate.subject_der == reference.subject.public_bytes()
    assert certificate.tbs == reference.tbs_certificate_bytes
    assert certificate.signature == reference.signature
    assert certificate.issuer == "Mohr Demo CA"
    assert certificate.key_usage == KeyUsage(
        digital_signature=True, non_repudiation=True, key_cert_sign=False
    )
    assert certificate.basic_constraints == BasicConstraints(ca=False, path_length=None)
    assert certificate.authority_key_id == read(pki.authority().certificate).subject_key_id
    assert certificate.critical_unknown == ()


@pytest.mark.parametrize(
    ("kind", "key_kind", "bits"),
    [
        ("rsa-2048", KeyKind.RSA, 2048),
        ("rsa-3072", KeyKind.RSA, 3072),
        ("p256", KeyKind.EC_P256, 256),
        ("p384", KeyKind.EC_P384, 384),
        ("p521", KeyKind.EC_P521, 521),
    ],
)
def test_the_key_is_described_as_far_as_choosing_an_algorithm_needs(
    kind: str, key_kind: KeyKind, bits: int
) -> None:
    certificate = pki.leaf(kind)
    assert (certificate.key_kind, certificate.key_bits) == (key_kind, bits)


def test_brackets_in_a_printable_string_load_where_a_strict_library_refuses_them() -> None:
    der = issue(ODD_DOCTOR)
    with pytest.raises(ValueError, match=r"(?i)parse"):
        _ = strict_x509.load_der_x509_certificate(der).subject
    certificate = read(der)
    assert certificate.holder.name == "علی رضایی [Sign]"
    assert certificate.holder.national_code == "0499370899"
    assert certificate.holder.council_number == "654321"


@pytest.mark.parametrize("kind", list(StringKind))
def test_persian_text_is_readable_whatever_its_string_type_promises(kind: StringKind) -> None:
    certificate = read(issue((NamePart(CN, "علی رضایی [Sign]", kind),)))
    assert certificate.holder.name == "علی رضایی [Sign]"


def test_a_key_with_exponent_three_and_a_sha1_signature_loads() -> None:
    small = rsa.generate_private_key(3, 2048)
    certificate = read(
        pki.resigned_with_sha1(
            pki.authority("rsa-2048").issue(pki.spki(small), PLAIN_DOCTOR, not_before=pki.NOW),
            pki.rsa_key("rsa-2048"),
        )
    )
    assert certificate.key_kind is KeyKind.RSA
    assert why_unusable(certificate, pki.NOW) is None


def test_a_subject_without_a_common_name_is_called_by_given_name_and_surname() -> None:
    certificate = read(issue((NamePart("2.5.4.42", "سارا"), NamePart("2.5.4.4", "نمونه"))))
    assert certificate.holder.name == "سارا نمونه"


def test_a_key_of_another_kind_is_told_from_junk() -> None:
    spki = (
        ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(KeyUnsupported):
        read(pki.authority().issue(spki, PLAIN_DOCTOR, not_before=pki.NOW))


def test_lengths_longer_than_they_need_be_are_read() -> None:
    der = pki.leaf("p256").der
    assert read(pki.with_a_long_length(der)).tbs == pki.leaf("p256").tbs


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x30\x00",
        b"-----BEGIN CERTIFICATE-----",
        issue()[:-1],
        issue() + b"\x00",
        b"\x30\x80" * 40_000,
        b"\x30\x80" * 5_000,
    ],
    ids=["empty", "empty sequence", "PEM", "cut short", "trailing octet", "too big", "nested without end"],
)
def test_junk_is_unreadable(junk: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        read(junk)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused_with_the_one_error(junk: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        read(junk)


@given(st.data())
def test_a_damaged_certificate_is_read_or_refused_with_the_one_error(data: st.DataObject) -> None:
    der = bytearray(pki.leaf("p256").der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    with suppress(CertificateUnreadable):
        read(bytes(der))


A_YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("kind", "usage", "at", "reason"),
    [
        ("p256", None, pki.NOW, None),
        ("p256", frozenset({Usage.DIGITAL_SIGNATURE}), pki.NOW, None),
        ("p256", frozenset({Usage.NON_REPUDIATION}), pki.NOW, None),
        ("p256", frozenset({Usage.KEY_ENCIPHERMENT}), pki.NOW, Unusable.USAGE),
        ("p256", None, pki.NOW - timedelta(seconds=1), Unusable.NOT_YET_VALID),
        ("p256", None, pki.NOW + A_YEAR, None),
        ("p256", None, pki.NOW + A_YEAR + timedelta(seconds=1), Unusable.EXPIRED),
        ("rsa-1024", None, pki.NOW, Unusable.KEY_SIZE),
    ],
)
def test_a_certificate_signs_only_in_its_time_with_a_signing_usage_and_a_key_of_size(
    kind: str, usage: frozenset[Usage] | None, at: datetime, reason: Unusable | None
) -> None:
    der = pki.authority().issue(pki.spki(pki.key(kind)), PLAIN_DOCTOR, not_before=pki.NOW, usage=usage)
    certificate = read(der)
    assert unusable(certificate, at) is reason
    assert why_unusable(certificate, at) == (None if reason is None else "certificate-unusable")
