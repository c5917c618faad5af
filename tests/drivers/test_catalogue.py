"""Profiles: those that are shipped load, those that say too much or too little do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import Atr, find_modules, load_catalogue, load_profile
from drivers.errors import ProfileInvalid
from drivers.mechanisms import EcdsaOutput
from drivers.types import Binding, Token
from tests.softhsm import SoftHsm, only_slot

GOOD = """
family = "good"
name = "Good tokens"
[module]
linux64 = ["/opt/good/module.so"]
windows64 = ['%ProgramFiles%\\Good\\module.dll', 'C:\\Windows\\System32\\module.dll']
binding = "python-pkcs11"
[match]
atrs = [{ value = "3B 9F 00", mask = "FF F0 00" }]
manufacturers = ["Good Inc."]
[sign]
hashing = ["host"]
ecdsa_output = "der"
[limits]
sign = 5.5
[ckr.C_Login]
0x00000005 = "pin-wrong"
[help]
fa = "راهنما"
en = "Help"
[[evidence]]
fact = "all of it"
source = "made up"
seen = true
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "good.toml"
    file.write_text(text, "utf-8")
    return file


def token(manufacturer: str, model: str = "any") -> Token:
    return Token(
        slot=0,
        label="",
        serial="",
        manufacturer=manufacturer,
        model=model,
        reader="",
        flags=0,
        pin_min=0,
        pin_max=0,
        mechanisms=(),
    )


def test_a_profile_says_all_that_it_may(tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, GOOD))
    assert profile.module.binding is Binding.PYTHON_PKCS11
    assert profile.sign.ecdsa_output is EcdsaOutput.DER
    assert (profile.limits.sign, profile.limits.load) == (5.5, 30.0)
    assert profile.meanings("C_Login") == {5: "pin-wrong"}
    assert profile.meanings("C_Sign") == {}
    assert profile.matches(token("Good Inc."))
    assert not profile.matches(token("Good Inc"))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "Good tokens"', "", "name"),
        ('name = "Good tokens"', 'name = "Good tokens"\ncolour = "red"', "colour"),
        ('name = "Good tokens"', "name = 5", "name"),
        ('family = "good"', 'family = "other"', "family"),
        ('family = "good"', 'family = "good', "$"),
        ('hashing = ["host"]', 'hashing = ["elsewhere"]', "sign.hashing[0]"),
        ('hashing = ["host"]', "hashing = []", "sign.hashing"),
        ('hashing = ["host"]', 'hashing = ["host"]\nspeed = 1', "sign.speed"),
        ('ecdsa_output = "der"', 'ecdsa_output = "DER"', "sign.ecdsa_output"),
        ('binding = "python-pkcs11"', 'binding = "ctypes"', "module.binding"),
        ("/opt/good/module.so", "module.so", "module.linux64"),
        ("C:\\Windows\\System32\\module.dll", "module.dll", "module.windows64"),
        ("sign = 5.5", "sign = 0", "limits.sign"),
        ("sign = 5.5", "sign = 100000", "limits.sign"),
        ("sign = 5.5", "think = 5", "limits.think"),
        ("FF F0 00", "FF F0", "match.atrs"),
        ("3B 9F 00", "3b 9f 00", "match.atrs"),
        ("0x00000005", "5", "ckr.C_Login.5"),
        ('"pin-wrong"', '"PIN wrong"', "ckr.C_Login.0x00000005"),
        ('fa = "راهنما"', "", "help.fa"),
        ("seen = true", 'seen = "perhaps"', "evidence[0].seen"),
        ("[help]", "[events]\nslot_list_seconds = 0.2\n[help]", "events.slot_list_seconds"),
    ],
)
def test_a_profile_with_a_fault_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(ProfileInvalid) as refused:
        load_profile(written(tmp_path, GOOD.replace(old, new)))
    assert (refused.value.file, refused.value.key) == ("good.toml", key)


def test_a_profile_without_evidence_is_refused(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[[evidence]]")].replace('name = "Good tokens"', 'name = "x"\nevidence = []')
    with pytest.raises(ProfileInvalid, match="evidence"):
        load_profile(written(tmp_path, text))


@pytest.mark.parametrize(
    ("atr", "known"),
    [("3B9F00", True), ("3B91FF", True), ("3B8F00", False), ("3B9F", False), ("3B9F0000", False)],
)
def test_an_atr_is_known_by_the_bits_of_its_mask(atr: str, known: bool) -> None:
    assert Atr(value="3B 9F 00", mask="FF F0 00").matches(bytes.fromhex(atr)) is known


def test_the_shipped_profiles_load_and_are_told_apart() -> None:
    families = [profile.family for profile in load_catalogue()]
    assert families == ["opensc", "softhsm"]


def test_two_paths_to_one_file_are_one_module(tmp_path: Path) -> None:
    real = tmp_path / "module.so"
    real.touch()
    (tmp_path / "link.so").symlink_to(real)
    paths = f'["{tmp_path}/missing.so", "{tmp_path}/link.so", "{tmp_path}/module.so"]'
    everywhere = GOOD.replace('["/opt/good/module.so"]', f"{paths}\nmacos = {paths}\nlinux32 = {paths}")
    (found,) = find_modules([load_profile(written(tmp_path, everywhere))])
    assert found.path == real


async def test_softhsm_is_found_here_and_its_profile_knows_its_token(softhsm: SoftHsm) -> None:
    present = {module.profile.family: module for module in find_modules(load_catalogue())}
    assert present["softhsm"].path == softhsm.module.resolve()
    async with softhsm.supervisor() as supervisor:
        slot = await only_slot(supervisor)
        (seen,) = [each for each in await supervisor.tokens() if each.slot == slot]
    assert present["softhsm"].profile.matches(seen)
    assert not present["softhsm"].profile.matches(token("Good Inc."))
