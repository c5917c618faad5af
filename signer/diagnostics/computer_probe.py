"""Looks at the computer: its system, its clock against times that are past, its disk, and Mohr's own folders.

The only thing that is written is a file without a name in the data folder, since nothing else shows a quota.
"""

from __future__ import annotations

import errno
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.catalogue import PROFILES
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.ground import Ground
from signer.diagnostics.probing import Seen, aside
from signer.journal.store import ChainBroken
from signer.journal.walking import walk_file
from signer.model.errors import JournalUnwritable
from signer.verify import crl
from signer.verify.der import NotDer

#: A clock may be so far off before anything is said: requests are signed with a time too.
TOLERANCE = timedelta(minutes=5)
FULL_MIB, LOW_MIB = 5, 200
_MIB = 1024 * 1024


async def system(ground: Ground) -> Seen:
    """What kind of computer it is. Finds nothing wrong."""
    return Seen(
        told=(
            ("version", ground.version),
            ("system", f"{platform.system()} {platform.machine()}"),
            ("python", platform.python_version()),
            ("bits", "64" if sys.maxsize > 2**32 else "32"),
        )
    )


async def clock(ground: Ground) -> Seen:
    """The clock against the newest time that is certainly past, and the policy's timestamp authority."""
    now = ground.now()
    past = await aside(lambda: list(_past(ground)))
    source, newest = max(past, key=lambda one: one[1])
    if newest - now > TOLERANCE:
        return Seen(findings=(finding("clock-behind", (), source=source, seconds=_seconds(newest - now)),))
    told = (("now", f"{now:%Y-%m-%d %H:%M}Z"),)
    if ground.reference_time is None:
        return Seen(told=told)
    reference = await ground.reference_time()
    if reference is None or abs(reference - ground.now()) <= TOLERANCE:
        return Seen(told=told)
    code = "clock-behind" if reference > now else "clock-ahead"
    off = finding(code, (), source="timestamp-authority", seconds=_seconds(abs(reference - now)))
    return Seen(findings=(off,), told=told)


async def disk(ground: Ground) -> Seen:
    """Room and permission to write where Mohr keeps things."""
    return await aside(lambda: _disk(ground))


def _past(ground: Ground) -> Iterator[tuple[str, datetime]]:
    """Times that lie in the past whatever the clock says, each with where it is from."""
    yield "installation", max(_written(file) for file in PROFILES.glob("*.toml"))
    yield from ground.past()
    try:
        walked = walk_file(ground.folders.data / "journal")
    except (ChainBroken, JournalUnwritable):
        walked = None
    if walked is not None and walked.last is not None:
        yield "journal", walked.last
    for file in (ground.folders.data / "revocation").glob("*.der"):
        try:
            yield "revocation-list", crl.read(file.read_bytes()).this_update
        except (OSError, NotDer):
            continue


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _seconds(difference: timedelta) -> int:
    return round(difference.total_seconds())


def _disk(ground: Ground) -> Seen:
    data = ground.folders.data
    session = _session(ground.folders.runtime)
    place = next(one for one in (data, *data.parents) if one.exists())
    free = shutil.disk_usage(place).free // _MIB
    told = (("free-mib", str(free)),)
    trouble = (_private(data) if place == data else _dangling(data)) or _written_to(place, ground.home, free)
    if trouble is None and free < LOW_MIB:
        trouble = finding("disk-low", (), free_mib=free)
    return Seen(findings=tuple(one for one in (trouble, session) if one is not None), told=told)


def _session(runtime: Path) -> Finding | None:
    """Could an agent keep there what lives as long as the session?"""
    place = next(one for one in (runtime, *runtime.parents) if one.exists())
    how = _foreign(place) if place == runtime else None
    if how is None and os.access(place, os.W_OK | os.X_OK):
        return None
    return finding("session-folder-unusable", (), how=how)


def _dangling(data: Path) -> Finding | None:
    """A link to a disk that is not there: no folder can be made in its place."""
    return finding("folder-unwritable", (), error="ENOENT") if data.is_symlink() else None


def _private(data: Path) -> Finding | None:
    how = _foreign(data)
    return None if how is None else finding("folder-not-private", (), how=how)


def _foreign(folder: Path) -> str | None:
    """What keeps a folder from being this user's alone."""
    if os.name != "posix":
        return None
    found = folder.stat()
    if found.st_uid != os.getuid():
        return "owner"
    return "mode" if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None


def _written_to(place: Path, home: Path, free: int) -> Finding | None:
    if free < FULL_MIB:
        return finding("disk-full", (), free_mib=free)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(64 * 1024))
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            return finding("disk-full", (), free_mib=free, error=errno.errorcode[problem.errno])
        if problem.errno == errno.EROFS or not os.access(home, os.W_OK):
            return finding("home-read-only", (), error=errno.errorcode.get(problem.errno or 0))
        return finding("folder-unwritable", (), error=errno.errorcode.get(problem.errno or 0))
    return None
