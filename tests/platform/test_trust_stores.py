"""The authority in and out of real NSS databases, and of a folder that stands in for the system's."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signer.endpoint.local_ca import local_identity
from signer.model.errors import TrustStoreFailed, TrustStoreLocked, TrustStoreWantsPassword
from signer.platform import nss_database
from signer.platform.trust_stores import (
    Standing,
    StoreKind,
    TrustStore,
    distrust,
    in_use,
    standing,
    system_store,
    trust,
    user_stores,
)
from tests import outside, pki

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
    outside.write_pem(foreign, pki.authority().certificate)
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
    with pytest.raises(TrustStoreFailed, match="not-opened SEC_ERROR"):
        trust(broken, authority)
    with pytest.raises(TrustStoreFailed, match="system: "):
        trust(system_store(tmp_path / "missing"), authority)
    (tmp_path / "file").touch()
    with pytest.raises(TrustStoreFailed, match="chromium: "):
        trust(TrustStore(StoreKind.CHROMIUM, tmp_path / "file" / "nssdb"), authority)
    for ends in ("import sys; sys.exit(3)", "print('{')"):
        monkeypatch.setattr(nss_database, "command", lambda ends=ends: (sys.executable, "-c", ends))
        with pytest.raises(TrustStoreFailed, match="process ended with"):
            standing(broken, authority)
    monkeypatch.setattr(nss_database, "command", lambda: (str(tmp_path / "absent"),))
    with pytest.raises(TrustStoreFailed, match="FileNotFoundError"):
        standing(broken, authority)


def test_a_computer_without_nss_says_so_and_gets_no_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = "import signer.platform.nss_worker as w; w.LIBRARIES = ('libabsent.so', '/absent/*/x'); w.main()"
    monkeypatch.setattr(nss_database, "command", lambda: (sys.executable, "-c", start))
    with pytest.raises(TrustStoreFailed, match="no-library"):
        standing(user_stores(home)[2], local_identity(tmp_path / "tls", NOW).authority)
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(TrustStoreFailed, match="no-library"):
        trust(user_stores(bare)[0], local_identity(tmp_path / "tls", NOW).authority)
    assert list(bare.iterdir()) == []


def test_the_library_that_firefox_brings_is_enough(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = (
        "import signer.platform.nss_worker as w\n"
        "w.LIBRARIES = [one for one in w.LIBRARIES if 'firefox' in one]\n"
        "w.main()"
    )
    monkeypatch.setattr(nss_database, "command", lambda: (sys.executable, "-c", start))
    authority = local_identity(tmp_path / "tls", NOW).authority
    store = user_stores(home)[2]
    trust(store, authority)
    assert standing(store, authority) is Standing.TRUSTED
    assert "Mohr on this computer only (" in certutils(store)
    assert distrust(store)


def certutils(store: TrustStore) -> str:
    """What Mozilla's own tool lists last."""
    listed = subprocess.run(["certutil", "-L", "-d", f"sql:{store.folder}"], capture_output=True, text=True)
    return listed.stdout.strip()


def test_a_store_that_a_browser_holds_is_told_as_locked(home: Path, tmp_path: Path) -> None:
    authority = local_identity(tmp_path / "tls", NOW).authority
    store = user_stores(home)[2]
    trust(store, authority)
    with closing(sqlite3.connect(store.folder / "cert9.db")) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        for doing in (lambda: standing(store, authority), lambda: trust(store, authority)):
            with pytest.raises(TrustStoreLocked):
                doing()
        with pytest.raises(TrustStoreLocked):
            distrust(store)
    assert distrust(store)


def test_a_primary_password_is_not_asked_for_and_keeps_nothing_of_ours_in(home: Path, tmp_path: Path) -> None:
    authority = local_identity(tmp_path / "tls", NOW).authority
    store, other = user_stores(home)[2:4]
    trust(store, authority)
    (tmp_path / "none").write_text("\n")
    (tmp_path / "new").write_text("a password of length\n")
    for one in (store, other):
        change = ["certutil", "-W", "-d", f"sql:{one.folder}", "-f", str(tmp_path / "none")]
        subprocess.run([*change, "-@", str(tmp_path / "new")], check=True)
    assert standing(store, authority) is Standing.TRUSTED
    assert distrust(store)
    with pytest.raises(TrustStoreWantsPassword):
        trust(other, authority)
    assert standing(other, authority) is Standing.ABSENT


def test_an_authority_that_somebody_unticked_is_not_trusted(home: Path, tmp_path: Path) -> None:
    authority = local_identity(tmp_path / "tls", NOW).authority
    store = user_stores(home)[2]
    trust(store, authority)
    nickname = certutils(store).splitlines()[-1].rpartition(" ")[0].strip()
    subprocess.run(["certutil", "-M", "-n", nickname, "-t", ",,", "-d", f"sql:{store.folder}"], check=True)
    assert standing(store, authority) is Standing.UNTRUSTED
    trust(store, authority)
    assert standing(store, authority) is Standing.TRUSTED


def test_a_module_in_the_databases_list_is_never_loaded(home: Path, tmp_path: Path) -> None:
    store = user_stores(home)[2]
    with (store.folder / "pkcs11.txt").open("a") as modules:
        modules.write(f"\nlibrary={tmp_path}/vendor.so\nname=Vendor\n")
    before = (store.folder / "pkcs11.txt").read_text()
    trust(store, local_identity(tmp_path / "tls", NOW).authority)
    assert (store.folder / "pkcs11.txt").read_text() == before


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ((), (".pki/nssdb",)),
        ((".pki/nssdb",), (".pki/nssdb",)),
        ((".local/share/pki/nssdb",), (".local/share/pki/nssdb",)),
        ((".pki/nssdb", ".local/share/pki/nssdb"), (".pki/nssdb", ".local/share/pki/nssdb")),
    ],
)
def test_no_database_is_made_that_would_hide_the_one_a_chromium_has(
    tmp_path: Path, there: tuple[str, ...], found: tuple[str, ...]
) -> None:
    for place in there:
        (tmp_path / place).mkdir(parents=True)
    assert tuple(str(store.folder.relative_to(tmp_path)) for store in user_stores(tmp_path)) == found


def test_a_profile_that_is_open_is_known_by_its_lock(home: Path) -> None:
    store = user_stores(home)[2]
    assert not in_use(store)
    (store.folder / "lock").symlink_to(f"127.0.1.1:+{os.getpid()}")
    assert in_use(store)
    (store.folder / "lock").unlink()
    (store.folder / "lock").symlink_to("127.0.1.1:+999999999")
    assert not in_use(store)
