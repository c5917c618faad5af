"""This user's computer, as `signer.diagnostics` wants it told: the composition root of the check."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from drivers.installed import installed_modules
from drivers.spawning import bindings_here
from signer.cli.assembly import version
from signer.cli.loadable import profile_set
from signer.diagnostics.ground import Candidate, Ground, numbered
from signer.endpoint.agent_key import kept_agent_key
from signer.endpoint.listener import PORTS
from signer.endpoint.local_ca import kept_authority, made_at
from signer.endpoint.pairings import Pairings
from signer.model.errors import MohrError, PolicyInvalid, TsaUnreachable
from signer.model.policy import NetSettings, Policy
from signer.platform.folders import user_places
from signer.platform.policy_file import read_policy
from signer.platform.private_files import read_private, write_private
from signer.service.hand_added import AddedModule, HandAdded, profile_of, standing
from signer.service.trusted import STAMPER_FILE, stamper_in, stampers

#: Seconds that a timestamp authority gets to say what time it is.
_SECONDS = 4.0


def this_computer(module: Path | None = None) -> Ground:
    """The user's own folders, modules, ports and browsers; `module` is looked at instead of all others."""
    folders = user_places()
    profiles = profile_set()
    added, damaged = added_modules(folders.data / "added-modules.json")
    known = [
        Candidate(name=found.profile.family, path=found.path, profile=found.profile)
        for found in installed_modules(profiles.texts)
    ]
    paths = {one.path for one in known}
    modules = (*known, *(one for one in added if one.path not in paths))
    if module is not None:
        modules = tuple(one for one in modules if one.path == module.resolve()) or (_named(module),)
    return Ground(
        folders=folders,
        home=Path.home(),
        modules=numbered(modules),
        profiles=profiles.load(),
        profile_standing=profiles.standing,
        ports=PORTS,
        version=version(),
        now=lambda: datetime.now(UTC),
        authority=lambda: _authority(folders.data / "tls"),
        paired=lambda now: paired_in(folders.data, now),
        past=lambda: tuple(past(folders.data)),
        reference_time=_reference_time(),
        damaged_list=damaged,
        bindings=bindings_here(),
        path=os.environ.get("PATH", ""),
    )


def paired_in(data: Path, now: datetime) -> tuple[str, ...]:
    """The origins of live pairings. Raises `PairingStoreFailed`, also for the key that they pin."""
    kept_agent_key(data)
    return tuple(one.origin for one in Pairings.open(data).list(now))


def added_modules(file: Path) -> tuple[tuple[Candidate, ...], bool]:
    """The modules added by hand, as their files stand; and is the record of them damaged?"""
    try:
        modules = HandAdded(file).all()
    except MohrError:
        return (), True
    return tuple(_candidate(one) for one in modules), False


def _candidate(added: AddedModule) -> Candidate:
    profile = profile_of(added)
    return Candidate(
        name=profile.family,
        path=Path(added.path),
        profile=profile,
        standing=standing(added),
        agreed=lambda: added.sha256,
    )


def _named(path: Path) -> Candidate:
    """A module that somebody names for this one check: nothing is remembered."""
    profile = profile_of(AddedModule(path=str(path), sha256=""))
    return Candidate(name="named", path=path.absolute(), profile=profile, named=True)


def past(data: Path) -> Iterator[tuple[str, datetime]]:
    """When the agent's authority was made, and when a panel last came: times that its files hold inside."""
    authority = _authority(data / "tls")
    if authority is not None:
        yield "authority", made_at(authority)
    with suppress(MohrError):
        # Those that the clock, which may be wrong, would call too old count too.
        for one in Pairings.open(data).list(datetime.min.replace(tzinfo=UTC)):
            yield "pairing", max(one.paired_at, one.last_used)


def _authority(folder: Path) -> bytes | None:
    try:
        return kept_authority(folder)
    except OSError:
        return None


def _reference_time() -> Callable[[], Awaitable[datetime | None]] | None:
    """Asks the timestamp authorities of the policy, else the user's; None where neither names one."""
    try:
        settings = (read_policy() or Policy()).net
    except PolicyInvalid:
        return None
    asked = stampers(settings, stamper_in(user_places().data / STAMPER_FILE))
    return (lambda: ask_the_time(replace(settings, tsa=asked))) if asked else None


async def ask_the_time(settings: NetSettings) -> datetime | None:
    """What the first timestamp authority that answers says; None where none does."""
    from signer.net.authorities import Authorities
    from signer.net.cache import Cache
    from signer.net.timestamp import moment

    brief = replace(settings, deadline_seconds=min(settings.deadline_seconds, _SECONDS))
    # A timestamp is never kept, so nothing is read from the cache or written to it.
    unused = Cache(user_places().data / "revocation", read=read_private, write=write_private)
    authorities = Authorities(brief, cache=unused, now=lambda: datetime.now(UTC))
    try:
        return moment(await authorities.timestamp(os.urandom(16)))
    except TsaUnreachable:
        return None
    finally:
        authorities.close()
