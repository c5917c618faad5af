"""Puts the agent's own authority into the stores that browsers trust, and takes every one of ours out again.

Chromium and Firefox on Linux keep NSS databases (`nss_database`); the system's store is Debian's and needs
root. On Windows and macOS nothing is written: there the authority is exported and a person
imports it. What the authority is, and when it is renewed, is `signer.endpoint.local_ca`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import ssl
import subprocess
from enum import Enum
from pathlib import Path

from msgspec import Struct

from signer.model.errors import AdministratorNeeded, TrustStoreFailed
from signer.platform import nss_database
from signer.platform.nss_database import Kept

#: What every authority of ours is called in a store, followed by what tells one from the other.
NAME = "Mohr on this computer only"
_SYSTEM_FOLDER = Path("/usr/local/share/ca-certificates")
_SYSTEM_FILE = "mohr-on-this-computer-only.crt"
_SECONDS = 30.0
_DATABASE = frozenset({"cert9.db", "key4.db"})

#: Below a home folder: the one database of Chromium, Chrome and Edge. All of them take the first where it is
#: there; newer ones make and take the second where it is not.
_USUAL, _NEWER = ".pki/nssdb", ".local/share/pki/nssdb"
#: Those of browsers from snap and flatpak.
_CHROMIUM = tuple(
    f"{place}/{database}"
    for place in (
        "snap/chromium/current",
        ".var/app/org.chromium.Chromium",
        ".var/app/com.google.Chrome",
        ".var/app/com.microsoft.Edge",
    )
    for database in (_USUAL, _NEWER)
) + tuple(
    f".var/app/{name}/data/pki/nssdb"
    for name in ("org.chromium.Chromium", "com.google.Chrome", "com.microsoft.Edge")
)
#: Below a home folder: where Firefox keeps profiles, each with a database of its own.
_FIREFOX = (
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
)


class StoreKind(Enum):
    """Whose store it is."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    SYSTEM = "system"


class TrustStore(Struct, frozen=True):
    """One store: an NSS database's folder, or the folder that the system builds its own from."""

    kind: StoreKind
    folder: Path


class Standing(Enum):
    """What a store says of our authority: `OUTDATED` holds an earlier one of ours alone.

    `UNTRUSTED` holds it and does not trust it: somebody has unticked it.
    """

    TRUSTED = "trusted"
    OUTDATED = "outdated"
    UNTRUSTED = "untrusted"
    ABSENT = "absent"


def user_stores(home: Path) -> tuple[TrustStore, ...]:
    """The browsers' stores below a home folder.

    Where Chromium has none yet it is the usual one, which hides none; beside a newer one it would.
    """
    here = [folder for folder in (home / _USUAL, home / _NEWER) if folder.is_dir()]
    folders = here or [home / _USUAL]
    folders += [home / place for place in _CHROMIUM if (home / place).is_dir()]
    found = [TrustStore(StoreKind.CHROMIUM, folder) for folder in folders]
    for place in _FIREFOX:
        profiles = sorted((home / place).glob("*/cert9.db"))
        found += [TrustStore(StoreKind.FIREFOX, database.parent) for database in profiles]
    return tuple(found)


def system_store(folder: Path = _SYSTEM_FOLDER) -> TrustStore:
    """The system's own store, as Debian and Ubuntu have it. Writing to it takes root."""
    return TrustStore(StoreKind.SYSTEM, folder)


def in_use(store: TrustStore) -> bool:
    """Has a Firefox this profile open? It notices what changes in the store at its next start."""
    try:
        process = str((store.folder / "lock").readlink()).rpartition("+")[2]
    except OSError:
        return False
    return store.kind is StoreKind.FIREFOX and process.isdigit() and Path("/proc", process).exists()


def standing(store: TrustStore, authority: bytes) -> Standing:
    """What the store says of this authority, PEM. Raises `TrustStoreFailed`, `TrustStoreLocked`."""
    kept = _kept(store)
    if not kept:
        return Standing.ABSENT
    wanted = ssl.PEM_cert_to_DER_cert(authority.decode("ascii"))
    for one in kept:
        if one.der == wanted:
            return Standing.TRUSTED if one.trusted else Standing.UNTRUSTED
    return Standing.OUTDATED


