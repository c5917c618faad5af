"""A CRL (RFC 5280 §5) read: whose it is, of when, and whether a serial number is on it.

Complete CRLs alone: a delta CRL, an indirect one, or one for some reasons only is not usable, since it does
not answer by itself. That the issuer's key signed it is checked here; whether it is current, by the caller.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from signer.verify import algorithms, der
from signer.verify.der import NotDer, Reader, over
from signer.x509 import Certificate

_DISTRIBUTION_POINT = bytes.fromhex("551d1c")
_REASON = bytes.fromhex("551d15")
#: Extensions that may be critical and are understood, or bind nothing here: the number, the key identifier.
_UNDERSTOOD = {_DISTRIBUTION_POINT, bytes.fromhex("551d14"), bytes.fromhex("551d23")}
_DISTRIBUTION_POINTS = "2.5.29.31"
#: Fields of an IssuingDistributionPoint (RFC 5280 §5.2.5).
_POINT, _USERS, _AUTHORITIES, _SOME_REASONS, _INDIRECT, _ATTRIBUTES = 0xA0, 0x81, 0x82, 0x83, 0x84, 0x85


#: The CRL of a country's authority is smaller; with more entries, reading one would take too much memory.
MAX_OCTETS = 8 * 1024 * 1024


class Entry(Struct, frozen=True):
    """When a certificate was revoked (aware, UTC), and the CRLReason (RFC 5280 §5.3.1)."""

    at: datetime
    reason: int


class Crl(Struct, frozen=True, kw_only=True):
    """`entries` maps a serial number (contents octets) to its entry, DER; `points` are names of its scope."""

    tbs: bytes
    algorithm: bytes
    signature: bytes
    issuer: bytes
    this_update: datetime
    next_update: datetime | None
    usable: bool
    points: tuple[bytes, ...]
    users_only: bool
    authorities_only: bool
    entries: dict[bytes, bytes]

    def answers_for(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Is it this issuer's, signed with its key, and about certificates such as this one?"""
        authority = certificate.basic_constraints is not None and certificate.basic_constraints.ca
        usage = issuer.key_usage
        return (
            self.usable
            and self.issuer == certificate.issuer_der
            and not (self.users_only and authority)
            and not (self.authorities_only and not authority)
            and self._covers(certificate)
            and (usage is None or usage.crl_sign)
            and _signed(self, issuer.spki)
        )

    def entry(self, certificate: Certificate) -> Entry | None:
        """The certificate's entry; None where it is not on the list. Raises `NotDer`."""
        encoded = self.entries.get(over(certificate.serial_der).contents(der.INTEGER))
        return None if encoded is None else _entry(encoded)

    def _covers(self, certificate: Certificate) -> bool:
        """A list of one distribution point answers for the certificates that name this point."""
        named = certificate.extension(_DISTRIBUTION_POINTS)
        return not self.points or (named is not None and any(point in named for point in self.points))


@lru_cache(maxsize=4)
def read(encoded: bytes) -> Crl:
    """Read one CRL, DER; the same octets are read once. Raises `NotDer`."""
    if len(encoded) > MAX_OCTETS:
        raise NotDer("a CRL over the size limit")
    outer = over(encoded)
    whole = outer.enter(der.SEQUENCE)
    outer.done()
    tbs, algorithm = whole.encoded(der.SEQUENCE), whole.encoded(der.SEQUENCE)
    signature = whole.contents(der.BIT_STRING)
    whole.done()
    fields = over(tbs).enter(der.SEQUENCE)
    if fields.next_is(der.INTEGER):
        fields.contents(der.INTEGER)
    if fields.encoded(der.SEQUENCE) != algorithm or signature[:1] != b"\x00":
        raise NotDer("the two signature algorithms of a CRL differ")
    issuer, this_update = fields.encoded(der.SEQUENCE), der.any_moment(fields)
    timed = fields.next_is(der.UTC_TIME) or fields.next_is(der.GENERALIZED_TIME)
    next_update = der.any_moment(fields) if timed else None
    entries = _entries(fields.enter(der.SEQUENCE)) if fields.next_is(der.SEQUENCE) else {}
    scope = _Scope()
    if fields.next_is(der.CONTEXT_0):
        scope.read(fields.enter(der.CONTEXT_0).enter(der.SEQUENCE))
    fields.done()
    return Crl(
        tbs=tbs,
        algorithm=algorithm,
        signature=signature[1:],
        issuer=issuer,
        this_update=this_update,
        next_update=next_update,
        usable=scope.usable,
        points=scope.points,
        users_only=scope.users_only,
        authorities_only=scope.authorities_only,
        entries=entries,
    )


class _Scope:
    """What the extensions of a CRL say that it is about."""

    def __init__(self) -> None:
        self.usable = True
        self.points: tuple[bytes, ...] = ()
        self.users_only = self.authorities_only = False

    def read(self, extensions: Reader) -> None:
        while not extensions.exhausted():
            extension = extensions.enter(der.SEQUENCE)
            kind = extension.contents(der.OID)
            critical = extension.next_is(der.BOOLEAN) and extension.contents(der.BOOLEAN) != b"\x00"
            value = extension.contents(der.OCTET_STRING)
            if kind == _DISTRIBUTION_POINT:
                self._distribution_point(over(value).enter(der.SEQUENCE))
            elif critical and kind not in _UNDERSTOOD:
                self.usable = False

    def _distribution_point(self, fields: Reader) -> None:
        while not fields.exhausted():
            tag = fields.tag()
            element = fields.element()
            if tag == _POINT:
                self.points = _full_names(over(element).enter(_POINT))
                self.usable = self.usable and bool(self.points)
            elif tag == _USERS:
                self.users_only = element[-1] != 0
            elif tag == _AUTHORITIES:
                self.authorities_only = element[-1] != 0
            elif tag in {_SOME_REASONS, _INDIRECT, _ATTRIBUTES}:
                self.usable = False


def _full_names(point: Reader) -> tuple[bytes, ...]:
    """The GeneralNames of a DistributionPointName; none where it is relative to the issuer's."""
    if not point.next_is(0xA0):
        return ()
    names, found = point.enter(0xA0), []
    while not names.exhausted():
        found.append(names.element())
    return tuple(found)


def _entries(members: Reader) -> dict[bytes, bytes]:
    """By serial number, unread: a list may have a hundred thousand of which one is asked for."""
    found = {}
    while not members.exhausted():
        place = members.at
        serial = members.enter(der.SEQUENCE).contents(der.INTEGER)
        found[serial] = members.since(place)
    return found


def _entry(encoded: bytes) -> Entry:
    fields = over(encoded).enter(der.SEQUENCE)
    fields.contents(der.INTEGER)
    at, reason = der.any_moment(fields), 0
    if not fields.exhausted():
        extensions = fields.enter(der.SEQUENCE)
        while not extensions.exhausted():
            extension = extensions.enter(der.SEQUENCE)
            kind = extension.contents(der.OID)
            if extension.next_is(der.BOOLEAN):
                extension.contents(der.BOOLEAN)
            if kind == _REASON:
                reason = der.small(over(extension.contents(der.OCTET_STRING)).contents(der.ENUMERATED))
    return Entry(at, reason)


def _signed(crl: Crl, spki: bytes) -> bool:
    try:
        algorithm = algorithms.signature(crl.algorithm)
    except algorithms.Unknown:
        return False
    return _made_by(spki, algorithm, crl.signature, crl.tbs)


#: A CRL's octets are hashed once, its signature checked once for each key, however many signatures ask.
_made_by = lru_cache(maxsize=4)(algorithms.made_by)
