"""A container with a CAdES over its manifest: read, judged, and every way to slip a file past it refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from signer.envelope import legacy
from signer.model.request import PRESCRIPTION
from signer.verify import Indication, SubIndication, verify
from signer.verify.asic import read, signed_files
from signer.verify.asic_manifest import read as read_manifest
from signer.x509 import read as read_certificate
from tests import pki
from tests.asic import (
    FILES,
    MANIFEST,
    ROOT,
    SHA1,
    SIGNATURE,
    cades_container,
    container,
    manifest,
    named,
    over,
)
from tests.openssl import verified_content
from tests.revocation import stamped
from tests.xmldsig import JSON_CONTENT

AUTHORITY = read_certificate(pki.authority().certificate)
PRESCRIBED = named("prescription.json", PRESCRIPTION, JSON_CONTENT)


def judged(octets: bytes) -> tuple[Indication, SubIndication | None, set[str]]:
    report = verify(octets, anchors=(AUTHORITY,), at=pki.NOW)
    return report.indication, report.sub_indication, {finding.code for finding in report.findings}


def test_what_a_manifest_names_is_read_as_signed(tmp_path: Path) -> None:
    found = read(cades_container(), JSON_CONTENT)
    assert (found.failure, found.format, found.level, found.covers_all) == (None, "asic-e", "B-B", True)
    assert (found.content, found.media_type) == (JSON_CONTENT, PRESCRIPTION)
    assert (found.certificate, found.claimed_at) == (pki.leaf("p256").der, pki.NOW)
    assert [finding.code for finding in found.findings] == ["asic-attachment"]
    assert signed_files(cades_container()) == {name: content for name, (_, content) in FILES.items()}
    (tmp_path / "signature").write_bytes(over(manifest()))
    (tmp_path / "manifest").write_bytes(manifest())
    anchor = pki.authority().write(tmp_path)
    assert verified_content(tmp_path / "signature", anchor, tmp_path / "manifest") == manifest()


def test_it_is_valid_and_a_timestamp_in_its_signature_counts() -> None:
    assert judged(cades_container())[0] is Indication.VALID
    report = verify(
        cades_container(**{SIGNATURE: stamped(over(manifest()), pki.NOW)}), anchors=(AUTHORITY,), at=pki.NOW
    )
    assert (report.indication, report.level, report.proven_at) == (Indication.VALID, "B-T", pki.NOW)


def test_the_document_is_the_prescription_or_else_the_root_file() -> None:
    text = named("خون.txt", *FILES["خون.txt"])
    assert read(cades_container(manifest(text, PRESCRIBED))).content == JSON_CONTENT
    other = PRESCRIBED.replace(PRESCRIPTION, "application/json")
    assert read(cades_container(manifest(text, other))).media_type == "text/plain"
    root = other.replace("<asic:DataObjectReference", '<asic:DataObjectReference Rootfile="true"', 1)
    assert read(cades_container(manifest(text, root))).content == JSON_CONTENT


def test_what_is_not_the_signed_document_is_a_hash_failure() -> None:
    assert read(cades_container(), b"{}").failure is SubIndication.HASH_FAILURE


EXTENSION = "<asic:{0}><asic:Extension Critical='{1}'/></asic:{0}>"
BEHIND = "DataObjectReferenceExtensions"


def test_extensions_that_are_not_critical_are_passed_over() -> None:
    inside = EXTENSION.format(BEHIND, "false")
    written = manifest(named("prescription.json", PRESCRIPTION, JSON_CONTENT, inside=inside))
    (file,) = read_manifest(written.replace(b"</asic:ASiCManifest>", b"") + b"</asic:ASiCManifest>").files
    assert file.name == "prescription.json"


#: Name of the attack, the container, the finding that names it.
ATTACKS: list[tuple[str, Callable[[], bytes], str]] = [
    ("document changed", lambda: cades_container(**{"prescription.json": b"{}"}), "digest-differs"),
    ("attachment changed", lambda: cades_container(**{"خون.txt": b"x"}), "digest-differs"),
    ("document gone", lambda: cades_container(**{"prescription.json": None}), "content-missing"),
    (
        "digest in the manifest changed",
        lambda: cades_container(
            **{
                "prescription.json": b"{}",
                MANIFEST: manifest(
                    named("prescription.json", PRESCRIPTION, b"{}"), named("خون.txt", *FILES["خون.txt"])
                ),
            }
        ),
        "digest-differs",
    ),
    (
        "media type in the manifest changed",
        lambda: cades_container(**{MANIFEST: manifest().replace(b"text/plain", b"text/html ")}),
        "digest-differs",
    ),
    (
        "file left out of the manifest",
        lambda: cades_container(**{MANIFEST: manifest(PRESCRIBED)}),
        "digest-differs",
    ),
    ("file outside the manifest", lambda: cades_container(**{"evil.json": b"{}"}), "more-than-signed"),
    (
        "file that a signed manifest does not name",
        lambda: cades_container(manifest(PRESCRIBED)),
        "more-than-signed",
    ),
    (
        "second manifest",
        lambda: cades_container(**{"META-INF/ASiCManifest2.xml": manifest()}),
        "asic-manifest",
    ),
    (
        "second manifest, other case",
        lambda: cades_container(**{"META-INF/xasicmanifest.XML": b""}),
        "asic-manifest",
    ),
    ("no manifest", lambda: cades_container(**{MANIFEST: None}), "asic-manifest"),
    ("no signature", lambda: cades_container(**{SIGNATURE: None}), "no-signer"),
    (
        "second signature",
        lambda: cades_container(**{"META-INF/signature2.p7s": over(manifest())}),
        "several-signers",
    ),
    ("XAdES beside", lambda: cades_container(**{"META-INF/signatures.xml": b"<a/>"}), "several-signers"),
    (
        "archive manifest",
        lambda: cades_container(**{"META-INF/ASiCArchiveManifest.xml": b"<a/>"}),
        "asic-manifest",
    ),
    (
        "timestamp of the container",
        lambda: cades_container(**{"META-INF/timestamp.tst": b"0"}),
        "asic-manifest",
    ),
    (
        "manifest of another signature",
        lambda: cades_container(manifest(signature="META-INF/other.p7s")),
        "asic-manifest",
    ),
    (
        "signature with a content of its own",
        lambda: cades_container(**{SIGNATURE: over(manifest(), attached=True)}),
        "asic-manifest",
    ),
    (
        "signature that names no certificate",
        lambda: cades_container(**{SIGNATURE: over(manifest(), maker=legacy)}),
        "asic-manifest",
    ),
    (
        "signature over the document",
        lambda: cades_container(**{SIGNATURE: over(JSON_CONTENT)}),
        "digest-differs",
    ),
    ("no files", lambda: cades_container(manifest(" ")), "asic-manifest"),
    ("a file twice", lambda: cades_container(manifest(PRESCRIBED, PRESCRIBED)), "asic-manifest"),
    (
        "a file twice in two spellings",
        lambda: cades_container(
            manifest(PRESCRIBED, PRESCRIBED.replace("prescription.j", "prescription%2Ej"))
        ),
        "asic-manifest",
    ),
    (
        "two root files",
        lambda: cades_container(
            manifest().replace(b"DataObjectReference URI", b'DataObjectReference Rootfile="1" URI')
        ),
        "asic-manifest",
    ),
    (
        "address of another place",
        lambda: cades_container(manifest(named("x", "a/b", b"").replace('"x"', '"http://x/"'))),
        "asic-manifest",
    ),
    (
        "path upwards",
        lambda: cades_container(manifest(PRESCRIBED, named("../x", "a/b", b""))),
        "content-missing",
    ),
    (
        "the container's own files",
        lambda: cades_container(manifest(PRESCRIBED, named(SIGNATURE, "a/b", b""))),
        "content-missing",
    ),
    (
        "critical extension",
        lambda: cades_container(
            manifest(
                named(
                    "prescription.json", PRESCRIPTION, JSON_CONTENT, inside=EXTENSION.format(BEHIND, "true")
                )
            )
        ),
        "asic-manifest",
    ),
    (
        "critical extension of all",
        lambda: cades_container(manifest(PRESCRIBED, EXTENSION.format("ASiCManifestExtensions", "true"))),
        "asic-manifest",
    ),
    ("unknown element", lambda: cades_container(manifest(PRESCRIBED, "<asic:Evil/>")), "asic-manifest"),
    (
        "unknown attribute",
        lambda: cades_container(manifest().replace(b"MimeType", b"Mimetype")),
        "asic-manifest",
    ),
    (
        "digest without a method",
        lambda: cades_container(manifest(PRESCRIBED.replace("ds:DigestMethod", "ds:Digest"))),
        "asic-manifest",
    ),
    (
        "MD5",
        lambda: cades_container(manifest(PRESCRIBED.replace("xmlenc#sha256", "xmlenc#md5"))),
        "algorithm-unknown",
    ),
    (
        "SHA-1 in the manifest",
        lambda: cades_container(
            manifest(
                named("prescription.json", PRESCRIPTION, JSON_CONTENT, method=SHA1),
                named("خون.txt", *FILES["خون.txt"]),
            )
        ),
        "digest-weak",
    ),
    (
        "entity in the manifest",
        lambda: cades_container(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + manifest()),
        "asic-manifest",
    ),
    (
        "another root",
        lambda: cades_container(ROOT.replace("ASiCManifest", "Other").encode() + b"</asic:Other>"),
        "asic-manifest",
    ),
    ("empty manifest", lambda: cades_container(ROOT.encode() + b"</asic:ASiCManifest>"), "asic-manifest"),
    ("no XML", lambda: cades_container(b"files: all"), "asic-manifest"),
]


@pytest.mark.parametrize(("name", "made", "code"), ATTACKS, ids=[row[0] for row in ATTACKS])
def test_an_attack_is_refused_by_its_name(name: str, made: Callable[[], bytes], code: str) -> None:
    indication, _, codes = judged(made())
    assert indication is not Indication.VALID
    assert code in codes


def test_the_signatures_of_one_container_do_not_pass_for_anothers() -> None:
    """The octets of a container with XAdES, its signature replaced by a CAdES, have no manifest."""
    assert judged(container())[0] is Indication.VALID
    indication, _, codes = judged(cades_container(**{MANIFEST: None, "META-INF/manifest.xml": manifest()}))
    assert indication is Indication.INVALID
    assert "asic-manifest" in codes