def trust(store: TrustStore, authority: bytes) -> None:
    """Have this authority, PEM, trusted there for servers, and no earlier one of ours.

    Raises `TrustStoreFailed`, `TrustStoreLocked`, `TrustStoreWantsPassword`; for the system's store
    `AdministratorNeeded`.
    """
    if store.kind is StoreKind.SYSTEM:
        _write_system(store.folder, authority)
        return
    der = ssl.PEM_cert_to_DER_cert(authority.decode("ascii"))
    nickname = f"{NAME} ({hashlib.sha256(der).hexdigest()[:8]})"
    try:
        nss_database.put_in(store.folder, NAME, der, nickname)
    except OSError as fault:
        raise TrustStoreFailed(f"{store.kind.value}: {type(fault).__name__}") from fault


def distrust(store: TrustStore) -> bool:
    """Take every authority of ours out; False where there was none. Raises as `trust`."""
    if not _kept(store):
        return False
    if store.kind is StoreKind.SYSTEM:
        _remove_system(store.folder)
        return True
    return nss_database.take_out(store.folder, NAME)


def holds(store: TrustStore) -> bool:
    """Is there any authority of ours, or a database that nobody but us has made? Raises as `standing`."""
    return bool(_kept(store)) or _made_by_us(store)


def leave(store: TrustStore) -> None:
    """Take every authority of ours out, and the database with it where it is ours and holds nothing else.

    Raises as `trust`, and OSError.
    """
    distrust(store)
    if _made_by_us(store) and not nss_database.others(store.folder, NAME):
        for name in _DATABASE:
            (store.folder / name).unlink()
        for folder in (store.folder, store.folder.parent):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _made_by_us(store: TrustStore) -> bool:
    """We make one without a list of modules; whichever browser has once opened it has added that."""
    if store.kind is not StoreKind.CHROMIUM or not store.folder.is_dir():
        return False
    return {path.name for path in store.folder.iterdir()} == _DATABASE


def _kept(store: TrustStore) -> tuple[Kept, ...]:
    """Each authority of ours in the store."""
    if store.kind is StoreKind.SYSTEM:
        file = store.folder / _SYSTEM_FILE
        try:
            pem = file.read_text("ascii") if file.is_file() else None
            return () if pem is None else (Kept(ssl.PEM_cert_to_DER_cert(pem), trusted=True),)
        except (OSError, ValueError) as fault:
            raise TrustStoreFailed(f"system: {type(fault).__name__}") from fault
    return nss_database.kept(store.folder, NAME) if (store.folder / "cert9.db").exists() else ()


def _write_system(folder: Path, authority: bytes) -> None:
    try:
        (folder / _SYSTEM_FILE).write_bytes(authority)
    except PermissionError as fault:
        raise AdministratorNeeded(f"system: {folder}") from fault
    except OSError as fault:
        raise TrustStoreFailed(f"system: {type(fault).__name__}") from fault
    _refresh_system(folder)


def _remove_system(folder: Path) -> None:
    try:
        (folder / _SYSTEM_FILE).unlink()
    except PermissionError as fault:
        raise AdministratorNeeded(f"system: {folder}") from fault
    except OSError as fault:
        raise TrustStoreFailed(f"system: {type(fault).__name__}") from fault
    _refresh_system(folder)


def _refresh_system(folder: Path) -> None:
    if folder == _SYSTEM_FOLDER:
        _run("/usr/sbin/update-ca-certificates", what="system: update-ca-certificates")


def _run(*command: str, what: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    try:
        done = subprocess.run(  # noqa: S603 - a tool found on PATH, arguments of our own
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment | {"LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise TrustStoreFailed(f"{what}: {type(fault).__name__}") from fault
    if done.returncode:
        raise TrustStoreFailed(f"{what} ended with {done.returncode}")
    return done.stdout
