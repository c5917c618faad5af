"""The clinic's policy: one place, the administrator's alone, and every slip in it told by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signer.model.errors import PolicyInvalid
from signer.model.policy import NetSettings, Policy, RevocationMode, Tsa, UpdateSettings
from signer.model.request import SignatureFormat
from signer.platform.policy_file import MAX_OCTETS, PLACE, read_policy

WHOLE = """
origins = ["https://panel.example"]
loopback_origins = ["http://127.0.0.1:3000"]
pairing = false
sign_in_with_non_repudiation = true
session_signing_minutes = 30
session_signing_signatures = 40
formats = ["cades", "cms"]
red_findings = ["hidden-characters"]
anchors = "/etc/mohr/anchors"

[net]
revocation = "prefer"
crls = ["http://ca.example/ca.crl"]
ocsp = ["http://ca.example/ocsp"]
proxy = "http://proxy.example:3128"
deadline_seconds = 5

[[net.tsa]]
url = "https://tsa.example/"
user = "clinic"
password = "not a secret"
policy = "1.2.3.4"

[[net.tsa]]
url = "http://second.example/tsa"

[updates]
manifest = "https://clinic.example/mohr.json"
key = "AAAA"
"""


def written(folder: Path, text: str | bytes) -> Path:
    place = folder / "mohr" / "policy.toml"
    place.parent.mkdir(mode=0o755)
    place.write_bytes(text.encode() if isinstance(text, str) else text)
    return place


def reading(place: Path) -> Policy | None:
    return read_policy(place, owner=os.getuid())


def test_every_key_is_read(tmp_path: Path) -> None:
    assert reading(written(tmp_path, WHOLE)) == Policy(
        origins=("https://panel.example",),
        loopback_origins=("http://127.0.0.1:3000",),
        pairing=False,
        sign_in_with_non_repudiation=True,
        session_signing_minutes=30,
        session_signing_signatures=40,
        formats=frozenset({SignatureFormat.CADES, SignatureFormat.CMS}),
        red_findings=frozenset({"hidden-characters"}),
        anchors="/etc/mohr/anchors",
        net=NetSettings(
            tsa=(
                Tsa(url="https://tsa.example/", user="clinic", password="not a secret", policy="1.2.3.4"),
                Tsa(url="http://second.example/tsa"),
            ),
            revocation=RevocationMode.PREFER,
            crls=("http://ca.example/ca.crl",),
            ocsp=("http://ca.example/ocsp",),
            proxy="http://proxy.example:3128",
            deadline_seconds=5.0,
        ),
        updates=UpdateSettings(manifest="https://clinic.example/mohr.json", key="AAAA"),
    )


def test_no_file_is_no_policy_and_an_empty_one_has_the_defaults(tmp_path: Path) -> None:
    assert reading(tmp_path / "mohr" / "policy.toml") is None
    assert reading(written(tmp_path, "")) == Policy()


def test_the_place_is_one_that_no_user_can_write() -> None:
    assert Path("/etc/mohr/policy.toml") == PLACE


SLIPS = [
    ("unknown key", "orgins = []", "orgins"),
    ("unknown key inside", "[net]\ntsas = []", "tsas"),
    ("not TOML", "origins = [", "policy.toml"),
    ("not UTF-8", b"# \xff", "policy.toml"),
    ("too long", "#" * (MAX_OCTETS + 1), "octets"),
    ("wrong type", "pairing = 'no'", "pairing"),
    ("a session without end", "session_signing_minutes = 1441", "session_signing_minutes"),
    ("more signatures than one PIN is for", "session_signing_signatures = 251", "session_signing_signatures"),
    ("a session of less than nothing", "session_signing_minutes = -1", "session_signing_minutes"),
    ("unknown format", "formats = ['pgp']", "formats"),
    ("unknown finding", "red_findings = ['hiden']", "no amber finding"),
    ("finding that is red already", "red_findings = ['signed-too-late']", "no amber finding"),
    ("relative anchors", "anchors = 'anchors'", "absolute"),
    ("origin with a path", "origins = ['https://panel.example/']", "as browsers write it"),
    ("wildcard origin", "origins = ['https://*.example']", "as browsers write it"),
    ("http origin", "origins = ['http://panel.example']", "not https"),
    ("loopback among the origins", "origins = ['https://localhost']", "not https from elsewhere"),
    ("elsewhere among the loopback ones", "loopback_origins = ['https://a.example']", "this computer"),
    ("TSA without http", "[[net.tsa]]\nurl = 'ldap://tsa.example'", "http"),
    ("TSA without a host", "[[net.tsa]]\nurl = 'http://'", "http"),
    ("password in the URL", "[[net.tsa]]\nurl = 'http://u:p@tsa.example'", "members of their own"),
    ("password without user", "[[net.tsa]]\nurl = 'http://tsa.example'\npassword = 'x'", "without a user"),
    ("policy that is no OID", "[[net.tsa]]\nurl = 'http://tsa.example'\npolicy = 'gold'", "identifier"),
    ("revocation of another word", "[net]\nrevocation = 'maybe'", "revocation"),
    ("proxy of another kind", "[net]\nproxy = 'socks5://x'", "http"),
    ("no time at all", "[net]\ndeadline_seconds = 0", "deadline_seconds"),
]


@pytest.mark.parametrize(("text", "why"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
def test_a_slip_is_told_by_name_and_not_guessed_at(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        reading(written(tmp_path, text))
    assert why in invalid.value.detail
    assert "u:p" not in invalid.value.detail


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_no_policy(tmp_path: Path, mode: int) -> None:
    place = written(tmp_path, WHOLE)
    place.chmod(mode)
    with pytest.raises(PolicyInvalid, match="written by others"):
        reading(place)


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_folder_that_others_can_write_holds_no_policy(tmp_path: Path, mode: int) -> None:
    place = written(tmp_path, WHOLE)
    place.parent.chmod(mode)
    with pytest.raises(PolicyInvalid, match="written by others"):
        reading(place)


def test_another_users_file_is_no_policy(tmp_path: Path) -> None:
    place = written(tmp_path, WHOLE)
    with pytest.raises(PolicyInvalid, match="another user"):
        read_policy(place, owner=os.getuid() + 1)


def test_a_folder_in_its_place_is_no_policy(tmp_path: Path) -> None:
    place = written(tmp_path, "").parent
    with pytest.raises(PolicyInvalid):
        reading(place)
