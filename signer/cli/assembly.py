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
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.readers import ReaderWatch
from signer.cli.browsers_trust import trusting
from signer.cli.clinic import clinic_policy, clinics_authorities, users_authorities
from signer.cli.loadable import ModuleChoice, hand_added, present_modules
from signer.model.policy import Policy
from signer.platform import data_version
from signer.platform.folders import Folders, user_folders
from signer.platform.only_one import only_one

if TYPE_CHECKING:
    from signer.endpoint.listener import EndpointAddress
    from signer.endpoint.pairings import Pairings
    from signer.model.presence import Presence
    from signer.model.session_signing import OpenNow
    from signer.service.consent import ConsentSurface
    from signer.service.office import Office
    from signer.service.ports import ScreenWatch
    from signer.service.session_signing import SessionSigning
    from signer.service.signing import SigningService
    from signer.service.token_desk import TokenDesk
    from signer.service.token_watch import TokenWatch
    from signer.x509 import Certificate

log = logging.getLogger(__name__)

_SECONDS_TO_LET_GO = 3.0


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
        self._tokens: TokenWatch | None = None
        self._desk: TokenDesk | None = None
        self._office: Office | None = None
        self._sessions: SessionSigning | None = None

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
        assert self._tokens is not None
        self._tokens.on_change(tell)

    def on_session(self, tell: Callable[[OpenNow | None], None]) -> None:
        """Call `tell` with the token that stands open, now and whenever that changes. After `start`."""
        assert self._sessions is not None
        self._sessions.on_change(tell)

    @property
    def desk(self) -> TokenDesk:
        """What the holder does to a token beside signing; each waits for the other. After `start`."""
        assert self._desk is not None
        return self._desk

    @property
    def office(self) -> Office:
        """What a window's pages show and do. After `start`."""
        assert self._office is not None
        return self._office

    async def stop(self) -> None:
        """Stop listening, abandon what is open, close journal and workers."""
        await self._closing.aclose()

    async def _assemble(self, undo: contextlib.AsyncExitStack) -> EndpointAddress:
        from signer.cli.trace.agent_side import Recorder
        from signer.cli.trace.channel import Channel
        from signer.endpoint.agent_key import load_agent_key
        from signer.endpoint.calls import About, AgentState
        from signer.endpoint.cautions import cautions_of
        from signer.endpoint.listener import PORTS
        from signer.endpoint.local_ca import local_identity
        from signer.endpoint.pairings import Pairings
        from signer.endpoint.server import Endpoint
        from signer.journal.reading import JournalReader
        from signer.journal.store import SqliteJournal
        from signer.model.session_signing import Ended, ceiling
        from signer.net.authorities import Authorities
        from signer.net.cache import Cache
        from signer.platform.private_files import private_folder, read_private, write_private
        from signer.service.centres import KeptCentres
        from signer.service.evidence import Outside
        from signer.service.key_requests import KeyRequests
        from signer.service.office import Office
        from signer.service.own_requests import OwnRequests
        from signer.service.own_signing import OwnSigning
        from signer.service.panels import Panels
        from signer.service.pin_guard import PinGuard
        from signer.service.questions import Surroundings, TokenWork
        from signer.service.records import Records
        from signer.service.seen_certificates import SeenCertificates
        from signer.service.session_choices import KeptChoices
        from signer.service.session_signing import SessionSigning
        from signer.service.signing import SigningService
        from signer.service.token_desk import TokenDesk
        from signer.service.token_signers import TokenModule, TokenSigners
        from signer.service.token_watch import TokenWatch
        from signer.service.tracing import Trace
        from signer.service.trusted import STAMPER_FILE, KeptTrust

        clock = SystemClock()
        modules = tuple(
            TokenModule(path=str(choice.path), profile=choice.profile, supervisor=supervisor)
            for choice, supervisor in zip(self._choices, self._supervisors, strict=True)
        )
        signers = TokenSigners(modules, clock)
        tokens = self._tokens = TokenWatch(signers, modules)
        journal = SqliteJournal(self._folders.data / "journal")
        undo.push_async_callback(journal.close)
        authorities = Authorities(
            self._policy.net,
            cache=Cache(
                private_folder(self._folders.data / "revocation"), read=read_private, write=write_private
            ),
            now=clock.now,
        )
        undo.callback(authorities.close)
        pairings = Pairings.open(self._folders.data)
        guard = PinGuard(self._folders.data / "wrong-pins.json")
        requests = KeyRequests(self._folders.data / "certificate-requests.json")
        centres = KeptCentres(self._folders.data / "centres.json")
        attention = asyncio.Lock()
        trace = Trace()
        known = clinics_authorities(self._policy.anchors)

        def written() -> None:
            signers.read_anew()
            tokens.look()

        def trusted() -> tuple[Certificate, ...]:
            return (*known, *users_authorities(self._folders.data / "anchors"))

        sessions = self._sessions = SessionSigning(
            tokens,
            clock,
            KeptChoices(self._folders.data / "session-signing.json"),
            most=ceiling(self._policy),
            watch=self._screen,
        )
        undo.push_async_callback(self._close_open, sessions)

        def desk(turn: asyncio.Lock) -> TokenDesk:
            return TokenDesk(
                modules,
                clock=clock,
                guard=guard,
                requests=requests,
                turn=turn,
                changed=written,
                close_open=lambda: sessions.close(Ended.OTHER_LOGIN),
                place=tokens.place,
            )

        surroundings = Surroundings(
            signers=tokens,
            consent=self._consent,
            journal=journal,
            clock=clock,
            guard=guard,
            paired_since=lambda origin: _paired_since(pairings, origin, clock.now()),
            outside=Outside(
                net=authorities,
                revocation=self._policy.net.revocation,
                known=known,
            ),
            cautions=lambda origin: cautions_of(origin, pairings, self._policy, clock.now()),
            severe=self._policy.red_findings,
            formats=self._policy.formats,
            policy_problem=self._policy_problem,
            centres=centres.read,
            sessions=sessions,
            sign_in_with_non_repudiation=self._policy.sign_in_with_non_repudiation,
            token_work=TokenWork(
                # The doctor's attention is held by whoever asks, and it is the tokens' too.
                desk=desk(asyncio.Lock()),
                requests=requests,
                tokens=tokens,
                anchors=trusted,
            ),
            turn=attention,
            trace=trace,
        )
        service = SigningService(surroundings)
        self._desk = desk(attention)
        history = JournalReader(journal)
        self._office = Office(
            desk=self._desk,
            panels=Panels(
                pairings,
                history,
                clock,
                policy=self._policy,
                problem=None if self._policy_problem is None else self._policy_problem.code,
            ),
            records=Records(
                history,
                tokens,
                SeenCertificates(private_folder(self._folders.data / "certificates")),
                trusted,
            ),
            signers=tokens,
            clock=clock,
            centres=centres,
            own_signing=OwnSigning(service),
            sessions=sessions,
            own_requests=OwnRequests(
                self._desk,
                requests,
                journal,
                tokens,
                tokens,
                clock,
                anchors=trusted,
                severe=self._policy.red_findings,
                problem=self._policy_problem,
            ),
            trust=KeptTrust(
                self._folders.data / "anchors",
                self._folders.data / STAMPER_FILE,
                net=self._policy.net,
                clinics=known,
                stamp_with=authorities.stamp_with,
            ),
        )
        undo.push_async_callback(self._let_go, service)
        identity = local_identity(self._folders.data / "tls", clock.now())
        endpoint = Endpoint(
            use_cases=service,
            consent=self._consent,
            clock=clock,
            pairings=pairings,
            key=load_agent_key(self._folders.data),
            policy=self._policy,
            about=About(name="Mohr", version=version()),
            state=lambda: AgentState.READY if tokens.presence.usable else AgentState.NO_TOKEN,
            ports=self._ports or PORTS,
            endpoint_file=self._folders.endpoint_file,
            tls=identity.context(),
            trace=trace,
        )
        address = await endpoint.start()
        undo.push_async_callback(endpoint.stop)
        recorder = Recorder(trace, lambda: tuple(self._supervisors), version())
        channel = Channel(self._folders.trace_file, recorder.record)
        undo.push_async_callback(channel.close)
        await channel.start()
        # What is there now stays until the end; a collection in the middle of a batch need not look at it.
        gc.freeze()
        tokens.start()
        undo.callback(tokens.close)
        if self._home is not None:
            undo.push_async_callback(trusting(self._home, self._folders.data / "tls", identity.authority))
        readers = ReaderWatch(tokens.readers_changed)
        readers.start()
        undo.push_async_callback(readers.close)
        if self._screen is not None:
            self._screen.start()
            undo.push_async_callback(self._screen.close)
        asking = asyncio.ensure_future(self._ask_about_changed(tokens))
        undo.callback(asking.cancel)
        return address

    async def _ask_about_changed(self, tokens: TokenWatch) -> None:
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
                    tokens.look()
            except MohrError as problem:
                log.warning("a changed module is left out: %s %s", problem.code, problem.detail)
            await self._changed.wait()

    async def _end_workers(self) -> None:
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors))

    async def _let_go(self, service: SigningService) -> None:
        """Stop the service; a module that hangs in a signature or a logout is not waited for."""
        await self._waited_for(service.stop())

    async def _close_open(self, sessions: SessionSigning) -> None:
        """Log out what stands open, in the same manner."""
        await self._waited_for(sessions.stop())

    async def _waited_for(self, work: Coroutine[Any, Any, None]) -> None:
        stopping = asyncio.ensure_future(work)
        await asyncio.wait({stopping}, timeout=_SECONDS_TO_LET_GO)
        if not stopping.done():
            await self._end_workers()
        await stopping


def _paired_since(pairings: Pairings, origin: str, now: datetime) -> datetime | None:
    pairing = pairings.find(origin, now)
    return pairing.paired_at if pairing is not None else None
