"""The simulated agent put together: the real service, journal and endpoint over the virtual token.

It has folders of its own, says in `/v1/agent` that it is a simulator, and lets any page pair, also one that
this computer serves, since a developer's does. It reads no policy and asks nobody outside.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from signer.cli.assembly import SystemClock, version
from signer.cli.simulate.authority import Doctor, identity
from signer.cli.simulate.doctor import SimulatedDoctor
from signer.cli.simulate.scenarios import AgentFault, Doing, Scenario, Stage
from signer.cli.simulate.token import VirtualToken
from signer.cli.simulate.wire import WatchedExchanges, Wire
from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.calls import About, AgentState
from signer.endpoint.keys import SigningKey
from signer.endpoint.listener import PORTS, EndpointAddress
from signer.endpoint.local_ca import local_identity
from signer.endpoint.pairings import Pairings
from signer.endpoint.server import Endpoint
from signer.journal.store import SqliteJournal
from signer.model.errors import PortsTaken
from signer.model.origin import OriginInvalid, parse_origin
from signer.model.policy import Policy, RevocationMode
from signer.net.authorities import Authorities
from signer.net.cache import Cache
from signer.platform.folders import folders_under
from signer.platform.only_one import only_one
from signer.platform.private_files import private_folder, read_private, write_private
from signer.service.cool_down import CoolDowns
from signer.service.evidence import Outside
from signer.service.pin_guard import PinGuard
from signer.service.questions import Surroundings
from signer.service.signing import UNANSWERED_FOR, SigningService

NAME = "Mohr simulator"
#: Seconds that an agent that restarts is away.
_RESTART = 0.3
_TRIES = 50


class AnyPage(Policy, frozen=True, kw_only=True):
    """Any https page, and any page that this computer serves: what is signed here is valid nowhere."""

    def admits(self, origin: str) -> bool:
        """See `Policy.admits`."""
        try:
            parsed = parse_origin(origin)
        except OriginInvalid:
            return False
        return parsed.loopback or parsed.scheme == "https"


class SimulatedAgent:
    """One running simulator, on one event loop. Make it on that loop, start it, play scenarios, stop it."""

    def __init__(
        self,
        folder: Path,
        stage: Stage,
        *,
        doctor: Doctor | None = None,
        ports: tuple[int, ...] = PORTS,
        keeping: bool = False,
    ) -> None:
        """`keeping` keeps what panels send, for `wire.seen`."""
        self.stage = stage
        self.folder = folder
        self.wire = Wire(stage, self._restart, keeping=keeping)
        self.address = EndpointAddress(0, False)
        self._doctor = doctor or Doctor()
        self._ports = ports
        # Each scenario begins with a panel that was never turned down.
        self._cool_downs, self._pairing_cool_downs = CoolDowns(), CoolDowns()
        self._closing = contextlib.AsyncExitStack()
        self._endpoint: Endpoint | None = None
        self._listening = asyncio.Lock()
        self._restarting: set[asyncio.Task[None]] = set()

    async def start(self) -> EndpointAddress:
        """Raises `AlreadyRunning`, `PortsTaken`, OSError. Undone if it fails."""
        async with contextlib.AsyncExitStack() as undo:
            folders = folders_under(private_folder(self.folder))
            undo.enter_context(only_one(folders.data))
            self.clock = SystemClock()
            held = await asyncio.to_thread(identity, self.folder / "token", self._doctor, datetime.now(UTC))
            self.token = VirtualToken(held, self.stage, self.clock)
            undo.callback(self.token.close)
            self.pairings = Pairings.open(folders.data)
            journal = SqliteJournal(folders.data / "journal")
            undo.push_async_callback(journal.close)
            net = Authorities(
                Policy().net,
                cache=Cache(
                    private_folder(folders.data / "revocation"), read=read_private, write=write_private
                ),
                now=self.clock.now,
            )
            undo.callback(net.close)
            self._consent = SimulatedDoctor(self.stage)
            self.service = SigningService(
                Surroundings(
                    signers=self.token,
                    consent=self._consent,
                    journal=journal,
                    clock=self.clock,
                    guard=PinGuard(),
                    paired_since=self._paired_since,
                    outside=Outside(net=net, revocation=RevocationMode.SKIP, known=()),
                ),
                unanswered_for=lambda: timedelta(seconds=self._unanswered()),
                cool_downs=self._cool_downs,
            )
            undo.push_async_callback(self.service.stop)
            self._own_key = self._key = load_agent_key(folders.data)
            self._another_key = SigningKey.generate()
            self._tls = local_identity(folders.data / "tls", self.clock.now()).context()
            self.address = await self._listen(self._ports)
            undo.push_async_callback(self._hush)
            self._closing = undo.pop_all()
        await self.play(self.stage.scenario)
        return self.address

    async def stop(self) -> None:
        """Stop listening and abandon what is open."""
        for task in self._restarting:
            task.cancel()
        await self._closing.aclose()

    async def play(self, scenario: Scenario) -> None:
        """From now on, this one: the token stands where it begins, and the agent listens or does not."""
        self.stage.play(scenario)
        self._cool_downs.forgive()
        self._pairing_cool_downs.forgive()
        self.token.new_scenario()
        key = self._another_key if scenario.agent is AgentFault.REPLACED else self._own_key
        if scenario.agent is AgentFault.AWAY or key is not self._key:
            await self._hush()
        self._key = key
        if scenario.agent is AgentFault.AWAY:
            return
        await self._listen_again()

    def is_paired(self, origin: str) -> bool:
        """Is this page paired now?"""
        return self._paired_since(origin) is not None

    def _unanswered(self) -> float:
        """Short only where nobody answers: anything else ends by itself."""
        out = self.stage.scenario.doctor is Doing.IS_OUT
        return self.stage.pace.unanswered if out else UNANSWERED_FOR.total_seconds()

    def _paired_since(self, origin: str) -> datetime | None:
        pairing = self.pairings.find(origin, self.clock.now())
        return pairing.paired_at if pairing is not None else None

    async def _listen(self, ports: tuple[int, ...]) -> EndpointAddress:
        endpoint = Endpoint(
            use_cases=self.service,
            consent=self._consent,
            clock=self.clock,
            pairings=self.pairings,
            key=self._key,
            policy=AnyPage(),
            about=About(name=NAME, version=version(), simulator=True),
            state=lambda: AgentState.READY if self.token.presence.usable else AgentState.NO_TOKEN,
            ports=ports,
            tls=self._tls,
            exchanges=partial(WatchedExchanges, self.wire),
            cool_downs=self._pairing_cool_downs,
        )
        address = await endpoint.start()
        self._endpoint = endpoint
        return address

    async def _hush(self) -> None:
        async with self._listening:
            if self._endpoint is not None:
                endpoint, self._endpoint = self._endpoint, None
                await endpoint.stop()

    async def _listen_again(self) -> None:
        """At the port that it had; a browser's old connections may hold it for a moment."""
        async with self._listening:
            for attempt in range(_TRIES):
                if self._endpoint is not None:
                    return
                try:
                    await self._listen((self.address.port,))
                except PortsTaken:
                    if attempt == _TRIES - 1:
                        raise
                    await asyncio.sleep(0.1)

    def _restart(self) -> None:
        async def away_and_back() -> None:
            await self._hush()
            await asyncio.sleep(_RESTART)
            await self._listen_again()

        task = asyncio.ensure_future(away_and_back())
        self._restarting.add(task)
        task.add_done_callback(self._restarting.discard)
