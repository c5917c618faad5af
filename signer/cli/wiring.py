"""How the parts of an agent are handed to one another: what it keeps, who works on tokens, whom pages ask.

Imported while the workers load their modules, since it brings all the rest. When the parts start and end, and
in which order, is `assembly`; what the clinic has decided is `clinic`.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from signer.cli.clinic import clinics_authorities, users_authorities
from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.calls import About, AgentState
from signer.endpoint.cautions import cautions_of
from signer.endpoint.listener import PORTS
from signer.endpoint.local_ca import LocalIdentity
from signer.endpoint.pairings import Pairings
from signer.endpoint.server import Endpoint
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.errors import PolicyInvalid
from signer.model.policy import Policy
from signer.model.session_signing import Ended, ceiling
from signer.net.authorities import Authorities
from signer.net.cache import Cache
from signer.platform.folders import Folders
from signer.platform.private_files import private_folder, read_private, write_private
from signer.service.centres import KeptCentres
from signer.service.consent import ConsentSurface
from signer.service.evidence import Outside
from signer.service.key_requests import KeyRequests
from signer.service.office import Office
from signer.service.own_requests import OwnRequests
from signer.service.own_signing import OwnSigning
from signer.service.panels import Panels
from signer.service.pin_guard import PinGuard
from signer.service.ports import Clock, ScreenWatch
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
from signer.x509 import Certificate


class Given(Struct, frozen=True, kw_only=True):
    """What was decided before the first part is made. The attributes are those of `assembly.Agent`."""

    consent: ConsentSurface
    modules: tuple[TokenModule, ...]
    folders: Folders
    policy: Policy
    policy_problem: PolicyInvalid | None
    screen: ScreenWatch | None
    clock: Clock


class Parts(Struct, frozen=True, kw_only=True):
    """A whole agent that does not listen yet."""

    tokens: TokenWatch
    sessions: SessionSigning
    service: SigningService
    desk: TokenDesk
    office: Office
    pairings: Pairings
    trace: Trace


class _Kept(Struct, frozen=True, kw_only=True):
    """What is read and written in the user's folder, and what is fetched for it. `known` are the clinic's."""

    journal: SqliteJournal
    authorities: Authorities
    pairings: Pairings
    guard: PinGuard
    requests: KeyRequests
    centres: KeptCentres
    known: tuple[Certificate, ...]
    anchors: Path

    def trusted(self) -> tuple[Certificate, ...]:
        """The clinic's authorities, and the user's as they are now."""
        return (*self.known, *users_authorities(self.anchors))


def put_together(given: Given, undo: AsyncExitStack) -> Parts:
    """Open what is kept, which `undo` closes, and make all that works with it. Nothing is started."""
    kept = _open(given, undo)
    signers = TokenSigners(given.modules, given.clock)
    tokens = TokenWatch(signers, given.modules)
    sessions = SessionSigning(
        tokens,
        given.clock,
        KeptChoices(given.folders.data / "session-signing.json"),
        most=ceiling(given.policy),
        watch=given.screen,
    )

    def written() -> None:
        signers.read_anew()
        tokens.look()

    def desk(turn: asyncio.Lock) -> TokenDesk:
        return TokenDesk(
            given.modules,
            clock=given.clock,
            guard=kept.guard,
            requests=kept.requests,
            turn=turn,
            changed=written,
            close_open=lambda: sessions.close(Ended.OTHER_LOGIN),
            place=tokens.place,
        )

    attention, trace = asyncio.Lock(), Trace()
    # The doctor's attention is the tokens' too, and whoever asks her holds it: panels' work has it already.
    work = TokenWork(desk=desk(asyncio.Lock()), requests=kept.requests, tokens=tokens, anchors=kept.trusted)
    service = SigningService(_surroundings(given, kept, tokens, sessions, work, attention, trace))
    of_the_holder = desk(attention)
    return Parts(
        tokens=tokens,
        sessions=sessions,
        service=service,
        desk=of_the_holder,
        office=_office(given, kept, tokens, sessions, of_the_holder, service),
        pairings=kept.pairings,
        trace=trace,
    )


def endpoint(
    given: Given, parts: Parts, identity: LocalIdentity, *, version: str, ports: tuple[int, ...] | None
) -> Endpoint:
    """What listens, and answers with these parts. Without `ports`: the contract's own."""
    return Endpoint(
        use_cases=parts.service,
        consent=given.consent,
        clock=given.clock,
        pairings=parts.pairings,
        key=load_agent_key(given.folders.data),
        policy=given.policy,
        about=About(name="Mohr", version=version),
        state=lambda: AgentState.READY if parts.tokens.presence.usable else AgentState.NO_TOKEN,
        ports=ports or PORTS,
        endpoint_file=given.folders.endpoint_file,
        tls=identity.context(),
        trace=parts.trace,
    )


