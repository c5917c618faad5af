"""A file's format is told by its octets, and its reader is loaded no sooner than it is needed."""

from __future__ import annotations

import base64
import importlib
import subprocess
import sys

import pytest

from signer.verify.candidate import Unreadable
from signer.verify.recognise import MAX_OCTETS, Reader, read, recognise
from tests.signatures import signed

DER = signed()


@pytest.mark.parametrize(
    ("octets", "reader", "unwrapped"),
    [
        (DER, Reader.CMS, DER),
        (base64.b64encode(DER), Reader.CMS, DER),
        (b"-----BEGIN PKCS7-----\n" + base64.encodebytes(DER) + b"-----END PKCS7-----\n", Reader.CMS, DER),
        (b"%PDF-1.7\n", Reader.PADES, b"%PDF-1.7\n"),
        (b"PK\x03\x04zip", Reader.ASIC, b"PK\x03\x04zip"),
        (b"<?xml version='1.0'?>", Reader.XADES, b"<?xml version='1.0'?>"),
        (b"\xef\xbb\xbf <a/>", Reader.XADES, b"\xef\xbb\xbf <a/>"),
        (b' {"payload":""}', Reader.JADES, b' {"payload":""}'),
        (b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n", Reader.JWS, b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"),
        (b"eyJhbGciOiJSUzI1NiJ9..c2ln", Reader.JWS, b"eyJhbGciOiJSUzI1NiJ9..c2ln"),
    ],
)
def test_a_format_is_told_by_its_octets(octets: bytes, reader: Reader, unwrapped: bytes) -> None:
    assert recognise(octets) == (reader, unwrapped)


@pytest.mark.parametrize("octets", [b"", b"\x00", b"hello", b"MIIB!", b"MII", b"PK\x05\x06", b"\xff\xd8\xff"])
def test_anything_else_is_no_signature(octets: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        recognise(octets)
    assert refused.value.finding.code == "format-unknown"


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(Unreadable) as refused:
        read(bytes(MAX_OCTETS + 1))
    assert refused.value.finding.code == "file-too-large"


def test_verifying_cms_loads_no_library_of_another_format() -> None:
    script = (
        "import sys; from signer.verify import verify; verify(b'0', anchors=());"
        "print({'lxml', 'signxml', 'pyhanko', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def _there(reader: Reader) -> bool:
    return callable(importlib.import_module(reader.value).read)


@pytest.mark.parametrize("reader", Reader)
def test_every_format_has_its_reader(reader: Reader) -> None:
    assert _there(reader)
