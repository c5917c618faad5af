"""Profiles: those that are shipped load, those that say too much or too little do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import (
    Profile,
    known_by_atr,
    known_by_token,
    load_catalogue,
    load_module,
    load_profile,
    shipped,
)
from drivers.errors import ProfileInvalid
from drivers.installed import find_modules
from drivers.mechanisms import EcdsaOutput
from drivers.types import Binding, Token
from signer.model.errors import by_code
from signer.model.text import hidden
from tests.softhsm import SoftHsm, only_slot

# fmt: off
FAMILIES = [
    "acs-acos5", "activclient", "aet-safesign", "akis", "athena-idprotect", "bit4id-cns", "bit4id-tokenme",
    "cardos", "certum", "charismathics-neowave", "feitian-epass1000-2000", "feitian-epass2003",
    "feitian-epass3000", "feitian-epass3003", "gemalto-classic", "gemalto-idprime", "hypersecu-hyp2003",
    "ias-ecc-ido", "ikey", "innait", "iran-keya3", "iran-national-id", "jacarta", "longmai-cryptoid",
    "morpho-ypsid", "nexus-personal", "oberthur-authentic", "opensc", "rutoken-ecp", "safenet-etoken",
    "softhsm", "trustkey", "vn-ca-branded", "watchdata-proxkey", "watchdata-watchkey", "yubikey-piv",
]
# fmt: on

GOOD = """
family = "good"
name = "Good tokens"
[module]
linux64 = ["/opt/good/module.so"]
windows = ['%ProgramFiles%\\Good\\module.dll', 'C:\\Good\\module.dll']
take = "first"
binding = "python-pkcs11"
[match]
atrs = ["3B 02 0? FF"]
manufacturers = ["Good Inc."]
priority = 0
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
page = "https://maker.example/software/token-1.0/"
[[evidence]]
fact = "all of it"
source = "made up"
seen = true
"""
OTHER = """
family = "other"
name = "Other tokens"
[module]
linux64 = ["/opt/other/module.so"]
windows = ['C:\\Other\\module.dll']
served_by = ["good"]
[match]
atrs = ["3B 02 1? FF"]
manufacturers = ["Other Inc."]
[help]
fa = "راهنما"
en = "Help"
[[evidence]]
fact = "all of it"
source = "made up"
seen = false
guess = true
"""


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


def test_a_profile_says_all_that_it_may() -> None:
    profile = load_profile("good", GOOD)
    assert profile.module.binding is Binding.PYTHON_PKCS11
    assert profile.sign.ecdsa_output is EcdsaOutput.DER
    assert (profile.limits.sign, profile.limits.load) == (5.5, 30.0)
    assert profile.meanings("C_Login") == {5: "pin-wrong"}
    assert profile.meanings("C_Sign") == {}
    assert profile.match.knows_token(token("Good Inc."))
    assert not profile.match.knows_token(token("Good Inc"))


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
        ("C:\\Good\\module.dll", "module.dll", "module.windows"),
        ("C:\\Good\\module.dll", "%TEMP%\\module.dll", "module.windows"),
        ("C:\\Good\\module.dll", "%ProgramFiles%\\%USERNAME%\\module.dll", "module.windows"),
        ('take = "first"', 'take = "last"', "module.take"),
        ('take = "first"', 'take = "first"\nserved_by = "other"', "module.served_by"),
        ("[module]", "[events]\n[module]", "module"),
        ("[module]", '[[evidence]]\nfact = ""\nsource = ""\nseen = true\n[module]', "module"),
        ("sign = 5.5", "sign = 0", "limits.sign"),
        ("sign = 5.5", "sign = 100000", "limits.sign"),
        ("sign = 5.5", "think = 5", "limits.think"),
        ("3B 02 0? FF", "3b 02 0? ff", "match.atrs"),
        ("3B 02 0? FF", "3B 03 0? FF", "match.atrs"),
        ('"3B 02 0? FF"', '"3B 02 0? FF", "3B 02 ?1 FF"', "match.atrs"),
        ("priority = 0", "priority = 0.5", "match.priority"),
        ("0x00000005", "5", "ckr.C_Login.5"),
        ('"pin-wrong"', '"PIN wrong"', "ckr.C_Login.0x00000005"),
        ('fa = "راهنما"', "", "help.fa"),
        *(
            ("https://maker.example/software/token-1.0/", page, "help.page")
            for page in (
                "",
                "http://maker.example/",
                "HTTPS://maker.example/",
                "https://maker.example:8443/",
                "https://doctor@maker.example/",
                "https://maker.example/?q=1",
                "https://maker.example/#a",
                "https://maker.example/a//b",
                "https://192.0.2.1/",
                "https://localhost/",
                "https://máker.example/",
                "https://maker.example/a b",
                "file:///etc/passwd",
                "javascript:alert(1)",
            )
        ),
        ("seen = true", 'seen = "perhaps"', "evidence[0].seen"),
        ("seen = true", "seen = true\nguess = true", "evidence[0].guess"),
        ("[help]", "[events]\nslot_list_seconds = 0.2\n[help]", "events.slot_list_seconds"),
        ("[help]", '[login]\nalways_authenticate = ["2"]\n[help]', "login.always_authenticate"),
        ("[help]", '[login]\nunblock = "perhaps"\n[help]', "login.unblock"),
        ("[help]", '[login]\nform = "module-dialog"\n[help]', "login.form"),
    ],
)
def test_a_profile_with_a_fault_names_file_and_key(old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(ProfileInvalid) as refused:
        load_profile("good", GOOD.replace(old, new))
    assert (refused.value.file, refused.value.key) == ("good.toml", key)


def test_a_profile_without_evidence_is_refused() -> None:
    text = GOOD[: GOOD.index("[[evidence]]")].replace('name = "Good tokens"', 'name = "x"\nevidence = []')
    with pytest.raises(ProfileInvalid, match="evidence"):
        load_profile("good", text)


def both(other: str) -> tuple[Profile, ...]:
    return load_catalogue({"other": other, "good": GOOD})


def test_two_profiles_that_agree_load_by_family() -> None:
    assert [profile.family for profile in both(OTHER)] == ["good", "other"]


@pytest.mark.parametrize(
    ("old", "new", "file", "key"),
    [
        ("Other Inc.", "Good Inc.", "good.toml", "match.priority"),
        ("3B 02 1? FF", "3B 02 ?2 FF", "good.toml", "match.priority"),
        ('manufacturers = ["Other Inc."]', 'models = ["any"]', "good.toml", "match.priority"),
        ("/opt/other/module.so", "/opt/good/module.so", "good.toml", "module.linux64"),
        ("C:\\Other\\module.dll", "c:\\GOOD\\Module.dll", "good.toml", "module.windows"),
        ('["good"]', '["nobody"]', "other.toml", "module.served_by"),
        ('["good"]', '["other"]', "other.toml", "module.served_by"),
    ],
)
def test_two_profiles_that_contradict_are_refused(old: str, new: str, file: str, key: str) -> None:
    assert old in OTHER
    with pytest.raises(ProfileInvalid) as refused:
        both(OTHER.replace(old, new))
    assert (refused.value.file, refused.value.key) == (file, key)


def test_of_two_families_that_know_a_card_the_one_of_higher_priority_has_it() -> None:
    same = OTHER.replace("Other Inc.", "Good Inc.").replace("3B 02 1? FF", '3B 02 ?? FF"]\npriority = 1\n#')
    profiles = both(same)
    by_atr = [known_by_atr(profiles, bytes.fromhex(atr)) for atr in ("3B0201FF", "3B0211FF", "3B0211FE")]
    assert [profile and profile.family for profile in by_atr] == ["other", "other", None]
    by_token = [known_by_token(profiles, token(name)) for name in ("Good Inc.", "Nobody")]
    assert [profile and profile.family for profile in by_token] == ["other", None]


def test_the_module_alone_is_what_the_whole_profile_says() -> None:
    for family, text in {"good": GOOD, **shipped()}.items():
        assert load_module(family, text) == load_profile(family, text).module


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_bytes(b"family = '\xff'")
    with pytest.raises(ProfileInvalid, match=r"good\.toml: \$"):
        shipped(tmp_path)


def test_a_profile_may_have_no_module_and_still_explain_itself() -> None:
    text = GOOD[: GOOD.index("[module]")] + GOOD[GOOD.index("[match]") :]
    profile = load_profile("good", text)
    assert find_modules([profile]) == ()
    assert load_module("good", text) == profile.module
    assert profile.match.knows_atr(bytes.fromhex("3B0201FF"))


SHIPPED = load_catalogue()


def test_every_family_that_is_shipped_loads_and_is_listed_here() -> None:
    assert [profile.family for profile in SHIPPED] == FAMILIES


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda p: p.family)
def test_a_shipped_profile_knows_its_own_cards_and_nobody_elses(profile: Profile) -> None:
    for pattern in profile.match.patterns:
        assert known_by_atr(SHIPPED, pattern.value) is profile
        assert not profile.match.knows_atr(pattern.value[:-1])
        assert not profile.match.knows_atr(pattern.value + b"\x00")
    for manufacturer in profile.match.manufacturers or ("Nobody",):
        for model in profile.match.models:
            assert known_by_token(SHIPPED, token(manufacturer, model)) is profile
    assert not profile.match.knows_token(token("Nobody", "Nothing"))
    assert not profile.match.knows_atr(bytes.fromhex("3B0201FF"))


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda p: p.family)
def test_a_shipped_profile_helps_in_both_languages_and_in_its_own_words(profile: Profile) -> None:
    assert [each.family for each in SHIPPED if each.help.fa == profile.help.fa] == [profile.family]
    assert [each.family for each in SHIPPED if each.help.en == profile.help.en] == [profile.family]
    assert any("\u0600" <= letter <= "\u06ff" for letter in profile.help.fa)
    assert not any("\u0600" <= letter <= "\u06ff" for letter in profile.help.en)
    for text in (profile.name, profile.help.fa, profile.help.en):
        assert text and hidden(text) == ()


def test_the_page_of_a_maker_is_there_where_the_evidence_tells_of_it() -> None:
    told = {one.family for one in SHIPPED if any("page" in fact.fact for fact in one.evidence)}
    assert told == {one.family for one in SHIPPED if one.help.page is not None}
    assert "opensc" in told


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda p: p.family)
def test_a_shipped_profile_gives_return_values_a_meaning_that_exists(profile: Profile) -> None:
    for function, codes in profile.ckr.items():
        assert function.startswith("C_")
        for code in codes.values():
            assert by_code(code).code == code


def test_only_what_ran_here_is_said_to_be_seen() -> None:
    """No vendor's token has been plugged in: whoever does, adds the family here."""
    assert {p.family for p in SHIPPED if any(fact.seen for fact in p.evidence)} == {"opensc", "softhsm"}


