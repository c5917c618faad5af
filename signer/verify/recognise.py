"""Which format is this file? Told by its first octets, never by its name, and read by that format's reader.

A reader is imported when the first file of its format comes, so that nobody pays for XML or PDF who verifies
neither. What a file means is the reader's matter; here only the wrapping of text, PEM or base64, comes off.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import re
from enum import Enum
from functools import cache
from typing import cast

from signer.verify.candidate import Candidate, ReadSignature, Unreadable
from signer.verify.jose import is_jades
from signer.verify.report import Finding, Severity, SubIndication

#: Larger files are not read: the largest document that is ever signed is a PDF of 10 MiB.
MAX_OCTETS = 32 * 1024 * 1024

_PEM = re.compile(
    rb"-----BEGIN (CMS|PKCS7|PKCS #7 SIGNED DATA)-----\s*([A-Za-z0-9+/=\s]+)-----END \1-----\s*"
)
_COMPACT = re.compile(rb"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\s*")
_BASE64 = re.compile(rb"M[A-Za-z0-9+/\r\n]+={0,2}\s*")
_SPACES = b" \t\r\n"
_UTF8_MARK = b"\xef\xbb\xbf"


class Reader(Enum):
    """The module that reads a family of formats; each exports `read` (`candidate.ReadSignature`)."""

    CMS = "signer.verify.cms"
    JWS = "signer.verify.jws"
    JADES = "signer.verify.jades"
    XADES = "signer.verify.xades"
    ASIC = "signer.verify.asic"
    PADES = "signer.verify.pades"


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Recognise a file and take it apart; `content` where it is detached. Raises `Unreadable` alone."""
    if len(octets) > MAX_OCTETS or len(content or b"") > MAX_OCTETS:
        raise _unrecognised("file-too-large")
    reader, unwrapped = recognise(octets)
    return _load(reader)(unwrapped, content)


def recognise(octets: bytes) -> tuple[Reader, bytes]:
    """The reader for these octets, and what it is to read: the DER where text was wrapped around it.

    Raises `Unreadable` where they are the beginning of no format.
    """
    if octets[:1] == b"\x30":
        return Reader.CMS, octets
    if octets[:5] == b"%PDF-":
        return Reader.PADES, octets
    if octets[:4] == b"PK\x03\x04":
        return Reader.ASIC, octets
    text = octets.removeprefix(_UTF8_MARK).lstrip(_SPACES)
    if text[:1] == b"<":
        return Reader.XADES, octets
    if text[:1] == b"{":
        return Reader.JADES, octets
    if _COMPACT.fullmatch(text):
        compact = text.rstrip(_SPACES)
        return Reader.JADES if is_jades(compact) else Reader.JWS, compact
    return Reader.CMS, _unwrapped(text)


def _unwrapped(text: bytes) -> bytes:
    """The DER inside PEM (RFC 7468) or bare base64."""
    armoured = _PEM.fullmatch(text)
    if armoured is None and _BASE64.fullmatch(text) is None:
        raise _unrecognised("format-unknown")
    body = b"".join((text if armoured is None else armoured[2]).split())
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise _unrecognised("format-unknown") from None


@cache
def _load(reader: Reader) -> ReadSignature:
    return cast("ReadSignature", importlib.import_module(reader.value).read)


def _unrecognised(code: str) -> Unreadable:
    return Unreadable(SubIndication.FORMAT_FAILURE, Finding(code=code, severity=Severity.FAILED))
