"""Modules that no profile knows, added by path: which, and the SHA-256 that somebody agreed to load.

A module that has changed since is not loaded before somebody agrees again; `ChangedModules` asks. What a
module may do once it is loaded cannot be limited from here; it is told to who adds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import stat
from collections.abc import Collection
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct

from drivers.catalogue import Fact, Help, Profile
from signer.model.errors import Unexpected
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

    def agreed(self, path: Path) -> str:
        """The SHA-256 that the file at this path must have to be loaded, read now; empty where none is."""
        try:
            return next((one.sha256 for one in self.all() if one.path == str(path)), "")
        except Unexpected as problem:
            log.warning("%s: %s", problem.code, problem.detail)
            return ""

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


class ChangedModules:
    """Asks about modules whose files are others now: about each file once, while the agent runs.

    A no holds for the file that was shown, and so does a yes: one that is exchanged while the question is
    read is asked about anew. Where nobody can be asked it stays out, and is asked about at the next load.
    """

    def __init__(self, modules: HandAdded, consent: ConsentSurface, *, known: Collection[str] = ()) -> None:
        """Modules at the `known` paths are a profile's, whoever added them too."""
        self._modules = modules
        self._consent = consent
        self._known = known
        self._turned_down: set[AddedModule] = set()

    async def ask(self) -> bool:
        """Ask about each, and remember a yes; was there one? Raises `Unexpected`, `ConsentSurfaceMissing`."""
        agreed_to_one = False
        while (pair := await asyncio.to_thread(self._next)) is not None:
            agreed, found = pair
            if await self._consent.use_module(_question(agreed, found)):
                self._modules.agree(found)
                agreed_to_one = True
            else:
                log.warning("an added module has changed and is left out, as was answered")
                self._turned_down.add(found)
        return agreed_to_one

    def _next(self) -> tuple[AddedModule, AddedModule] | None:
        """A module as it was agreed to and as it is, that nobody has turned down as it is."""
        for agreed in self._modules.changed():
            try:
                found = _as_it_is(agreed)
            except OSError:
                continue
            if agreed.path not in self._known and found not in self._turned_down:
                return agreed, found
        return None


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
