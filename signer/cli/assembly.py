"""Puts one agent together: modules, signers, journal, use cases, endpoint. Shared by every composition root.

`mohr agent`, the desktop and the demo differ in whom they ask and where they keep things; both are arguments.
No flag or environment variable reaches the clinic's policy through here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.metadata
import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.catalogue import Profile
from drivers.installed import installed_modules
from drivers.supervisor import Supervisor
from signer.model.policy import Policy
from signer.platform.folders import Folders, user_folders
from signer.platform.only_one import only_one

if TYPE_CHECKING:
    from signer.endpoint.listener import EndpointAddress
    from signer.endpoint.pairings import Pairings
    from signer.service.consent import ConsentSurface
    from signer.service.token_signers import TokenSigners

log = logging.getLogger(__name__)


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)


class ModuleChoice(Struct, frozen=True, kw_only=True):
    """A module to load, its family's profile, and what its worker's environment needs beyond the usual."""

    path: Path
    profile: Profile
    env: Mapping[str, str] = {}

    def supervisor(self) -> Supervisor:
        """One for this module, as its profile says; whoever asks closes it."""
        profile = self.profile
        return Supervisor(self.path, binding=profile.module.binding, limits=profile.limits, env=self.env)


def present_modules() -> tuple[ModuleChoice, ...]:
    """The modules of known families that are on this computer, then those that its user has added."""
    known = tuple(ModuleChoice(path=found.path, profile=found.profile) for found in installed_modules())
    return (*known, *_added_modules({choice.path for choice in known}))


def _added_modules(known: Collection[Path]) -> tuple[ModuleChoice, ...]:
    """Those whose files are as they were agreed to; a record that cannot be read adds none, and is logged."""
    file = user_folders().data / "added-modules.json"
    if not file.exists():
        return ()
    from signer.model.errors import MohrError
    from signer.service.hand_added import HandAdded, profile_of

    try:
        added = HandAdded(file).loadable()
    except MohrError as problem:
        log.warning("%s: %s", problem.code, problem.detail)
        return ()
    return tuple(ModuleChoice(path=path, profile=profile_of(path)) for path in added if path not in known)


def version() -> str:
    """The installed version."""
    return importlib.metadata.version("mohr")


class Agent:
    """One running agent, on one event loop. Make it on that loop, start it, stop it."""

    def __init__(
        self,
        *,
        consent: ConsentSurface,
        modules: tuple[ModuleChoice, ...] | None = None,
        folders: Folders | None = None,
        policy: Policy | None = None,
        ports: tuple[int, ...] | None = None,
    ) -> None:
        """Without arguments beyond `consent`: the user's own folders, modules and ports, no policy."""
        self._consent = consent
        self._folders = folders or user_folders()
        self._policy = policy or Policy()
        self._ports = ports
        self._choices = present_modules() if modules is None else modules
        self._supervisors = [choice.supervisor() for choice in self._choices]
        self._closing = contextlib.AsyncExitStack()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> EndpointAddress:
        """Spawn the workers, then import and start the rest while they load. Undone if it fails.

        Raises `AlreadyRunning` before anything is spawned, and `PortsTaken`.
        """
        async with contextlib.AsyncExitStack() as undo:
            undo.enter_context(only_one(self._folders.data))
            for supervisor in self._supervisors:
                undo.push_async_callback(supervisor.close)
                await supervisor.start()
            address = await self._assemble(undo)
            self._closing = undo.pop_all()
        return address

    async def stop(self) -> None:
        """Stop listening, abandon what is open, close journal and workers."""
        await self._closing.aclose()

    async def _assemble(self, undo: contextlib.AsyncExitStack) -> EndpointAddress:
        from signer.endpoint.agent_key import load_agent_key
        from signer.endpoint.calls import About, AgentState
        from signer.endpoint.listener import PORTS
        from signer.endpoint.pairings import Pairings
        from signer.endpoint.server import Endpoint
        from signer.journal.store import SqliteJournal
        from signer.service.pin_guard import PinGuard
        from signer.service.questions import Surroundings
        from signer.service.signing import SigningService
        from signer.service.token_signers import TokenModule, TokenSigners

        clock = SystemClock()
        signers = TokenSigners(
            tuple(
                TokenModule(path=str(choice.path), profile=choice.profile, supervisor=supervisor)
                for choice, supervisor in zip(self._choices, self._supervisors, strict=True)
            ),
            clock,
        )
        journal = SqliteJournal(self._folders.data / "journal")
        undo.push_async_callback(journal.close)
        pairings = Pairings.open(self._folders.data)
        service = SigningService(
            Surroundings(
                signers=signers,
                consent=self._consent,
                journal=journal,
                clock=clock,
                guard=PinGuard(self._folders.data / "wrong-pins.json"),
                paired_since=lambda origin: _paired_since(pairings, origin, clock.now()),
            )
        )
        undo.push_async_callback(service.stop)
        endpoint = Endpoint(
            use_cases=service,
            consent=self._consent,
            clock=clock,
            pairings=pairings,
            key=load_agent_key(self._folders.data),
            policy=self._policy,
            about=About(name="Mohr", version=version()),
            state=lambda: AgentState.READY if signers.seen else AgentState.NO_TOKEN,
            ports=self._ports or PORTS,
            endpoint_file=self._folders.endpoint_file,
        )
        address = await endpoint.start()
        undo.push_async_callback(endpoint.stop)
        # What is there now stays until the end; a collection in the middle of a batch need not look at it.
        gc.freeze()
        self._looking = asyncio.ensure_future(_look(signers))
        undo.callback(self._looking.cancel)
        return address


async def _look(signers: TokenSigners) -> None:
    """Read the tokens once, so that the first request finds them read."""
    from signer.model.errors import MohrError

    with contextlib.suppress(MohrError):
        await signers.credentials()


def _paired_since(pairings: Pairings, origin: str, now: datetime) -> datetime | None:
    pairing = pairings.find(origin, now)
    return pairing.paired_at if pairing is not None else None
