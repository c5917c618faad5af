"""JWS compact signatures (RFC 7515) in the profile of Iran's state services, attached or detached.

The protected header is `alg`, `typ` "jose", `cty`, `crit` ["sigT"], `x5c`, `sigT`: the media type and the
time are signed. There is no unprotected header, so there is no level above B-B; JAdES has one (`jades`).
Nothing is verified here (`signer.verify.jws`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from signer.envelope import jose
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import Level
from signer.x509 import Certificate

TYP = "jose"

check_content = jose.check_content


class JwsToBeSigned(Struct, frozen=True, kw_only=True):
    """A compact JWS that lacks its value; `to_be_signed` is the JWS Signing Input (RFC 7515 §5.1)."""

    to_be_signed: bytes
    algorithm: SignatureAlgorithm
    certificate: Certificate
    attached: bool

    def stamped(self, signature: bytes) -> bytes:
        """Raises `FormatUnsupported`: a compact JWS has no place for a timestamp."""
        raise FormatUnsupported("a compact JWS holds no timestamp")

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The compact JWS, ASCII. Raises `FormatUnsupported` where evidence should go in."""
        if evidence != NOTHING:
            raise FormatUnsupported("a compact JWS holds no timestamp")
        compact = self.to_be_signed + b"." + jose.signature_value(self.algorithm, signature)
        return compact if self.attached else jose.without_payload(compact)


def prepare(
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool = True,
    level: Level = Level.B_B,
) -> JwsToBeSigned:
    """Begin a signature over `content`, exactly; `attached` puts the content inside it.

    `signing_time` is aware and signed to the second. Raises `DocumentRefused` for empty content, whose
    attached form would be a detached one; `FormatUnsupported` for a level above B-B or a media type that is
    none; `MechanismUnsupported` for an algorithm that is not the key's.
    """
    check(media_type, certificate, algorithm)
    if level is not Level.B_B:
        raise FormatUnsupported(f"JWS {level.value}")
    check_content(content, media_type, attached=attached)
    header = _until_time(certificate.der, algorithm, media_type).protected(_sig_t(signing_time))
    return JwsToBeSigned(
        to_be_signed=header + b"." + jose.base64url(content),
        algorithm=algorithm,
        certificate=certificate,
        attached=attached,
    )


def strip(signed: bytes, content: bytes) -> bytes:
    """What to keep of an attached signature: all but the content. Raises ValueError for what is none."""
    return jose.without_payload(signed)


def attach(kept: bytes, content: bytes) -> bytes:
    """The attached signature, byte for byte as it was finished, from what `strip` kept of it.

    That the content is the signed one is not checked here. Raises ValueError for what is no detached JWS.
    """
    return jose.with_payload(kept, content)


@lru_cache(maxsize=64)
def _until_time(der: bytes, algorithm: SignatureAlgorithm, media_type: str) -> jose.Beginning:
    fixed: dict[str, object] = {
        "alg": jose.NAMES[algorithm],
        "typ": TYP,
        "cty": media_type,
        "crit": ["sigT"],
        "x5c": [jose.base64(der)],
    }
    return jose.beginning(fixed, "sigT")


def _sig_t(moment: datetime) -> bytes:
    """The time's JSON (RFC 3339: UTC, no fractions of a second), and the header's end."""
    if moment.tzinfo is None:
        raise ValueError("a signing time is aware")
    return b'"%bZ"}' % moment.astimezone(UTC).isoformat()[:19].encode("ascii")
