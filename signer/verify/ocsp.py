"""An OCSP response (RFC 6960 §4.2) read: what it says of a certificate, and that it had the right to.

The issuer itself may answer, or a responder whom it certified for that alone (§4.2.2.2). Nonces are not
looked at: responses here come from files and caches. Whether one is current is decided by the caller.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from signer.verify import algorithms, der
from signer.verify.der import NotDer, Reader, over
from signer.x509 import Certificate, CertificateUnreadable, issued_by
from signer.x509 import read as read_certificate

_BASIC = bytes.fromhex("2b0601050507300101")
_OCSP_SIGNING = bytes.fromhex("2b06010505070309")
_EXTENDED_KEY_USAGE = "2.5.29.37"
_GOOD, _REVOKED = 0x80, 0xA1
_SUCCESSFUL = b"\x00"


#: A response about one certificate, with its responder's own, has a few thousand octets.
MAX_OCTETS = 64 * 1024


class Answer(Struct, frozen=True, kw_only=True):
    """About one certificate, named by hashes. `revoked_at` is None where it is good, `known` False where the
    responder does not know it.
    """

    digest: str
    name_hash: bytes
    key_hash: bytes
    serial: bytes
    known: bool
    revoked_at: datetime | None
    reason: int
    this_update: datetime
    next_update: datetime | None

    def about(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Is it about this certificate of this issuer?"""
        return (
            self.serial == over(certificate.serial_der).contents(der.INTEGER)
            and self.name_hash == algorithms.hashed(self.digest, issuer.subject_der)
            and self.key_hash == algorithms.hashed(self.digest, _key_bits(issuer.spki))
        )


class Response(Struct, frozen=True, kw_only=True):
    """A BasicOCSPResponse. `certificates` may hold the responder's."""

    tbs: bytes
    algorithm: bytes
    signature: bytes
    produced_at: datetime
    answers: tuple[Answer, ...]
    certificates: tuple[bytes, ...]

    def answer(self, certificate: Certificate, issuer: Certificate) -> Answer | None:
        """What it says of the certificate; None where nothing, or nothing by right. Raises `NotDer`."""
        about = next((answer for answer in self.answers if answer.about(certificate, issuer)), None)
        return about if about is not None and self._by_right(issuer) else None

    def _by_right(self, issuer: Certificate) -> bool:
        try:
            algorithm = algorithms.signature(self.algorithm)
        except algorithms.Unknown:
            return False
        keys = [issuer.spki]
        for encoded in self.certificates:
            responder = _responder(encoded, issuer, self.produced_at)
            if responder is not None:
                keys.append(responder.spki)
        return any(_made_by(key, algorithm, self.signature, self.tbs) for key in keys)


def _responder(encoded: bytes, issuer: Certificate, at: datetime) -> Certificate | None:
    """The certificate, if its issuer gave it the right to answer in its place (RFC 6960 §4.2.2.2)."""
    try:
        responder = read_certificate(encoded)
    except CertificateUnreadable:
        return None
    usage = responder.extension(_EXTENDED_KEY_USAGE)
    right = usage is not None and _OCSP_SIGNING in purposes(usage)
    in_time = responder.not_before <= at <= responder.not_after
    return responder if right and in_time and issued_by(responder, (issuer,)) else None


def purposes(extended_key_usage: bytes) -> tuple[bytes, ...]:
    """The KeyPurposeIds of an extended key usage, contents octets (RFC 5280 §4.2.1.12). Raises `NotDer`."""
    members = over(extended_key_usage).enter(der.SEQUENCE)
    found = []
    while not members.exhausted():
        found.append(members.contents(der.OID))
    return tuple(found)


@lru_cache(maxsize=256)
def read(encoded: bytes) -> Response:
    """Read an OCSPResponse, or the BasicOCSPResponse that CAdES embeds, DER. Raises `NotDer`."""
    if len(encoded) > MAX_OCTETS:
        raise NotDer("an OCSP response over the size limit")
    whole = _sequence(encoded)
    if whole.next_is(der.ENUMERATED):
        if whole.contents(der.ENUMERATED) != _SUCCESSFUL:
            raise NotDer("an OCSP response without an answer")
        response = whole.enter(der.CONTEXT_0).enter(der.SEQUENCE)
        if response.contents(der.OID) != _BASIC:
            raise NotDer("an OCSP response of another type")
        whole = _sequence(response.contents(der.OCTET_STRING))
    tbs, algorithm = whole.encoded(der.SEQUENCE), whole.encoded(der.SEQUENCE)
    signature = whole.contents(der.BIT_STRING)
    certificates = []
    if whole.next_is(der.CONTEXT_0):
        members = whole.enter(der.CONTEXT_0).enter(der.SEQUENCE)
        while not members.exhausted():
            certificates.append(members.encoded(der.SEQUENCE))
    whole.done()
    if signature[:1] != b"\x00":
        raise NotDer("a signature with unused bits")
    data = over(tbs).enter(der.SEQUENCE)
    if data.next_is(der.CONTEXT_0):
        data.element()
    data.element()  # the responder's name or key hash: who signed is told by the signature
    produced_at = der.any_moment(data)
    answers, singles = [], data.enter(der.SEQUENCE)
    while not singles.exhausted():
        answers.append(_answer(singles.enter(der.SEQUENCE)))
    return Response(
        tbs=tbs,
        algorithm=algorithm,
        signature=signature[1:],
        produced_at=produced_at,
        answers=tuple(answers),
        certificates=tuple(certificates),
    )


def _sequence(encoded: bytes) -> Reader:
    outer = over(encoded)
    whole = outer.enter(der.SEQUENCE)
    outer.done()
    return whole


def _answer(single: Reader) -> Answer:
    identity = single.enter(der.SEQUENCE)
    try:
        digest = algorithms.digest(identity.encoded(der.SEQUENCE))
    except algorithms.Unknown as unknown:
        raise NotDer(str(unknown)) from None
    name_hash, key_hash = identity.contents(der.OCTET_STRING), identity.contents(der.OCTET_STRING)
    serial = identity.contents(der.INTEGER)
    status, revoked_at, reason = single.tag(), None, 0
    if status == _REVOKED:
        info = single.enter(_REVOKED)
        revoked_at = der.any_moment(info)
        if info.next_is(der.CONTEXT_0):
            reason = der.small(info.enter(der.CONTEXT_0).contents(der.ENUMERATED))
    else:
        single.element()
    this_update, next_update = der.any_moment(single), None
    if single.next_is(der.CONTEXT_0):
        next_update = der.any_moment(single.enter(der.CONTEXT_0))
    return Answer(
        digest=digest,
        name_hash=name_hash,
        key_hash=key_hash,
        serial=serial,
        known=status in {_GOOD, _REVOKED},
        revoked_at=revoked_at,
        reason=reason,
        this_update=this_update,
        next_update=next_update,
    )


def _key_bits(spki: bytes) -> bytes:
    fields = over(spki).enter(der.SEQUENCE)
    fields.encoded(der.SEQUENCE)
    return fields.contents(der.BIT_STRING)[1:]


_made_by = lru_cache(maxsize=256)(algorithms.made_by)
