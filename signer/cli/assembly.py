"""One agent: its workers, parts and endpoint, started and ended in order. Shared by every composition root.

`mohr agent`, the desktop and the demo differ in whom they ask and where they keep things; both are arguments.
No flag or environment variable reaches the clinic's policy through here.
How the parts are handed to one another is `wiring`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.metadata
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.readers import ReaderWatch
from signer.cli.browsers_trust import trusting
from signer.cli.clinic import clinic_policy
from signer.cli.loadable import ModuleChoice, hand_added, present_modules
from signer.model.policy import Policy
from signer.platform import data_version
from signer.platform.folders import Folders, user_folders
from signer.platform.only_one import only_one

if TYPE_CHECKING:
    from signer.cli.wiring import Parts
    from signer.endpoint.listener import EndpointAddress
    from signer.model.presence import Presence
    from signer.model.session_signing import OpenNow
    from signer.service.consent import ConsentSurface
    from signer.service.office import Office
    from signer.service.ports import ScreenWatch
    from signer.service.token_desk import TokenDesk

log = logging.getLogger(__name__)

_SECONDS_TO_LET_GO = 3.0
#: Objects of the youngest generation; Python takes 700, of which a prescription being read makes half.
_ALLOCATED_BETWEEN_COLLECTIONS = 20_000


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)


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
        home: Path | None = None,
        screen: ScreenWatch | None = None,
    ) -> None:
        """Without arguments beyond `consent`: the user's folders, modules and ports, the clinic's policy.

        `home` is where browsers are given the agent's own authority for https; None gives it to none.
        Without a `screen` to watch no token stays open after a request.
        """
        self._consent = consent
        self._folders = folders or user_folders()
        self._policy, self._policy_problem = (policy, None) if policy else clinic_policy()
        self._ports = ports
        self._home = home
        self._screen = screen
        self._choices = present_modules() if modules is None else modules
        self._changed = asyncio.Event()
        self._supervisors = [choice.supervisor(changed=self._changed.set) for choice in self._choices]
        self._closing = contextlib.AsyncExitStack()
        self._parts: Parts | None = None

    async def start(self) -> EndpointAddress:
        """Spawn the workers, then import and start the rest while they load. Undone if it fails.

        Raises `AlreadyRunning` and `DataNewer` before anything is spawned or opened, and `PortsTaken`.
        """
        async with contextlib.AsyncExitStack() as undo:
            undo.enter_context(only_one(self._folders.data))
            before, after = data_version.bring_forward(self._folders.data, version())
            if before != after:
                log.info("the data folder is of version %d now", after)
            undo.push_async_callback(self._end_workers)
            for supervisor in self._supervisors:
                await supervisor.start()
            address = await self._assemble(undo)
            self._closing = undo.pop_all()
        return address

    def on_tokens(self, tell: Callable[[Presence], None]) -> None:
        """Call `tell` with the tokens that are there, now and whenever that changes. After `start`."""
        self._running.tokens.on_change(tell)

    def on_session(self, tell: Callable[[OpenNow | None], None]) -> None:
        """Call `tell` with the token that stands open, now and whenever that changes. After `start`."""
        self._running.sessions.on_change(tell)

    @property
    def desk(self) -> TokenDesk:
        """What the holder does to a token beside signing; each waits for the other. After `start`."""
        return self._running.desk

    @property
    def office(self) -> Office:
        """What a window's pages show and do. After `start`."""
        return self._running.office

    async def stop(self) -> None:
        """Stop listening, abandon what is open, close journal and workers."""
        await self._closing.aclose()

    @property
    def _running(self) -> Parts:
        assert self._parts is not None, "not before `start`"
        return self._parts

    async def _assemble(self, undo: contextlib.AsyncExitStack) -> EndpointAddress:
        from signer.cli.trace.agent_side import Recorder
        from signer.cli.trace.channel import Channel
        from signer.endpoint.local_ca import local_identity
        from signer.endpoint.no_authorities import no_authorities
        from signer.service.token_signers import TokenModule

        with no_authorities():
            import signer.endpoint.server  # noqa: F401  # aiohttp comes with it
        from signer.cli import wiring

        given = wiring.Given(
            consent=self._consent,
            modules=tuple(
                TokenModule(path=str(choice.path), profile=choice.profile, supervisor=supervisor)
                for choice, supervisor in zip(self._choices, self._supervisors, strict=True)
            ),
            folders=self._folders,
            policy=self._policy,
            policy_problem=self._policy_problem,
            screen=self._screen,
            clock=SystemClock(),
        )
        parts = self._parts = wiring.put_together(given, undo)
        undo.push_async_callback(self._waited_for, parts.sessions.stop)
        undo.push_async_callback(self._waited_for, parts.service.stop)
        identity = local_identity(self._folders.data / "tls", given.clock.now())
        endpoint = wiring.endpoint(given, parts, identity, version=version(), ports=self._ports)
        address = await endpoint.start()
        undo.push_async_callback(endpoint.stop)
        recorder = Recorder(parts.trace, lambda: tuple(self._supervisors), version())
        channel = Channel(self._folders.trace_file, recorder.record)
        undo.push_async_callback(channel.close)
        await channel.start()
        # What is there now stays until the end, and what a batch makes is no garbage until it is signed: a
        # collection in the middle of it need look at neither.
        gc.freeze()
        gc.set_threshold(_ALLOCATED_BETWEEN_COLLECTIONS)
        parts.tokens.start()
        undo.callback(parts.tokens.close)
        if self._home is not None:
            undo.push_async_callback(trusting(self._home, self._folders.data / "tls", identity.authority))
        readers = ReaderWatch(parts.tokens.readers_changed)
        readers.start()
        undo.push_async_callback(readers.close)
        if self._screen is not None:
            self._screen.start()
            undo.push_async_callback(self._screen.close)
        asking = asyncio.ensure_future(self._ask_about_changed())
        undo.callback(asking.cancel)
        return address

    async def _ask_about_changed(self) -> None:
        """Modules that were added by hand and were not loaded, since their files have changed."""
        await self._changed.wait()
        from signer.model.errors import MohrError
        from signer.service.hand_added import ChangedModules

        modules = hand_added()
        if modules is None:
            return
        known = {str(choice.path) for choice in self._choices if choice.agreed is None}
        asking = ChangedModules(modules, self._consent, known=known)
        while True:
            self._changed.clear()
            try:
                if await asking.ask():
                    self._running.tokens.look()
            except MohrError as problem:
                log.warning("a changed module is left out: %s %s", problem.code, problem.detail)
            await self._changed.wait()

    async def _end_workers(self) -> None:
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors))

    async def _waited_for(self, stop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Stop it; a module that hangs in a signature or a logout is not waited for."""
        stopping = asyncio.ensure_future(stop())
        await asyncio.wait({stopping}, timeout=_SECONDS_TO_LET_GO)
        if not stopping.done():
            await self._end_workers()
        await stopping
