"""The agent's own authority: in the browsers' stores after the first start, out when somebody says so."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signer.cli import authority
from signer.cli.main import main
from signer.endpoint.local_ca import kept_authority
from tests.cli.place import User, make_user
from tests.platform.test_trust_stores import database


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = make_user(tmp_path)
    database(made.home / ".mozilla/firefox/a.default")
    return made


@contextmanager
def agent(user: User) -> Iterator[None]:
    running = user.begin("agent")
    try:
        yield
    finally:
        running.terminate()
        running.communicate(timeout=60)


def standings(user: User) -> list[str]:
    """What `mohr ca status` says of each store."""
    return [line.rpartition(": ")[2] for line in user.mohr("ca", "status").stdout.splitlines()[1:]]


def test_the_first_start_puts_it_in_and_distrust_keeps_it_out(user: User) -> None:
    deadline = time.monotonic() + 60
    with agent(user):
        while not (user.data / "tls" / "placed.json").exists() or "absent" in standings(user):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert standings(user) == ["trusted", "trusted"]
    assert user.mohr("authority", "distrust").stdout.count("removed") == 2
    with agent(user):
        user.panel()
    assert standings(user) == ["absent", "absent"]
    assert user.mohr("ca", "trust").stdout.count("trusted") == 2


def test_a_store_that_cannot_be_read_is_told_with_what_to_do(user: User) -> None:
    (user.home / ".mozilla/firefox/a.default/cert9.db").write_bytes(b"no database")
    done = user.mohr("ca", "status")
    assert done.returncode == 1
    assert "[trust-store-failed]" in done.stdout


def test_the_systems_store_is_given_the_authority_of_who_called_sudo(user: User) -> None:
    with agent(user):
        user.panel()
    (user.home / ".local/share").mkdir(parents=True, exist_ok=True)
    (user.home / ".local/share/mohr").symlink_to(user.data)
    assert authority.kept_of(user.home) == kept_authority(user.data / "tls")


@pytest.mark.skipif(os.getuid() != 0, reason="sudo's caller is asked of root alone")
def test_a_caller_without_an_agent_is_told_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUDO_UID", "65534")
    assert main(["ca", "trust", "--system"]) == 1
    assert "start it once" in capsys.readouterr().err
