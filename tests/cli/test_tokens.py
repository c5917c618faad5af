"""`mohr tokens`: what a helpdesk reads, over real modules, one of which is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from drivers.catalogue import load_catalogue
from drivers.types import Limits
from signer.cli.loadable import ModuleChoice
from signer.cli.main import main
from signer.cli.tokens import ask
from signer.model.errors import by_code
from tests import softhsm as hsm
from tests.softhsm import SoftHsm

NATIONAL_CARD = "3b:db:96:00:81:31:fe:85:80:13:49:52:4e:73:96:71:5b:91:30:2e"

Modules = Callable[[tuple[ModuleChoice, ...]], None]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Modules:
    """Says which modules are on this computer."""

    def say(modules: tuple[ModuleChoice, ...]) -> None:
        monkeypatch.setattr("signer.cli.loadable.present_modules", lambda: modules)

    return say


def choice(token: SoftHsm) -> ModuleChoice:
    return ModuleChoice(path=token.module, profile=hsm.profile(), env=token.env)


def no_module(folder: Path) -> ModuleChoice:
    """A file that no loader takes."""
    file = folder / "broken.so"
    file.write_text("not a library")
    return ModuleChoice(path=file, profile=structs.replace(hsm.profile(), family="broken"))


def answered(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_known_lists_every_family_with_how_sure_we_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "known", "--json"]) == 0
    rows = {row["family"]: row for row in answered(capsys)}
    catalogue = {profile.family: profile for profile in load_catalogue()}
    assert rows.keys() == catalogue.keys()
    for family, row in rows.items():
        assert row["help"] == catalogue[family].help.en
        assert row["seen"] + row["published"] + row["guessed"] == len(catalogue[family].evidence)
    assert rows["softhsm"]["presence"] == "present"
    assert rows["softhsm"]["seen"] > 0
    assert rows["iran-keya3"]["presence"] == "no-module-known"
    assert rows["jacarta"]["guessed"] > 0


def test_known_prints_what_each_family_is_known_by_and_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "known", "--language", "fa"]) == 0
    printed = capsys.readouterr().out
    for profile in load_catalogue():
        assert f"{profile.family:<24}{profile.name}" in printed
        assert f"  {profile.help.fa}\n" in printed
        assert all(atr in printed for atr in profile.match.atrs)


def test_a_card_in_a_reader_is_explained_by_its_atr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "known", "--json", "--atr", NATIONAL_CARD]) == 0
    (row,) = answered(capsys)
    assert row["family"] == "iran-national-id"
    assert "national card" in row["help"]


@pytest.mark.parametrize(("atr", "status", "said"), [("3B 00", 1, "no family"), ("hello", 2, "not an ATR")])
def test_an_atr_that_is_nobodys_or_none_is_said_to_be(
    capsys: pytest.CaptureFixture[str], atr: str, status: int, said: str
) -> None:
    assert main(["tokens", "known", "--atr", atr]) == status
    assert said in capsys.readouterr().out


def test_here_tells_the_tokens_of_each_module(
    softhsm: SoftHsm, installed: Modules, capsys: pytest.CaptureFixture[str]
) -> None:
    installed((choice(softhsm),))
    assert main(["tokens", "here", "--json"]) == 0
    (module,) = answered(capsys)
    assert (module["family"], module["path"], module["condition"]) == ("softhsm", str(softhsm.module), None)
    seen = {token["label"]: token for token in module["tokens"]}
    assert seen[hsm.LABEL]["initialised"] and not seen[""]["initialised"]
    assert seen[hsm.LABEL]["family"] == "softhsm"


def test_a_module_that_cannot_be_loaded_is_a_line_beside_those_that_can(
    softhsm: SoftHsm, installed: Modules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed((no_module(tmp_path), choice(softhsm)))
    assert main(["tokens", "here"]) == 1
    printed = capsys.readouterr().out
    assert "  module-cannot-load: " in printed
    assert by_code("module-cannot-load").en_remedy in printed
    assert hsm.LABEL in printed
    assert "(blank)" in printed


async def test_a_module_that_does_not_answer_is_a_condition_and_no_worker_stays(
    softhsm: SoftHsm, tmp_path: Path
) -> None:
    # No interpreter starts in a thousandth of a second, so the deadline is always missed.
    slow = structs.replace(hsm.profile(), limits=Limits(load=0.001))
    hung, broken, well = await ask(
        (
            structs.replace(choice(softhsm), profile=slow),
            no_module(tmp_path),
            choice(softhsm),
        )
    )
    assert (hung.condition, broken.condition, well.condition) == ("module-hung", "module-cannot-load", None)
    assert [token.label for token in well.tokens if token.initialised] == [hsm.LABEL]


async def test_workers_that_cannot_be_started_are_a_condition_too(
    softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.supervisor.worker_command", lambda **_: ("/no/such/interpreter",))
    (module,) = await ask((choice(softhsm),))
    assert module.condition == "module-cannot-load"


def test_with_no_module_the_way_on_is_named(installed: Modules, capsys: pytest.CaptureFixture[str]) -> None:
    installed(())
    assert main(["tokens", "here"]) == 1
    assert "mohr tokens known" in capsys.readouterr().out


def test_tokens_alone_says_what_may_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["tokens"])
    assert left.value.code == 2
    assert "known|here" in capsys.readouterr().err
