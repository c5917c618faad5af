"""The authority is given to each store once, and not to one that somebody took it out of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signer.endpoint.local_ca import local_identity
from signer.model.errors import TrustStoreLocked
from signer.platform import nss_database
from signer.platform.trust_stores import NAME, Standing, distrust, standing, user_stores
from signer.platform.trust_upkeep import agree, decline, keep_trusted
from tests.platform.test_trust_stores import database

NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    database(tmp_path / "home/.mozilla/firefox/a.default")
    return tmp_path / "home"


def told(home: Path, tls: Path, authority: bytes) -> list[tuple[str, str]]:
    return [
        (store.kind.value, "" if problem is None else problem.code)
        for store, problem in keep_trusted(home, tls, authority)
    ]


def test_every_store_is_given_it_once_and_a_second_start_starts_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = tmp_path / "tls"
    authority = local_identity(tls, NOW).authority
    assert told(home, tls, authority) == [("chromium", ""), ("firefox", "")]
    assert [standing(store, authority) for store in user_stores(home)] == [Standing.TRUSTED] * 2
    with monkeypatch.context() as patched:
        patched.setattr(nss_database, "command", lambda: pytest.fail("a process was started"))
        assert told(home, tls, authority) == []
    database(home / ".mozilla/firefox/new.default")
    assert told(home, tls, authority) == [("firefox", "")]


def test_a_store_that_somebody_took_it_out_of_stays_without(home: Path, tmp_path: Path) -> None:
    tls = tmp_path / "tls"
    authority = local_identity(tls, NOW).authority
    told(home, tls, authority)
    distrust(user_stores(home)[1])
    assert told(home, tls, authority) == []
    decline(tls)
    renewed = local_identity(tmp_path / "renewed", NOW).authority
    assert told(home, tls, renewed) == []
    agree(tls)
    assert told(home, tls, authority) == [("chromium", ""), ("firefox", "")]


def test_a_renewed_authority_takes_the_place_of_the_old_one_everywhere(home: Path, tmp_path: Path) -> None:
    tls = tmp_path / "tls"
    old = local_identity(tls, NOW).authority
    told(home, tls, old)
    new = local_identity(tmp_path / "new", NOW).authority
    assert told(home, tls, new) == [("chromium", ""), ("firefox", "")]
    for store in user_stores(home):
        assert standing(store, new) is Standing.TRUSTED
        assert standing(store, old) is Standing.OUTDATED
        assert len(nss_database.kept(store.folder, NAME)) == 1


def test_a_store_that_is_locked_is_told_and_tried_again(home: Path, tmp_path: Path) -> None:
    tls = tmp_path / "tls"
    authority = local_identity(tls, NOW).authority
    file = home / ".mozilla/firefox/a.default/cert9.db"
    with closing(sqlite3.connect(file)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        assert told(home, tls, authority) == [("chromium", ""), ("firefox", TrustStoreLocked.code)]
    assert told(home, tls, authority) == [("firefox", "")]


def test_a_record_that_is_damaged_costs_no_more_than_a_second_look(home: Path, tmp_path: Path) -> None:
    tls = tmp_path / "tls"
    authority = local_identity(tls, NOW).authority
    told(home, tls, authority)
    (tls / "placed.json").write_text("{")
    assert told(home, tls, authority) == [("chromium", ""), ("firefox", "")]


def test_it_ends_between_two_stores_when_the_agent_does(home: Path, tmp_path: Path) -> None:
    tls = tmp_path / "tls"
    authority = local_identity(tls, NOW).authority
    assert list(keep_trusted(home, tls, authority, lambda: False)) == []
    assert told(home, tls, authority) == [("chromium", ""), ("firefox", "")]
