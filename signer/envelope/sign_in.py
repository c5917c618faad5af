"""Sign-in tokens: a compact JWS that Mohr alone words, so that nothing a panel sends can become one.

The header is `alg`, `typ` "mohr-signin+jws", `x5c`; the payload `aud`, `nonce`, `iat`, `exp`. No other maker
writes that `typ`, and every reader of documents refuses it. Checked by `signer.verify.sign_in`.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from signer.envelope import jose
from signer.envelope.algorithms import PREFERENCE
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported, MechanismUnsupported
from signer.x509 import Certificate

TYP = "mohr-signin+jws"
LIFETIME = timedelta(seconds=300)


class SignInToBeSigned(Struct, frozen=True, kw_only=True):
    """A token that lacks its value; `to_be_signed` is the JWS Signing Input (RFC 7515 §5.1)."""

    to_be_signed: bytes
    algorithm: SignatureAlgorithm
    certificate: Certificate

    def detached(self) -> SignInToBeSigned:
        """The same: a token is kept whole, since nothing in it is a patient's."""
        return self

    def stamped(self, signature: bytes) -> bytes:
        """Raises `FormatUnsupported`: a token that lives five minutes is not stamped."""
        raise FormatUnsupported("a sign-in holds no timestamp")

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The token, ASCII. Raises `FormatUnsupported` where evidence should go in."""
        if evidence != NOTHING:
            raise FormatUnsupported("a sign-in holds no timestamp")
        return self.to_be_signed + b"." + jose.signature_value(self.algorithm, signature)


def claims(origin: str, nonce: str) -> bytes:
    """What the doctor is shown and says yes to, JSON: the page's origin and the nonce of its server."""
    return jose.json_octets({"aud": origin, "nonce": nonce})


def prepare(
    *, content: bytes, certificate: Certificate, algorithm: SignatureAlgorithm, signing_time: datetime
) -> SignInToBeSigned:
    """Begin a token with these `claims`, issued at `signing_time` (aware) and good for LIFETIME.

    Raises `MechanismUnsupported` for an algorithm that is not the key's.
    """
    if algorithm not in PREFERENCE[certificate.key_kind]:
        raise MechanismUnsupported(f"{algorithm.value} with a {certificate.key_kind.value} key")
    if signing_time.tzinfo is None:
        raise ValueError("a signing time is aware")
    issued = int(signing_time.timestamp())
    expires = issued + int(LIFETIME.total_seconds())
    payload = jose.json_octets({**json.loads(content), "iat": issued, "exp": expires})
    return SignInToBeSigned(
        to_be_signed=_protected(certificate.der, algorithm) + b"." + jose.base64url(payload),
        algorithm=algorithm,
        certificate=certificate,
    )


@lru_cache(maxsize=64)
def _protected(der: bytes, algorithm: SignatureAlgorithm) -> bytes:
    header = {"alg": jose.NAMES[algorithm], "typ": TYP, "x5c": [jose.base64(der)]}
    return jose.base64url(jose.json_octets(header))
