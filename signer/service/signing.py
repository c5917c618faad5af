"""The use cases behind the endpoint: take a request in, tell how it stands, cancel it, list credentials.

Holds the queue in front of the doctor and the latest results; the journal has those of 24 h. How one request
proceeds is `runner`.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing, suppress
from datetime import timedelta

from msgspec import structs

from signer.model import journey as j
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import Credential
from signer.model.errors import (
    ConsentDeclined,
    CredentialAbsent,
    CredentialUnusable,
    IdempotencyConflict,
    RefusedLately,
    RequestExpired,
    RequestUnknown,
    TokenAbsent,
    TooManyPending,
)
from signer.model.origin import OWN_ORIGIN
from signer.model.record import PastRequest
from signer.model.request import Document, DocumentState, RequestState, SigningRequest
from signer.service import envelopes, token_documents
from signer.service.cool_down import CoolDowns
from signer.service.news import News, NewsDesk
from signer.service.pipeline import Signed
from signer.service.questions import Surroundings, TokenWork
from signer.service.runner import Runner
from signer.service.token_runner import TokenRunner, left_by_a_crash, released
from signer.service.views import RequestView

PENDING_PER_ORIGIN = 2
PENDING_IN_ALL = 8
UNANSWERED_FOR = timedelta(minutes=15)
KEPT_FOR = timedelta(hours=24)
#: How many documents of finished requests are held here; those of older requests are in the journal alone.
HELD_DOCUMENTS = 1000


class SigningService:
    """Implements `usecases.UseCases`. Lives on one event loop; `stop` before the loop ends."""

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        unanswered_for: Callable[[], timedelta] = lambda: UNANSWERED_FOR,
        cool_downs: CoolDowns | None = None,
    ) -> None:
        """`unanswered_for` is asked for each request: how long it may stay open."""
        self._around = surroundings
        self._unanswered_for = unanswered_for
        self._turn = surroundings.turn
        self._entries: dict[str, _Entry] = {}
        self._by_key: dict[tuple[str, str], _Entry] = {}
        self._taking_in = asyncio.Lock()
        self._cool_downs = cool_downs or CoolDowns()
        self._news = NewsDesk(lambda: surroundings.signers.presence, self._known)
        surroundings.signers.on_change(lambda _: self._news.tokens())

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
        """See `UseCases.submit`."""
        for document in documents:
            envelopes.check_supported(document, self._around.formats)
        return await self._admit(origin, idempotency_key, body_hash, documents, credential, purpose)

    async def sign_in(
        self, *, origin: str, idempotency_key: str, body_hash: bytes, nonce: str, credential: str | None
    ) -> RequestView:
        """See `UseCases.sign_in`."""
        documents = (envelopes.sign_in_document(origin, nonce),)
        return await self._admit(origin, idempotency_key, body_hash, documents, credential, None)

    async def request_certificate(
        self, *, origin: str, idempotency_key: str, body_hash: bytes, applicant: Applicant, key: KeyType
    ) -> RequestView:
        """See `UseCases.request_certificate`."""
        applicant.check()
        documents = (token_documents.request_document(applicant, key),)
        return await self._admit(origin, idempotency_key, body_hash, documents, None, None)

    async def store_certificate(
        self,
        *,
        origin: str,
        idempotency_key: str,
        body_hash: bytes,
        certificate: bytes,
        chain: tuple[bytes, ...],
    ) -> RequestView:
        """See `UseCases.store_certificate`."""
        documents = (token_documents.certificate_document(certificate, chain),)
        return await self._admit(origin, idempotency_key, body_hash, documents, None, None)

    async def _admit(
        self,
        origin: str,
        idempotency_key: str,
        body_hash: bytes,
        documents: tuple[Document, ...],
        credential: str | None,
        purpose: str | None,
    ) -> RequestView:
        """One at a time, so that two posts of one key cannot both be the first."""
        if self._around.policy_problem is not None:
            raise self._around.policy_problem
        async with self._taking_in:
            self._forget_old()
            self._hold_less()
            entry = self._by_key.get((origin, idempotency_key))
            if entry is None or self._forgotten(entry):
                entry = await self._take_in(
                    SigningRequest(
                        id=secrets.token_urlsafe(16),
                        origin=origin,
                        idempotency_key=idempotency_key,
                        body_hash=body_hash,
                        documents=documents,
                        received_at=self._around.clock.now(),
                        credential=credential,
                        purpose=purpose,
                    )
                )
            elif entry.runner.request.body_hash != body_hash:
                raise IdempotencyConflict
        return self._view(entry)

    async def view(self, *, origin: str, request_id: str, wait: float = 0.0) -> RequestView:
        """See `UseCases.view`."""
        entry = self._entry(origin, request_id)
        if wait > 0 and not entry.final.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(entry.final.wait(), wait)
        return self._view(entry)

    async def cancel(self, *, origin: str, request_id: str) -> RequestView:
        """See `UseCases.cancel`. Waits until the window is closed.

        That is at most one signature away, and the timestamps of those that were made.
        """
        entry = self._entry(origin, request_id)
        if entry.task is not None:
            entry.runner.interrupt(j.Cancelled())
            await asyncio.wait({entry.task})
        return self._view(entry)

    async def events(self, *, origin: str, last_id: str | None) -> AsyncGenerator[News]:
        """See `UseCases.events`."""
        with self._around.signers.attention(), self.present(origin):
            async with aclosing(self._news.follow(origin, last_id)) as news:
                async for one in news:
                    yield one

    def present(self, origin: str) -> AbstractContextManager[None]:
        """See `UseCases.present`."""
        return self._around.attendance.present(origin)

    def pending(self, origin: str) -> bool:
        """See `UseCases.pending`."""
        return bool(self._pending(origin))

    async def credentials(self) -> tuple[Credential, ...]:
        """See `UseCases.credentials`."""
        return await self._around.signers.credentials()

    async def stop(self) -> None:
        """Abandon what is open: windows close, sessions log out, and nothing is recorded as anybody's no.

        A request posted again after the next start is asked anew.
        """
        tasks = [e.task for e in self._entries.values() if e.task is not None and not e.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_in(self, request: SigningRequest) -> _Entry:
        past = await self._around.journal.past(request.origin, request.idempotency_key, request.received_at)
        work = self._token_work(request)
        expired = past is not None and past.expired
        if expired:
            past = None
        if past is not None and past.body_hash != request.body_hash:
            raise IdempotencyConflict
        known, signed = _remembered(request, past) if past else ({}, {})
        if work is not None and not signed:
            now, journal = request.received_at, self._around.journal
            left = await left_by_a_crash(request, past, work, journal, now)
            if left is not None:
                (document,) = request.documents
                known = {document.id: j.Progress(DocumentState.SIGNED)}
                signed = {document.id: released(document, left, now)}
        if expired and not signed:  # what a token's desk still keeps of its work is told for longer
            raise RequestExpired("what came of this key is older than 24 h")
        if len(known) < len(request.documents):
            for document in request.documents:
                if document.id not in known:
                    self._around.outside.check_reachable(document.level)
            self._check_room(request.origin)
            await self._check_credential(request.credential)
        if past is not None:
            request = _continued(past, request)
        entry = _Entry()

        def changed() -> None:
            # By its id: a runner that held its own entry would stay in memory until a garbage collection.
            self._moved(request.id)

        def rest() -> float:
            return self._cool_downs.left(request.origin, around.clock.now())

        around = self._around
        if work is None:
            entry.runner = Runner(request, around, known=known, signed=signed, changed=changed, rest=rest)
        else:
            entry.runner = TokenRunner(
                request, around, work, known=known, signed=signed, changed=changed, rest=rest
            )
        self._entries[request.id] = self._by_key[(request.origin, request.idempotency_key)] = entry
        self._changed(entry)
        if not entry.final.is_set():
            self._around.attendance.joined(request.id, request.origin)
            loop = asyncio.get_running_loop()
            entry.task = loop.create_task(entry.runner.run(self._turn))
            entry.task.add_done_callback(entry.put_down)
            entry.expiry = loop.call_later(
                self._unanswered_for().total_seconds(), entry.runner.interrupt, j.Broken(RequestExpired.code)
            )
        return entry

    def _token_work(self, request: SigningRequest) -> TokenWork | None:
        """What work on a token needs, where the request is that. Raises `TokenAbsent` without any."""
        if not any(token_documents.of_token(document) for document in request.documents):
            return None
        if self._around.token_work is None:
            raise TokenAbsent("this agent has no desk for tokens")
        return self._around.token_work

    def _check_room(self, origin: str) -> None:
        left = self._cool_downs.left(origin, self._around.clock.now())
        if left:
            raise RefusedLately("the origin waits after a no", retry_after=math.ceil(left))
        if len(self._pending(origin)) >= PENDING_PER_ORIGIN or len(self._pending()) >= PENDING_IN_ALL:
            raise TooManyPending

    def _pending(self, origin: str | None = None) -> list[_Entry]:
        """What is not finished, of one origin or of all."""
        pending = [e for e in self._entries.values() if not e.final.is_set()]
        return [e for e in pending if origin is None or e.runner.request.origin == origin]

    async def _check_credential(self, wanted: str | None) -> None:
        if wanted is None:
            return
        there = {c.id: c for c in await self._around.signers.credentials()}
        if wanted not in there:
            raise CredentialAbsent
        if there[wanted].problem is not None:
            raise CredentialUnusable(str(there[wanted].problem))

    def _entry(self, origin: str, request_id: str) -> _Entry:
        self._forget_old()
        entry = self._entries.get(request_id)
        if entry is None or entry.runner.request.origin != origin or self._forgotten(entry):
            raise RequestUnknown
        return entry

    def _view(self, entry: _Entry) -> RequestView:
        open_ids = [i for i, e in self._entries.items() if not e.final.is_set()]
        request_id = entry.runner.request.id
        return entry.runner.view(open_ids.index(request_id) if request_id in open_ids else 0)

    def _known(self, request_id: str) -> RequestView | None:
        entry = self._entries.get(request_id)
        return self._view(entry) if entry is not None else None

    def _moved(self, request_id: str) -> None:
        """A runner took a step; one that is forgotten has no news for anybody."""
        if (entry := self._entries.get(request_id)) is not None:
            self._changed(entry)

    def _changed(self, entry: _Entry) -> None:
        request = entry.runner.request
        self._news.request(request.origin, request.id)
        stage = entry.runner.journey.stage
        entry.shown = entry.shown or isinstance(stage, j.Choosing | j.Consenting)
        if isinstance(stage, j.Ended):
            if entry.shown:
                self._remember_answer(entry, stage)
            entry.final.set()
            self._around.attendance.left(request.id)
            if entry.expiry is not None:
                entry.expiry.cancel()

    def _remember_answer(self, entry: _Entry, stage: j.Ended) -> None:
        """One signature is a yes; a question taken back from under the doctor's eyes is as good as a no."""
        origin = entry.runner.request.origin
        if any(p.state is DocumentState.SIGNED for p in entry.runner.journey.documents.values()):
            self._cool_downs.accepted(origin)
        elif origin == OWN_ORIGIN:
            return  # it asks where its own person does, who need not be left in peace
        elif stage.code == ConsentDeclined.code or stage.state is RequestState.CANCELLED:
            self._cool_downs.refused(origin, self._around.clock.now())

    def _forget_old(self) -> None:
        """Results are kept for a day; but for `_forgotten`, entries stand in the order of their age."""
        oldest_kept = self._around.clock.now() - KEPT_FOR
        for entry in list(self._entries.values()):
            if entry.runner.request.received_at >= oldest_kept:
                return
            if entry.final.is_set():
                self._forget(entry)

    def _forgotten(self, entry: _Entry) -> bool:
        """One that was posted again is older than those around it."""
        old = entry.runner.request.received_at < self._around.clock.now() - KEPT_FOR
        if old and entry.final.is_set():
            self._forget(entry)
            return True
        return False

    def _hold_less(self) -> None:
        """Let go of the oldest results beyond `HELD_DOCUMENTS`; the journal gives them to who posts again."""
        finished = [e for e in self._entries.values() if e.final.is_set() and (not e.task or e.task.done())]
        too_many = sum(len(e.runner.request.documents) for e in finished) - HELD_DOCUMENTS
        for entry in finished:
            if too_many <= 0:
                return
            too_many -= len(entry.runner.request.documents)
            self._forget(entry)

    def _forget(self, entry: _Entry) -> None:
        request = entry.runner.request
        del self._entries[request.id]
        self._news.forget(request.id)
        self._by_key.pop((request.origin, request.idempotency_key), None)


