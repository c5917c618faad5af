"""`mohr uninstall` after a real agent has run: the account is as it was before, but for the journal."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from signer.cli import uninstall
from signer.cli.main import main
from signer.model.errors import AdministratorNeeded
from signer.platform.autostart import set_start
from signer.platform.trust_stores import user_stores
from signer.platform.uninstall import Account, Step, from_account
from tests.cli.place import User, make_user
from tests.cli.test_ca import agent, standings
from tests.platform.test_trust_stores import database


def tree(user: User) -> set[str]:
    """Every file and folder of hers but the token, which is no part of Mohr."""
    return {
        str(path.relative_to(user.home))
        for path in user.home.rglob("*")
        if path.relative_to(user.home).parts[0] != "token"
    }


@pytest.fixture
def used(tmp_path: Path) -> tuple[User, set[str]]:
    """Somebody who has used it, and what was there before."""
    user = make_user(tmp_path)
    database(user.home / ".mozilla/firefox/a.default")
    (user.home / "share").mkdir(exist_ok=True)
    (user.home / "etc/autostart").mkdir(parents=True)
    (user.home / "etc/mimeapps.list").write_text("[Default Applications]\ntext/html=firefox.desktop\n")
    before = tree(user)
    with agent(user):
        user.panel()
        user.mohr("ca", "trust")
    (user.data / "journal").mkdir()
    (user.data / "journal" / "journal.db").touch()
    set_start(user.home / "etc/autostart", ("mohr-desktop", "--hidden"))
    with (user.home / "etc/mimeapps.list").open("a") as handlers:
        handlers.write("x-scheme-handler/mohr=mohr.desktop\n")
    assert standings(user) == ["trusted", "trusted"]
    return user, before


def test_nothing_is_left_but_the_journal_and_nothing_at_all_after_a_purge(
    used: tuple[User, set[str]],
) -> None:
    user, before = used
    done = user.mohr("uninstall")
    assert done.returncode == 0, done.stdout
    assert f"kept: the journal of what was signed ({user.data / 'journal'})" in done.stdout
    assert "--purge" in done.stdout
    journal = {"share/mohr", *(path for path in tree(user) if path.startswith("share/mohr/journal"))}
    assert tree(user) - before == journal
    assert (user.home / "etc/mimeapps.list").read_text().endswith("firefox.desktop\n")
    again = user.mohr("uninstall")
    assert (again.returncode, "removed" in again.stdout.replace("removes", "")) == (0, False)
    assert user.mohr("uninstall", "--purge").returncode == 0
    assert tree(user) == before
    assert "nothing of Mohr" in user.mohr("uninstall", "--purge").stdout
    assert tree(user) == before


def test_a_rehearsal_changes_nothing_and_tells_the_same(used: tuple[User, set[str]]) -> None:
    user, _ = used
    before = {path: path.stat().st_mtime_ns for path in user.home.rglob("*") if path.is_file()}
    told = user.mohr("uninstall", "--dry-run").stdout
    assert {path: path.stat().st_mtime_ns for path in user.home.rglob("*") if path.is_file()} == before
    done = user.mohr("uninstall").stdout
    assert told.replace("would be ", "") == done
    assert "would be removed: trust" in told


def test_it_is_told_in_persian_too(used: tuple[User, set[str]]) -> None:
    user, _ = used
    told = user.mohr("uninstall", "--dry-run", "--language", "fa").stdout
    assert "برداشته می‌شود: اعتماد به گواهی مُهر" in told
    assert "نگه داشته می‌شود: دفتر امضا" in told
    assert "برداشته شد: شروع همراه سیستم" in user.mohr("uninstall", "--language", "fa").stdout


def test_while_the_agent_runs_nothing_is_touched(used: tuple[User, set[str]]) -> None:
    user, _ = used
    with agent(user):
        user.panel()
        done = user.mohr("uninstall", "--language", "fa")
    assert (done.returncode, "[already-running]" in done.stdout) == (1, True)
    assert standings(user) == ["trusted", "trusted"]


def test_a_store_that_a_browser_holds_is_told_and_the_rest_goes(used: tuple[User, set[str]]) -> None:
    user, before = used
    with closing(sqlite3.connect(user_stores(user.home)[1].folder / "cert9.db")) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        done = user.mohr("uninstall", "--purge")
    assert (done.returncode, "[trust-store-locked]" in done.stdout) == (1, True)
    assert tree(user) == before
    assert user.mohr("uninstall").stdout.startswith("removed: trust")


def test_everybody_is_for_the_administrator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert main(["uninstall", "--all-users"]) == 1
    assert AdministratorNeeded.code in capsys.readouterr().out


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user takes root")
def test_each_users_account_is_looked_through_as_that_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    homes = {}
    for uid in (54321, 54322):
        home = homes[uid] = tmp_path / str(uid)
        data = home / ".local/share/mohr"
        (data / "journal").mkdir(parents=True)
        (data / "agent-key.pem").touch()
        for path in (home, *home.rglob("*")):
            os.chown(path, uid, uid)
    # A link to what is not theirs, where something of ours would be.
    secret = tmp_path / "roots"
    secret.mkdir(mode=0o700)
    (secret / "mohr.desktop").touch()
    (homes[54322] / ".config").symlink_to(secret)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    everybody = [(home, uid, uid) for uid, home in homes.items()]
    monkeypatch.setattr(uninstall, "_everybody", lambda but: iter(everybody))
    mine: tuple[Step, ...] = ()
    monkeypatch.setattr(uninstall, "from_account", _but_for(tmp_path, from_account))
    monkeypatch.setattr(uninstall, "from_computer", lambda *, rehearse: iter(mine))
    # Where that user may not look, it is told.
    assert main(["uninstall", "--all-users"]) == 1
    told, problems = capfd.readouterr()
    assert problems == ""
    for home in homes.values():
        assert f"{home}:" in told
        assert [path.name for path in (home / ".local/share/mohr").iterdir()] == ["journal"]
    assert (secret / "mohr.desktop").exists()
    (homes[54322] / ".config").unlink()
    assert main(["uninstall", "--all-users", "--purge"]) == 0
    for home in homes.values():
        assert not (home / ".local/share/mohr").exists()


def _but_for(folder: Path, real: object) -> object:
    """`from_account`, which finds nothing in the account that the tests run in."""

    def narrowed(account: Account, **how: bool) -> object:
        return real(account, **how) if account.home.is_relative_to(folder) else iter(())  # type: ignore[operator]

    return narrowed
