"""The folder of trust anchors that a clinic fills, and the names of the authorities that Mohr knows.

Every certificate in the folder is trusted, and none that is not. Known fingerprints give names, never trust:
they let a person see whether a file is the authority that it claims to be.
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
#: A bundle of a whole country's authorities is smaller.
MAX_FILE = 4 * 1024 * 1024
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


class KnownAuthority(Struct, frozen=True, kw_only=True):
    """An authority of the field: `sha256` of its certificate's DER, lower-case hex."""

    sha256: str
    name: str
    role: str
    until: date


class _Known(Struct, frozen=True):
    authority: tuple[KnownAuthority, ...]


class Anchors(Struct, frozen=True, kw_only=True):
    """What a folder holds: certificates by the file they stand in, and the files that hold none."""

    found: tuple[tuple[Path, Certificate], ...]
    unreadable: tuple[Path, ...]

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Each certificate once."""
        return tuple(dict.fromkeys(certificate for _, certificate in self.found))


def load(folder: Path) -> Anchors:
    """Every certificate in the folder's `.crt`, `.cer`, `.pem` and `.der` files. Raises OSError."""
    found: list[tuple[Path, Certificate]] = []
    unreadable = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            try:
                found += [(path, certificate) for certificate in load_file(path)]
            except CertificateUnreadable:
                unreadable.append(path)
    return Anchors(found=tuple(found), unreadable=tuple(unreadable))


def load_file(path: Path) -> tuple[Certificate, ...]:
    """The certificates of one file, DER or PEM. Raises `CertificateUnreadable`, OSError."""
    with path.open("rb") as file:
        octets = file.read(MAX_FILE + 1)
    if len(octets) > MAX_FILE:
        raise CertificateUnreadable("a file too large for certificates")
    if octets[:1] == b"\x30":
        return (read(octets),)
    try:
        blocks = [base64.b64decode(b"".join(body.split()), validate=True) for body in _PEM.findall(octets)]
    except binascii.Error:
        raise CertificateUnreadable("broken PEM") from None
    if not blocks:
        raise CertificateUnreadable("neither DER nor PEM")
    return tuple(read(block) for block in blocks)


def known(certificate: Certificate) -> KnownAuthority | None:
    """The authority that this certificate is, by its fingerprint; None where it is none that is known."""
    return _known().get(certificate.id)


@cache
def _known() -> dict[str, KnownAuthority]:
    text = files("signer.verify").joinpath("known_authorities.toml").read_text("utf-8")
    listed = msgspec.convert(tomllib.loads(text), _Known)
    return {authority.sha256: authority for authority in listed.authority}
