"""Evidence for levels above B-B as the service would gather it, made without a network; and signatures."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from functools import cache
from pathlib import Path

from signer.envelope import cades
from signer.envelope.phases import Evidence
from signer.model.credential import SignatureAlgorithm
from signer.net import timestamp
from signer.net.ocsp import request
from signer.net.timestamp import Wanted
from signer.verify.structure import Unsigned
from signer.x509 import Certificate
from tests import outside, pki, tsa
from tests.outside import OcspResponder
from tests.signatures import CONTENT, MEDIA_TYPE


def token(stamped: bytes) -> bytes:
    """A TimeStampToken by `openssl ts` over these octets."""
    wanted = Wanted(digest=hashlib.sha256(stamped).digest(), nonce=secrets.randbits(64))
    with tempfile.TemporaryDirectory() as folder:
        return timestamp.token(tsa.OpensslTsa(Path(folder)).answer(timestamp.request(wanted)), wanted)


@cache
def ocsp(certificate: Certificate) -> bytes:
    """`openssl ocsp`'s word that the certificate is good."""
    with tempfile.TemporaryDirectory() as folder:
        responder = OcspResponder(Path(folder), good=(certificate,))
        return responder(request(certificate, outside.root()), {}).body


def evidence(stamped: bytes, certificate: Certificate, level: str) -> Evidence:
    """What level B-T or B-LT places over this signature value under this certificate."""
    stamp = token(stamped)
    if level == "B-T":
        return Evidence(timestamp=stamp)
    chain = (outside.root().der, *(one.der for one in timestamp.certificates(stamp)))
    return Evidence(timestamp=stamp, certificates=chain, crls=(outside.crl(),), ocsps=(ocsp(certificate),))


def signed_at(
    level: str,
    kind: str = "p256",
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_SHA256,
    *,
    certificate: Certificate | None = None,
    attached: bool = True,
) -> tuple[bytes, bytes, Evidence]:
    """A CAdES signature at this level, its value, and what was placed into it."""
    certificate = certificate or pki.leaf(kind)
    prepared = cades.prepare(
        content=CONTENT,
        media_type=MEDIA_TYPE,
        certificate=certificate,
        algorithm=algorithm,
        signing_time=pki.NOW,
        attached=attached,
    )
    value = pki.sign(pki.key(kind), algorithm, prepared.to_be_signed)
    placed = evidence(prepared.stamped(value), certificate, level)
    return prepared.finish(value, placed), value, placed


def unsigned(placed: Evidence, kind: str = "p256") -> Unsigned:
    """The same as the release check wants it named."""
    return Unsigned(
        timestamp=placed.timestamp,
        certificates=frozenset(placed.certificates) - {pki.leaf(kind).der},
        crls=frozenset(placed.crls),
        ocsps=frozenset(placed.ocsps),
    )
