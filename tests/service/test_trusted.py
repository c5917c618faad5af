"""Whom the user trusts: nothing without a look, one authority at a time, and the clinic's word first."""

from __future__ import annotations

from pathlib import Path

import pytest

from signer.cli.demo.authority import to_pem
from signer.model.errors import AddressInvalid, CertificateFileUnusable, FileUnusable, MohrError
from signer.model.policy import NetSettings, Tsa
from signer.service.trusted import LONGEST_ADDRESS, KeptTrust, stamper_in
from signer.verify import anchors
from signer.x509 import read
from tests import pki

ROOT, OTHER = (read(pki.authority(kind).certificate) for kind in ("p256", "p384"))


class Desk:
    """One user's trust, and what the authorities' port was told."""

    def __init__(self, place: Path, net: NetSettings | None = None) -> None:
        self.folder, self.file = place / "anchors", place / "timestamps.json"
        self.asked: list[tuple[Tsa, ...]] = []
        self.trust = KeptTrust(
            self.folder, self.file, net=net or NetSettings(), clinics=(OTHER,), stamp_with=self.asked.append
        )

    def users(self) -> set[str]:
        return {one.id for one in self.trust.now().users}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def both(place: Path) -> Path:
    file = place / "both.pem"
    file.write_text(to_pem(ROOT.der) + to_pem(OTHER.der))
    return file


def test_a_look_trusts_nothing_and_trust_takes_what_was_looked_at(desk: Desk, tmp_path: Path) -> None:
    file = both(tmp_path)
    seen = desk.trust.look(file)
    assert [one.id for one in seen] == [ROOT.id, OTHER.id]
    assert desk.users() == set()
    file.write_text(to_pem(pki.leaf().der))  # exchanged between the look and the yes
    desk.trust.trust(seen[:1])
    assert desk.users() == {ROOT.id}
    assert anchors.load(desk.folder).certificates == (ROOT,)


def test_what_the_clinic_trusts_is_told_apart(desk: Desk) -> None:
    assert [one.id for one in desk.trust.now().clinics] == [OTHER.id]


def test_an_authority_is_taken_out_of_a_file_that_it_shares(desk: Desk, tmp_path: Path) -> None:
    desk.trust.now()
    both(tmp_path).rename(desk.folder / "both.pem")
    assert desk.users() == {ROOT.id, OTHER.id}
    desk.trust.distrust(ROOT.id)
    assert desk.users() == {OTHER.id}
    desk.trust.distrust(OTHER.id)
    assert desk.users() == set()


def test_files_without_a_certificate_are_named(desk: Desk) -> None:
    desk.trust.now()
    (desk.folder / "letter.pem").write_text("no certificate")
    assert desk.trust.now().unreadable == ("letter.pem",)


def test_an_address_is_kept_for_the_next_start_and_asked_at_once(desk: Desk, tmp_path: Path) -> None:
    desk.trust.set_stamper("  https://tsa.example/stamp\n")
    assert desk.trust.now().stamper == "https://tsa.example/stamp"
    assert [tuple(tsa.url for tsa in asked) for asked in desk.asked] == [(), ("https://tsa.example/stamp",)]
    assert Desk(tmp_path).asked == [(Tsa(url="https://tsa.example/stamp"),)]
    desk.trust.set_stamper("")
    assert desk.trust.now().stamper is None
    assert desk.asked[-1] == ()


def test_the_clinics_authorities_are_asked_alone(tmp_path: Path) -> None:
    clinics = (Tsa(url="https://clinic.example/"),)
    desk = Desk(tmp_path, NetSettings(tsa=clinics))
    desk.trust.set_stamper("https://tsa.example/")
    assert desk.asked == [clinics, clinics]
    assert desk.trust.now().clinic_stampers == ("https://clinic.example/",)


@pytest.mark.parametrize("kept", [b"", b"{", b'{"stamper": "ftp://x/"}', b'{"stamper": 3}', b'{"other": ""}'])
def test_a_damaged_file_names_no_authority(tmp_path: Path, kept: bytes) -> None:
    file = tmp_path / "timestamps.json"
    file.write_bytes(kept)
    assert stamper_in(file) is None


@pytest.mark.parametrize(
    "address",
    [
        "tsa.example",
        "ftp://tsa.example/",
        "https://",
        "https:///stamp",
        "https://tsa.example/ stamp",
        "https://user:word@tsa.example/",
        "https://tsa.example/#top",
        "https://tsa.example:0/",
        "https://tsa.example:99999/",
        "https://[::1/",
        "https://مرجع.example/",
        "javascript:alert(1)",
        "https://tsa.example/" + "a" * LONGEST_ADDRESS,
    ],
)
def test_an_address_that_is_none_is_refused_and_the_old_one_stays(desk: Desk, address: str) -> None:
    desk.trust.set_stamper("https://old.example/")
    with pytest.raises(AddressInvalid):
        desk.trust.set_stamper(address)
    assert desk.trust.now().stamper == "https://old.example/"
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("name", "octets", "refusal"),
    [
        ("letter.pem", b"no certificate", CertificateFileUnusable),
        ("cut.der", ROOT.der[:-1], CertificateFileUnusable),
        ("empty.cer", b"", CertificateFileUnusable),
        ("absent.cer", None, FileUnusable),
    ],
)
def test_a_file_that_cannot_be_looked_at_says_why(
    desk: Desk, tmp_path: Path, name: str, octets: bytes | None, refusal: type[MohrError]
) -> None:
    if octets is not None:
        (tmp_path / name).write_bytes(octets)
    with pytest.raises(refusal):
        desk.trust.look(tmp_path / name)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "anchors").write_text("in the way")
    desk = Desk(tmp_path)
    with pytest.raises(FileUnusable):
        desk.trust.now()
    with pytest.raises(FileUnusable):
        desk.trust.trust(())
