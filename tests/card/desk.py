"""The whole service over OpenSC and virtual readers, without its endpoint, and a doctor with a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from drivers.catalogue import Profile, load_catalogue
from drivers.readers import ReaderWatch
from drivers.supervisor import Supervisor
from signer.cli.assembly import SystemClock
from signer.journal.store import SqliteJournal
from signer.model.applicant import Applicant, KeyType
from signer.model.presence import Presence
from signer.model.request import Document, RequestState
from signer.model.session_signing import Limits
from signer.service.evidence import Outside
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.questions import Surroundings, TokenWork
from signer.service.session_choices import KeptChoices
from signer.service.session_signing import SessionSigning
from signer.service.signing import SigningService
from signer.service.token_desk import TokenDesk
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from signer.service.views import RequestView
from tests.card.fixtures import MODULE
from tests.service.doubles import Doctor, StillNet
from tests.service.test_session_signing import Screen

ORIGIN = "https://panel.example"
PATIENCE = 60.0
DOCTOR = Applicant(given_name="سارا", surname="نمونه", national_code="0012345679", centre="مطب ونک")


def opensc() -> Profile:
    """OpenSC's own profile."""
    return next(p for p in load_catalogue() if p.family == "opensc")


class Desk:
    """A service whose tokens are what stands in the virtual readers."""

    def __init__(self, folder: Path, modules: tuple[tuple[Path, Profile], ...] | None = None) -> None:
        """OpenSC alone, unless other modules are given, in their order."""
        chosen = ((MODULE, opensc()),) if modules is None else modules
        self.modules = tuple(
            TokenModule(path=str(path), profile=profile, supervisor=Supervisor(path, limits=profile.limits))
            for path, profile in chosen
        )
        self.tokens = TokenWatch(TokenSigners(self.modules, SystemClock()), self.modules)
        self.readers = ReaderWatch(self.tokens.readers_changed)
        self.journal = SqliteJournal(folder / "journal")
        self.doctor = Doctor()
        self.told: list[Presence] = []
        guard, requests = PinGuard(), KeyRequests(folder / "requests.json")
        work = TokenDesk(
            self.modules, clock=SystemClock(), guard=guard, requests=requests, turn=asyncio.Lock()
        )
        self.screen = Screen()
        self.sessions = SessionSigning(
            self.tokens,
            SystemClock(),
            KeptChoices(folder / "session-signing.json"),
            most=Limits(),
            watch=self.screen,
        )
        self.service = SigningService(
            Surroundings(
                signers=self.tokens,
                consent=self.doctor,
                journal=self.journal,
                clock=SystemClock(),
                guard=guard,
                token_work=TokenWork(desk=work, requests=requests, tokens=self.tokens),
                paired_since=lambda origin: None,
                outside=Outside(net=StillNet()),
                sessions=self.sessions,
            )
        )

    async def open(self) -> None:
        self.tokens.start()
        self.readers.start()
        self.tokens.on_change(self.told.append)

    async def close(self) -> None:
        await self.service.stop()
        await self.sessions.stop()
        self.tokens.close()
        await self.readers.close()
        for module in self.modules:
            await module.supervisor.close()
        await self.journal.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.02)

    async def ready(self) -> None:
        await self.until(lambda: self.tokens.presence.usable and not self.tokens.presence.reading)

    async def post(self, count: int = 1, key: str = "k") -> RequestView:
        documents = tuple(
            Document(id=f"rx-{n}", media_type="text/plain", content=f"نسخهٔ {n}".encode())
            for n in range(count)
        )
        return await self.service.submit(
            origin=ORIGIN,
            idempotency_key=key,
            body_hash=b"b" * 32,
            documents=documents,
            credential=None,
            purpose=None,
        )

    async def ends(self, key: str) -> RequestState:
        """One request's state when it has ended and the token was given back."""
        view = await self.finished(await self.post(key=key))
        await self.service.cancel(origin=ORIGIN, request_id=view.id)
        return view.state

    async def ask_for_a_key(self) -> RequestView:
        return await self.service.request_certificate(
            origin=ORIGIN, idempotency_key="c", body_hash=b"c" * 32, applicant=DOCTOR, key=KeyType.RSA_2048
        )

    async def finished(self, view: RequestView) -> RequestView:
        return await self.service.view(origin=ORIGIN, request_id=view.id, wait=PATIENCE)
