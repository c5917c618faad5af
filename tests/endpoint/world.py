"""The endpoint's surroundings for tests: small implementations of its ports, and a way to speak raw HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from signer.endpoint import message_signatures as ms
from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.calls import About, AgentState
from signer.endpoint.keys import SigningKey
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

ORIGIN = "https://panel.example"
OTHER_ORIGIN = "https://other.example"
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


class Reply(Struct, frozen=True):
    """An HTTP answer as read from the socket; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["code"]) if self.body else ""


Headers = list[tuple[str, str]]


class World:
    """A started endpoint and everything around it."""

    def __init__(self, folder: Path, policy: Policy | None = None, **options: Any) -> None:
        self.folder = folder
        self.clock: Any = options.pop("clock", None) or SetClock()
        self.doctor = ScriptedDoctor()
        self.use_cases = RememberingUseCases()
        self.pairings = Pairings.open(folder)
        self.agent_key = load_agent_key(folder)
        self.panel_key = SigningKey.generate()
        self.endpoint = Endpoint(
            use_cases=self.use_cases,
            consent=self.doctor,
            clock=self.clock,
            pairings=self.pairings,
            key=self.agent_key,
            policy=policy or Policy(),
            about=About(name="Mohr", version="1.2.3"),
            state=lambda: AgentState.READY,
            ports=(0,),
            **options,
        )
        self.address = EndpointAddress(0, False)

    @classmethod
    async def start(cls, folder: Path, policy: Policy | None = None, **options: Any) -> World:
        world = cls(folder, policy, **options)
        world.address = await world.endpoint.start()
        return world

    async def stop(self) -> None:
        await self.endpoint.stop()

    def pair(self, origin: str = ORIGIN) -> None:
        self.pairings.accept(origin, self.panel_key.point, self.clock.now())

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.address.port}"

    def head(self, **changes: str | None) -> Headers:
        """The headers of an honest cross-origin call, changed or (None) left out."""
        headers: dict[str, str | None] = {"Host": self.authority, "Origin": ORIGIN, "Sec-Fetch-Mode": "cors"}
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return [(name, value) for name, value in headers.items() if value is not None]

    def signature(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        idempotency_key: str | None = None,
        key: SigningKey | None = None,
        created: int | None = None,
        nonce: bytes | None = None,
        authority: str | None = None,
    ) -> dict[str, str]:
        """The signature headers of an honest panel, or of one that lies where an argument says so."""
        path, _, query = target.partition("?")
        return ms.sign_request(
            key or self.panel_key,
            ms.Target(method, authority or self.authority, path, query),
            body,
            idempotency_key,
            int(self.clock.now().timestamp()) if created is None else created,
            nonce or secrets.token_bytes(16),
        )

    async def call(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        idempotency_key: str | None = None,
        origin: str = ORIGIN,
        extra: Headers | None = None,
    ) -> Reply:
        """An honest signed call."""
        headers = self.head(Origin=origin)
        headers += self.signature(method, target, body, idempotency_key=idempotency_key).items()
        if idempotency_key is not None:
            headers.append(("Idempotency-Key", idempotency_key))
        if method == "POST":
            headers.append(("Content-Type", "application/json"))
        return await self.send(method, target, headers + (extra or []), body)

    async def open_call(self, method: str, target: str, value: Any = None, origin: str = ORIGIN) -> Reply:
        """An unsigned call, as pairing needs it."""
        body = b"" if value is None else msgspec.json.encode(value)
        headers = self.head(Origin=origin)
        if method == "POST":
            headers.append(("Content-Type", "application/json"))
        return await self.send(method, target, headers, body)

    async def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Reply:
        """Exactly this request on a connection of its own."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        names = {name.lower() for name, _ in headers}
        if (body or method == "POST") and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        octets = "\r\n".join((*lines, "", "")).encode("utf-8") + body
        return await self.send_octets(octets, with_body=method != "HEAD")

    async def send_octets(self, octets: bytes, *, with_body: bool = True) -> Reply:
        """Exactly these octets on a connection of their own; the first answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.address.port)
        try:
            writer.write(octets)
            return await read_reply(reader, with_body=with_body)
        finally:
            writer.close()

    def trusts(self, reply: Reply, request_signature: str) -> bool:
        """Is the answer signed by the agent, for that request?"""
        return ms.answer_verifies(
            self.agent_key.point,
            self.agent_key.keyid,
            reply.status,
            reply.headers["content-type"],
            reply.body,
            ms.read_signature(request_signature),
            reply.headers,
        )


async def read_reply(reader: asyncio.StreamReader, *, with_body: bool = True) -> Reply:
    """One answer from the stream."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in head[1:] if line]
    names = [name.lower() for name, _ in pairs]
    assert len(names) == len(set(names)), f"a header is repeated: {names}"
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0"))) if with_body else b""
    return Reply(int(head[0].split()[1]), headers, body)


def signing_request(*documents: dict[str, Any], **more: Any) -> bytes:
    """A body for POST /v1/signing-requests; one small document unless given."""
    chosen = documents or ({"id": "rx-1", "media_type": "text/plain", "content": "x", "format": "cades"},)
    return msgspec.json.encode({"documents": list(chosen), **more})
