"""JWS and JAdES signatures for tests: made as the service makes them, and crafted by hand to be wrong.

Nothing of the makers is used for what is crafted, so that a mistake of theirs cannot hide in both.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from signer.envelope import jades, jws
from signer.envelope.phases import NOTHING, Evidence, ToBeSigned
from signer.model.credential import SignatureAlgorithm
from signer.model.request import Level
from signer.x509 import Certificate
from tests import pki
from tests.signatures import CONTENT, MEDIA_TYPE

Header = dict[str, Any]

#: The names of RFC 7518 §3.1, which the makers must put into `alg`.
ALG = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: "RS256",
    SignatureAlgorithm.RSA_PKCS1_SHA384: "RS384",
    SignatureAlgorithm.RSA_PKCS1_SHA512: "RS512",
    SignatureAlgorithm.RSA_PSS_SHA256: "PS256",
    SignatureAlgorithm.RSA_PSS_SHA384: "PS384",
    SignatureAlgorithm.RSA_PSS_SHA512: "PS512",
    SignatureAlgorithm.ECDSA_SHA256: "ES256",
    SignatureAlgorithm.ECDSA_SHA384: "ES384",
    SignatureAlgorithm.ECDSA_SHA512: "ES512",
}


def made(
    prepare: Callable[..., ToBeSigned],
    kind: str = "p256",
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_SHA256,
    *,
    evidence: Evidence = NOTHING,
    **changes: Any,
) -> bytes:
    """A finished signature over CONTENT, under the key of this kind and its plain certificate."""
    arguments: dict[str, Any] = {
        "content": CONTENT,
        "media_type": MEDIA_TYPE,
        "certificate": pki.leaf(kind),
        "algorithm": algorithm,
        "signing_time": pki.NOW,
    } | changes
    prepared = prepare(**arguments)
    value = pki.sign(pki.key(kind), algorithm, prepared.to_be_signed)
    return prepared.finish(value, evidence)


def a_jws(**changes: Any) -> bytes:
    """One of the Iranian profile, P-256."""
    return made(jws.prepare, **changes)


def a_jades(**changes: Any) -> bytes:
    """A JAdES, P-256; compact unless `level` says otherwise."""
    return made(jades.prepare, **changes)


def a_stamped_jades(**changes: Any) -> bytes:
    """A JAdES B-T whose token is no timestamp, for tests of where it stands."""
    return a_jades(level=Level.B_T, evidence=Evidence(timestamp=b"\x30\x03\x02\x01\x01"), **changes)


def b64u(octets: bytes) -> str:
    """Base64url without padding, by the standard library."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def unb64u(text: str) -> bytes:
    """And back."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def raw(der: bytes) -> bytes:
    """r ‖ s of a P-256 signature in DER."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def x5c(*certificates: Certificate) -> list[str]:
    """The parameter of that name."""
    return [base64.b64encode(one.der).decode() for one in certificates]


def header_of(signature: bytes) -> Header:
    """The protected header of either serialization."""
    text = signature.decode()
    protected = json.loads(text)["protected"] if text.startswith("{") else text.split(".")[0]
    header: Header = json.loads(unb64u(protected))
    return header


def jws_header(**changes: Any) -> Header:
    """A right header of the Iranian profile; a change to None takes the parameter out."""
    right = {
        "alg": "ES256",
        "typ": "jose",
        "cty": MEDIA_TYPE,
        "crit": ["sigT"],
        "x5c": x5c(pki.leaf("p256")),
        "sigT": "2026-11-22T06:45:00Z",
    }
    return _changed(right, changes)


def jades_header(**changes: Any) -> Header:
    """A right header of a compact JAdES; `typ` is left out, so that it serves in JSON too."""
    right = {
        "alg": "ES256",
        "cty": MEDIA_TYPE,
        "x5c": x5c(pki.leaf("p256")),
        "iat": int(pki.NOW.timestamp()),
    }
    return _changed(right, changes)


def _changed(right: Header, changes: Header) -> Header:
    return {name: value for name, value in (right | changes).items() if value is not None}


class Crafted:
    """A signature by the P-256 key over any header, then spoilt at will; `text` and `flattened` write it."""

    def __init__(self, header: Header | bytes, content: bytes = CONTENT, *, key: str = "p256") -> None:
        octets = header if isinstance(header, bytes) else json.dumps(header).encode()
        self.protected, self.payload = b64u(octets), b64u(content)
        der = pki.sign(pki.key(key), SignatureAlgorithm.ECDSA_SHA256, self.input)
        self.signature = b64u(raw(der))

    @property
    def input(self) -> bytes:
        """What is signed."""
        return f"{self.protected}.{self.payload}".encode()

    def text(self, **parts: str) -> bytes:
        """Compact, with parts put in the place of its own."""
        p = {"protected": self.protected, "payload": self.payload, "signature": self.signature} | parts
        return f"{p['protected']}.{p['payload']}.{p['signature']}".encode()

    def flattened(self, **members: Any) -> bytes:
        """Flattened JSON; a member of None is left out."""
        own = {"payload": self.payload, "protected": self.protected, "signature": self.signature}
        return json.dumps({k: v for k, v in (own | members).items() if v is not None}).encode()

    def general(self, times: int) -> bytes:
        """General JSON, with the same signature so many times."""
        one = {"protected": self.protected, "signature": self.signature}
        return json.dumps({"payload": self.payload, "signatures": [one] * times}).encode()
