"""`mohr anchors`: nothing is trusted that nobody put there, and each is told by its fingerprint."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from signer.cli.demo.authority import to_pem
from signer.cli.main import main
from signer.verify import anchors
from signer.x509 import read
from tests import pki

ROOT = read(pki.authority().certificate)


def run(folder: Path, *arguments: str) -> int:
    command, *rest = arguments
    return main(["anchors", command, *rest, "--anchors", str(folder)])


def test_an_empty_folder_trusts_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "list") == 1
    assert capsys.readouterr().out == "no authority is trusted\n"


def test_an_authority_that_nobody_knows_is_said_to_be_none_that_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "root.pem"
    file.write_text(to_pem(ROOT.der))
    folder = tmp_path / "made" / "anchors"
    assert run(folder, "add", str(file)) == 0
    said = capsys.readouterr().out
    assert "Mohr Demo CA: none that Mohr knows" in said
    assert ROOT.id in said
    assert anchors.load(folder).certificates == (ROOT,)
    assert run(folder, "list") == 0
    assert run(folder, "list", "--language", "fa") == 0
    assert "هیچ مرجعی که مُهر بشناسد نیست" in capsys.readouterr().out
    assert run(folder, "remove", ROOT.id[:8]) == 0
    assert anchors.load(folder).certificates == ()
    assert run(file / "anchors", "add", str(file)) == 1
    assert "[file-unusable]" in capsys.readouterr().err


def test_a_known_authority_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known = anchors.KnownAuthority(sha256=ROOT.id, name="X", role="root", until=ROOT.not_after.date())
    monkeypatch.setattr(anchors, "_known", lambda: {ROOT.id: known})
    assert anchors.known(ROOT) == known
    assert anchors.known(pki.leaf("p256")) is None


def test_the_list_of_known_authorities_has_fingerprints_and_names_and_no_certificate() -> None:
    listed = anchors._known()
    assert "Islamic Republic of Iran Root CA-G3" in {one.name for one in listed.values()}
    for fingerprint, authority in listed.items():
        assert len(bytes.fromhex(fingerprint)) == 32
        assert authority.role in {"root", "intermediate"}


@pytest.mark.parametrize(
    "arguments", [("remove", "00"), ("remove", "00" * 32), ("add", "missing.pem"), ("add", "junk.pem")]
)
def test_what_cannot_be_done_says_so(
    tmp_path: Path, arguments: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("junk.pem").write_text("-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n")
    folder = tmp_path / "anchors"
    folder.mkdir()
    assert run(folder, *arguments) == 1


def test_a_bundle_of_many_is_read_whole_and_its_certificates_are_not_removed_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bundle.pem").write_text(to_pem(ROOT.der) + to_pem(pki.leaf("p256").der))
    assert len(anchors.load(tmp_path).certificates) == 2
    assert run(tmp_path, "remove", ROOT.id) == 1
    assert len(anchors.load(tmp_path).certificates) == 2


def test_crls_and_ocsp_responses_beside_the_certificates_are_taken_along(tmp_path: Path) -> None:
    crl = b"\x30\x03\x02\x01\x01"
    (tmp_path / "a.crl").write_bytes(crl)
    armoured = base64.b64encode(crl).decode()
    (tmp_path / "b.crl").write_text(f"-----BEGIN X509 CRL-----\n{armoured}\n-----END X509 CRL-----\n")
    (tmp_path / "c.ors").write_bytes(b"\x30\x00")
    (tmp_path / "broken.crl").write_bytes(b"none")
    loaded = anchors.load(tmp_path)
    assert loaded.crls == (crl, crl)
    assert loaded.ocsps == (b"\x30\x00",)
    assert [path.name for path in loaded.unreadable] == ["broken.crl"]
