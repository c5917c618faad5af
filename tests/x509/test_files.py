"""Certificates in files, and what is no file of certificates."""

from __future__ import annotations

import base64

import pytest
from cryptography.x509 import load_pem_x509_csr

from signer import x509
from signer.cli.demo.authority import to_pem
from signer.x509.files import MAX_CERTIFICATES, MAX_OCTETS, certificates_in, request_pem
from tests import pki

LEAF = pki.authority().certificate


def test_one_certificate_is_read_from_der_and_from_pem() -> None:
    assert [one.der for one in certificates_in(LEAF)] == [LEAF]
    assert [one.der for one in certificates_in(to_pem(LEAF).encode())] == [LEAF]


def test_the_same_certificate_twice_counts_once_and_windows_line_ends_do_not_matter() -> None:
    twice = (to_pem(LEAF) * 2).replace("\n", "\r\n").encode()
    assert [one.der for one in certificates_in(twice)] == [LEAF]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"not a certificate",
        b"0",
        b"0\x80\x00\x00",
        LEAF[:-1],
        LEAF + b"\x00",
        b"-----BEGIN CERTIFICATE-----\n====\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        to_pem(LEAF).encode() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        bytes.fromhex("3023 06092a864886f70d010702 a016 3014 020101 3100 300b 06092a864886f70d010701 a000"),
        bytes.fromhex("300b 06092a864886f70d010702"),
        b"-----BEGIN CERTIFICATE-----\n" * 3,
        b"\x30" + bytes(MAX_OCTETS),
    ],
    ids=[
        "empty",
        "text",
        "one octet",
        "indefinite length",
        "cut",
        "something behind",
        "broken base64",
        "pem of no certificate",
        "one of two",
        "pkcs 7 without certificates",
        "pkcs 7 without content",
        "never ending pem",
        "too large",
    ],
)
def test_what_holds_no_certificate_or_a_broken_one_is_refused(octets: bytes) -> None:
    with pytest.raises(x509.CertificateUnreadable):
        certificates_in(octets)


def test_more_certificates_than_a_chain_has_are_refused() -> None:
    with pytest.raises(x509.CertificateUnreadable, match="more than a chain"):
        certificates_in(to_pem(LEAF).encode() * (MAX_CERTIFICATES + 1))


def test_a_request_in_pem_is_wrapped_as_the_standard_says() -> None:
    lines = request_pem(bytes(100)).splitlines()
    assert (lines[0], lines[-1]) == (
        "-----BEGIN CERTIFICATE REQUEST-----",
        "-----END CERTIFICATE REQUEST-----",
    )
    assert {len(line) for line in lines[1:-2]} == {64}
    assert base64.b64decode("".join(lines[1:-1])) == bytes(100)
    with pytest.raises(ValueError, match="parsing"):
        load_pem_x509_csr(request_pem(bytes(100)).encode())
