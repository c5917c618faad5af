"""ASiC-E with CAdES: the rules of EN 319 162-1, OpenSSL's verdict on the manifest, octets that come again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from base64 import b64encode
from pathlib import Path

import pytest
from lxml import etree

from signer.envelope.asic_cades import attach, prepare, strip
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported
from signer.model.request import PRESCRIPTION, TEXT, Attachment, Level
from signer.verify import Indication, verify
from signer.verify.asic import signed_files
from signer.x509 import read
from tests import pki
from tests.asic import ATTACHMENTS, MANIFEST, SIGNATURE, container
from tests.openssl import verified_content
from tests.signatures import ALGORITHMS
from tests.xmldsig import ECDSA, JSON_CONTENT

_ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


def made(
    attachments: tuple[Attachment, ...] = ATTACHMENTS,
    kind: str = "p256",
    algorithm: SignatureAlgorithm = ECDSA,
) -> bytes:
    draft = prepare(
        content=JSON_CONTENT,
        media_type=PRESCRIPTION,
        certificate=pki.leaf(kind),
        algorithm=algorithm,
        signing_time=pki.NOW,
        attachments=attachments,
    )
    return draft.finish(pki.sign(pki.key(kind), algorithm, draft.to_be_signed))


def opened(octets: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(octets))


def test_the_files_stand_in_the_root_and_what_signs_them_in_meta_inf() -> None:
    assert opened(made()).testzip() is None
    names = ["mimetype", "prescription.json", "آزمایش خون.txt", "scan & 1.pdf", MANIFEST, SIGNATURE]
    assert opened(made()).namelist() == names
    assert made()[30:69] == b"mimetypeapplication/vnd.etsi.asic-e+zip"


def test_the_manifest_names_its_signature_and_every_file_with_type_and_digest() -> None:
    """EN 319 162-1 §A.4."""
    whole = opened(made())
    root = etree.fromstring(whole.read(MANIFEST))
    assert root.tag == f"{_ASIC}ASiCManifest"
    belongs_to, *references = root
    assert (belongs_to.tag, belongs_to.get("URI")) == (f"{_ASIC}SigReference", SIGNATURE)
    types = [PRESCRIPTION, *(attachment.media_type for attachment in ATTACHMENTS)]
    for reference, name, media_type in zip(references, whole.namelist()[1:4], types, strict=True):
        digest = b64encode(hashlib.sha256(whole.read(name)).digest()).decode()
        assert reference.get("MimeType") == media_type
        assert reference.findtext(f"{_DS}DigestValue") == digest
    uris = [reference.get("URI") for reference in references]
    assert uris[0] == "prescription.json"
    assert uris[2] == "scan%20%26%201.pdf"


def test_openssl_accepts_the_signature_over_the_manifest(tmp_path: Path) -> None:
    whole = opened(made())
    for name, entry in (("signature", SIGNATURE), ("manifest", MANIFEST)):
        (tmp_path / name).write_bytes(whole.read(entry))
    anchor = pki.authority().write(tmp_path)
    content = verified_content(tmp_path / "signature", anchor, tmp_path / "manifest")
    assert content == whole.read(MANIFEST)


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_the_verifier_calls_it_valid_and_finds_the_files(kind: str, algorithm: SignatureAlgorithm) -> None:
    whole = made(kind=kind, algorithm=algorithm)
    report = verify(whole, anchors=(read(pki.authority().certificate),), at=pki.NOW)
    assert (report.indication, report.format, report.level) == (Indication.VALID, "asic-e", "B-B")
    assert (report.content, report.media_type, report.claimed_at) == (JSON_CONTENT, PRESCRIPTION, pki.NOW)
    files = {attachment.name: attachment.content for attachment in ATTACHMENTS}
    assert signed_files(whole) == {"prescription.json": JSON_CONTENT, **files}


@pytest.mark.parametrize("attachments", [ATTACHMENTS, ()], ids=["attachments", "none"])
def test_the_journal_keeps_manifest_and_signature_and_the_container_comes_again(
    attachments: tuple[Attachment, ...],
) -> None:
    whole = made(attachments)
    kept = strip(whole, JSON_CONTENT, attachments)
    assert attach(kept, JSON_CONTENT, attachments) == whole
    assert JSON_CONTENT not in kept


def test_a_container_is_not_put_together_from_other_files() -> None:
    kept = strip(made(), JSON_CONTENT, ATTACHMENTS)
    for content, attachments in ((b"{}", ATTACHMENTS), (JSON_CONTENT, ATTACHMENTS[:1]), (JSON_CONTENT, ())):
        with pytest.raises(ValueError, match=r"\w"):
            strip(made(), content, attachments)
    with pytest.raises(ValueError, match="attachments"):
        attach(kept, JSON_CONTENT, ATTACHMENTS[::-1])
    for junk in (b"", b"PK\x03\x04", made()[:200], container()):
        with pytest.raises(ValueError, match=r"\w"):
            strip(junk, JSON_CONTENT, ATTACHMENTS)
        with pytest.raises(ValueError, match=r"\w"):
            attach(junk, JSON_CONTENT, ATTACHMENTS)


def begin(
    name: str = "a", *, level: Level = Level.B_B, attached: bool = True, media_type: str = TEXT
) -> None:
    prepare(
        content=JSON_CONTENT,
        media_type=media_type,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
        attached=attached,
        level=level,
        attachments=(Attachment(name=name, media_type=TEXT, content=b""),),
    )


def test_what_is_not_made_is_refused() -> None:
    for unsupported in ({"level": Level.B_T}, {"attached": False}, {"media_type": "json"}):
        with pytest.raises(FormatUnsupported):
            begin(**unsupported)
    with pytest.raises(DocumentRefused, match="attachments"):
        begin("a/b")
