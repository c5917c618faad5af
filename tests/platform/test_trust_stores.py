"""The authority in and out of real NSS databases, and of a folder that stands in for the system's."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signer.endpoint.local_ca import local_identity
from signer.model.errors import TrustStoreFailed
from signer.platform.trust_stores import (
    Standing,
    StoreKind,
    TrustStore,
    distrust,
    standing,
    system_store,
    trust,
    user_stores,
)

NOW = datetime.now(UTC)


def database(folder: Path) -> None:
    folder.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{folder}"], check=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with Chromium from Debian and from a snap, two profiles of Firefox, one of a snap."""
    made = tmp_path / "خانهٔ کاربر"
    database(made / "snap/chromium/current/.pki/nssdb")
    for profile in (".mozilla/firefox/a.default", ".mozilla/firefox/b b.esr"):
        database(made / profile)
    database(made / "snap/firefox/common/.mozilla/firefox/c.default")
    (made / ".mozilla/firefox/empty").mkdir()
    return made


def test_every_store_of_a_home_is_found(home: Path) -> None:
    found = [(store.kind, str(store.folder.relative_to(home))) for store in user_stores(home)]
    assert found == [
        (StoreKind.CHROMIUM, ".pki/nssdb"),
        (StoreKind.CHROMIUM, "snap/chromium/current/.pki/nssdb"),
        (StoreKind.FIREFOX, ".mozilla/firefox/a.default"),
        (StoreKind.FIREFOX, ".mozilla/firefox/b b.esr"),
        (StoreKind.FIREFOX, "snap/firefox/common/.mozilla/firefox/c.default"),
    ]


def test_the_authority_goes_into_every_store_and_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    authority = local_identity(tmp_path / "tls", NOW).authority
    for store in (*user_stores(home), system_store(tmp_path)):
        assert standing(store, authority) is Standing.ABSENT
        trust(store, authority)
        assert standing(store, authority) is Standing.TRUSTED
        assert distrust(store)
        assert standing(store, authority) is Standing.ABSENT
        assert not distrust(store)


def test_a_renewed_authority_takes_the_place_of_the_old_one(home: Path, tmp_path: Path) -> None:
    old = local_identity(tmp_path / "old", NOW).authority
    new = local_identity(tmp_path / "new", NOW + timedelta(days=1)).authority
    for store in (user_stores(home)[0], system_store(tmp_path)):
        trust(store, old)
        assert standing(store, new) is Standing.OUTDATED
        trust(store, new)
        assert standing(store, new) is Standing.TRUSTED
        assert standing(store, old) is Standing.OUTDATED


def test_what_others_put_into_a_store_stays(home: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(local_identity(tmp_path / "other", NOW).authority)
    store = user_stores(home)[2]
    add = ["certutil", "-A", "-n", "Clinic CA", "-t", "C,,", "-i", str(foreign)]
    add += ["-d", f"sql:{store.folder}"]
    subprocess.run(add, check=True)
    trust(store, local_identity(tmp_path / "tls", NOW).authority)
    distrust(store)
    listed = subprocess.run(["certutil", "-L", "-d", f"sql:{store.folder}"], capture_output=True, text=True)
    assert "Clinic CA" in listed.stdout


def test_a_store_that_cannot_be_written_is_a_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = local_identity(tmp_path / "tls", NOW).authority
    broken = TrustStore(StoreKind.FIREFOX, tmp_path / "broken")
    broken.folder.mkdir()
    (broken.folder / "cert9.db").write_bytes(b"this is no database")
    with pytest.raises(TrustStoreFailed, match="firefox: certutil ended with"):
        trust(broken, authority)
    with pytest.raises(TrustStoreFailed, match="system: "):
        trust(system_store(tmp_path / "missing"), authority)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TrustStoreFailed, match="not installed"):
        standing(broken, authority)
