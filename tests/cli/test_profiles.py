"""`mohr profiles` as it is run: packed, signed with OpenSSL's key, judged, taken, and used by the others."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from drivers.catalogue import shipped
from drivers.edition import EDITION
from signer.cli import loadable, profiles
from signer.cli.main import main
from signer.model.policy import Policy, ProfileSettings
from signer.platform.folders import user_places
from signer.service.profiles import FILE
from tests.service.test_profiles import MAKER

ATR = "3B 02 03 FF"


class Clinic:
    """A folder with keys and one profile; a policy that pins the first key, or none."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.policy: Policy | None = None
        (folder / "profiles").mkdir()
        (folder / "profiles" / "maker.toml").write_text(MAKER, "utf-8")
        for name in ("key", "other"):
            made = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(folder / f"{name}.pem")]
            subprocess.run(made, check=True)
            public = ["openssl", "pkey", "-in", str(folder / f"{name}.pem"), "-pubout"]
            subprocess.run([*public, "-out", str(folder / f"{name}.pub")], check=True)
        for module in (profiles, loadable):
            monkeypatch.setattr(module, "read_policy", lambda: self.policy)

    def pin(self, name: str = "key") -> None:
        self.policy = Policy(profiles=ProfileSettings(key=(self.folder / f"{name}.pub").read_text()))

    def signed(self, serial: int, key: str = "key") -> str:
        payload, out = str(self.folder / "payload.json"), str(self.folder / f"{serial}.pack")
        made = ["pack", str(self.folder / "profiles"), "--serial", str(serial), "--out", payload]
        assert main(["profiles", *made]) == 0
        assert main(["profiles", "sign", str(self.folder / f"{key}.pem"), payload, "--out", out]) == 0
        return out


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return Clinic(tmp_path, monkeypatch)


def test_a_pack_is_taken_and_the_other_commands_know_its_family(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.pin()
    pack = clinic.signed(EDITION + 1)
    assert main(["tokens", "known", "--atr", ATR]) == 1
    assert main(["profiles", "verify", pack]) == 0
    assert not (user_places().data / FILE).exists()
    assert main(["profiles", "update", pack]) == 0
    assert f"version {EDITION + 1} are used" in capsys.readouterr().out
    assert main(["profiles", "update", pack]) == 0
    assert "already" in capsys.readouterr().out
    assert main(["tokens", "known", "--atr", ATR]) == 0
    assert "A maker's tokens" in capsys.readouterr().out
    assert main(["profiles", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    sources = {one["family"]: one["source"] for one in told["profiles"]}
    assert (told["version"], told["source"], sources["maker"], sources["opensc"]) == (
        EDITION + 1,
        "pack",
        "pack",
        "shipped",
    )
    assert main(["profiles", "show", "maker"]) == 0
    assert MAKER.strip() in capsys.readouterr().out
    assert main(["profiles", "show", "nobody"]) == 1
    main(["status", "--json"])
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["profiles.version"], line["profiles.source"]) == (str(EDITION + 1), "pack")
    assert told["key"].startswith(line["profiles.key"])


def test_an_agent_takes_its_modules_from_the_pack(clinic: Clinic) -> None:
    """SoftHSM's own profile under another name, without its paths on Windows, where users may write."""
    before = {choice.path: choice.profile.name for choice in loadable.known_modules()}
    text = shipped()["softhsm"].replace('name = "SoftHSM 2"', 'name = "From the pack"')
    without = "\n".join(line for line in text.splitlines() if not line.startswith("windows"))
    (clinic.folder / "profiles" / "softhsm.toml").write_text(without, "utf-8")
    clinic.pin()
    assert main(["profiles", "update", clinic.signed(EDITION + 1)]) == 0
    after = {choice.path: choice.profile.name for choice in loadable.known_modules()}
    assert "SoftHSM 2" in before.values()
    assert after == {path: "From the pack" if name == "SoftHSM 2" else name for path, name in before.items()}


def test_a_pack_that_was_changed_is_a_finding_and_the_shipped_profiles_go_on(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.pin()
    assert main(["profiles", "update", clinic.signed(EDITION + 1)]) == 0
    file = user_places().data / FILE
    file.write_bytes(file.read_bytes()[:-9])
    capsys.readouterr()
    assert main(["profiles", "list"]) == 1
    told = capsys.readouterr().out
    assert ("[signed-file-malformed]" in told, f"version {EDITION}, shipped" in told) == (True, True)
    assert main(["tokens", "known", "--atr", ATR]) == 1
    main(["status", "--json"])
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert ("profile-pack-unusable" in line["causes"], line["profiles.source"]) == (True, "shipped")


def test_without_a_pinned_key_nothing_is_taken_and_a_pack_can_be_looked_at(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = clinic.signed(EDITION + 1)
    assert main(["profiles", "update", pack]) == 1
    assert "[signing-key-unusable]" in capsys.readouterr().err
    assert main(["profiles", "verify", pack, "--key", str(clinic.folder / "key.pub")]) == 0
    clinic.pin("other")
    assert main(["profiles", "verify", pack, "--key", str(clinic.folder / "key.pub")]) == 1
    assert "pins another key" in capsys.readouterr().err
    assert main(["profiles", "update", pack, "--language", "fa"]) == 1
    assert "کلیدی که باید" in capsys.readouterr().err
    assert not (user_places().data / FILE).exists()


@pytest.mark.parametrize(
    ("text", "days", "code"),
    [
        ("family = ", "9", "profile-pack-invalid"),
        (MAKER.replace("/usr/lib/of-no-maker", "/home/doctor"), "9", "module-place-open"),
        (MAKER, "401", "signed-file-malformed"),
        (MAKER, "0", "signed-file-malformed"),
    ],
)
def test_what_would_be_refused_is_not_packed(
    clinic: Clinic, capsys: pytest.CaptureFixture[str], text: str, days: str, code: str
) -> None:
    folder = clinic.folder / "profiles"
    (folder / "maker.toml").write_text(text, "utf-8")
    assert main(["profiles", "pack", str(folder), "--serial", "9", "--days", days]) == 1
    said = capsys.readouterr()
    assert (said.out, f"[{code}]" in said.err) == ("", True)


def test_what_is_no_pack_is_not_signed(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    (clinic.folder / "bad.json").write_text("{}")
    assert main(["profiles", "sign", str(clinic.folder / "key.pem"), str(clinic.folder / "bad.json")]) == 1
    said = capsys.readouterr()
    assert (said.out, "[signed-file-malformed]" in said.err) == ("", True)


def test_policy_check_names_the_pinned_key(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    main(["profiles", "update", clinic.signed(EDITION + 1)])
    key = capsys.readouterr().err.split("key ")[1].split()[0]
    policy = clinic.folder / "policy.toml"
    public = (clinic.folder / "key.pub").read_text()
    policy.write_text(f'[profiles]\nkey = """{public}"""\n')
    assert main(["policy", "check", str(policy)]) == 0
    assert f"profile packs of   key {key}" in capsys.readouterr().out
    policy.write_text('[profiles]\nkey = "AAAA"\n')
    assert main(["policy", "check", str(policy)]) == 1
    assert "no public key" in capsys.readouterr().out
