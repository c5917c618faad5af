"""From an approved document to a sealed signature: made, verified, made durable, many in flight.

The token signs one thing at a time; everything else (building the next envelope, verifying the last
signature, asking for timestamps, committing to the journal) happens while it does. Who approved what is not
decided here.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from signer.envelope.phases import NOTHING, Evidence, ToBeSigned
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import (
    CredentialRevoked,
    DocumentError,
    MohrError,
    OutsideError,
    SignatureNotVerified,
    TokenRemoved,
)
from signer.model.journey import DocumentFailed, Event, Sealed
from signer.model.record import Seal
from signer.model.request import Document, Level, SigningRequest
from signer.service import envelopes
from signer.service.evidence import Gatherer
from signer.service.ports import Clock, Journal
from signer.service.tracing import Lane, Step, Trace
from signer.x509 import Certificate

log = logging.getLogger(__name__)
_T = TypeVar("_T")

IN_FLIGHT = 16
COMMIT_AT = 25
COMMIT_AFTER_SECONDS = 0.2

#: What fails one document and lets the others go on.
_OF_ONE_DOCUMENT = (DocumentError, SignatureNotVerified, OutsideError, CredentialRevoked)


class Signs(Protocol):
    """What makes the signatures: a session, or what stands before one."""

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """See `SigningSession.sign`."""


class Signed(Struct, frozen=True, kw_only=True):
    """A signature that may leave: the file that the panel asked for, and the level that it reached."""

    document_id: str
    signature: bytes
    level: str
    certificate: bytes
    signed_at: datetime


class Pipeline:
    """One run over the documents of one consent. `report` is told each event as it becomes true.

    `token_done` is called when the token has made its last signature while others still wait for the outside:
    a timestamp takes its time, and no token stays logged in for it. `intended` returns once that document's
    intent is durable: nothing is signed before. `module` is the path of the token's
    module, for the log. `without_pin` is noted of each: the token stood open.
    """

    def __init__(
        self,
        *,
        request: SigningRequest,
        session: Signs,
        module: str,
        certificate: Certificate,
        algorithm: SignatureAlgorithm,
        signing_time: datetime,
        journal: Journal,
        clock: Clock,
        gatherer: Gatherer,
        token_done: Callable[[], Awaitable[None]],
        report: Callable[[Event, tuple[Signed, ...]], None],
        intended: Callable[[str], Awaitable[None]],
        without_pin: bool = False,
        trace: Trace | None = None,
    ) -> None:
        self._request = request
        self._session = session
        self._module = module
        self._certificate = certificate
        self._algorithm = algorithm
        self._signing_time = signing_time
        self._journal = journal
        self._clock = clock
        self._gatherer = gatherer
        self._token_done = token_done
        self._report = report
        self._intended = intended
        self._without_pin = without_pin
        self._trace = trace or Trace()
        self._waiting: list[tuple[Signed, Seal]] = []
        self._oldest_waiting = 0.0
        self._commit: asyncio.Task[None] | None = None
        self._finishing: list[asyncio.Task[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    async def run(self, documents: tuple[Document, ...]) -> None:
        """Sign all of them. Raises the `MohrError` that stops the rest; what was sealed is reported first.

        A document that cannot be signed by itself (refused, signature not verified, no timestamp to be had)
        is reported as failed and the others go on.
        """
        queue = iter(documents)
        lanes = [asyncio.ensure_future(self._lane(queue)) for _ in range(min(IN_FLIGHT, len(documents)))]
        try:
            await asyncio.gather(*lanes)
        except asyncio.CancelledError:
            for attesting in self._finishing:
                attesting.cancel()
            raise
        finally:
            self._stopped = True
            # Each is let go: what a lane raised holds this frame, and a frame that held the lane would stay.
            while lanes:
                with suppress(MohrError):
                    await lanes.pop()
            try:
                await self._finish_all()
            finally:
                await self._commit_waiting()

    def stop(self) -> None:
        """Begin no further signature. `run` still seals what the token has made."""
        self._stopped = True

    async def _lane(self, queue: Iterator[Document]) -> None:
        for document in queue:
            if self._stopped:
                return
            try:
                await self._alone(document, self._sign(document))
            except TokenRemoved as problem:
                # The token had the first one that fails in hand; those behind it were not begun.
                if not self._stopped:
                    self._stopped = True
                    self._report(DocumentFailed(document.id, problem.code), ())
                raise
            except MohrError:
                self._stopped = True
                raise
            self._commit_if_due()

    async def _alone(self, document: Document, work: Coroutine[Any, Any, None]) -> None:
        """Do it, and report what ends this document and no other."""
        try:
            await work
        except _OF_ONE_DOCUMENT as problem:
            made_by = f", made by {self._module}" if isinstance(problem, SignatureNotVerified) else ""
            log.warning("a document was not signed: %s%s: %s", problem.code, made_by, problem.detail)
            self._report(DocumentFailed(document.id, problem.code), ())

    async def _finish_all(self) -> None:
        """Wait for what the token signed and the outside has yet to attest."""
        if not self._finishing:
            return
        await self._token_done()
        ends = await asyncio.gather(*self._finishing, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _sign(self, document: Document) -> None:
        with self._trace.span(Lane.SEALING, Step.BUILD, self._request.id):
            draft = await _aside(
                document, envelopes.prepare, document, self._certificate, self._algorithm, self._signing_time
            )
        await self._intended(document.id)
        if self._stopped:
            return
        value = await self._session.sign(self._algorithm, draft.to_be_signed)
        if document.level is Level.B_B:
            await self._finish(document, draft, value)
        else:
            # Not in this lane: the token goes on signing meanwhile.
            attesting = self._alone(document, self._attest(document, draft, value))
            self._finishing.append(asyncio.ensure_future(attesting))

    async def _attest(self, document: Document, draft: ToBeSigned, value: bytes) -> None:
        stamped = draft.stamped(value)
        with self._trace.span(Lane.OUTSIDE, Step.EVIDENCE, self._request.id):
            level, evidence = await self._gatherer.gather(document.level, stamped)
        await self._finish(document, draft, value, level=level, stamped=stamped, evidence=evidence)
        self._commit_if_due()

    async def _finish(
        self,
        document: Document,
        draft: ToBeSigned,
        value: bytes,
        *,
        level: Level = Level.B_B,
        stamped: bytes = b"",
        evidence: Evidence = NOTHING,
    ) -> None:
        """Build the file, read it again, and let it wait for its seal."""

        def finished() -> bytes:
            signature = draft.finish(value, evidence)
            envelopes.check_release(
                signature,
                document,
                draft,
                self._signing_time,
                level=level,
                stamped=stamped,
                evidence=evidence,
            )
            return signature

        with self._trace.span(Lane.SEALING, Step.VERIFY, self._request.id):
            signature = await _aside(document, finished)
        now = self._clock.now()
        if not self._waiting:
            self._oldest_waiting = asyncio.get_running_loop().time()
        self._waiting.append(
            (
                Signed(
                    document_id=document.id,
                    signature=signature,
                    level=level.value,
                    certificate=self._certificate.der,
                    signed_at=now,
                ),
                Seal(
                    request_id=self._request.id,
                    origin=self._request.origin,
                    idempotency_key=self._request.idempotency_key,
                    body_hash=self._request.body_hash,
                    document_id=document.id,
                    content_hash=document.content_hash(),
                    signature=envelopes.strip(signature, document),
                    level=level.value,
                    signature_hash=hashlib.sha256(signature).digest(),
                    credential_id=self._certificate.id,
                    signed_at=now,
                    without_pin=self._without_pin,
                ),
            )
        )

    def _commit_if_due(self) -> None:
        """Start a commit in the journal's thread when enough signatures wait, or the first waits too long."""
        waited = asyncio.get_running_loop().time() - self._oldest_waiting
        due = len(self._waiting) >= COMMIT_AT or (self._waiting and waited >= COMMIT_AFTER_SECONDS)
        if due and (self._commit is None or self._commit.done()):
            self._commit = asyncio.ensure_future(self._seal())
        elif self._waiting and self._timer is None:
            # The next signature may be long in coming: a slow card, or a person who types its PIN.
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(COMMIT_AFTER_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        if not self._stopped:
            self._commit_if_due()

    async def _commit_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._commit is not None:
            await self._commit
        if self._waiting:
            await self._seal()

    async def _seal(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            with self._trace.span(Lane.SEALING, Step.JOURNAL, self._request.id):
                await self._journal.seal(tuple(seal for _, seal in batch))
        except MohrError:
            self._stopped = True
            raise
        signed = tuple(signed for signed, _ in batch)
        self._report(Sealed(tuple(s.document_id for s in signed)), signed)


async def _aside(document: Document, work: Callable[..., _T], *arguments: Any) -> _T:
    """Do it, in a thread where its format is slow: the event loop serves every panel meanwhile."""
    return await asyncio.to_thread(work, *arguments) if envelopes.slow(document) else work(*arguments)
