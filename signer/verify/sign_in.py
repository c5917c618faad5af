"""Is this sign-in token good, here and now? For a panel's server, and for Mohr before a token leaves it.

The form of Web eID's idea: a nonce of the server's, signed with the token's key for the very origin that the
browser named. Whether a nonce was used before is for the server to remember, and whether the certificate is
revoked is for `signer.verify` at large to say: neither is known here.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct

from signer.model import ijson
from signer.model.credential import Holder, SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.model.ijson import IJsonInvalid, JsonValue
from signer.verify import jose
from signer.verify.candidate import Unreadable
from signer.verify.jose_value import Algorithm, algorithm, certificates, signs
from signer.x509 import Certificate, path, simulated, unusable
from signer.x509.usability import signs_in

TYP = "mohr-signin+jws"
LIFETIME = timedelta(seconds=300)
#: How far the doctor's clock may be ahead of the server's.
SKEW = timedelta(seconds=60)
NONCE_OCTETS = 32

_HEADER = {"alg", "typ", "x5c"}
_CLAIMS = {"aud", "nonce", "iat", "exp"}


class Refusal(Enum):
    """Why a sign-in is refused, in the order of looking."""

    SHORT_NONCE = "the server's nonce is below 256 bits, or no base64url"
    MALFORMED = "not a sign-in token, or one with more or less in it"
    NOT_A_SIGN_IN = "a signature made for something else"
    SIGNATURE_WRONG = "the value does not fit the certificate's key"
    OTHER_ORIGIN = "made for another page"
    OTHER_NONCE = "made for another nonce"
    NOT_YET = "issued in the future"
    EXPIRED = "older than its five minutes"
    SIMULATED = "the certificate was made by a simulator"
    CERTIFICATE_UNUSABLE = "the certificate could not sign at that time"
    CERTIFICATE_USAGE = "the certificate is for signing documents alone"
    UNTRUSTED = "no way from the certificate to a trusted authority"


class SignInRefused(Exception):
    """The token is not accepted. `refusal` says why; `detail` names a place, never a person."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(f"{refusal.value} {detail}".rstrip())
        self.refusal = refusal
        self.detail = detail


class SignIn(Struct, frozen=True, kw_only=True):
    """Who signed in, as their certificate says. Times are aware, UTC."""

    holder: Holder
    certificate: Certificate
    issued_at: datetime
    expires_at: datetime


def check(
    token: str,
    *,
    origin: str,
    nonce: str,
    anchors: tuple[Certificate, ...],
    now: datetime,
    intermediates: tuple[Certificate, ...] = (),
    non_repudiation_too: bool = False,
) -> SignIn:
    """The person behind a token, or `SignInRefused`.

    `origin` is the page's own, as a browser writes it; `nonce` what this server gave that page, base64url of
    32 octets or more, which the caller must forget now; `now` is aware. With `non_repudiation_too`, a
    certificate whose key usage is nonRepudiation alone is accepted.
    """
    if not _long_enough(nonce):
        raise SignInRefused(Refusal.SHORT_NONCE)
    parsed = _parse(token.encode("utf-8", "replace"))
    _same(parsed.aud, origin, Refusal.OTHER_ORIGIN)
    _same(parsed.nonce, nonce, Refusal.OTHER_NONCE)
    if parsed.issued_at > now + SKEW:
        raise SignInRefused(Refusal.NOT_YET)
    if now >= parsed.expires_at:
        raise SignInRefused(Refusal.EXPIRED)
    certificate = parsed.certificate
    if simulated(certificate):
        raise SignInRefused(Refusal.SIMULATED)
    if (reason := unusable(certificate, parsed.issued_at)) is not None:
        raise SignInRefused(Refusal.CERTIFICATE_UNUSABLE, reason.value)
    if not (non_repudiation_too or signs_in(certificate)):
        raise SignInRefused(Refusal.CERTIFICATE_USAGE)
    if path(certificate, anchors, (*intermediates, *parsed.others), parsed.issued_at) is None:
        raise SignInRefused(Refusal.UNTRUSTED)
    return SignIn(
        holder=certificate.holder,
        certificate=certificate,
        issued_at=parsed.issued_at,
        expires_at=parsed.expires_at,
    )


