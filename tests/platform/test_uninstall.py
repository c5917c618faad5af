"""What is taken out of an account and of a computer, thing by thing, and what is left where one refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from signer.model.errors import FileUnusable
from signer.platform import browser_policy_files, uninstall
from signer.platform.browser_policies import PolicyBrowser
from signer.platform.only_one import only_one
from signer.platform.trust_stores import system_store
from signer.platform.uninstall import Account, Outcome, account_of, from_account, from_computer


@pytest.fixture
def account(tmp_path: Path) -> Account:
    made = account_of(tmp_path / "home", 999_999_999)
    (made.data / "journal").mkdir(parents=True)
    (made.data / "journal" / "journal.db").touch()
    return made


def told(account: Account, *, purge: bool = False) -> list[tuple[str, str]]:
    return [(step.outcome.value, step.what) for step in from_account(account, purge=purge, rehearse=False)]


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


THINGS: list[tuple[str, Callable[[Account], Path]]] = [
    ("autostart", lambda a: write(a.config / "autostart/mohr.desktop")),
    ("autostart", lambda a: write(a.config / "systemd/user/mohr.service")),
    ("autostart", lambda a: write(a.config / "systemd/user/default.target.wants/mohr-agent.service")),
    ("mohr: handler", lambda a: write(a.share / "applications/mohr.desktop")),
    ("agent-key.pem", lambda a: write(a.data / "agent-key.pem")),
    ("pairings.json", lambda a: write(a.data / "pairings.json")),
    ("desktop.json", lambda a: write(a.data / "desktop.json")),
    ("tls", lambda a: write(a.data / "tls/authority.pem")),
    ("demo", lambda a: write(a.data / "demo/agent/data/journal/journal.db")),
]


@pytest.mark.parametrize(("what", "made"), THINGS)
def test_each_thing_goes_and_is_gone_the_second_time(
    account: Account, what: str, made: Callable[[Account], Path]
) -> None:
    path = made(account)
    kept = ("kept", "the journal of what was signed")
    assert told(account) == [("removed", what), kept]
    assert not path.exists()
    assert told(account) == [kept]
    assert told(account, purge=True) == [("removed", "journal"), ("removed", "data")]
    assert told(account, purge=True) == []


@pytest.mark.parametrize(
    "file", ["mimeapps.list", "applications/mimeapps.list", "applications/mimeinfo.cache"]
)
def test_other_handlers_of_a_file_stay(account: Account, file: str) -> None:
    others = "[Default Applications]\ntext/html=a.desktop;\nx-scheme-handler/mohrs=b.desktop\n"
    path = write(account.share / file, others + "x-scheme-handler/mohr=mohr.desktop;\n")
    path.chmod(0o640)
    assert told(account)[0] == ("removed", "mohr: handler")
    assert (path.read_text(), path.stat().st_mode & 0o777) == (others, 0o640)


def test_a_data_folder_that_is_a_link_is_left_with_what_it_leads_to(account: Account, tmp_path: Path) -> None:
    elsewhere = account.data.rename(tmp_path / "elsewhere")
    account.data.symlink_to(elsewhere)
    assert told(account, purge=True) == [("left", "data")]
    assert (elsewhere / "journal" / "journal.db").exists()


def test_a_link_inside_goes_and_what_it_leads_to_stays(account: Account, tmp_path: Path) -> None:
    precious = write(tmp_path / "precious" / "file")
    (account.data / "tls").symlink_to(precious.parent)
    assert ("removed", "tls") in told(account)
    assert precious.exists()


def test_one_thing_that_refuses_keeps_no_other(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    write(account.data / "tls/authority.pem")
    key = write(account.data / "agent-key.pem")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(shutil, "rmtree", refuse)
    steps = list(from_account(account, purge=False, rehearse=False))
    assert [(step.outcome, step.what) for step in steps[:2]] == [
        (Outcome.REMOVED, "agent-key.pem"),
        (Outcome.LEFT, "tls"),
    ]
    assert isinstance(steps[1].reason, FileUnusable)
    assert not key.exists()


def test_an_account_whose_agent_runs_is_left_whole(account: Account) -> None:
    key = write(account.data / "agent-key.pem")
    with only_one(account.data):
        assert told(account, purge=True) == [("left", "everything")]
    assert key.exists()


def test_the_computers_parts_go_for_everybody(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    browser_policy_files.put_in(PolicyBrowser, ("https://panel.example",), root=tmp_path)
    system = system_store(tmp_path / "certificates")
    write(system.folder / "mohr-on-this-computer-only.crt", PEM)
    for rehearse in (True, False):
        steps = list(from_computer(rehearse=rehearse, root=tmp_path, system=system))
        assert [(step.outcome.value, step.what) for step in steps] == [
            ("removed", "browser policies"),
            ("removed", "trust"),
        ]
    assert list(from_computer(rehearse=False, root=tmp_path, system=system)) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_sessions_own_folders_are_the_callers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    mine = uninstall.own_account(Path("data"), Path("run"))
    assert (mine.config, mine.share) == (tmp_path / "XDG_CONFIG_HOME", tmp_path / "XDG_DATA_HOME")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name)
    mine = uninstall.own_account(Path("data"), Path("run"))
    assert (mine.config, mine.share) == (
        tmp_path / "HOME/.config",
        tmp_path / "HOME/.local/share",
    )


PEM = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