class _Entry:
    """A request in the book: its runner, its task while it runs, whether it was shown and has ended."""

    __slots__ = ("expiry", "final", "runner", "shown", "task")

    runner: Runner

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.expiry: asyncio.TimerHandle | None = None
        self.shown = False
        self.final = asyncio.Event()

    def put_down(self, task: asyncio.Task[None]) -> None:
        """Hold the task no longer than it runs. What nobody foresaw in it goes to the loop's handler."""
        self.task = self.expiry = None


def _remembered(
    request: SigningRequest, past: PastRequest
) -> tuple[dict[str, j.Progress], dict[str, Signed]]:
    """What the journal knows of this request's documents. An intent without an end is asked anew."""
    documents = {d.id: d for d in request.documents}
    known = {
        e.document_id: j.Progress(_STATE_OF_ENDING.get(e.code, DocumentState.FAILED), e.code)
        for e in past.endings
        if e.document_id in documents
    }
    signed: dict[str, Signed] = {}
    for seal in past.seals:
        if (document := documents.get(seal.document_id)) is not None:
            known[document.id] = j.Progress(DocumentState.SIGNED)
            if token_documents.of_token(document):
                signed[document.id] = released(document, seal.signature, seal.signed_at)
                continue
            whole = envelopes.attach(seal.signature, document)
            signed[document.id] = Signed(
                document_id=document.id,
                signature=whole,
                level=seal.level,
                certificate=envelopes.signer_certificate(whole, document),
                signed_at=seal.signed_at,
            )
    return known, signed


_STATE_OF_ENDING = {
    "consent-declined": DocumentState.DECLINED,
    "request-cancelled": DocumentState.CANCELLED,
}


def _continued(past: PastRequest, request: SigningRequest) -> SigningRequest:
    """The same request under the id that it had before the agent was restarted, and as old as it is."""
    return structs.replace(request, id=past.request_id, received_at=past.since)
