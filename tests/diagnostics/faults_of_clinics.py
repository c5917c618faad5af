"""Faults of the clinic's policy, of the paired panels, and of the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signer.diagnostics.ground import Ground
from signer.platform.folders import Folders, folders_under
from signer.service import profiles
from tests.diagnostics.computer import PANEL, Computer, pair, paired_in
from tests.diagnostics.row import Table
from tests.service.test_profiles import signed as signed_pack

TABLE = Table()


def _policy(name: str, first: str, text: str, *, mode: int = 0o644) -> None:
    @TABLE.row(name, first, "policy")
    @contextmanager
    def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
        place = folder / "etc" / "policy.toml"
        place.parent.mkdir(mode=0o755)
        place.write_text(text)
        place.chmod(mode)
        yield computer.ground(policy_place=place)


_policy("a policy with a slip in its syntax", "policy-invalid", "origins = [")
_policy("a policy with a word that is none", "policy-invalid", 'allowed_panels = ["https://panel.example"]\n')
_policy("a policy that others may write", "policy-invalid", "pairing = true\n", mode=0o666)
_policy(
    "a policy that shuts a paired panel out", "policy-blocks-panel", 'origins = ["https://other.example"]\n'
)
_policy("a policy that closes pairing", "pairing-closed", "pairing = false\n")


@TABLE.row("a policy of another owner", "policy-invalid", "policy")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    place = folder / "etc" / "policy.toml"
    place.parent.mkdir(mode=0o755)
    place.write_text("pairing = true\n")
    yield computer.ground(policy_place=place, policy_owner=4711)


@TABLE.row("a policy that names a folder of anchors that is not there", "anchors-unreadable", "authorities")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    place = folder / "etc" / "policy.toml"
    place.parent.mkdir(mode=0o755)
    place.write_text(f'anchors = "{folder}/anchors"\n')
    yield computer.ground(policy_place=place)


def _data(name: str, first: str, probe: str) -> Callable[[Callable[[Computer, Folders], None]], object]:
    """A row over a copy of the data that matters to one probe, spoilt by the function."""

    def add(spoil: Callable[[Computer, Folders], None]) -> object:
        @TABLE.row(name, first, probe)
        @contextmanager
        def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
            folders = folders_under(folder)
            spoil(computer, folders)
            yield computer.ground(folders=folders, paired=paired_in(folders))

        return breaking

    return add


@_data("no panel is paired", "pairing-none", "panels")
def _(computer: Computer, folders: Folders) -> None:
    assert not (folders.data / "pairings.json").exists()


@_data("a pairing that was not used for a year", "pairing-none", "panels")
def _(computer: Computer, folders: Folders) -> None:
    pair(folders.data, computer.now.replace(year=computer.now.year - 1), PANEL)


@_data("a list of pairings that is damaged", "pairing-store-failed", "panels")
def _(computer: Computer, folders: Folders) -> None:
    (folders.data / "pairings.json").write_text('{"version": 1, "pairings": [')


@_data("a list of pairings that others can write", "pairing-store-failed", "panels")
def _(computer: Computer, folders: Folders) -> None:
    pair(folders.data, computer.now, PANEL)
    (folders.data / "pairings.json").chmod(0o666)


@_data("a journal in which a line was edited", "journal-broken", "journal")
def _(computer: Computer, folders: Folders) -> None:
    journal = _copied_journal(computer, folders)
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        db.execute("UPDATE entry SET document_id = 'another'")


@_data("a journal of which octets were lost", "journal-unreadable", "journal")
def _(computer: Computer, folders: Folders) -> None:
    _copied_journal(computer, folders).write_bytes(b"SQLite format 3\0" + bytes(5000))


@_data("a journal whose key was lost", "journal-unreadable", "journal")
def _(computer: Computer, folders: Folders) -> None:
    (_copied_journal(computer, folders).parent / "journal.key").unlink()


@_data("a journal that a newer version wrote", "journal-unreadable", "journal")
def _(computer: Computer, folders: Folders) -> None:
    with closing(sqlite3.connect(_copied_journal(computer, folders), isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 99")


def _copied_journal(computer: Computer, folders: Folders) -> Path:
    """The healthy journal, which its agent may have open, through SQLite's own way of copying."""
    source = computer.folders.data / "journal"
    target = folders.data / "journal"
    target.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(source / "journal.db")) as one,
        closing(sqlite3.connect(target / "journal.db")) as other,
    ):
        one.backup(other)
    (target / "journal.key").write_bytes((source / "journal.key").read_bytes())
    return target / "journal.db"


@_data("the agent's own key is damaged", "pairing-store-failed", "panels")
def _(computer: Computer, folders: Folders) -> None:
    (folders.data / "agent-key.pem").touch(mode=0o600)


@TABLE.row("a profile pack whose key is no longer pinned", "profile-pack-unusable", "profiles")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    pinned, other = (Ed25519PrivateKey.from_private_bytes(octet * 32).public_key() for octet in (b"k", b"o"))
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    profiles.install(signed_pack(), pinned, folder, now)
    yield computer.ground(profile_standing=profiles.in_use(folder, lambda: other).standing)