def test_the_national_card_of_iran_is_known_and_no_module_is_sought_for_it() -> None:
    card = known_by_atr(SHIPPED, bytes.fromhex("3BDB960081 31FE8580 13 49524E 7396715B91302E"))
    assert card is not None and card.family == "iran-national-id"
    assert not any(card.module.paths())
    assert "ملی" in card.help.fa


def test_a_twin_with_a_narrower_pattern_comes_before_its_maker() -> None:
    hypersecu = bytes.fromhex("3B9F958131FE9F006646530510113171DF00008600 00B5")
    feitian = hypersecu[:12] + b"\x51\x00\x31" + hypersecu[15:]
    found = [known_by_atr(SHIPPED, atr) for atr in (hypersecu, feitian)]
    assert [profile and profile.family for profile in found] == ["hypersecu-hyp2003", "feitian-epass2003"]


async def test_softhsm_is_found_here_and_its_profile_knows_its_token(softhsm: SoftHsm) -> None:
    present = {module.profile.family: module for module in find_modules(load_catalogue())}
    assert present["softhsm"].path == softhsm.module.resolve()
    async with softhsm.supervisor() as supervisor:
        slot = await only_slot(supervisor)
        (seen,) = [each for each in await supervisor.tokens() if each.slot == slot]
    assert known_by_token(SHIPPED, seen) == present["softhsm"].profile
