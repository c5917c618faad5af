"""The endpoint's surroundings for tests: small implementations of its ports. Who calls it is `caller`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.calls import About, AgentState
from signer.endpoint.listener import EndpointAddress
from signer.endpoint.pairings import Pairings
from signer.endpoint.server import Endpoint
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import Credential, Holder, KeyKind, TokenRef
from signer.model.errors import CredentialAbsent, IdempotencyConflict, MohrError, RequestUnknown
from signer.model.policy import Policy
from signer.model.request import Document, DocumentState, RequestState
from signer.service.consent import (
    ChoiceQuestion,
    ConsentDialogue,
    ConsentQuestion,
    ModuleQuestion,
    PairingQuestion,
    TokenChoiceQuestion,
    TokenQuestion,
)
from signer.service.envelopes import sign_in_document
from signer.service.news import News
from signer.service.token_documents import certificate_document, request_document
from signer.service.views import DocumentView, RequestView
from tests.endpoint.caller import ORIGIN, OTHER_ORIGIN, Caller, Headers, Reply, read_reply, signing_request

__all__ = ["ORIGIN", "OTHER_ORIGIN", "Headers", "Reply", "World", "read_reply", "signing_request"]

NOON = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
CERTIFICATE = b"a certificate"


class SetClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def pass_(self, **how: float) -> None:
        self.time += timedelta(**how)


class ScriptedDoctor:
    """Answers pairing questions as told; everything else is not asked by the endpoint."""

    def __init__(self) -> None:
        self.questions: list[PairingQuestion] = []
        self.answer: Callable[[PairingQuestion], Awaitable[bool]] = self.yes
        self.withdrawn = 0

    async def yes(self, question: PairingQuestion) -> bool:
        return True

    async def no(self, question: PairingQuestion) -> bool:
        return False

    async def silence(self, question: PairingQuestion) -> bool:
        await asyncio.Event().wait()
        raise AssertionError("nobody ends this silence")

    async def pair(self, question: PairingQuestion) -> bool:
        self.questions.append(question)
        try:
            return await self.answer(question)
        except asyncio.CancelledError:
            self.withdrawn += 1
            raise

    async def choose(self, question: ChoiceQuestion) -> str | None:
        raise AssertionError("not asked by the endpoint")

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        raise AssertionError("not asked by the endpoint")

    async def use_module(self, question: ModuleQuestion) -> bool:
        raise AssertionError("not asked by the endpoint")

    def open(self, question: ConsentQuestion) -> ConsentDialogue:
        raise AssertionError("not asked by the endpoint")

    def open_token(self, question: TokenQuestion) -> ConsentDialogue:
        raise AssertionError("not asked by the endpoint")


class Submitted(Struct, frozen=True):
    """What the use case saw of one submit."""

    origin: str
    idempotency_key: str
    body_hash: bytes
    documents: tuple[Document, ...]
    credential: str | None
    purpose: str | None


class RememberingUseCases:
    """In-memory `UseCases`: requests stay received until a test finishes them. Keeps what it was asked."""

    def __init__(self) -> None:
        self.submitted: list[Submitted] = []
        self.calls = 0
        self.news: list[News] = []
        self.followed: list[tuple[str, str | None]] = []
        self.unfollowed = 0
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        self.waiting = 0
        self.here: list[str] = []
        self.failure: Exception | None = None
        self.may_submit = asyncio.Event()
        self.may_submit.set()
        self.on_credentials: tuple[Credential, ...] = (credential(),)
        self._views: dict[tuple[str, str], RequestView] = {}
        self._changed = asyncio.Event()

    async def submit(
        self,
        *,
        origin: str,
        idempotency_key: str,
        body_hash: bytes,
        documents: tuple[Document, ...],
        credential: str | None,
        purpose: str | None,
    ) -> RequestView:
        self._count()
        await self.may_submit.wait()
        known = {item.id for item in self.on_credentials}
        if credential is not None and credential not in known:
            raise CredentialAbsent("no such credential")
        request_id = hashlib.sha256(f"{origin} {idempotency_key}".encode()).hexdigest()[:22]
        for earlier in self.submitted:
            if (earlier.origin, earlier.idempotency_key) == (origin, idempotency_key):
                if earlier.body_hash != body_hash:
                    raise IdempotencyConflict("another body")
                return self._views[origin, request_id]
        self.submitted.append(Submitted(origin, idempotency_key, body_hash, documents, credential, purpose))
        view = RequestView(
            id=request_id,
            state=RequestState.RECEIVED,
            position=0,
            documents=tuple(
                DocumentView(id=item.id, state=DocumentState.PENDING, format=item.format.value)
                for item in documents
            ),
        )
        self._views[origin, request_id] = view
        return view

    async def sign_in(
        self, *, origin: str, idempotency_key: str, body_hash: bytes, nonce: str, credential: str | None
    ) -> RequestView:
        return await self.submit(
            origin=origin,
            idempotency_key=idempotency_key,
            body_hash=body_hash,
            documents=(sign_in_document(origin, nonce),),
            credential=credential,
            purpose=None,
        )

    async def request_certificate(
        self, *, origin: str, idempotency_key: str, body_hash: bytes, applicant: Applicant, key: KeyType
    ) -> RequestView:
        applicant.check()
        return await self.submit(
            origin=origin,
            idempotency_key=idempotency_key,
            body_hash=body_hash,
            documents=(request_document(applicant, key),),
            credential=None,
            purpose=None,
        )

    async def store_certificate(
        self,
        *,
        origin: str,
        idempotency_key: str,
        body_hash: bytes,
        certificate: bytes,
        chain: tuple[bytes, ...],
    ) -> RequestView:
        return await self.submit(
            origin=origin,
            idempotency_key=idempotency_key,
            body_hash=body_hash,
            documents=(certificate_document(certificate, chain),),
            credential=None,
            purpose=None,
        )

    async def view(self, *, origin: str, request_id: str, wait: float = 0.0) -> RequestView:
        self._count()
        view = self._find(origin, request_id)
        if wait and not view.final:
            self.waiting += 1
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass
            finally:
                self.waiting -= 1
        return self._find(origin, request_id)

    async def cancel(self, *, origin: str, request_id: str) -> RequestView:
        self._count()
        view = self._find(origin, request_id)
        return self._put(origin, msgspec.structs.replace(view, state=RequestState.CANCELLED))

    async def events(self, *, origin: str, last_id: str | None) -> AsyncGenerator[News]:
        self._count()
        self.followed.append((origin, last_id))
        await self.may_tell.wait()
        for one in self.news:
            yield one
        try:
            await asyncio.Event().wait()
        finally:
            self.unfollowed += 1

    @contextmanager
    def present(self, origin: str) -> Iterator[None]:
        self.here.append(origin)
        try:
            yield
        finally:
            self.here.remove(origin)

    def pending(self, origin: str) -> bool:
        return any(asker == origin and not view.final for (asker, _), view in self._views.items())

    async def credentials(self) -> tuple[Credential, ...]:
        self._count()
        return self.on_credentials

    def finish(self, *, problem: MohrError | None = None) -> None:
        """Sign, or fail, every document of every request."""
        for (origin, _), view in list(self._views.items()):
            documents = tuple(
                msgspec.structs.replace(
                    document,
                    state=DocumentState.FAILED if problem else DocumentState.SIGNED,
                    signature=None if problem else b"a signature",
                    certificate=None if problem else CERTIFICATE,
                    signed_at=None if problem else NOON,
                    problem=problem,
                )
                for document in view.documents
            )
            state = RequestState.FAILED if problem else RequestState.FINISHED
            self._put(origin, msgspec.structs.replace(view, state=state, documents=documents))

    def _put(self, origin: str, view: RequestView) -> RequestView:
        self._views[origin, view.id] = view
        self._changed.set()
        return view

    def _find(self, origin: str, request_id: str) -> RequestView:
        try:
            return self._views[origin, request_id]
        except KeyError:
            raise RequestUnknown("no such request of this origin") from None

    def _count(self) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure


def credential(problem: str | None = None) -> Credential:
    """A synthetic credential."""
    return Credential(
        id=hashlib.sha256(CERTIFICATE).hexdigest(),
        certificate=CERTIFICATE,
        holder=Holder(name="دکتر نمونه", council_numbers=("123456",), centre="درمانگاه نمونه"),
        issuer="Test CA",
        not_before=NOON - timedelta(days=1),
        not_after=NOON + timedelta(days=1),
        key_kind=KeyKind.RSA,
        key_bits=2048,
        token=TokenRef(module="m", slot=1, serial="1", label="token", reader="reader"),
        key_id=b"\1",
        problem=problem,
    )


class World(Caller):
    """A started endpoint and everything around it."""

    def __init__(self, folder: Path, policy: Policy | None = None, **options: Any) -> None:
        self.folder = folder
        clock = options.pop("clock", None) or SetClock()
        super().__init__(EndpointAddress(0, False), clock, load_agent_key(folder), ORIGIN)
        self.doctor = ScriptedDoctor()
        self.use_cases = options.pop("use_cases", None) or RememberingUseCases()
        self.pairings = Pairings.open(folder)
        self.endpoint = Endpoint(
            use_cases=self.use_cases,
            consent=self.doctor,
            clock=self.clock,
            pairings=self.pairings,
            key=self.agent_key,
            policy=policy or Policy(),
            about=About(name="Mohr", version="1.2.3"),
            state=lambda: AgentState.READY,
            ports=options.pop("ports", (0,)),
            **options,
        )

    @classmethod
    async def start(cls, folder: Path, policy: Policy | None = None, **options: Any) -> World:
        world = cls(folder, policy, **options)
        world.address = await world.endpoint.start()
        return world

    async def stop(self) -> None:
        await self.endpoint.stop()

    def pair(self, origin: str = ORIGIN) -> None:
        self.pairings.accept(origin, self.panel_key.point, self.clock.now())
