"""A certificate authority for the demo and the tests: it certifies invented people, and its name says so.

Its key lives in memory and ends with the process. It writes certificates as authorities of the field do, with
their oddities, since those are what has to be tried. No part of the agent issues certificates with it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ObjectIdentifier
from msgspec import Struct

from signer.envelope.algorithms import SUITES
from signer.model.credential import SignatureAlgorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

FILE_NAME = "demo-ca.pem"
LIFETIME = timedelta(days=365)
_V3 = 2


class StringKind(Enum):
    """The ASN.1 string type of a name's part, by its identifier octet. Bytes are always the text's UTF-8."""

    UTF8 = 0x0C
    PRINTABLE = 0x13


class NamePart(Struct, frozen=True):
    """One attribute of a distinguished name; `text` may be what its string type forbids."""

    oid: str
    text: str
    kind: StringKind = StringKind.UTF8


Name = tuple[NamePart, ...]


class Usage(Enum):
    """Bits of the key usage extension (RFC 5280 §4.2.1.3), as masks of its first octet."""

    DIGITAL_SIGNATURE = 0x80
    NON_REPUDIATION = 0x40
    KEY_ENCIPHERMENT = 0x20
    KEY_CERT_SIGN = 0x04
    CRL_SIGN = 0x02


SIGNING = frozenset({Usage.DIGITAL_SIGNATURE, Usage.NON_REPUDIATION})

_COUNTRY, _CN, _SURNAME, _GIVEN, _SERIAL = "2.5.4.6", "2.5.4.3", "2.5.4.4", "2.5.4.42", "2.5.4.5"
_ORGANIZATION, _TITLE = "2.5.4.10", "2.5.4.12"

AUTHORITY_NAME: Name = (
    NamePart(_COUNTRY, "IR", StringKind.PRINTABLE),
    NamePart(_ORGANIZATION, "Mohr demo, certifies nobody", StringKind.UTF8),
    NamePart(_CN, "Mohr Demo CA", StringKind.UTF8),
)

#: An invented doctor whose certificate keeps to the rules.
PLAIN_DOCTOR: Name = (
    NamePart(_COUNTRY, "IR", StringKind.PRINTABLE),
    NamePart(_ORGANIZATION, "درمانگاه نمونه"),
    NamePart(_SERIAL, "0012345679", StringKind.PRINTABLE),
    NamePart(_TITLE, "شمارهٔ نظام پزشکی ۱۲۳۴۵۶"),
    NamePart(_CN, "سارا نمونه"),
)

#: An invented doctor whose certificate has the brackets and the mixed scripts of real ones.
ODD_DOCTOR: Name = (
    NamePart(_COUNTRY, "IR", StringKind.PRINTABLE),
    NamePart(_ORGANIZATION, "Unaffiliated [Sign]", StringKind.PRINTABLE),
    NamePart(_TITLE, "نظام پزشکی 654321 [Sign]", StringKind.PRINTABLE),
    NamePart(_SERIAL, "۰۴۹۹۳۷۰۸۹۹"),
    NamePart(_GIVEN, "علی"),
    NamePart(_SURNAME, "رضایی"),
    NamePart(_CN, "علی رضایی [Sign]"),
)


class DemoAuthority:
    """A self-signed root with its key, and what it issues. Times are aware.

    `key` and `name` may be given to re-issue an authority under the key and name it had.
    """

    def __init__(self, *, now: datetime, name: Name = AUTHORITY_NAME, key: PrivateKey | None = None) -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self._name = name
        self.certificate = self._certify(
            name,
            _spki(self._key),
            not_before=now - timedelta(days=1),
            not_after=now + 10 * LIFETIME,
            usage=frozenset({Usage.KEY_CERT_SIGN, Usage.CRL_SIGN}),
            ca=True,
        )

    def issue(
        self,
        spki: bytes,
        subject: Name,
        *,
        not_before: datetime,
        not_after: datetime | None = None,
        usage: frozenset[Usage] | None = SIGNING,
        ca: bool = False,
    ) -> bytes:
        """A certificate, DER, for a SubjectPublicKeyInfo (DER); `usage` None leaves key usage out."""
        return self._certify(
            subject,
            spki,
            not_before=not_before,
            not_after=not_after or not_before + LIFETIME,
            usage=usage,
            ca=ca,
        )

    def write(self, folder: Path) -> Path:
        """Write the root as `demo-ca.pem` into an existing folder, and say where it is."""
        target = folder / FILE_NAME
        target.write_text(to_pem(self.certificate))
        return target

    def _certify(
        self,
        subject: Name,
        spki: bytes,
        *,
        not_before: datetime,
        not_after: datetime,
        usage: frozenset[Usage] | None,
        ca: bool,
    ) -> bytes:
        algorithm = _raw(SUITES[_algorithm(self._key)].signature_algorithm)
        tbs = _TbsCertificate(
            version=_V3,
            serial_number=secrets.randbits(120) | 1 << 120,
            signature=algorithm,
            issuer=_encode_name(self._name),
            validity=_Validity(not_before=_time(not_before), not_after=_time(not_after)),
            subject=_encode_name(subject),
            spki=_raw(spki),
            extensions=_extensions(spki, _spki(self._key), usage, ca=ca),
        )
        signature = _sign(self._key, asn1.encode_der(tbs))
        return asn1.encode_der(
            _Certificate(tbs=tbs, signature_algorithm=algorithm, signature=asn1.BitString(signature, 0))
        )


def to_pem(der: bytes) -> str:
    """A certificate in PEM (RFC 7468 §5)."""
    text = base64.b64encode(der).decode()
    body = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


@asn1.sequence
class _Validity:
    not_before: asn1.UTCTime | asn1.GeneralizedTime
    not_after: asn1.UTCTime | asn1.GeneralizedTime


@asn1.sequence
class _NamePart:
    type: ObjectIdentifier
    value: asn1.TLV


@asn1.sequence
class _Extension:
    oid: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class _BasicConstraints:
    ca: Annotated[bool, asn1.Default(False)]


@asn1.sequence
class _AuthorityKeyIdentifier:
    key_identifier: Annotated[bytes, asn1.Implicit(0)]


@asn1.sequence
class _TbsCertificate:
    """RFC 5280 §4.1.2."""

    version: Annotated[int, asn1.Explicit(0)]
    serial_number: int
    signature: asn1.TLV
    issuer: list[asn1.SetOf[_NamePart]]
    validity: _Validity
    subject: list[asn1.SetOf[_NamePart]]
    spki: asn1.TLV
    extensions: Annotated[list[_Extension], asn1.Explicit(3)]


@asn1.sequence
class _Certificate:
    """RFC 5280 §4.1.1."""

    tbs: _TbsCertificate
    signature_algorithm: asn1.TLV
    signature: asn1.BitString


def _raw(encoded: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, encoded)


def _spki(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_id(spki: bytes) -> bytes:
    return hashlib.sha256(spki).digest()[:20]


def _time(moment: datetime) -> asn1.UTCTime | asn1.GeneralizedTime:
    moment = moment.astimezone(UTC).replace(microsecond=0)
    return asn1.UTCTime(moment) if moment.year < 2050 else asn1.GeneralizedTime(moment)


def _encode_name(name: Name) -> list[asn1.SetOf[_NamePart]]:
    return [asn1.SetOf([_NamePart(type=ObjectIdentifier(part.oid), value=_text(part))]) for part in name]


def _text(part: NamePart) -> asn1.TLV:
    """The text under its tag. The library would refuse a bracket in a PrintableString, so it sees octets."""
    return _raw(bytes([part.kind.value]) + asn1.encode_der(part.text.encode())[1:])


def _extensions(
    spki: bytes, issuer_spki: bytes, usage: frozenset[Usage] | None, *, ca: bool
) -> list[_Extension]:
    extensions = [
        _extension("2.5.29.14", _key_id(spki)),
        _extension("2.5.29.35", _AuthorityKeyIdentifier(key_identifier=_key_id(issuer_spki))),
        _extension("2.5.29.19", _BasicConstraints(ca=ca), critical=True),
    ]
    if usage is not None:
        octet = sum(bit.value for bit in usage)
        unused = (octet & -octet).bit_length() - 1
        extensions.append(_extension("2.5.29.15", asn1.BitString(bytes([octet]), unused), critical=True))
    return extensions


def _extension(oid: str, value: object, *, critical: bool = False) -> _Extension:
    return _Extension(oid=ObjectIdentifier(oid), critical=critical, value=asn1.encode_der(value))


def _algorithm(key: PrivateKey) -> SignatureAlgorithm:
    if isinstance(key, rsa.RSAPrivateKey):
        return SignatureAlgorithm.RSA_PKCS1_SHA256
    return SignatureAlgorithm.ECDSA_SHA256


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))