def verify_release(
    token: bytes,
    *,
    content: bytes,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
) -> None:
    """Let pass only the token that was agreed to: `content` are its claims as shown, aware `signing_time`.

    Raises `SignatureNotVerified`, with the reason in its detail.
    """
    agreed = ijson.parse(content)
    try:
        parsed = _parse(token)
    except SignInRefused as refused:
        raise SignatureNotVerified(f"{refused.refusal.name} {refused.detail}".rstrip()) from None
    differing = [
        name
        for name, found, wanted in (
            ("claims", {"aud": parsed.aud, "nonce": parsed.nonce}, agreed),
            ("certificate", (parsed.certificate.der, parsed.others), (certificate.der, ())),
            ("algorithm", parsed.by, _BY.get(algorithm)),
            ("signing time", parsed.issued_at, signing_time.replace(microsecond=0)),
        )
        if found != wanted
    ]
    if differing:
        raise SignatureNotVerified(", ".join(differing))


_BY = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: Algorithm("sha256", "pkcs1"),
    SignatureAlgorithm.RSA_PKCS1_SHA384: Algorithm("sha384", "pkcs1"),
    SignatureAlgorithm.RSA_PKCS1_SHA512: Algorithm("sha512", "pkcs1"),
    SignatureAlgorithm.RSA_PSS_SHA256: Algorithm("sha256", "pss"),
    SignatureAlgorithm.RSA_PSS_SHA384: Algorithm("sha384", "pss"),
    SignatureAlgorithm.RSA_PSS_SHA512: Algorithm("sha512", "pss"),
    SignatureAlgorithm.ECDSA_SHA256: Algorithm("sha256", "ecdsa", 32),
    SignatureAlgorithm.ECDSA_SHA384: Algorithm("sha384", "ecdsa", 48),
    SignatureAlgorithm.ECDSA_SHA512: Algorithm("sha512", "ecdsa", 66),
}


class _Parsed(Struct, frozen=True, kw_only=True):
    """A token whose value fits; who may be trusted, and with what, is not looked at yet."""

    aud: str
    nonce: str
    issued_at: datetime
    expires_at: datetime
    by: Algorithm
    certificate: Certificate
    others: tuple[Certificate, ...]


def _parse(token: bytes) -> _Parsed:
    try:
        return _read(token)
    except Unreadable as fault:
        raise SignInRefused(Refusal.MALFORMED, fault.finding.code) from None


def _read(token: bytes) -> _Parsed:
    """Raises `SignInRefused` and `Unreadable` alone."""
    found = jose.take_apart(token)
    if found.header.get("typ") != TYP:
        raise SignInRefused(Refusal.NOT_A_SIGN_IN)
    if not found.compact or found.header.keys() != _HEADER:
        raise SignInRefused(Refusal.MALFORMED, "header")
    by, (certificate, *others) = algorithm(found.header), certificates(found.header)
    payload = jose.content_of(found, None)
    if payload is None:
        raise SignInRefused(Refusal.MALFORMED, "no payload")
    if not signs(found, by, certificate, payload):
        raise SignInRefused(Refusal.SIGNATURE_WRONG)
    claims = _claims(payload)
    aud, nonce = jose.text(claims, "aud"), jose.text(claims, "nonce")
    issued_at, expires_at = jose.seconds(claims, "iat"), jose.seconds(claims, "exp")
    if aud is None or nonce is None or issued_at is None or expires_at is None:
        raise SignInRefused(Refusal.MALFORMED, "claims")
    if expires_at - issued_at != LIFETIME:
        raise SignInRefused(Refusal.MALFORMED, "lifetime")
    return _Parsed(
        aud=aud,
        nonce=nonce,
        issued_at=issued_at,
        expires_at=expires_at,
        by=by,
        certificate=certificate,
        others=tuple(others),
    )


def _claims(payload: bytes) -> dict[str, JsonValue]:
    try:
        claims = ijson.parse(payload)
    except IJsonInvalid as fault:
        raise SignInRefused(Refusal.MALFORMED, fault.reason) from None
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise SignInRefused(Refusal.MALFORMED, "claims")
    return claims


def _same(found: str, wanted: str, otherwise: Refusal) -> None:
    if not hmac.compare_digest(found.encode(), wanted.encode()):
        raise SignInRefused(otherwise)


def _long_enough(nonce: str) -> bool:
    try:
        return len(jose.unbase64url(nonce.encode())) >= NONCE_OCTETS
    except ValueError:
        return False
