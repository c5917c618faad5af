"""From an approved document to a sealed signature: made, verified, made durable, many in flight.

The token signs one thing at a time; everything else (building the next envelope, verifying the last
signature, committing to the journal) happens while it does. Who approved what is not decided here.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentError, MohrError, SignatureNotVerified
from signer.model.journey import DocumentFailed, Event, Sealed
from signer.model.record import Seal
from signer.model.request import Document, SigningRequest
from signer.service import envelopes
from signer.service.ports import Clock, Journal
from signer.x509 import Certificate

log = logging.getLogger(__name__)

IN_FLIGHT = 16
COMMIT_AT = 25
COMMIT_AFTER_SECONDS = 0.2


class Signs(Protocol):
    """What makes the signatures: a session, or what stands before one."""

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """See `SigningSession.sign`."""


class Signed(Struct, frozen=True, kw_only=True):
    """A signature that may leave. `signature` is the form the panel asked for, DER."""

    document_id: str
    signature: bytes
    certificate: bytes
    signed_at: datetime


class Pipeline:
    """One run over the documents of one consent. `report` is told each event as it becomes true.

    `module` is the path of the token's module, for the log.
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
        report: Callable[[Event, tuple[Signed, ...]], None],
    ) -> None:
        self._request = request
        self._session = session
        self._module = module
        self._certificate = certificate
        self._algorithm = algorithm
        self._signing_time = signing_time
        self._journal = journal
        self._clock = clock
        self._report = report
        self._waiting: list[tuple[Signed, Seal]] = []
        self._oldest_waiting = 0.0
        self._commit: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    async def run(self, documents: tuple[Document, ...]) -> None:
        """Sign all of them. Raises the `MohrError` that stops the rest; what was sealed is reported first.

        A document that cannot be signed by itself (refused, signature not verified) is reported as failed and
        the others go on.
        """
        queue = iter(documents)
        lanes = [asyncio.ensure_future(self._lane(queue)) for _ in range(min(IN_FLIGHT, len(documents)))]
        try:
            await asyncio.gather(*lanes)
        finally:
            self._stopped = True
            for lane in lanes:
                with suppress(MohrError):
                    await lane
            await self._commit_waiting()

    def stop(self) -> None:
        """Begin no further signature. `run` still seals what the token has made."""
        self._stopped = True

    async def _lane(self, queue: Iterator[Document]) -> None:
        for document in queue:
            if self._stopped:
                return
            try:
                await self._sign(document)
            except (DocumentError, SignatureNotVerified) as problem:
                if isinstance(problem, SignatureNotVerified):
                    log.warning("%s, made by %s: %s", problem.code, self._module, problem.detail)
                self._report(DocumentFailed(document.id, problem.code), ())
            except MohrError:
                self._stopped = True
                raise
            self._commit_if_due()

    async def _sign(self, document: Document) -> None:
        draft = envelopes.prepare(document, self._certificate, self._algorithm, self._signing_time)
        value = await self._session.sign(self._algorithm, draft.to_be_signed)
        signature = draft.finish(value)
        envelopes.check_release(signature, document, draft, self._signing_time)
        detached = draft.detached().finish(value) if document.attached else signature
        now = self._clock.now()
        if not self._waiting:
            self._oldest_waiting = asyncio.get_running_loop().time()
        self._waiting.append(
            (
                Signed(
                    document_id=document.id,
                    signature=signature,
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
                    signature=detached,
                    signature_hash=hashlib.sha256(signature).digest(),
                    credential_id=self._certificate.id,
                    signed_at=now,
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
            await self._journal.seal(tuple(seal for _, seal in batch))
        except MohrError:
            self._stopped = True
            raise
        signed = tuple(signed for signed, _ in batch)
        self._report(Sealed(tuple(s.document_id for s in signed)), signed)
