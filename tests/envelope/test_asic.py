"""ASiC-E: the rules of EN 319 162-1 one by one, another's verdict, octets that come again."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from signer.envelope.asic import attach, prepare, strip
from signer.model.errors import DocumentRefused, FormatUnsupported
from signer.model.request import JSON, PRESCRIPTION, TEXT, XML, Attachment, Level
from tests import pki
from tests.asic import ATTACHMENTS, container
from tests.xmldsig import ECDSA, JSON_CONTENT, xmlsec1

_ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"


def opened(octets: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(octets))


def test_the_container_is_a_zip_that_python_finds_whole() -> None:
    assert opened(container()).testzip() is None


def test_its_first_entry_is_its_media_type_stored_without_an_extra_field() -> None:
    """EN 319 162-1 §A.1: told by the octets at 30 and 38."""
    octets = container()
    name_length, extra_length = struct.unpack_from("<HH", octets, 26)
    assert (name_length, extra_length) == (8, 0)
    assert octets[30:38] == b"mimetype"
    assert octets[38:69] == b"application/vnd.etsi.asic-e+zip"
    assert octets[8:10] == b"\x00\x00"


def test_nothing_stands_in_the_archives_comment() -> None:
    """A comment may say the type; here the mimetype entry does."""
    assert opened(container()).comment == b""


def test_the_files_stand_in_the_root_and_what_signs_them_in_meta_inf() -> None:
    assert opened(container()).namelist() == [
        "mimetype",
        "prescription.json",
        "آزمایش خون.txt",
        "scan & 1.pdf",
        "META-INF/manifest.xml",
        "META-INF/signatures.xml",
    ]


def test_the_signatures_file_has_one_signature_in_the_root_of_the_standard() -> None:
    """EN 319 162-1 §4.4.3.2."""
    root = etree.fromstring(opened(container()).read("META-INF/signatures.xml"))
    assert root.tag == f"{_ASIC}XAdESSignatures"
    assert [child.tag for child in root] == [f"{_DS}Signature"]


def test_every_file_is_referenced_and_no_other() -> None:
    root = etree.fromstring(opened(container()).read("META-INF/signatures.xml"))
    uris = [reference.get("URI") for reference in root.iter(f"{_DS}Reference")]
    assert uris[:-1] == [
        "prescription.json",
        "%D8%A2%D8%B2%D9%85%D8%A7%DB%8C%D8%B4%20%D8%AE%D9%88%D9%86.txt",
        "scan%20%26%201.pdf",
    ]
    assert str(uris[-1]).startswith("#mohr-")


def test_the_manifest_lists_every_file_with_its_media_type() -> None:
    root = etree.fromstring(opened(container()).read("META-INF/manifest.xml"))
    listed = {entry.get(f"{_MANIFEST}full-path"): entry.get(f"{_MANIFEST}media-type") for entry in root}
    assert listed == {
        "/": "application/vnd.etsi.asic-e+zip",
        "prescription.json": PRESCRIPTION,
        "آزمایش خون.txt": "text/plain",
        "scan & 1.pdf": "application/pdf",
    }


def test_xmlsec1_accepts_the_signature_over_the_unpacked_files(tmp_path: Path) -> None:
    whole = container((Attachment(name="a.txt", media_type="text/plain", content=b"a"),))
    opened(whole).extractall(tmp_path)
    signatures = (tmp_path / "META-INF" / "signatures.xml").read_bytes()
    assert xmlsec1(tmp_path, signatures).returncode == 0
    (tmp_path / "a.txt").write_bytes(b"b")
    assert xmlsec1(tmp_path, signatures).returncode != 0


@pytest.mark.parametrize("attachments", [ATTACHMENTS, ()], ids=["attachments", "none"])
def test_the_journal_keeps_the_signature_and_the_container_comes_again(
    attachments: tuple[Attachment, ...],
) -> None:
    whole = container(attachments)
    kept = strip(whole, JSON_CONTENT, attachments)
    assert attach(kept, JSON_CONTENT, attachments) == whole
    assert JSON_CONTENT not in kept
    assert len(kept) < 6000


def test_a_container_is_not_put_together_from_other_files() -> None:
    whole = container()
    kept = strip(whole, JSON_CONTENT, ATTACHMENTS)
    for content, attachments in ((b"{}", ATTACHMENTS), (JSON_CONTENT, ATTACHMENTS[:1]), (JSON_CONTENT, ())):
        with pytest.raises(ValueError, match=r"\w"):
            strip(whole, content, attachments)
    with pytest.raises(ValueError, match="attachments"):
        attach(kept, JSON_CONTENT, ATTACHMENTS[::-1])
    for junk in (b"", b"PK\x03\x04", whole[:200]):
        with pytest.raises(ValueError, match=r"\w"):
            strip(junk, JSON_CONTENT, ATTACHMENTS)
        with pytest.raises(ValueError, match=r"\w"):
            attach(junk, JSON_CONTENT, ATTACHMENTS)


def begin(
    *names: str, media_type: str = PRESCRIPTION, level: Level = Level.B_B, attached: bool = True
) -> None:
    prepare(
        content=JSON_CONTENT,
        media_type=media_type,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
        attached=attached,
        level=level,
        attachments=tuple(Attachment(name=name, media_type=TEXT, content=b"") for name in names),
    )


@pytest.mark.parametrize(
    "names",
    [
        ("",),
        (".hidden",),
        ("..",),
        ("a/b",),
        ("a\\b",),
        ("C:a",),
        ("a\nb",),
        ("a\x00b",),
        ("a\u202eb.txt",),
        ("a" * 129,),
        ("a.",),
        ("a ",),
        ("x", "X"),
        ("mimetype",),
        ("meta-inf",),
        ("Prescription.json",),
    ],
)
def test_a_name_that_not_every_system_can_keep_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(DocumentRefused, match="attachments"):
        begin(*names)


@pytest.mark.parametrize("media_type", [PRESCRIPTION, JSON, TEXT, XML, "image/png"])
def test_any_media_type_is_put_in_a_container(media_type: str) -> None:
    begin("a.txt", "نسخه.txt", media_type=media_type)


def test_a_level_or_a_form_that_is_not_made_is_refused() -> None:
    with pytest.raises(FormatUnsupported):
        begin(level=Level.B_T)
    with pytest.raises(FormatUnsupported):
        begin(attached=False)
    with pytest.raises(FormatUnsupported):
        begin(media_type="json")
