"""One certificate, read (RFC 5280 §4.1) without judging it: what it says, as plain values and raw DER.

Judging is elsewhere: `usability` for signing, `chain` for who issued it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import Struct

from signer.model.credential import Holder, KeyKind
from signer.x509 import names, tlv
from signer.x509.holder import holder
from signer.x509.tlv import Tlv

#: No real certificate comes near; a bigger one is not read.
MAX_OCTETS = 64 * 1024

_VERSION, _ISSUER_ID, _SUBJECT_ID, _EXTENSIONS = 0xA0, 0x81, 0x82, 0xA3
_KEY_ID = 0x80

_SUBJECT_KEY_ID = "2.5.29.14"
_KEY_USAGE = "2.5.29.15"
_BASIC_CONSTRAINTS = "2.5.29.19"
_NAME_CONSTRAINTS = "2.5.29.30"
_AUTHORITY_KEY_ID = "2.5.29.35"
#: Extensions that a chain may mark critical and that are read, or bind nothing that a chain of ours claims:
#: those above, certificate policies (RFC 5280 §4.2.1.4) and extended key usage (§4.2.1.12).
_UNDERSTOOD = {
    _SUBJECT_KEY_ID,
    _KEY_USAGE,
    _BASIC_CONSTRAINTS,
    _NAME_CONSTRAINTS,
    _AUTHORITY_KEY_ID,
    "2.5.29.32",
    "2.5.29.37",
}


class CertificateUnreadable(ValueError):
    """These bytes are not a certificate."""


class KeyUnsupported(CertificateUnreadable):
    """A certificate, but its key is none that Mohr works with: RSA, EC P-256, P-384, P-521."""


class KeyUsage(Struct, frozen=True, kw_only=True):
    """The bits of RFC 5280 §4.2.1.3 that matter here."""

    digital_signature: bool
    non_repudiation: bool
    key_cert_sign: bool
    crl_sign: bool = False


class BasicConstraints(Struct, frozen=True, kw_only=True):
    """RFC 5280 §4.2.1.9."""

    ca: bool
    path_length: int | None


class Certificate(Struct, frozen=True, kw_only=True, cache_hash=True):
    """What a certificate says. Names, serial and key also stand here as the DER they were found in.

    `id` is the lower-case hex SHA-256 of `der`; times are aware, UTC; `key_usage` and `basic_constraints` are
    None where the extension is absent; `critical_unknown` names critical extensions that are not understood,
    `critical` all that are marked so. `extensions` holds each one's dotted OID and value (DER).
    `tbs`, `signature_algorithm` (dotted OID) and `signature` are what its issuer signed, how, and the value.
    """

    der: bytes
    id: str
    issuer: str
    issuer_der: bytes
    subject: str
    subject_der: bytes
    serial: int
    serial_der: bytes
    spki: bytes
    key_kind: KeyKind
    key_bits: int
    not_before: datetime
    not_after: datetime
    key_usage: KeyUsage | None
    basic_constraints: BasicConstraints | None
    subject_key_id: bytes | None
    authority_key_id: bytes | None
    critical_unknown: tuple[str, ...]
    critical: tuple[str, ...]
    extensions: tuple[tuple[str, bytes], ...]
    holder: Holder
    tbs: bytes
    signature_algorithm: str
    signature: bytes

    @property
    def self_issued(self) -> bool:
        """Do subject and issuer bear one name (RFC 5280 §3.2)?"""
        return self.subject_der == self.issuer_der

    def extension(self, kind: str) -> bytes | None:
        """The value of an extension, DER, by its dotted OID; None where it is absent."""
        return next((value for found, value in self.extensions if found == kind), None)


@lru_cache(maxsize=1024)
def read(der: bytes) -> Certificate:
    """Read one DER certificate; the same octets are read once.

    Raises `CertificateUnreadable`; `KeyUnsupported` for another kind of key.
    """
    if len(der) > MAX_OCTETS:
        raise CertificateUnreadable(f"{len(der)} octets are more than a certificate has")
    try:
        return _read(der)
    except CertificateUnreadable:
        raise
    except ValueError as fault:
        raise CertificateUnreadable(str(fault)) from fault


@lru_cache(maxsize=1024)
def public_key(spki: bytes) -> RSAPublicKey | EllipticCurvePublicKey:
    """The key in a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Raises `KeyUnsupported`."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise KeyUnsupported(str(fault)) from fault
    if isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        return key
    raise KeyUnsupported(f"{type(key).__name__} is neither RSA nor EC")


