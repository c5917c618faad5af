"""Finished signatures for tests, made as the service makes them but with a key in memory."""

from __future__ import annotations

from msgspec.structs import replace

from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.envelope import pades
from signer.envelope.cades import prepare
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.request import Level, VisibleSeal
from signer.x509 import Certificate
from tests import pki, stamping

CONTENT = b'{"mohr":1,"kind":"drug"}'
MEDIA_TYPE = "application/vnd.mohr.prescription+json"

#: Every algorithm with a key of each size it is used with.
ALGORITHMS = [
    ("rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA256),
    ("rsa-3072", SignatureAlgorithm.RSA_PKCS1_SHA256),
    ("rsa-4096", SignatureAlgorithm.RSA_PKCS1_SHA256),
    ("rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA384),
    ("rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA512),
    ("rsa-2048", SignatureAlgorithm.RSA_PSS_SHA256),
    ("rsa-2048", SignatureAlgorithm.RSA_PSS_SHA384),
    ("rsa-2048", SignatureAlgorithm.RSA_PSS_SHA512),
    ("p256", SignatureAlgorithm.ECDSA_SHA256),
    ("p384", SignatureAlgorithm.ECDSA_SHA384),
    ("p521", SignatureAlgorithm.ECDSA_SHA512),
]

#: Persian words beside digits in one attribute are more than pyHanko's path validation reads (RFC 4518 §2.4).
WITHOUT_NUMBERS = tuple(part for part in PLAIN_DOCTOR if "۱" not in part.text)


def signed(
    kind: str = "p256",
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_SHA256,
    *,
    content: bytes = CONTENT,
    certificate: Certificate | None = None,
    attached: bool = True,
) -> bytes:
    """A ContentInfo over `content`, under the key of this kind and its plain certificate."""
    prepared = prepare(
        content=content,
        media_type=MEDIA_TYPE,
        certificate=certificate or pki.leaf(kind),
        algorithm=algorithm,
        signing_time=pki.NOW,
        attached=attached,
    )
    return prepared.finish(pki.sign(pki.key(kind), algorithm, prepared.to_be_signed))


def signed_pdf(
    content: bytes,
    kind: str = "rsa-2048",
    algorithm: SignatureAlgorithm = SignatureAlgorithm.RSA_PKCS1_SHA256,
    *,
    certificate: Certificate | None = None,
    level: Level = Level.B_B,
    seal: VisibleSeal | None = None,
    evidence: Evidence = NOTHING,
) -> bytes:
    """The PDF with a PAdES signature, under the key of this kind and its plain certificate."""
    prepared = pades.prepare(
        content=content,
        certificate=certificate or pki.leaf(kind),
        algorithm=algorithm,
        signing_time=pki.NOW,
        level=level,
        seal=seal,
    )
    return prepared.finish(pki.sign(pki.key(kind), algorithm, prepared.to_be_signed), evidence)


def lasting_pdf(level: Level, content: bytes) -> bytes:
    """A PAdES signature with a timestamp, and for B-LT with chain and CRL."""
    algorithm = SignatureAlgorithm.RSA_PKCS1_SHA256
    prepared = pades.prepare(
        content=content,
        certificate=pki.leaf("rsa-2048", WITHOUT_NUMBERS),
        algorithm=algorithm,
        signing_time=pki.NOW,
        level=level,
    )
    value = pki.sign(pki.key("rsa-2048"), algorithm, prepared.to_be_signed)
    evidence = Evidence(timestamp=stamping.token(prepared.stamped(value)))
    if level is Level.B_LT:
        evidence = replace(
            evidence, certificates=(pki.authority().certificate,), crls=(stamping.revocation_list(),)
        )
    return prepared.finish(value, evidence)
