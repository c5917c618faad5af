"""`mohr diagnose` as people run it: beside an agent, without one, with a module that hangs, as a report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from signer.cli.demo.token import PIN
from signer.diagnostics.catalogue import meanings
from signer.diagnostics.support_code import read
from tests.cli.place import User
from tests.cli.theatre import Terminal
from tests.fault.module import FaultyModule, build
from tests.softhsm import SoftHsm, module_path


def diagnosis(user: User, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the report, and what was told meanwhile."""
    done = subprocess.run(
        [sys.executable, "-m", "signer.cli.main", "diagnose", "--json", *arguments],
        env={**user.env, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_without_an_agent_it_says_so_and_changes_nothing(user: User) -> None:
    before = sorted(path for path in user.home.rglob("*") if "token" not in path.parts)
    status, report, progress = diagnosis(user)
    assert status == 3
    assert report["causes"][0]["code"] == "agent-not-running"
    assert report["verdict"] == "stops"
    assert "agent-not-running" in progress
    assert sorted(path for path in user.home.rglob("*") if "token" not in path.parts) == before


def test_beside_a_running_agent_it_finds_the_agent_and_the_token(user: User) -> None:
    agent = user.begin("agent")
    try:
        user.panel()
        status, report, _ = diagnosis(user)
    finally:
        agent.terminate()
        agent.communicate(timeout=30)
    found = {one["code"] for one in (*report["causes"], *report["consequences"])}
    assert "agent-not-running" not in found and "agent-unreachable" not in found
    assert "credential-ready" in found
    assert report["ready"]
    # The real browsers of this computer, each asked for its version.
    browsers = next(probe["told"] for probe in report["probes"] if probe["name"] == "browsers")
    assert browsers.keys() == {"chromium", "firefox"}
    assert all(version[0].isdigit() for version in browsers.values())
    # No panel is paired and no store trusts the authority yet: that hinders, and stops nothing.
    assert status == 1
    assert report["causes"][0]["code"] == "pairing-none"
    assert read(report["support_code"])[0] == 121


def test_a_module_that_hangs_is_named_within_ten_seconds(user: User, tmp_path: Path) -> None:
    env = {"SOFTHSM2_CONF": user.env["SOFTHSM2_CONF"]}
    token = SoftHsm(folder=user.home / "token", module=module_path(), env=env)
    faulty = FaultyModule(build(tmp_path), token, tmp_path)
    faulty.fail("C_GetSlotList", "hang")
    began = time.monotonic()
    status, report, _ = diagnosis(user, "--module", str(faulty.token.module), **faulty.token.env)
    taken = time.monotonic() - began
    assert status == 3
    first = report["causes"][0]
    assert (first["code"], first["evidence"]["function"]) == ("module-hung", "C_GetSlotList")
    assert max(probe["seconds"] for probe in report["probes"]) < 10
    # What a machine under load takes to start two interpreters is not the check's.
    assert taken < 20


def test_a_module_that_is_named_and_broken_comes_before_the_readers(user: User, tmp_path: Path) -> None:
    (tmp_path / "module.so").write_text("not found")
    _, report, _ = diagnosis(user, "--module", str(tmp_path / "module.so"))
    assert report["causes"][0]["code"] == "module-not-a-library"
    assert [probe["name"] for probe in report["probes"] if probe["name"].startswith("module")] == [
        "module named"
    ]


@pytest.mark.parametrize("language", ["fa", "en"])
def test_what_is_printed_has_the_first_cause_the_remedy_and_the_code(user: User, language: str) -> None:
    done = user.mohr("diagnose", "--language", language, "--html", str(user.home / "report.html"))
    assert done.returncode == 3
    code = re.search(r"\d{3}-\d{3}-\d{3}-\d{3}", done.stdout)
    assert code is not None
    # What else runs on this computer may change between two checks: one run is held to itself.
    first = next(one for one in meanings().values() if one.number == read(code[0])[0])
    # Persian text is isolated on a terminal, so words are looked for.
    for word in (first.fa_remedy if language == "fa" else first.en_remedy).split():
        assert word.strip(".") in done.stdout
    page = (user.home / "report.html").read_text("utf-8")
    assert first.fa in page and first.en in page
    assert code[0] in page
    assert "<script" not in page and "http://" not in page and "https://" not in page


def test_the_bundle_is_saved_as_it_was_shown_once_a_person_says_yes(user: User, terminal: Terminal) -> None:
    file = user.home / "bundle.json"
    diagnosing = user.sit_down(terminal, "diagnose", "--bundle", str(file))
    terminal.read_until("Save exactly this?", 60)
    shown = terminal.text
    assert not file.exists()
    terminal.type("yes\n")
    assert diagnosing.wait(60) == 3
    saved = file.read_text("ascii")
    assert json.loads(saved)["format"] == "mohr-diagnosis/1"
    assert saved.strip() in shown.replace("\r\n", "\n")


def sign(user: User, terminal: Terminal, pin: str) -> tuple[int, str]:
    """`mohr diagnose --sign` with this PIN; its status, and all that stood on the screen."""
    diagnosing = user.sit_down(terminal, "diagnose", "--sign")
    terminal.read_until("PIN (nothing to give up): ", 60)
    terminal.type(f"{pin}\n")
    status = diagnosing.wait(60)
    while terminal.look():
        pass
    return status, terminal.text


def test_signing_with_a_pin_shows_that_each_key_signs(user: User, terminal: Terminal) -> None:
    status, screen = sign(user, terminal, PIN)
    assert "signature-made" in screen
    assert status == 3  # no agent runs here
    assert PIN not in screen.replace(read_code(screen), "")


def test_a_wrong_pin_is_sent_once_and_the_verdict_stands_all_the_same(user: User, terminal: Terminal) -> None:
    status, screen = sign(user, terminal, "1357")
    assert "[pin-wrong]" in screen and "[agent-not-running]" in screen
    assert "signature-made" not in screen
    assert status == 3


def read_code(screen: str) -> str:
    return screen.rpartition("support code: ")[2].strip()


def test_a_bundle_that_is_not_wanted_is_not_saved(user: User, terminal: Terminal) -> None:
    file = user.home / "bundle.json"
    diagnosing = user.sit_down(terminal, "diagnose", "--bundle", str(file))
    terminal.read_until("Save exactly this?", 60)
    terminal.type("no\n")
    assert diagnosing.wait(60) == 4
    assert not file.exists()


def test_without_a_terminal_no_bundle_is_saved(user: User) -> None:
    done = user.mohr("diagnose", "--bundle", str(user.home / "bundle.json"))
    assert done.returncode == 4
    assert "--json prints the same" in done.stderr
    assert not (user.home / "bundle.json").exists()


def test_a_plain_installation_without_bindings_or_qt_says_what_is_missing(user: User) -> None:
    absent = "PyKCS11", "pkcs11", "aiohttp", "PySide6", "pypdfium2"
    hidden = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
        "from signer.cli.main import main; sys.exit(main(['diagnose', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden],
        env=user.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    report = json.loads(done.stdout)
    codes = [one["code"] for one in report["causes"]]
    assert "bindings-missing" in codes, done.stderr
    assert done.returncode == 3
