"""Pairings and the agent's key on disk: private, whole, and never emptied without somebody knowing."""

from __future__ import annotations

import errno
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from signer.endpoint import agent_key, pairings
from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairings import Pairings, set_aside
from signer.model.errors import PairingStoreFailed
from tests.endpoint.world import NOON, ORIGIN, OTHER_ORIGIN

POINT = SigningKey.generate().point


def test_what_was_accepted_is_there_after_a_restart(tmp_path: Path) -> None:
    made = Pairings.open(tmp_path).accept(ORIGIN, POINT, NOON)
    assert Pairings.open(tmp_path).list(NOON) == (made,)
    assert (made.origin, made.point, made.paired_at, made.last_used) == (ORIGIN, POINT, NOON, NOON)


def test_both_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    Pairings.open(tmp_path).accept(ORIGIN, POINT, NOON)
    load_agent_key(tmp_path)
    for name in (pairings.FILE, agent_key.FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {pairings.FILE, agent_key.FILE}


def test_a_revoked_origin_stays_revoked(tmp_path: Path) -> None:
    store = Pairings.open(tmp_path)
    store.accept(ORIGIN, POINT, NOON)
    store.accept(OTHER_ORIGIN, POINT, NOON)
    assert store.revoke(ORIGIN)
    assert not store.revoke(ORIGIN)
    assert [pairing.origin for pairing in Pairings.open(tmp_path).list(NOON)] == [OTHER_ORIGIN]


def test_a_pairing_ends_after_ninety_idle_days_and_use_is_noted_once_a_day(tmp_path: Path) -> None:
    store = Pairings.open(tmp_path)
    made = store.accept(ORIGIN, POINT, NOON)
    store.used(made, NOON + timedelta(hours=23))
    assert Pairings.open(tmp_path).list(NOON)[0].last_used == NOON
    later = NOON + timedelta(days=89)
    store.used(made, later)
    again = Pairings.open(tmp_path)
    assert again.find(ORIGIN, NOON + timedelta(days=178)) is not None
    assert again.find(ORIGIN, NOON + timedelta(days=179)) is None
    assert again.list(NOON + timedelta(days=179)) == ()


def test_a_failed_write_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Pairings.open(tmp_path)
    made = store.accept(ORIGIN, POINT, NOON)

    def full(path: Path, octets: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(pairings, "write_private", full)
    with pytest.raises(PairingStoreFailed):
        store.accept(OTHER_ORIGIN, POINT, NOON)
    with pytest.raises(PairingStoreFailed):
        store.revoke(ORIGIN)
    store.used(made, NOON + timedelta(days=2))
    assert [pairing.origin for pairing in store.list(NOON)] == [ORIGIN]


def test_what_another_process_revokes_is_gone_at_once_and_does_not_come_back(tmp_path: Path) -> None:
    running = Pairings.open(tmp_path)
    made = running.accept(ORIGIN, POINT, NOON)
    running.accept(OTHER_ORIGIN, POINT, NOON)
    assert Pairings.open(tmp_path).revoke(ORIGIN)
    running.used(made, NOON + timedelta(days=2))
    assert running.find(ORIGIN, NOON) is None
    assert [pairing.origin for pairing in Pairings.open(tmp_path).list(NOON)] == [OTHER_ORIGIN]


def test_a_file_gone_bad_while_the_agent_runs_lets_nobody_in(tmp_path: Path) -> None:
    running = Pairings.open(tmp_path)
    running.accept(ORIGIN, POINT, NOON)
    (tmp_path / pairings.FILE).write_text("not the file that was written")
    with pytest.raises(PairingStoreFailed):
        running.find(ORIGIN, NOON)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{",
        b"[]",
        b'{"version":2,"pairings":[]}',
        b'{"version":1,"pairings":[],"more":1}',
        b'{"version":1,"pairings":[{"origin":"null","point":"","paired_at":"2026-01-01T00:00:00Z",'
        b'"last_used":"2026-01-01T00:00:00Z"}]}',
    ],
)
def test_a_damaged_store_is_told_of_and_left_as_it_is(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / pairings.FILE
    path.write_bytes(octets)
    path.chmod(0o600)
    with pytest.raises(PairingStoreFailed):
        Pairings.open(tmp_path)
    assert path.read_bytes() == octets


@pytest.mark.parametrize("octets", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_told_of_and_not_replaced(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / agent_key.FILE
    path.write_bytes(octets)
    path.chmod(0o600)
    with pytest.raises(PairingStoreFailed):
        load_agent_key(tmp_path)
    assert path.read_bytes() == octets


@pytest.mark.parametrize("name", [pairings.FILE, agent_key.FILE])
def test_a_file_that_others_can_write_is_not_believed(tmp_path: Path, name: str) -> None:
    Pairings.open(tmp_path).accept(ORIGIN, POINT, NOON)
    load_agent_key(tmp_path)
    (tmp_path / name).chmod(0o620)
    with pytest.raises(PairingStoreFailed):
        (Pairings.open if name == pairings.FILE else load_agent_key)(tmp_path)


def test_setting_aside_keeps_the_files_and_starts_anew(tmp_path: Path) -> None:
    before = load_agent_key(tmp_path)
    (tmp_path / pairings.FILE).write_bytes(b"{")
    set_aside(tmp_path, NOON)
    assert Pairings.open(tmp_path).list(NOON) == ()
    assert load_agent_key(tmp_path).keyid != before.keyid
    aside = [path for path in tmp_path.iterdir() if path.suffix == ".aside"]
    assert sorted(path.read_bytes()[:1] for path in aside) == [b"-", b"{"]


def test_the_key_is_made_once(tmp_path: Path) -> None:
    assert load_agent_key(tmp_path).keyid == load_agent_key(tmp_path).keyid