def _read(der: bytes) -> Certificate:
    tbs, algorithm, signature = tlv.read_one(der).expect(tlv.SEQUENCE).children()
    fields = tbs.expect(tlv.SEQUENCE).children()
    if fields and fields[0].tag == _VERSION:
        fields = fields[1:]
    serial, inner_algorithm, issuer, validity, subject, spki, *rest = _at_least(fields, 6)
    if inner_algorithm.encoded != algorithm.encoded:
        raise ValueError("the two signature algorithms differ (RFC 5280 §4.1.1.2)")
    not_before, not_after = validity.expect(tlv.SEQUENCE).children()
    kind, bits = describe(public_key(spki.encoded))
    extensions = _Extensions(rest)
    subject_attributes = names.attributes(subject)
    return Certificate(
        der=der,
        id=hashlib.sha256(der).hexdigest(),
        issuer=names.title(names.attributes(issuer)),
        issuer_der=issuer.encoded,
        subject=names.readable(subject_attributes),
        subject_der=subject.encoded,
        serial=tlv.integer(serial.expect(tlv.INTEGER).contents),
        serial_der=serial.encoded,
        spki=spki.encoded,
        key_kind=kind,
        key_bits=bits,
        not_before=tlv.moment(not_before),
        not_after=tlv.moment(not_after),
        key_usage=extensions.key_usage(),
        basic_constraints=extensions.basic_constraints(),
        subject_key_id=extensions.subject_key_id(),
        authority_key_id=extensions.authority_key_id(),
        critical_unknown=extensions.critical_unknown(),
        critical=extensions.critical(),
        extensions=extensions.values(),
        holder=holder(subject_attributes),
        tbs=tbs.encoded,
        signature_algorithm=_algorithm(algorithm),
        signature=tlv.octets(signature.expect(tlv.BIT_STRING).contents),
    )


def _algorithm(identifier: Tlv) -> str:
    kind = _at_least(identifier.expect(tlv.SEQUENCE).children(), 1)[0]
    return tlv.oid(kind.expect(tlv.OID).contents)


def _at_least(fields: list[Tlv], count: int) -> list[Tlv]:
    if len(fields) < count:
        raise ValueError("fields are missing from the certificate")
    return fields


def describe(key: RSAPublicKey | EllipticCurvePublicKey) -> tuple[KeyKind, int]:
    """The kind of a key and its size in bits. Raises `KeyUnsupported`."""
    if isinstance(key, RSAPublicKey):
        return KeyKind.RSA, key.key_size
    if isinstance(key.curve, SECP256R1):
        return KeyKind.EC_P256, 256
    if isinstance(key.curve, SECP384R1):
        return KeyKind.EC_P384, 384
    if isinstance(key.curve, SECP521R1):
        return KeyKind.EC_P521, 521
    raise KeyUnsupported(f"curve {key.curve.name}")


class _Extensions:
    """The v3 extensions by dotted OID, each at most once (RFC 5280 §4.2)."""

    def __init__(self, rest: list[Tlv]) -> None:
        self._values: dict[str, Tlv] = {}
        self._critical: list[str] = []
        for field in rest:
            if field.tag == _EXTENSIONS:
                for extension in tlv.read_one(field.contents).expect(tlv.SEQUENCE).children():
                    self._take(extension.expect(tlv.SEQUENCE).children())
            elif field.tag not in {_ISSUER_ID, _SUBJECT_ID}:
                raise ValueError(f"tag 0x{field.tag:02X} after the public key")

    def _take(self, parts: list[Tlv]) -> None:
        kind = tlv.oid(_at_least(parts, 2)[0].expect(tlv.OID).contents)
        if kind in self._values or len(parts) > 3:
            raise ValueError(f"extension {kind} stands twice or has too many parts")
        if len(parts) == 3 and parts[1].expect(tlv.BOOLEAN).contents != b"\x00":
            self._critical.append(kind)
        self._values[kind] = parts[-1].expect(tlv.OCTET_STRING)

    def _value(self, kind: str) -> Tlv | None:
        return tlv.read_one(self._values[kind].contents) if kind in self._values else None

    def key_usage(self) -> KeyUsage | None:
        value = self._value(_KEY_USAGE)
        if value is None:
            return None
        octets = tlv.bits(value.expect(tlv.BIT_STRING).contents)
        first = octets[0] if octets else 0
        return KeyUsage(
            digital_signature=bool(first & 0x80),
            non_repudiation=bool(first & 0x40),
            key_cert_sign=bool(first & 0x04),
            crl_sign=bool(first & 0x02),
        )

    def basic_constraints(self) -> BasicConstraints | None:
        value = self._value(_BASIC_CONSTRAINTS)
        if value is None:
            return None
        parts = {part.tag: part.contents for part in value.expect(tlv.SEQUENCE).children()}
        return BasicConstraints(
            ca=parts.get(tlv.BOOLEAN, b"\x00") != b"\x00",
            path_length=tlv.integer(parts[tlv.INTEGER]) if tlv.INTEGER in parts else None,
        )

    def subject_key_id(self) -> bytes | None:
        value = self._value(_SUBJECT_KEY_ID)
        return None if value is None else value.expect(tlv.OCTET_STRING).contents

    def authority_key_id(self) -> bytes | None:
        value = self._value(_AUTHORITY_KEY_ID)
        parts = [] if value is None else value.expect(tlv.SEQUENCE).children()
        return next((part.contents for part in parts if part.tag == _KEY_ID), None)

    def critical_unknown(self) -> tuple[str, ...]:
        return tuple(kind for kind in self._critical if kind not in _UNDERSTOOD)

    def critical(self) -> tuple[str, ...]:
        return tuple(self._critical)

    def values(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((kind, value.contents) for kind, value in self._values.items())
