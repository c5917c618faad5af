"""An agent without its endpoint, at a token that may fail: what the tests of faults have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drivers.catalogue import Profile
from drivers.types import Binding, Limits
from signer.cli.assembly import SystemClock
from signer.cli.demo.doctor import ScriptedDoctor
from signer.journal.store import SqliteJournal
from signer.model.policy import Policy
from signer.model.request import Document
from signer.model.session_signing import ceiling
from signer.service.consent import ConsentSurface
from signer.service.evidence import Outside
from signer.service.pin_guard import PinGuard
from signer.service.ports import ScreenWatch
from signer.service.questions import Surroundings
from signer.service.session_choices import KeptChoices
from signer.service.session_signing import SessionSigning
from signer.service.signing import SigningService
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.service.doubles import StillNet

ORIGIN = "https://panel.example"


class Desk:
    """An agent without its endpoint: one token, its worker, a doctor who agrees.

    `on_yes` is called each time before the doctor does.
    """

    def __init__(
        self,
        folder: Path,
        token: hsm.SoftHsm,
        limits: Limits,
        *,
        binding: Binding = Binding.PYKCS11,
        profile: Profile | None = None,
        consent: ConsentSurface | None = None,
        outside: Outside | None = None,
        screen: ScreenWatch | None = None,
    ) -> None:
        """The family is SoftHSM's, the doctor says yes to everything and nobody is outside, unless given.

        No token stays open without a `screen`.
        """
        self.on_yes: Callable[[], None] = do_nothing
        self.supervisor = token.supervisor(binding=binding, limits=limits)
        module = TokenModule(
            path=str(token.module), profile=profile or hsm.profile(), supervisor=self.supervisor
        )
        self.journal = SqliteJournal(folder / "journal")
        self.doctor = ScriptedDoctor(token.pin, lambda _: self.on_yes())
        clock = SystemClock()
        self.watch = TokenWatch(TokenSigners((module,), clock), (module,))
        self.sessions = SessionSigning(
            self.watch,
            clock,
            KeptChoices(folder / "session-signing.json"),
            most=ceiling(Policy()),
            watch=screen,
        )
        self.service = SigningService(
            Surroundings(
                signers=self.watch,
                consent=consent or self.doctor,
                journal=self.journal,
                clock=clock,
                guard=PinGuard(),
                paired_since=lambda origin: None,
                outside=outside or Outside(net=StillNet()),
                sessions=self.sessions,
            )
        )

    async def post(self, key: str, count: int, origin: str = ORIGIN) -> RequestView:
        """A panel's request for `count` texts."""
        documents = tuple(
            Document(id=f"rx-{n}", media_type="text/plain", content=f"{key} {n}".encode())
            for n in range(count)
        )
        return await self.service.submit(
            origin=origin,
            idempotency_key=key,
            body_hash=key.encode().ljust(32, b"\0"),
            documents=documents,
            credential=None,
            purpose=None,
        )

    async def end_of(self, view: RequestView) -> RequestView:
        """The request when nothing more happens to it, or after a minute."""
        return await self.service.view(origin=ORIGIN, request_id=view.id, wait=60)

    async def put_away(self, view: RequestView) -> None:
        """Wait until an ended request has logged out and closed its window."""
        await self.service.cancel(origin=ORIGIN, request_id=view.id)

    async def close(self) -> None:
        """End everything; no process is left."""
        await self.service.stop()
        await self.sessions.stop()
        self.watch.close()
        await self.journal.close()
        await self.supervisor.close()


def do_nothing() -> None:
    """What happens before a yes, unless a test wants something."""
