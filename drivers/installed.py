"""Which of the known families' modules are on this computer: files looked for, none of them loaded.

A module that is here may still be broken, or of the wrong bitness; that is found out by a worker.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path

from msgspec import Struct

from drivers.catalogue import Module, Profile, Take, expand, load_module, load_profile
from drivers.spawning import worker_for_32_bits


class PresentModule(Struct, frozen=True, kw_only=True):
    """A profile's module that is installed here: the file found, with links resolved."""

    profile: Profile
    path: Path


class Presence(Enum):
    """How a family stands on this computer."""

    PRESENT = "present"
    SERVED = "served"
    ABSENT = "absent"
    NOT_FOR_THIS_SYSTEM = "not-for-this-system"
    NO_MODULE_KNOWN = "no-module-known"


def find_modules(
    profiles: Iterable[Profile], environment: Mapping[str, str] | None = None
) -> tuple[PresentModule, ...]:
    """The modules installed on this computer, each file once, in the profiles' order.

    A file that two paths lead to, through links, is one module: its tokens are not to be listed twice.
    """
    found: dict[Path, PresentModule] = {}
    for profile in profiles:
        for path in files(profile.module, environment):
            found.setdefault(path, PresentModule(profile=profile, path=path))
    return tuple(found.values())


def installed_modules(texts: Mapping[str, str]) -> tuple[PresentModule, ...]:
    """`find_modules` over texts of profiles by family, of which those whose module is here are loaded whole.

    By priority, so that a vendor's own module is asked before one that reads everybody's cards. Raises as
    `load_profile` does, for what it reads.
    """
    here = [
        load_profile(family, text)
        for family, text in sorted(texts.items())
        if any(files(load_module(family, text)))
    ]
    return find_modules(sorted(here, key=lambda profile: -profile.match.priority))


def files(module: Module, environment: Mapping[str, str] | None = None) -> Iterator[Path]:
    """The files of a module that are here, links resolved: the first, or each."""
    for path in candidates(module, environment):
        if path.is_file():
            yield path.resolve()
            if module.take is Take.FIRST:
                return


def candidates(module: Module, environment: Mapping[str, str] | None = None) -> Iterator[Path]:
    """The paths to try on this system, in order; one that names a variable that is not set is left out."""
    environment = os.environ if environment is None else environment
    for key in _keys():
        for path in getattr(module, key):
            try:
                expanded = expand(path, environment)
            except KeyError:
                continue
            yield Path(expanded)


def presence(profile: Profile, present: Iterable[PresentModule]) -> Presence:
    """How this family stands, given what `find_modules` found."""
    here = {module.profile.family for module in present}
    if profile.family in here:
        return Presence.PRESENT
    if not here.isdisjoint(profile.module.served_by):
        return Presence.SERVED
    if profile.module.served_by or any(getattr(profile.module, key) for key in _keys()):
        return Presence.ABSENT
    return Presence.NOT_FOR_THIS_SYSTEM if any(profile.module.paths()) else Presence.NO_MODULE_KNOWN


def _keys() -> tuple[str, ...]:
    """The keys of `[module]` that hold for this process, and after them what a second worker loads."""
    if sys.platform == "darwin":
        return ("macos",)
    bits = "64" if sys.maxsize > 2**32 else "32"
    if sys.platform == "win32":
        second = ("windows32",) if worker_for_32_bits() is not None else ()
        return (f"windows{bits}", "windows", *second)
    return (f"linux{bits}",)
