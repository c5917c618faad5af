"""An office on a loop of its own thread, over a token and a journal, and the line to it from Qt's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gui.bridge.calls import WindowCalls
from gui.bridge.line import Line
from gui.bridge.messages import Answered, Message
from gui.bridge.requests import ReadTokens
from gui.bridge.surface import Outbox
from gui.views.pin_change import PinChangeWindow
from signer.endpoint.pairings import Pairings
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.policy import NetSettings
from signer.platform.private_files import private_folder
from signer.service.centres import KeptCentres
from signer.service.evidence import Outside
from signer.service.key_requests import KeyRequests
from signer.service.office import Office, TokensNow
from signer.service.own_requests import OwnRequests
from signer.service.own_signing import OwnSigning
from signer.service.panels import Panels
from signer.service.pin_guard import PinGuard
from signer.service.questions import Surroundings
from signer.service.records import Records
from signer.service.seen_certificates import SeenCertificates
from signer.service.session_choices import KeptChoices
from signer.service.session_signing import SessionSigning
from signer.service.signing import SigningService
from signer.service.token_desk import ManagedToken, TokenDesk
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from signer.service.trusted import STAMPER_FILE, KeptTrust
from signer.x509 import Certificate
from tests import softhsm as hsm
from tests.gui.theatre import application, settle
from tests.service.doubles import Doctor, FixedClock, StillNet

PATIENCE = 20.0


class OfficeThread:
    """An office over a token on a loop of its own thread, and the line to it."""

    def __init__(self, folder: Path, token: hsm.SoftHsm) -> None:
        application()
        self._folder, self._token = folder, token
        self.anchors: tuple[Certificate, ...] = ()
        self._outbox = Outbox()
        self._calls = WindowCalls(self._outbox)
        self._heard: list[Message] = []
        self._outbox.attach(self._heard.append)
        self.line = Line(self._calls.call)
        self.doctor = Doctor()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))
        self._thread.start()

    def until(self, happened: Callable[[], bool]) -> None:
        """Let both threads work until it happened."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, "it never happened"
            while self._heard:
                message = self._heard.pop(0)
                assert isinstance(message, Answered)
                self.line.receive(message)
            settle()
            time.sleep(0.005)

    def tokens(self) -> TokensNow:
        found: list[TokensNow] = []
        self.line.ask(ReadTokens(), found.append, pytest.fail)
        self.until(lambda: bool(found))
        return found[0]

    def managed(self) -> ManagedToken:
        return next(token for token in self.tokens().managed if token.initialised)

    def end(self) -> None:
        for window in application().topLevelWidgets():
            if isinstance(window, PinChangeWindow):
                window.close()
        settle()
        self._stop.set()
        self._thread.join(PATIENCE)

    async def _live(self) -> None:
        clock = FixedClock()
        async with self._token.supervisor() as supervisor:
            module = TokenModule(path=str(self._token.module), profile=hsm.profile(), supervisor=supervisor)
            signers = TokenSigners((module,), clock)
            watch = TokenWatch(signers, (module,))
            watch.start()
            requests = KeyRequests(self._folder / "requests.json")
            desk = TokenDesk(
                (module,),
                clock=clock,
                guard=PinGuard(),
                requests=requests,
                turn=asyncio.Lock(),
                changed=signers.read_anew,
            )
            journal = SqliteJournal(self._folder / "journal")
            certificates = private_folder(self._folder / "certificates")
            history = JournalReader(journal)
            records = Records(history, watch, SeenCertificates(certificates))
            panels = Panels(Pairings.open(self._folder), history, clock)
            service = SigningService(
                Surroundings(
                    signers=watch,
                    consent=self.doctor,
                    journal=journal,
                    clock=clock,
                    guard=PinGuard(),
                    paired_since=lambda origin: None,
                    outside=Outside(net=StillNet()),
                )
            )
            self._calls.open(
                Office(
                    desk=desk,
                    panels=panels,
                    records=records,
                    signers=watch,
                    clock=clock,
                    centres=KeptCentres(self._folder / "centres.json"),
                    own_signing=OwnSigning(service),
                    sessions=SessionSigning(
                        watch, clock, KeptChoices(self._folder / "session-signing.json"), most=None
                    ),
                    own_requests=OwnRequests(
                        desk, requests, journal, watch, watch, clock, anchors=lambda: self.anchors
                    ),
                    trust=KeptTrust(
                        self._folder / "anchors",
                        self._folder / STAMPER_FILE,
                        net=NetSettings(),
                        clinics=(),
                        stamp_with=lambda _: None,
                    ),
                )
            )
            await asyncio.to_thread(self._stop.wait)
            await self._calls.close()
            await service.stop()
            watch.close()
            await journal.close()
