"""Certificate revocation lists (RFC 5280 §5): is one the issuer's own, in its time, and whom does it name?

A full list of the issuer's own; delta lists and lists for others are refused. Lists of the field run to
hundreds of thousands of entries, so entries are walked and not read.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat import asn1

from signer.net.ocsp import AHEAD, FRESH_FOR, AnswerRefused, Status
from signer.x509 import Certificate, signed_by, tlv
from signer.x509.tlv import Tlv

MAX_OCTETS = 16 * 1024 * 1024

_EXTENSIONS = 0xA0
_TIMES = {tlv.UTC_TIME, tlv.GENERALIZED_TIME}
_ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
_ONLY_USERS, _ONLY_AUTHORITIES, _WHERE = 0x81, 0x82, 0xA0


def status(crl: bytes, certificate: Certificate, issuer: Certificate, now: datetime) -> Status:
    """What a CertificateList, DER, says of `certificate`. Raises `AnswerRefused`, whatever the bytes."""
    try:
        asn1.decode_der(asn1.TLV, crl)  # what holds it will be DER
        return _status(crl, certificate, issuer, now)
    except (ValueError, IndexError) as fault:
        raise AnswerRefused("not a CRL") from fault


def _status(crl: bytes, certificate: Certificate, issuer: Certificate, now: datetime) -> Status:
    tbs, algorithm, value = tlv.read_one(crl).expect(tlv.SEQUENCE).children()
    fields = tbs.expect(tlv.SEQUENCE).children()
    if fields[0].tag == tlv.INTEGER:
        fields = fields[1:]
    _, name, since, *rest = fields
    if name.encoded != issuer.subject_der:
        raise AnswerRefused("another issuer's")
    oid = tlv.oid(algorithm.children()[0].contents)
    usage = issuer.key_usage
    may = usage is None or usage.crl_sign  # RFC 5280 §6.3.3 (f)
    if not (may and signed_by(issuer.spki, oid, tbs.encoded, tlv.octets(value.contents))):
        raise AnswerRefused("signature")
    begun = tlv.moment(since)
    until = begun + FRESH_FOR
    if rest and rest[0].tag in _TIMES:
        until = tlv.moment(rest[0])
        rest = rest[1:]
    if begun > now + AHEAD or until < now:
        raise AnswerRefused("out of its time")
    _check_scope([field for field in rest if field.tag == _EXTENSIONS], certificate)
    entries = rest[0].contents if rest and rest[0].tag == tlv.SEQUENCE else b""
    return Status(revoked=_names(entries, certificate.serial_der), until=until)


def _check_scope(extensions: list[Tlv], certificate: Certificate) -> None:
    """RFC 5280 §5.2: a critical extension that is not understood makes the list useless."""
    for extension in tlv.read_one(extensions[0].contents).children() if extensions else []:
        kind, *rest = extension.children()
        oid = tlv.oid(kind.contents)
        if oid == _ISSUING_DISTRIBUTION_POINT:
            constraints = certificate.basic_constraints
            authority = constraints is not None and constraints.ca
            covered = {_WHERE, _ONLY_AUTHORITIES if authority else _ONLY_USERS}
            if any(part.tag not in covered for part in tlv.read_one(rest[-1].contents).children()):
                raise AnswerRefused("does not cover this certificate")
        elif len(rest) == 2 and rest[0].contents != b"\x00":
            raise AnswerRefused(f"critical extension {oid}")


def _names(entries: bytes, serial: bytes) -> bool:
    """Does an entry begin with this serial number, DER? Each entry is a SEQUENCE with a definite length."""
    at, end = 0, len(entries)
    while at < end:
        if entries[at] != tlv.SEQUENCE:
            raise ValueError("an entry that is no SEQUENCE")
        length = entries[at + 1]
        start = at + 2
        if length >= 0x80:
            start += length - 0x80
            length = int.from_bytes(entries[at + 2 : start])
        if entries.startswith(serial, start):
            return True
        at = start + length
    if at != end:
        raise ValueError("an entry reaches beyond the list")
    return False
