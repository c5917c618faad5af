"""The agent's own certificate: what it vouches for, how long, and that nobody can make another one."""

from __future__ import annotations

import ipaddress
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signer.endpoint.local_ca import LIFETIME, LocalIdentity, local_identity

NOW = datetime.now(UTC)


@pytest.fixture
def identity(tmp_path: Path) -> LocalIdentity:
    return local_identity(tmp_path / "tls", NOW)


def test_openssl_follows_the_chain_to_the_loopback_addresses(identity: LocalIdentity, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_bytes(identity.authority)
    for name in (["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"], ["-verify_hostname", "localhost"]):
        done = subprocess.run(
            ["openssl", "verify", "-CAfile", authority, "-purpose", "sslserver", *name, identity.leaf],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["panel.example", "127.0.0.2", "10.0.0.1"])
def test_the_authority_could_vouch_for_nothing_else_even_with_its_key(name: str, tmp_path: Path) -> None:
    """The key is gone, so the constraint is shown with another authority of the same extensions."""
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    model = x509.load_pem_x509_certificate(local_identity(tmp_path / "tls", NOW).authority)
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "twin")])
    twin = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    for extension in model.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            twin = twin.add_extension(extension.value, extension.critical)
    general = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer)
        .public_key(other.public_key())
        .serial_number(2)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([general]), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "twin.pem").write_bytes(twin.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "twin.pem", tmp_path / "leaf.pem"],
        capture_output=True,
        text=True,
    )
    assert "permitted subtree violation" in done.stderr


def test_nothing_of_the_authoritys_key_is_kept(identity: LocalIdentity) -> None:
    authority = x509.load_pem_x509_certificate(identity.authority)
    kept = sorted(path.name for path in identity.leaf.parent.iterdir())
    assert kept == ["authority.pem", "leaf.pem"]
    assert b"PRIVATE KEY" not in identity.authority
    assert identity.leaf.read_bytes().count(b"PRIVATE KEY") == 2
    leaf = x509.load_pem_x509_certificate(identity.leaf.read_bytes())
    assert leaf.public_key() != authority.public_key()
    assert stat.S_IMODE(identity.leaf.stat().st_mode) == 0o600


def test_both_last_820_days_and_are_kept_until_30_days_before(tmp_path: Path) -> None:
    first = local_identity(tmp_path, NOW)
    leaf = x509.load_pem_x509_certificate(first.leaf.read_bytes())
    authority = x509.load_pem_x509_certificate(first.authority)
    assert first.made
    for certificate in (leaf, authority):
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == LIFETIME
    later = local_identity(tmp_path, first.not_after - timedelta(days=31))
    assert (later.made, later.authority) == (False, first.authority)
    renewed = local_identity(tmp_path, first.not_after - timedelta(days=29))
    assert renewed.made
    assert renewed.fingerprint != first.fingerprint


@pytest.mark.parametrize("damaged", ["authority.pem", "leaf.pem"])
def test_a_damaged_pair_is_made_anew(tmp_path: Path, damaged: str) -> None:
    first = local_identity(tmp_path, NOW)
    (tmp_path / damaged).write_bytes(b"damaged")
    again = local_identity(tmp_path, NOW)
    assert again.made
    assert again.authority != first.authority
    again.context()


def test_an_authority_that_was_swapped_is_not_believed(tmp_path: Path) -> None:
    local_identity(tmp_path / "a", NOW)
    other = local_identity(tmp_path / "b", NOW)
    (tmp_path / "a" / "authority.pem").write_bytes(other.authority)
    assert local_identity(tmp_path / "a", NOW).made
