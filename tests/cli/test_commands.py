"""The small commands of `mohr`: version, help, pairings, journal."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signer.cli.assembly import version
from signer.cli.main import main
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairings import Pairings
from signer.journal.store import SqliteJournal
from signer.model.errors import AlreadyRunning
from signer.platform.folders import folders_under, user_folders
from signer.platform.only_one import only_one
from tests.journal.test_store import intent

ORIGIN = "https://panel.example"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))


def test_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{version()}\n"


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr().out
    assert all(command in said for command in ("agent", "demo", "pairings", "journal"))


def test_pairings_are_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    kept = Pairings.open(user_folders().data)
    kept.accept(ORIGIN, SigningKey.generate().point, now)
    assert main(["pairings"]) == 0
    assert capsys.readouterr().out == f"{ORIGIN}  since {now:%Y-%m-%d}\n"
    assert main(["pairings", "--revoke", ORIGIN]) == 0
    assert "may no longer ask" in capsys.readouterr().out
    assert kept.find(ORIGIN, now) is None
    assert main(["pairings"]) == 0
    assert capsys.readouterr().out == ""


def test_revoking_what_is_not_paired_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pairings", "--revoke", "https://\x1b[2J.example"]) == 1
    assert capsys.readouterr().out == "no pairing of https://<U+001B>[2J.example\n"


def test_a_damaged_list_of_pairings_is_a_sentence_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (user_folders().data / "pairings.json").write_text("{")
    assert main(["pairings"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "cannot be read" in told.err
    assert "Traceback" not in told.err


def test_the_journal_says_how_long_its_chain_is_and_where_it_breaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = user_folders().data / "journal"
    asyncio.run(_write_two(folder))
    assert main(["journal"]) == 0
    assert capsys.readouterr().out.startswith("2 entries")
    with sqlite3.connect(folder / "journal.db") as db:
        db.execute("UPDATE entry SET origin = 'https://else.example' WHERE sequence = 2")
    db.close()
    assert main(["journal"]) == 1
    assert "entry 2 does not follow" in capsys.readouterr().out


def test_a_demo_whose_folder_is_in_use_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_one(folders_under(tmp_path / "demo" / "agent").data):
        assert main(["demo", "--auto", "--folder", str(tmp_path / "demo")]) == 1
    assert AlreadyRunning.en in capsys.readouterr().err


async def _write_two(folder: Path) -> None:
    journal = SqliteJournal(folder)
    await journal.intend((intent("a"), intent("b")))
    await journal.close()
