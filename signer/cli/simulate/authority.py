"""The simulator's certificates: an invented doctor's, under an authority made for them and thrown away.

Each one, the authority's too, says in its names what it is and carries the critical mark of
`signer.x509.simulator`. Made once for a folder and kept there, private; nothing here is a secret worth
keeping.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from msgspec import Struct

from signer.platform.private_files import private_folder, read_private, write_private
from signer.x509 import SIMULATOR

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

NOT_VALID = "simulator, not valid for prescriptions"
SIMULATOR_FA = "شبیه‌ساز"
AUTHORITY_FILE = "simulator-ca.pem"
_FILE = "token.json"
_LIFETIME = timedelta(days=365)
_RENEWED_BEFORE = timedelta(days=30)
_DER_NULL = b"\x05\x00"


class Doctor(Struct, frozen=True, kw_only=True):
    """Whom the certificates name. Codes are ASCII digits; the name gets the words that say what it is."""

    name: str = "سارا نمونه"
    national_code: str = "0012345679"
    council_number: str = "123456"


class Held(Struct, frozen=True, kw_only=True):
    """One certificate with its key. `expired` ones are for the fault of that name."""

    certificate: bytes
    key: Key
    expired: bool


class _Kept(Struct, frozen=True, kw_only=True):
    """What stands in the file: base64 DER, PEM keys."""

    doctor: Doctor
    until: datetime
    held: list[tuple[str, str, bool]]


def identity(folder: Path, doctor: Doctor, now: datetime) -> tuple[Held, ...]:
    """What the virtual token holds, made anew for another doctor or where it ends within 30 days.

    `now` is aware. Writes the authority beside it as `simulator-ca.pem`. Raises OSError.
    """
    private_folder(folder)
    kept = _load(folder / _FILE)
    if kept is None or kept.doctor != doctor or kept.until - now < _RENEWED_BEFORE:
        kept = _make(folder, doctor, now)
    return tuple(
        Held(certificate=base64.b64decode(der), key=_key(pem), expired=expired)
        for der, pem, expired in kept.held
    )


def _load(file: Path) -> _Kept | None:
    octets = read_private(file)
    try:
        return None if octets is None else msgspec.json.decode(octets, type=_Kept)
    except msgspec.MsgspecError:
        return None


def _key(pem: str) -> Key:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key


def _make(folder: Path, doctor: Doctor, now: datetime) -> _Kept:
    """An RSA and a P-256 certificate, as tokens of today and of tomorrow have them, and one that is over."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = _name(
        [(NameOID.ORGANIZATION_NAME, f"Mohr {NOT_VALID}"), (NameOID.COMMON_NAME, "Mohr Simulator CA")]
    )
    until = now + _LIFETIME
    root = _certificate(issuer, issuer, authority, authority, now - _LIFETIME, until, ca=True)
    rsa_key, old_key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    ec_key = ec.generate_private_key(ec.SECP256R1())
    held = []
    for key, centre, begins, ends in (
        (rsa_key, "مطب شبیه‌ساز", now - timedelta(days=1), until),
        (ec_key, "درمانگاه شبیه‌ساز", now - timedelta(days=1), until),
        (old_key, "مطب شبیه‌ساز", now - timedelta(days=300), now - timedelta(days=2)),
    ):
        certificate = _certificate(_subject(doctor, centre), issuer, key, authority, begins, ends, ca=False)
        encoded = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        held.append((encoded, pem, ends < now))
    kept = _Kept(doctor=doctor, until=until, held=held)
    (folder / AUTHORITY_FILE).write_bytes(root.public_bytes(Encoding.PEM))
    write_private(folder / _FILE, msgspec.json.encode(kept))
    return kept


def _subject(doctor: Doctor, centre: str) -> x509.Name:
    return _name(
        [
            (NameOID.ORGANIZATION_NAME, centre),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, NOT_VALID),
            (NameOID.TITLE, f"نظام پزشکی {doctor.council_number}"),
            (NameOID.SERIAL_NUMBER, doctor.national_code),
            (NameOID.COMMON_NAME, f"{doctor.name} ({SIMULATOR_FA})"),
        ]
    )


def _name(parts: list[tuple[x509.ObjectIdentifier, str]]) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "IR")
    return x509.Name([country, *(x509.NameAttribute(kind, text) for kind, text in parts)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    authority: ec.EllipticCurvePrivateKey,
    begins: datetime,
    ends: datetime,
    *,
    ca: bool,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    mark = x509.UnrecognizedExtension(x509.ObjectIdentifier(SIMULATOR), _DER_NULL)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins.astimezone(UTC))
        .not_valid_after(ends.astimezone(UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
        )
        .add_extension(mark, critical=True)
        .sign(authority, hashes.SHA256())
    )
