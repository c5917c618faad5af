"""Evidence for levels above B-B: a timestamp by `openssl ts` and a CRL, of authorities made for the test."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests import pki

_CONFIG = """
[tsa]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
"""


@cache
def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A time-stamping authority for tests")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(pki.NOW - timedelta(days=1))
    builder = builder.not_valid_after(pki.NOW + timedelta(days=3650))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return key, builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def token(stamped: bytes) -> bytes:
    """A TimeStampToken over these octets, DER, of now, with the authority's certificate in it."""
    key, certificate = _authority()
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "config").write_text(_CONFIG.format(folder=folder))
        (folder / "key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
        (folder / "certificate").write_bytes(certificate.public_bytes(Encoding.PEM))
        digest = hashlib.sha256(stamped).hexdigest()
        asked, answered = folder / "asked", folder / "answered"
        query: list[str | Path] = ["-query", "-digest", digest, "-sha256", "-cert", "-out", asked]
        reply: list[str | Path] = [
            *("-reply", "-config", folder / "config", "-section", "tsa", "-queryfile", asked),
            *("-signer", folder / "certificate", "-inkey", folder / "key"),
            *("-token_out", "-out", answered),
        ]
        for command in (query, reply):
            subprocess.run(["openssl", "ts", *command], check=True, capture_output=True, timeout=30)
        return answered.read_bytes()


@cache
def revocation_list() -> bytes:
    """A CRL of the test's root, DER, that revokes nothing."""
    root = x509.load_der_x509_certificate(pki.authority().certificate)
    key = pki.key("p256")
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject)
    builder = builder.last_update(pki.NOW - timedelta(days=1)).next_update(pki.NOW + timedelta(days=30))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
