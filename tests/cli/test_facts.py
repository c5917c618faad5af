"""`mohr status`, `mohr policy check` and `mohr token info|objects|mechanisms`, as they are run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drivers import mechanisms
from drivers.mechanism_names import NAMES
from signer.cli.demo.people import PRACTICES
from signer.cli.main import main
from signer.diagnostics.catalogue import meanings
from signer.diagnostics.support_code import read
from tests.cli.place import User


def test_status_is_one_line_for_a_tool_and_loads_no_module(user: User) -> None:
    done = user.mohr("status", "--json")
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert done.returncode == 3
    assert told["verdict"] == "stops"
    assert "agent-not-running" in told["causes"]
    assert told["system.version"]
    assert not any(name.startswith("module") for name in told)
    # Ports may be taken and freed between two looks: the first cause is what both are held to.
    verdict, first, *_, code = user.mohr("status").stdout.split()
    assert (verdict, first) == ("stops", told["causes"][0])
    assert read(code)[0] == read(told["support_code"])[0] == meanings()[first].number


def test_status_beside_an_agent_tells_its_port(user: User) -> None:
    agent = user.begin("agent")
    try:
        user.panel()
        told = json.loads(user.mohr("status", "--json").stdout)
    finally:
        agent.terminate()
        agent.communicate(timeout=30)
    assert "agent-not-running" not in told["causes"]
    assert int(told["agent.port"]) in {18717, 18719, 18721}


def test_a_policy_is_checked_wherever_it_stands_and_says_what_it_allows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "draft.toml"
    file.write_text('origins = ["https://panel.example"]\npairing = false\nsession_signing_minutes = 0\n')
    file.chmod(0o666)
    assert main(["policy", "check", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("valid")
    for said in ("https://panel.example", "closed", "forbidden"):
        assert said in told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("origins = [", "policy.toml"),
        ('allowed = "x"', "allowed"),
        ('origins = ["http://panel.example"]', "http://panel.example"),
        ("session_signing_minutes = -1", "session_signing_minutes"),
    ],
)
def test_a_policy_that_the_agent_would_not_take_is_told_with_the_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, named: str
) -> None:
    (tmp_path / "policy.toml").write_text(text)
    assert main(["policy", "check", str(tmp_path / "policy.toml")]) == 1
    assert named in capsys.readouterr().out


def test_a_policy_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(tmp_path / "none.toml")]) == 1
    assert "none.toml" in capsys.readouterr().out


def rows(user: User, what: str, *arguments: str) -> list[dict[str, object]]:
    done = user.mohr("token", what, "--json", *arguments)
    assert done.returncode == 0, done.stdout
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_a_token_tells_its_flags_objects_and_mechanisms_without_a_pin(user: User) -> None:
    (info,) = rows(user, "info")
    assert info["label"] == "Mohr demo"
    assert "USER_PIN_INITIALIZED" in str(info["flag_names"])
    objects = rows(user, "objects")
    certificates = [row for row in objects if row["kind"] == "certificate"]
    keys = [row for row in objects if row["kind"] == "public-key"]
    assert len(certificates) == len(keys) == len(PRACTICES)
    assert all(row["key"] == "rsa 2048" and row["signs"] for row in certificates)
    assert all(row["certificate"] for row in keys)
    names = {row["name"]: row for row in rows(user, "mechanisms")}
    assert names["CKM_SHA256_RSA_PKCS"]["sizes"]
    # All that SoftHSM has are the standard's, and have names.
    assert "-" not in names
    assert rows(user, "info", "--serial", str(info["token"])) == [info]
    assert not any(practice.centre in json.dumps(objects, ensure_ascii=False) for practice in PRACTICES)


def test_names_of_mechanisms_are_those_that_the_code_signs_by() -> None:
    used = {name: value for name, value in vars(mechanisms).items() if name.startswith("CKM_")}
    assert {name: value for value, name in NAMES.items() if name in used} == used


def test_a_token_that_is_not_there_is_told(user: User) -> None:
    done = user.mohr("token", "info", "--serial", "0000")
    assert done.returncode == 1
    assert "mohr diagnose" in done.stdout
