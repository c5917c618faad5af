"""Modules that no profile knows, added by path: which, and the SHA-256 that somebody agreed to load.

A module that has changed since is not loaded before somebody agrees again; `ask_about_changed` asks. What a
module may do once it is loaded cannot be limited from here; it is told to who adds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Collection
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct

from drivers.catalogue import Fact, Help, Profile
from signer.model.errors import ConsentSurfaceMissing, Unexpected
from signer.platform.private_files import read_private, write_private
from signer.service.consent import ConsentSurface, ModuleQuestion

log = logging.getLogger(__name__)


class AddedModule(Struct, frozen=True, kw_only=True):
    """One module: an absolute path with links resolved, and the file's SHA-256, lower-case hexadecimal."""

    path: str
    sha256: str


class Standing(Enum):
    """How an added module's file stands now."""

    AGREED = "agreed"
    CHANGED = "changed"
    ABSENT = "absent"


class HandAdded(Struct, frozen=True):
    """The file of them, in the data folder. Raises `Unexpected` where it cannot be read or written."""

    file: Path

    def all(self) -> tuple[AddedModule, ...]:
        """In the order in which they were added."""
        try:
            octets = read_private(self.file)
            return () if octets is None else msgspec.json.decode(octets, type=tuple[AddedModule, ...])
        except (OSError, msgspec.MsgspecError) as fault:
            raise Unexpected(f"added modules cannot be read: {type(fault).__name__}") from fault

    def agree(self, module: AddedModule) -> None:
        """Load this module from now on, as long as its file is as it is now."""
        self._write((*(one for one in self.all() if one.path != module.path), module))

    def forget(self, path: Path) -> bool:
        """Load it no more. False where it was not added."""
        kept = tuple(one for one in self.all() if one.path not in {str(path), str(path.resolve())})
        known = len(kept) < len(self.all())
        if known:
            self._write(kept)
        return known

    def loadable(self) -> tuple[AddedModule, ...]:
        """Those whose file is the one that was agreed to."""
        return tuple(one for one in self.all() if standing(one) is Standing.AGREED)

    def changed(self) -> tuple[AddedModule, ...]:
        """Those whose file is another one now, as they were agreed to."""
        return tuple(one for one in self.all() if standing(one) is Standing.CHANGED)

    def _write(self, modules: tuple[AddedModule, ...]) -> None:
        try:
            write_private(self.file, msgspec.json.encode(modules))
        except OSError as fault:
            raise Unexpected(f"added modules cannot be written: {type(fault).__name__}") from fault


def measured(path: Path) -> AddedModule:
    """The module at `path` as it is now. Raises OSError, and `ValueError` where it is no plain file."""
    resolved = path.resolve(strict=True)
    if not resolved.is_file():
        raise ValueError(f"{resolved} is not a file")
    return AddedModule(path=str(resolved), sha256=_sha256(resolved))


def standing(module: AddedModule) -> Standing:
    """Is the file still the one that was agreed to?"""
    try:
        same = _sha256(Path(module.path)) == module.sha256
    except OSError:
        return Standing.ABSENT
    return Standing.AGREED if same else Standing.CHANGED


async def ask_about_changed(
    modules: HandAdded,
    consent: ConsentSurface,
    use: Callable[[AddedModule], Awaitable[None]],
    *,
    known: Collection[str] = (),
) -> None:
    """Ask once about each module whose file is another one; a yes is remembered, and `use` is called.

    Modules at the `known` paths are a profile's, whoever added them too. A file that is exchanged while the
    question is read is not the one that the yes was about: it stays out, and the next start asks about it.
    Raises `Unexpected`.
    """
    for agreed in await asyncio.to_thread(modules.changed):
        if agreed.path in known:
            continue
        try:
            found = await asyncio.to_thread(_as_it_is, agreed)
            yes = await consent.use_module(_question(agreed, found))
        except (OSError, ConsentSurfaceMissing) as problem:
            log.warning("an added module has changed and is left out: %s", type(problem).__name__)
            continue
        if not yes:
            log.warning("an added module has changed and is left out, as was answered")
        elif await asyncio.to_thread(standing, found) is not Standing.AGREED:
            log.warning("an added module changed again while it was asked about, and is left out")
        else:
            modules.agree(found)
            await use(found)


def _as_it_is(module: AddedModule) -> AddedModule:
    return AddedModule(path=module.path, sha256=_sha256(Path(module.path)))


def _question(agreed: AddedModule, found: AddedModule) -> ModuleQuestion:
    return ModuleQuestion(
        path=found.path,
        agreed=agreed.sha256,
        found=found.sha256,
        open_to_others=tuple(map(str, writable_by_others(Path(found.path)))),
    )


def writable_by_others(path: Path) -> tuple[Path, ...]:
    """The file, and folders above it, that another user than root and this one could write to."""
    if os.name != "posix":
        return ()
    return tuple(place for place in (path, *path.parents) if _open_to_others(place.stat()))


def profile_of(module: AddedModule) -> Profile:
    """What is known of an added module's family: nothing, so that everything is as the standard says."""
    name = Path(module.path).name
    return Profile(
        family="hand-added",
        name=name,
        help=Help(
            fa=f"ماژول {name} را کاربر این رایانه افزوده است.",
            en=f"The module {name} was added by this computer's user.",
        ),
        evidence=(Fact(fact="nothing is known of this module", source="added by path", seen=False),),
    )


def _open_to_others(found: os.stat_result) -> bool:
    if found.st_uid not in {0, os.getuid()}:
        return True
    # In a folder with the sticky bit nobody replaces another's file.
    sticky = stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)
    return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) and not sticky


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
