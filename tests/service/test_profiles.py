"""A signed pack of profiles: taken whole or not at all, and looked at again each time that it is loaded."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drivers.catalogue import shipped
from drivers.edition import EDITION
from signer.model.errors import (
    FileUnusable,
    ModulePlaceOpen,
    MohrError,
    ProfilePackInvalid,
    SignedFileExpired,
    SignedFileMalformed,
    SignedFileOlder,
    SignedFileUntrusted,
    SigningKeyUnusable,
)
from signer.service import profiles
from signer.service.profiles import FILE, SEEN, ProfileSet, Source, Standing, in_use, install, judged
from signer.verify import signed_file
from signer.verify.profile_pack import PAYLOAD_TYPE

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)

MAKER = """
family = "maker"
name = "A maker's tokens"
[module]
linux64 = ["/usr/lib/of-no-maker/libtoken.so"]
[match]
atrs = ["3B 02 03 FF"]
[help]
fa = "راهنما"
en = "Help"
[[evidence]]
fact = "all of it"
source = "made up"
seen = false
"""


def payload(text: str = MAKER, **changes: object) -> bytes:
    said = {
        "mohr_profiles": 1,
        "serial": EDITION + 7,
        "issued": (NOW - timedelta(days=1)).isoformat(),
        "expires": (NOW + timedelta(days=30)).isoformat(),
        "profiles": {"maker": text},
    }
    return json.dumps(said | changes).encode()


def signed(text: str = MAKER, **changes: object) -> bytes:
    return signed_file.sign(payload(text, **changes), PAYLOAD_TYPE, KEY)


def put(octets: bytes, folder: Path) -> int:
    return install(octets, KEY.public_key(), folder, NOW).pack.serial


def used(folder: Path, key: Callable[[], Ed25519PublicKey] = KEY.public_key) -> ProfileSet:
    return in_use(folder, key)


def kept(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_without_a_pack_the_shipped_profiles_are_used_and_no_key_is_asked_for(tmp_path: Path) -> None:
    def nobody() -> Ed25519PublicKey:
        raise AssertionError

    assert used(tmp_path, nobody) == ProfileSet(texts=shipped(), standing=Standing())


def test_a_pack_adds_a_family_and_replaces_one(tmp_path: Path) -> None:
    opensc = shipped()["opensc"].replace('name = "', 'name = "Renamed: ', 1)
    assert put(signed(profiles={"maker": MAKER, "opensc": opensc}), tmp_path) == EDITION + 7
    found = used(tmp_path)
    assert found.standing == Standing(
        version=EDITION + 7,
        source=Source.PACK,
        key_id=signed_file.key_id(KEY.public_key()),
        families=frozenset({"maker", "opensc"}),
    )
    names = {one.family: one.name for one in found.load()}
    assert (names["maker"], names["opensc"][:9]) == ("A maker's tokens", "Renamed: ")
    assert names.keys() == {*shipped(), "maker"}


def test_the_same_pack_again_is_no_refusal_and_a_newer_one_takes_its_place(tmp_path: Path) -> None:
    assert put(signed(), tmp_path) == put(signed(), tmp_path) == EDITION + 7
    assert put(signed(serial=EDITION + 8), tmp_path) == used(tmp_path).standing.version == EDITION + 8


def test_to_look_at_a_pack_changes_nothing(tmp_path: Path) -> None:
    assert judged(signed(), KEY.public_key(), tmp_path, NOW).pack.serial == EDITION + 7
    assert kept(tmp_path) == {}


def _text(old: str, new: str) -> str:
    assert old in MAKER
    return MAKER.replace(old, new)


def _at(path: str) -> bytes:
    return signed(_text("/usr/lib/of-no-maker/libtoken.so", path))


def _windows(path: str) -> bytes:
    return signed(_text("linux64 = [", f"windows = ['{path}']\nlinux64 = ["))


REFUSED: list[tuple[str, bytes, type[MohrError], str]] = [
    ("nothing", b"", SignedFileMalformed, "envelope"),
    ("a bare payload", payload(), SignedFileMalformed, "envelope"),
    (
        "a manifest of updates under the same key",
        signed_file.sign(payload(), "application/vnd.mohr.updates+json", KEY),
        SignedFileMalformed,
        "another kind",
    ),
    ("another key", signed_file.sign(payload(), PAYLOAD_TYPE, OTHER), SignedFileUntrusted, "key"),
    ("a version of the format to come", signed(mohr_profiles=2), SignedFileMalformed, "mohr_profiles"),
    ("a member that is unknown", signed(more=1), SignedFileMalformed, "more"),
    ("no profile", signed(profiles={}), SignedFileMalformed, "profiles"),
    ("a family that is a path", signed(profiles={"../maker": MAKER}), SignedFileMalformed, "profiles"),
    ("one that never ends", signed(expires="2030-01-01T00:00:00Z"), SignedFileMalformed, "400"),
    (
        "one that has ended",
        signed(issued="2026-10-01T00:00:00Z", expires=NOW.isoformat()),
        SignedFileExpired,
        "ended",
    ),
    (
        "one from the future",
        signed(issued=(NOW + timedelta(days=2)).isoformat(), expires=(NOW + timedelta(days=9)).isoformat()),
        SignedFileExpired,
        "to come",
    ),
    ("one older than what is installed", signed(serial=EDITION + 6), SignedFileOlder, f"{EDITION + 7} was"),
    (
        "one of the same number and other words",
        signed(_text("Help", "Other")),
        SignedFileOlder,
        "other words",
    ),
    ("one no newer than what is shipped", signed(serial=EDITION), SignedFileOlder, "brings"),
    ("no TOML", signed("family = "), ProfilePackInvalid, "maker.toml: $"),
    ("a key that is unknown", signed(_text("[match]", "[match]\ncolour = 1")), ProfilePackInvalid, "colour"),
    ("another family's name", signed(profiles={"other": MAKER}), ProfilePackInvalid, "other.toml: family"),
    (
        "a card that a shipped family knows",
        signed(_text("3B 02 03 FF", "3B F8 18 00 FF 81 31 FE 45 4A 43 4F 50 76 32 34 31 43")),
        ProfilePackInvalid,
        "match.priority",
    ),
    ("a module by a relative path", _at("libtoken.so"), ProfilePackInvalid, "not absolute"),
    ("a module in a home", _at("/home/doctor/libtoken.so"), ModulePlaceOpen, "/home/doctor"),
    ("a module by a way up", _at("/usr/lib/../../tmp/libtoken.so"), ModulePlaceOpen, "tmp"),
    ("a module of Windows in a home", _windows(r"C:\Users\doctor\t.dll"), ModulePlaceOpen, "doctor"),
    ("a module of Windows beside all folders", _windows(r"C:\Maker\t.dll"), ModulePlaceOpen, "Maker"),
    ("a module by a user's variable", _windows(r"%TEMP%\t.dll"), ProfilePackInvalid, "TEMP"),
]


@pytest.mark.parametrize(
    ("octets", "condition", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_refused_is_refused_by_its_name_and_changes_nothing(
    tmp_path: Path, octets: bytes, condition: type[MohrError], why: str
) -> None:
    put(signed(), tmp_path)
    before = kept(tmp_path)
    with pytest.raises(MohrError) as refused:
        put(octets, tmp_path)
    assert (type(refused.value), why in refused.value.detail) == (condition, True), refused.value.detail
    assert kept(tmp_path) == before
    assert used(tmp_path).standing.version == EDITION + 7


def test_a_module_in_a_folder_that_others_write_to_is_refused_as_the_folder_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "closed_by_custom", lambda path, windows: True)
    folder = tmp_path / "maker"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ModulePlaceOpen, match="by way of"):
        put(_at(f"{folder}/libtoken.so"), tmp_path)
    assert not (tmp_path / FILE).exists()


def _changed(folder: Path) -> None:
    envelope: dict[str, Any] = json.loads((folder / FILE).read_bytes())
    envelope["payload"] = base64.b64encode(payload(_text("Help", "Harm"))).decode()
    (folder / FILE).write_text(json.dumps(envelope))


def _cut(folder: Path) -> None:
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-40])


def _older(folder: Path) -> None:
    (folder / FILE).write_bytes(signed(serial=EDITION + 6))


def _others(folder: Path) -> None:
    (folder / FILE).chmod(0o666)


def _forgetful(folder: Path) -> None:
    (folder / SEEN).write_bytes(b"{")


@pytest.mark.parametrize(
    ("harm", "condition"),
    [
        (_changed, SignedFileUntrusted),
        (_cut, SignedFileMalformed),
        (_older, SignedFileOlder),
        (_others, FileUnusable),
        (_forgetful, FileUnusable),
    ],
)
def test_an_installed_pack_that_was_tampered_with_gives_way_to_the_shipped_profiles(
    tmp_path: Path, harm: Callable[[Path], None], condition: type[MohrError]
) -> None:
    put(signed(), tmp_path)
    harm(tmp_path)
    found = used(tmp_path)
    assert (found.texts, found.standing.source, found.standing.version) == (
        shipped(),
        Source.SHIPPED,
        EDITION,
    )
    assert type(found.standing.problem) is condition


def test_a_key_that_is_no_longer_pinned_takes_its_pack_with_it(tmp_path: Path) -> None:
    def nobody() -> Ed25519PublicKey:
        raise SigningKeyUnusable

    put(signed(), tmp_path)
    assert type(used(tmp_path, OTHER.public_key).standing.problem) is SignedFileUntrusted
    assert type(used(tmp_path, nobody).standing.problem) is SigningKeyUnusable
    assert used(tmp_path, nobody).texts == shipped()


def test_an_installed_pack_is_used_past_its_end_and_until_a_newer_mohr_has_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(signed(), KEY.public_key(), tmp_path, NOW + timedelta(days=29))
    assert used(tmp_path).standing.source is Source.PACK
    monkeypatch.setattr(profiles, "EDITION", EDITION + 7)
    found = used(tmp_path)
    assert (found.texts, found.standing.overtaken, found.standing.problem) == (shipped(), EDITION + 7, None)
