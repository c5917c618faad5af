"""Issuers are found by name bytes and signature; re-issued authorities are each tried."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from signer.cli.demo.authority import AUTHORITY_NAME, PLAIN_DOCTOR, DemoAuthority, NamePart, Usage
from signer.x509 import Certificate, CertificateUnreadable, issued_by, path, read
from tests import pki
from tests.revocation import tlv

ROOT = read(pki.authority().certificate)
LEAF = pki.leaf("p256")
CA_USAGE = frozenset({Usage.KEY_CERT_SIGN})


def test_a_leaf_is_issued_by_its_authority_and_by_no_namesake() -> None:
    namesake = read(DemoAuthority(now=pki.NOW, key=pki.key("other-p256")).certificate)
    assert namesake.subject_der == ROOT.subject_der
    assert issued_by(LEAF, (namesake, ROOT)) == (ROOT,)


def test_an_authority_reissued_under_its_name_and_key_gives_two_issuers() -> None:
    reissued = read(DemoAuthority(now=pki.NOW + timedelta(days=9), key=pki.key("p256")).certificate)
    assert issued_by(LEAF, (ROOT, reissued)) == (ROOT, reissued)


def test_the_way_goes_by_the_one_of_two_reissued_authorities_that_is_in_force() -> None:
    long_ago = pki.NOW - timedelta(days=20 * 365)
    expired = read(DemoAuthority(now=long_ago, key=pki.key("p256")).certificate)
    assert path(LEAF, (expired, ROOT), (), pki.NOW) == (LEAF, ROOT)
    assert path(LEAF, (expired,), (), pki.NOW) is None


def test_a_leaf_without_the_ca_flag_issues_nothing() -> None:
    name = (NamePart("2.5.4.3", "سارا نمونه"),)
    doctor = read(pki.authority().issue(pki.spki(pki.key("p384")), name, not_before=pki.NOW))
    forger = DemoAuthority(now=pki.NOW, name=name, key=pki.key("p384"))
    forged = read(forger.issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW))
    assert issued_by(forged, (doctor,)) == ()
    assert path(forged, (ROOT,), (doctor,), pki.NOW) is None


def test_a_way_over_an_intermediate_authority_is_found_in_any_order() -> None:
    name = (*AUTHORITY_NAME[:1], NamePart("2.5.4.3", "Mohr Demo Intermediate"))
    middle = read(
        pki.authority().issue(
            pki.spki(pki.key("rsa-2048")), name, not_before=pki.NOW, usage=CA_USAGE, ca=True
        )
    )
    issuer = DemoAuthority(now=pki.NOW, name=name, key=pki.key("rsa-2048"))
    leaf = read(issuer.issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW))
    assert path(leaf, (ROOT,), (LEAF, middle), pki.NOW) == (leaf, middle, ROOT)
    assert path(leaf, (ROOT,), (), pki.NOW) is None


def test_two_authorities_that_certify_each_other_do_not_lead_round_in_circles() -> None:
    first_name, second_name = (NamePart("2.5.4.3", "A"),), (NamePart("2.5.4.3", "B"),)
    first = DemoAuthority(now=pki.NOW, name=first_name, key=pki.key("p256"))
    second = DemoAuthority(now=pki.NOW, name=second_name, key=pki.key("p384"))
    crossed = [
        read(issuer.issue(pki.spki(pki.key(kind)), name, not_before=pki.NOW, usage=CA_USAGE, ca=True))
        for issuer, name, kind in ((first, second_name, "p384"), (second, first_name, "p256"))
    ]
    leaf = read(first.issue(pki.spki(pki.key("rsa-2048")), PLAIN_DOCTOR, not_before=pki.NOW))
    assert path(leaf, (ROOT,), crossed, pki.NOW) is None


def test_an_rsa_authority_that_signed_with_sha1_still_counts_as_the_issuer() -> None:
    root = pki.authority("rsa-2048")
    leaf = root.issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW)
    old = read(pki.resigned_with_sha1(leaf, pki.rsa_key("rsa-2048")))
    assert issued_by(old, (read(root.certificate),)) == (read(root.certificate),)


def test_a_tampered_certificate_has_no_issuer() -> None:
    at = LEAF.der.index(b"0012345679")
    tampered = read(LEAF.der[:at] + b"0499370899" + LEAF.der[at + 10 :])
    assert tampered.holder.national_code == "0499370899"
    assert issued_by(tampered, (ROOT,)) == ()


def test_no_single_bit_of_a_certificate_can_change_and_still_have_its_issuer() -> None:
    number, length = int.from_bytes(LEAF.der), len(LEAF.der)
    unnoticed = []
    for bit in range(8 * length):
        with suppress(CertificateUnreadable):
            if issued_by(read((number ^ 1 << bit).to_bytes(length)), (ROOT,)):
                unnoticed.append(bit)
    assert unnoticed == []


def constrained(subtrees: bytes) -> tuple[Certificate, Certificate]:
    """An authority with name constraints under ROOT, and a doctor of its own."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mohr Demo Intermediate")])
    issuer = x509.load_der_x509_certificate(ROOT.der)
    made = (
        x509.CertificateBuilder()
        .issuer_name(issuer.subject)
        .subject_name(name)
        .public_key(pki.key("p384").public_key())
        .serial_number(7)
        .not_valid_before(pki.NOW - timedelta(days=1))
        .not_valid_after(pki.NOW + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.UnrecognizedExtension(ExtensionOID.NAME_CONSTRAINTS, subtrees),
            critical=True,
        )
        .sign(pki.key("p256"), hashes.SHA256())
    )
    below = DemoAuthority(
        now=pki.NOW, name=(NamePart("2.5.4.3", "Mohr Demo Intermediate"),), key=pki.key("p384")
    )
    leaf = below.issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW)
    return read(made.public_bytes(Encoding.DER)), read(leaf)


def subtrees(which: int, *bases: bytes) -> bytes:
    """NameConstraints (RFC 5280 §4.2.1.10) of bases in DER; `which` is 0xA0 permitted, 0xA1 excluded."""
    return tlv(0x30, tlv(which, b"".join(tlv(0x30, base) for base in bases)))


IRAN = tlv(0xA4, tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550406") + b"\x13\x02IR"))))
ITALY = IRAN.replace(b"IR", b"IT")
DNS = b"\x82\x07example"


@pytest.mark.parametrize(
    ("value", "reached"),
    [
        (subtrees(0xA0, IRAN), True),
        (subtrees(0xA0, ITALY, IRAN), True),
        (subtrees(0xA0, ITALY), False),
        (subtrees(0xA1, IRAN), False),
        (subtrees(0xA1, ITALY), True),
        (subtrees(0xA0, DNS), True),
        (b"\x30\x03\xa0\x01\x00", False),
    ],
    ids=["permitted", "one of two", "not permitted", "excluded", "not excluded", "another kind", "malformed"],
)
def test_an_authority_names_only_whom_it_may(value: bytes, reached: bool) -> None:
    middle, leaf = constrained(value)
    assert (path(leaf, (ROOT,), (middle,), pki.NOW) is not None) is reached
