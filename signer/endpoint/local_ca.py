"""The agent's own certificate for https and wss on loopback: made here, kept private, renewed before its end.

An authority is made for one certificate, can vouch for loopback alone (RFC 5280 §4.2.1.10), and its key is
thrown away before this returns: whoever trusts it trusts nothing but this agent. Putting the authority into
the browsers' stores is `signer.platform.trust_stores`.
"""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from signer.platform.private_files import private_folder, read_private, write_private

#: Both last as long; Safari takes no leaf above 825 days.
LIFETIME = timedelta(days=820)
RENEWED_BEFORE = timedelta(days=30)
#: Clocks of clinic computers are late as well as early.
_BACKDATED = timedelta(days=1)
_ADDRESSES = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
AUTHORITY, _LEAF = "authority.pem", "leaf.pem"


class LocalIdentity(Struct, frozen=True, kw_only=True):
    """What the agent serves https with.

    `authority` is the certificate to trust, PEM; `leaf` the file of the agent's own certificate and private
    key, PEM, 0600; both end at `not_after`, aware. `made` says that they are new: trust is to be asked again.
    """

    authority: bytes
    leaf: Path
    not_after: datetime
    made: bool = False

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority's DER, lower-case hex."""
        return x509.load_pem_x509_certificate(self.authority).fingerprint(hashes.SHA256()).hex()

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 and up with this certificate. Raises OSError, also `ssl.SSLError`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.leaf)
        return context


def local_identity(folder: Path, now: datetime) -> LocalIdentity:
    """The identity kept under `folder`, or a new one where there is none, or it ends within 30 days.

    `now` is aware. Raises `NotPrivate`, OSError.
    """
    place = private_folder(folder)
    kept = _kept(place)
    if kept is not None and now < kept.not_after - RENEWED_BEFORE:
        return kept
    authority, leaf, not_after = _make(now)
    # The leaf last: one that its authority did not sign is not kept, and both are made again.
    write_private(place / AUTHORITY, authority)
    write_private(place / _LEAF, leaf)
    return LocalIdentity(authority=authority, leaf=place / _LEAF, not_after=not_after, made=True)


def kept_authority(folder: Path) -> bytes | None:
    """The authority kept under `folder`, PEM, or None; nothing is made. Raises `NotPrivate`, OSError."""
    return read_private(folder / AUTHORITY)


def made_at(authority: bytes) -> datetime:
    """When the clock said that this authority, PEM, was made; aware, UTC."""
    return x509.load_pem_x509_certificate(authority).not_valid_before_utc + _BACKDATED


def _kept(place: Path) -> LocalIdentity | None:
    authority, leaf = read_private(place / AUTHORITY), read_private(place / _LEAF)
    if authority is None or leaf is None:
        return None
    try:
        issuer = x509.load_pem_x509_certificate(authority)
        certificate = x509.load_pem_x509_certificate(leaf)
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever is wrong with the pair, another is made
        return None
    not_after = certificate.not_valid_after_utc
    return LocalIdentity(authority=authority, leaf=place / _LEAF, not_after=not_after)


def _make(now: datetime) -> tuple[bytes, bytes, datetime]:
    """Authority and leaf, PEM, and their end. The authority's key is gone when this returns."""
    start, end = now.astimezone(UTC) - _BACKDATED, now.astimezone(UTC) + LIFETIME - _BACKDATED
    authority_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # A name of its own for each: two authorities of one name confuse the stores that hold both.
    serial = x509.random_serial_number()
    issuer = _name(f"Mohr on this computer only ({serial % 16**8:08x})")
    authority = (
        _certificate(issuer, issuer, authority_key.public_key(), serial, start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .add_extension(
            x509.NameConstraints(
                permitted_subtrees=[
                    x509.DNSName("localhost"),
                    *(x509.IPAddress(ipaddress.ip_network(address)) for address in _ADDRESSES),
                ],
                excluded_subtrees=None,
            ),
            critical=True,
        )
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        _certificate(_name("Mohr"), issuer, leaf_key.public_key(), x509.random_serial_number(), start, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), *(x509.IPAddress(address) for address in _ADDRESSES)]
            ),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    key = leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (
        authority.public_bytes(Encoding.PEM),
        leaf.public_bytes(Encoding.PEM) + key,
        leaf.not_valid_after_utc,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    serial: int,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