def _open(given: Given, undo: AsyncExitStack) -> _Kept:
    data = given.folders.data
    journal = SqliteJournal(data / "journal")
    undo.push_async_callback(journal.close)
    authorities = Authorities(
        given.policy.net,
        cache=Cache(private_folder(data / "revocation"), read=read_private, write=write_private),
        now=given.clock.now,
    )
    undo.callback(authorities.close)
    return _Kept(
        journal=journal,
        authorities=authorities,
        pairings=Pairings.open(data),
        guard=PinGuard(data / "wrong-pins.json"),
        requests=KeyRequests(data / "certificate-requests.json"),
        centres=KeptCentres(data / "centres.json"),
        known=clinics_authorities(given.policy.anchors),
        anchors=data / "anchors",
    )


def _surroundings(
    given: Given,
    kept: _Kept,
    tokens: TokenWatch,
    sessions: SessionSigning,
    work: TokenWork,
    attention: asyncio.Lock,
    trace: Trace,
) -> Surroundings:
    def paired_since(origin: str) -> datetime | None:
        pairing = kept.pairings.find(origin, given.clock.now())
        return pairing.paired_at if pairing is not None else None

    return Surroundings(
        signers=tokens,
        consent=given.consent,
        journal=kept.journal,
        clock=given.clock,
        guard=kept.guard,
        paired_since=paired_since,
        outside=Outside(net=kept.authorities, revocation=given.policy.net.revocation, known=kept.known),
        cautions=lambda origin: cautions_of(origin, kept.pairings, given.policy, given.clock.now()),
        severe=given.policy.red_findings,
        formats=given.policy.formats,
        policy_problem=given.policy_problem,
        centres=kept.centres.read,
        sessions=sessions,
        sign_in_with_non_repudiation=given.policy.sign_in_with_non_repudiation,
        token_work=work,
        turn=attention,
        trace=trace,
    )


def _office(
    given: Given,
    kept: _Kept,
    tokens: TokenWatch,
    sessions: SessionSigning,
    desk: TokenDesk,
    service: SigningService,
) -> Office:
    data, problem = given.folders.data, given.policy_problem
    history = JournalReader(kept.journal)
    return Office(
        desk=desk,
        panels=Panels(
            kept.pairings,
            history,
            given.clock,
            policy=given.policy,
            problem=None if problem is None else problem.code,
        ),
        records=Records(
            history, tokens, SeenCertificates(private_folder(data / "certificates")), kept.trusted
        ),
        signers=tokens,
        clock=given.clock,
        centres=kept.centres,
        own_signing=OwnSigning(service),
        sessions=sessions,
        own_requests=OwnRequests(
            desk,
            kept.requests,
            kept.journal,
            tokens,
            tokens,
            given.clock,
            anchors=kept.trusted,
            severe=given.policy.red_findings,
            problem=problem,
        ),
        trust=KeptTrust(
            kept.anchors,
            data / STAMPER_FILE,
            net=given.policy.net,
            clinics=kept.known,
            stamp_with=kept.authorities.stamp_with,
        ),
    )
