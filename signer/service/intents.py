"""The intents of one consent: durable, each of them, before its document is signed.

They are made durable in two parts, so that the first signatures need not wait for the last intents. What an
intent is bound to is `consent`'s to say, and who waits for it is the `pipeline`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from signer.model.errors import MohrError
from signer.model.record import Intent
from signer.model.request import Document, SigningRequest
from signer.service.consent import binding_digest
from signer.service.ports import Journal
from signer.service.questions import Approval

#: As many as the token is given before it has signed the first.
AT_FIRST = 16


class Intents:
    """Of one request. Used from one event loop."""

    def __init__(self, request: SigningRequest, journal: Journal) -> None:
        self._request = request
        self._journal = journal
        self._approval: Approval | None = None
        self._later: tuple[Document, ...] = ()
        self._parts: list[asyncio.Task[None]] = []
        self._part_of: dict[str, asyncio.Task[None]] = {}

    def begin(self, documents: tuple[Document, ...], approval: Approval) -> None:
        """Make them durable, beside what comes next. Begun once, whatever is approved again later."""
        if self._approval is None:
            self._approval, self._later = approval, documents[AT_FIRST:]
            self._write(documents[:AT_FIRST])

    async def durable(self, document_id: str) -> None:
        """Return once this document's is. Raises `JournalUnwritable`."""
        if document_id not in self._part_of:
            self._write_rest()
        part = self._part_of[document_id]
        if not part.done():
            await asyncio.shield(part)
        part.result()
        # Begins once all that is signed first is on its way to the token.
        self._write_rest()

    async def end(self) -> None:
        """Return once nothing is being written any more, and hold none of them longer."""
        for part in self._parts:
            with suppress(MohrError):
                await part
        self._approval, self._later, self._parts, self._part_of = None, (), [], {}

    def _write_rest(self) -> None:
        documents, self._later = self._later, ()
        if documents:
            self._write(documents)

    def _write(self, documents: tuple[Document, ...]) -> None:
        assert self._approval is not None
        part = asyncio.create_task(self._make_durable(documents, self._approval))
        self._parts.append(part)
        self._part_of |= dict.fromkeys((document.id for document in documents), part)

    async def _make_durable(self, documents: tuple[Document, ...], approval: Approval) -> None:
        await self._journal.intend(tuple(self._intent(document, approval) for document in documents))

    def _intent(self, document: Document, approval: Approval) -> Intent:
        credential_id, accepted = approval.credential.id, approval.accepted[document.id]
        return intent(
            self._request,
            document,
            credential_id=credential_id,
            bound_to=credential_id,
            accepted=accepted,
            at=approval.signing_time,
        )


def intent(
    request: SigningRequest,
    document: Document,
    *,
    credential_id: str,
    bound_to: str,
    accepted: tuple[str, ...],
    at: datetime,
) -> Intent:
    """What the yes at `at` was to: `bound_to` is what it was given for, a credential or a token's serial."""
    return Intent(
        request_id=request.id,
        origin=request.origin,
        idempotency_key=request.idempotency_key,
        body_hash=request.body_hash,
        document_id=document.id,
        content_hash=document.content_hash(),
        media_type=document.media_type,
        format=document.format.value,
        level=document.level.value,
        attached=document.attached,
        credential_id=credential_id,
        signing_time=at,
        binding=binding_digest(document, bound_to, request.origin, accepted, at),
        accepted=accepted,
    )
