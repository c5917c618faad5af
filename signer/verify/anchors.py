"""The folder of trust anchors that a clinic fills, and the names of the authorities that Mohr knows.

Every certificate in the folder is trusted, and none that is not; CRLs and OCSP responses may lie beside them.
Known fingerprints give names, never trust: they let a person see whether a file is what it claims to be.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
from msgspec import Struct

from signer.x509 import Certificate, CertificateUnreadable, read

SUFFIXES = frozenset({".crt", ".cer", ".pem", ".der"})
#: Revocation data at hand: CRLs, DER or PEM, and OCSP responses, DER.
CRL_SUFFIX, OCSP_SUFFIX = ".crl", ".ors"
#: The CRL of a whole country's authority is smaller.
MAX_FILE = 32 * 1024 * 1024
_PEM = re.compile(rb"-----BEGIN (CERTIFICATE|X509 CRL)-----([A-Za-z0-9+/=\s]+)-----END \1-----")


class KnownAuthority(Struct, frozen=True, kw_only=True):
    """An authority of the field: `sha256` of its certificate's DER, lower-case hex."""

    sha256: str
    name: str
    role: str
    until: date


class _Known(Struct, frozen=True):
    authority: tuple[KnownAuthority, ...]


class Anchors(Struct, frozen=True, kw_only=True):
    """What a folder holds: certificates by the file they stand in, the files that hold none, and
    revocation data, DER.
    """

    found: tuple[tuple[Path, Certificate], ...]
    unreadable: tuple[Path, ...]
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Each certificate once."""
        return tuple(dict.fromkeys(certificate for _, certificate in self.found))


def load(folder: Path) -> Anchors:
    """Every certificate in the folder's `.crt`, `.cer`, `.pem` and `.der` files, every CRL in its `.crl` and
    OCSP response in its `.ors` files. Raises OSError.
    """
    found: list[tuple[Path, Certificate]] = []
    unreadable: list[Path] = []
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    for path in sorted(folder.iterdir()):
        suffix = path.suffix.lower()
        try:
            if suffix in SUFFIXES:
                found += [(path, certificate) for certificate in load_file(path)]
            elif suffix == CRL_SUFFIX:
                crls += _blocks(path, b"X509 CRL")
            elif suffix == OCSP_SUFFIX:
                ocsps.append(_octets(path))
        except CertificateUnreadable:
            unreadable.append(path)
    return Anchors(found=tuple(found), unreadable=tuple(unreadable), crls=tuple(crls), ocsps=tuple(ocsps))


def load_file(path: Path) -> tuple[Certificate, ...]:
    """The certificates of one file, DER or PEM. Raises `CertificateUnreadable`, OSError."""
    return tuple(read(block) for block in _blocks(path, b"CERTIFICATE"))


def _blocks(path: Path, kind: bytes) -> list[bytes]:
    """The DER in a file: the file itself, or its PEM blocks of one kind."""
    octets = _octets(path)
    if octets[:1] == b"\x30":
        return [octets]
    bodies = [body for label, body in _PEM.findall(octets) if label == kind]
    try:
        blocks = [base64.b64decode(b"".join(body.split()), validate=True) for body in bodies]
    except binascii.Error:
        raise CertificateUnreadable("broken PEM") from None
    if not blocks:
        raise CertificateUnreadable("neither DER nor PEM")
    return blocks


def _octets(path: Path) -> bytes:
    with path.open("rb") as file:
        octets = file.read(MAX_FILE + 1)
    if len(octets) > MAX_FILE:
        raise CertificateUnreadable("a file too large for certificates")
    return octets


def known(certificate: Certificate) -> KnownAuthority | None:
    """The authority that this certificate is, by its fingerprint; None where it is none that is known."""
    return _known().get(certificate.id)


def known_authorities() -> tuple[KnownAuthority, ...]:
    """All of them, in the order of the list."""
    return tuple(_known().values())


@cache
def _known() -> dict[str, KnownAuthority]:
    text = files("signer.verify").joinpath("known_authorities.toml").read_text("utf-8")
    listed = msgspec.convert(tomllib.loads(text), _Known)
    return {authority.sha256: authority for authority in listed.authority}
