"""JAdES B-B and B-T signatures (ETSI TS 119 182-1 V1.2.1), attached or detached.

B-B is a compact JWS. B-T is a flattened one in JSON (RFC 7515 §7.2.2), since only there is an unprotected
header to hold the timestamp; a `B-T?` that got none stays in JSON. The protected header is `alg`, `typ`,
`cty`, `x5t#S256`, `x5c`, `iat`; a detached content is the JWS Payload, left out, without `sigD`. Nothing is
verified here (`signer.verify.jades`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from signer.envelope import jose
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import Level
from signer.x509 import Certificate

#: `typ` by level: each serialization has its own (RFC 7515 §4.1.9).
_TYP = {Level.B_B: "jose", Level.B_T: "jose+json", Level.B_T_IF_POSSIBLE: "jose+json"}

_PAYLOAD = b'{"payload":"'

check_content = jose.check_content


class JadesToBeSigned(Struct, frozen=True, kw_only=True):
    """A JAdES signature that lacks its value; `to_be_signed` is the JWS Signing Input (RFC 7515 §5.1)."""

    to_be_signed: bytes
    algorithm: SignatureAlgorithm
    certificate: Certificate
    attached: bool
    level: Level

    def stamped(self, signature: bytes) -> bytes:
        """BASE64URL(JWS Signature), which is what `sigTst` covers (TS 119 182-1 §5.3.4)."""
        return jose.signature_value(self.algorithm, signature)

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The signature file, ASCII. Raises `FormatUnsupported` for a timestamp on a compact one."""
        protected, _, payload = self.to_be_signed.partition(b".")
        value = jose.signature_value(self.algorithm, signature)
        if self.level is not Level.B_B:
            return _flattened(payload if self.attached else None, protected, evidence.timestamp, value)
        if evidence.timestamp is not None:
            raise FormatUnsupported("a compact JWS holds no timestamp")
        return protected + b"." + (payload if self.attached else b"") + b"." + value


def prepare(
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool = True,
    level: Level = Level.B_B,
) -> JadesToBeSigned:
    """Begin a signature over `content`, exactly; `attached` puts the content inside it.

    `signing_time` is aware and signed to the second. Raises `DocumentRefused` for empty content, whose
    attached form would be a detached one; `FormatUnsupported` for a level above B-T or a media type that is
    none; `MechanismUnsupported` for an algorithm that is not the key's.
    """
    check(media_type, certificate, algorithm)
    if level not in _TYP:
        raise FormatUnsupported(f"JAdES {level.value}")
    check_content(content, media_type, attached=attached)
    if signing_time.tzinfo is None:
        raise ValueError("a signing time is aware")
    header = _until_time(certificate.der, algorithm, media_type, _TYP[level])
    protected = header.protected(b"%d}" % signing_time.timestamp())
    return JadesToBeSigned(
        to_be_signed=protected + b"." + jose.base64url(content),
        algorithm=algorithm,
        certificate=certificate,
        attached=attached,
        level=level,
    )


def strip(signed: bytes, content: bytes) -> bytes:
    """What to keep of an attached signature: all but the content. Raises ValueError for what is none."""
    if not signed.startswith(b"{"):
        return jose.without_payload(signed)
    if not signed.startswith(_PAYLOAD):
        raise ValueError("not an attached signature")
    _, _, rest = signed[len(_PAYLOAD) :].partition(b'",')
    return b"{" + rest


def attach(kept: bytes, content: bytes) -> bytes:
    """The attached signature, byte for byte as it was finished, from what `strip` kept of it.

    That the content is the signed one is not checked here. Raises ValueError for what `strip` did not give.
    """
    if not kept.startswith(b"{"):
        return jose.with_payload(kept, content)
    if not kept.startswith(b'{"protected":"'):
        raise ValueError("not a detached signature")
    return _PAYLOAD + jose.base64url(content) + b'",' + kept[1:]


@lru_cache(maxsize=64)
def _until_time(der: bytes, algorithm: SignatureAlgorithm, media_type: str, typ: str) -> jose.Beginning:
    """The signing certificate is named by its hash and carried whole (§5.1.7, §5.1.8).

    `iat` has stood in place of `sigT` since July 2025 (§5.1.11).
    """
    fixed: dict[str, object] = {
        "alg": jose.NAMES[algorithm],
        "typ": typ,
        "cty": media_type,
        "x5t#S256": jose.base64url(hashlib.sha256(der).digest()).decode("ascii"),
        "x5c": [jose.base64(der)],
    }
    return jose.beginning(fixed, "iat")


def _flattened(payload: bytes | None, protected: bytes, timestamp: bytes | None, value: bytes) -> bytes:
    content = b"" if payload is None else b'"payload":"%s",' % payload
    header = b"" if timestamp is None else b'"header":{"etsiU":["%s"]},' % _sig_tst(timestamp)
    return b'{%s"protected":"%s",%s"signature":"%s"}' % (content, protected, header, value)


def _sig_tst(token: bytes) -> bytes:
    """An element of `etsiU` in its base64url form (§5.3.1) with one TimeStampToken (§5.3.4, §5.4.3.3)."""
    return jose.base64url(jose.json_octets({"sigTst": {"tstTokens": [{"val": jose.base64(token)}]}}))
