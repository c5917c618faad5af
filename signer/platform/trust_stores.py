"""Puts the agent's own authority into the stores that browsers trust, and takes every one of ours out again.

Chromium and Firefox on Linux keep NSS databases, which Mozilla's `certutil` edits; the system's store is
Debian's and needs root. On Windows and macOS nothing is written: there the authority is exported and a person
imports it. What the authority is, and when it is renewed, is `signer.endpoint.local_ca`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from msgspec import Struct

from signer.model.errors import TrustStoreFailed

#: What every authority of ours is called in a store, followed by what tells one from the other.
NAME = "Mohr on this computer only"
_SYSTEM_FOLDER = Path("/usr/local/share/ca-certificates")
_SYSTEM_FILE = "mohr-on-this-computer-only.crt"
_SECONDS = 30.0

#: Below a home folder: where Chromium's one database is, from Debian, snap and flatpak.
_CHROMIUM = (
    ".pki/nssdb",
    "snap/chromium/current/.pki/nssdb",
    ".var/app/org.chromium.Chromium/.pki/nssdb",
    ".var/app/com.google.Chrome/.pki/nssdb",
)
#: Below a home folder: where Firefox keeps profiles, each with a database of its own.
_FIREFOX = (
    ".mozilla/firefox",
    ".config/mozilla/firefox",
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
    """What a store says of our authority: `OUTDATED` holds an earlier one of ours alone."""

    TRUSTED = "trusted"
    OUTDATED = "outdated"
    ABSENT = "absent"


def user_stores(home: Path) -> tuple[TrustStore, ...]:
    """The browsers' stores below a home folder; Chromium's usual one even where it does not exist yet."""
    chromium = [home / place for place in _CHROMIUM]
    found = [TrustStore(StoreKind.CHROMIUM, folder) for folder in chromium[:1]]
    found += [TrustStore(StoreKind.CHROMIUM, folder) for folder in chromium[1:] if folder.is_dir()]
    for place in _FIREFOX:
        profiles = sorted((home / place).glob("*/cert9.db"))
        found += [TrustStore(StoreKind.FIREFOX, database.parent) for database in profiles]
    return tuple(found)


def system_store(folder: Path = _SYSTEM_FOLDER) -> TrustStore:
    """The system's own store, as Debian and Ubuntu have it. Writing to it takes root."""
    return TrustStore(StoreKind.SYSTEM, folder)


def standing(store: TrustStore, authority: bytes) -> Standing:
    """What the store says of this authority, PEM. Raises `TrustStoreFailed`."""
    kept = list(_kept(store))
    if not kept:
        return Standing.ABSENT
    wanted = ssl.PEM_cert_to_DER_cert(authority.decode("ascii"))
    here = (ssl.PEM_cert_to_DER_cert(pem) for _, pem in kept)
    return Standing.TRUSTED if wanted in here else Standing.OUTDATED


def trust(store: TrustStore, authority: bytes) -> None:
    """Have this authority, PEM, trusted there for servers, and no earlier one of ours.

    Raises `TrustStoreFailed`.
    """
    distrust(store)
    if store.kind is StoreKind.SYSTEM:
        _write_system(store.folder, authority)
        return
    if not (store.folder / "cert9.db").exists():
        store.folder.mkdir(parents=True, exist_ok=True)
        _certutil(store, "-N", "--empty-password")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "authority.pem"
        file.write_bytes(authority)
        _certutil(store, "-A", "-n", f"{NAME} ({_tail(authority)})", "-t", "C,,", "-i", str(file))


def distrust(store: TrustStore) -> bool:
    """Take every authority of ours out; False where there was none. Raises `TrustStoreFailed`."""
    kept = list(_kept(store))
    for nickname, _ in kept:
        if store.kind is StoreKind.SYSTEM:
            _remove_system(store.folder)
        else:
            _certutil(store, "-D", "-n", nickname)
    return bool(kept)


def _kept(store: TrustStore) -> Iterator[tuple[str, str]]:
    """Name and PEM of each authority of ours in the store."""
    if store.kind is StoreKind.SYSTEM:
        file = store.folder / _SYSTEM_FILE
        if file.is_file():
            yield _SYSTEM_FILE, file.read_text("ascii")
        return
    if not (store.folder / "cert9.db").exists():
        return
    for line in _certutil(store, "-L").splitlines():
        nickname = line.rstrip().rpartition(" ")[0].rstrip()
        if nickname.startswith(f"{NAME} ("):
            yield nickname, _certutil(store, "-L", "-n", nickname, "-a")


def _certutil(store: TrustStore, *arguments: str) -> str:
    tool = shutil.which("certutil")
    if tool is None:
        raise TrustStoreFailed("certutil of libnss3-tools is not installed")
    return _run(tool, *arguments, "-d", f"sql:{store.folder}", what=f"{store.kind.value}: certutil")


def _write_system(folder: Path, authority: bytes) -> None:
    try:
        (folder / _SYSTEM_FILE).write_bytes(authority)
    except OSError as fault:
        raise TrustStoreFailed(f"system: {type(fault).__name__}") from fault
    _refresh_system(folder)


def _remove_system(folder: Path) -> None:
    try:
        (folder / _SYSTEM_FILE).unlink()
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


def _tail(authority: bytes) -> str:
    """Enough of the certificate to tell two of ours apart by name."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(authority.decode("ascii"))).hexdigest()[:8]
