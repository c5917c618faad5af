"""Carries work on a token through the journey of a signature: a new key and its request, or a certificate.

Asking, the queue, cancelling, the record and the end are `runner`'s. Here is what happens at the token: it is
opened once with the PIN, an intent is durable before it makes or keeps anything, and the panel sees the
result after it is recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

from drivers.types import KeySpec
from signer import x509
from signer.model import journey as j
from signer.model.errors import IdempotencyConflict, LastTryUnconfirmed, NotLoggedIn, PinMalformed, PinWrong
from signer.model.record import Intent, PastRequest, Seal
from signer.model.request import Document, Level, SignatureFormat, SigningRequest
from signer.service import token_documents
from signer.service.consent import PinProblem
from signer.service.intents import intent
from signer.service.key_requests import Asker
from signer.service.open_token import OpenToken
from signer.service.pipeline import Signed
from signer.service.ports import Journal, TokenPlace
from signer.service.questions import Surroundings, TokenWork
from signer.service.runner import Runner
from signer.service.token_desk import Secret
from signer.service.token_questions import TokenQuestions

_REFUSED: tuple[tuple[type[Exception], PinProblem], ...] = (
    (LastTryUnconfirmed, PinProblem.LAST_TRY_UNCONFIRMED),
    (PinWrong, PinProblem.WRONG),
    (PinMalformed, PinProblem.MALFORMED),
    (NotLoggedIn, PinProblem.LOGGED_OUT),
)


class TokenRunner(Runner):
    """One request of one document that is work on a token."""

    def __init__(
        self,
        request: SigningRequest,
        surroundings: Surroundings,
        work: TokenWork,
        *,
        known: dict[str, j.Progress],
        signed: dict[str, Signed],
        changed: Callable[[], None],
        rest: Callable[[], float],
    ) -> None:
        self._asks = TokenQuestions(request, surroundings, work)
        super().__init__(
            request,
            surroundings,
            known=known,
            signed=signed,
            changed=changed,
            rest=rest,
            questions=self._asks,
        )
        (self._document,) = request.documents
        self._work = work
        self._opened: tuple[OpenToken, TokenPlace] | None = None
        self._closing = AsyncExitStack()

    async def _log_in(self) -> tuple[j.Event, ...]:
        """C_Login once, with the PIN that was typed; the desk counts it and forgets it."""
        pin, last_try_accepted = self._asks.take_pin()
        token = self._asks.agreed.token
        place = self._work.tokens.place(token.ref)
        opening = self._work.desk.open(token, Secret(pin=pin, last_try_accepted=last_try_accepted))
        try:
            opened = await place.work(self._closing.enter_async_context(opening))
        except tuple(kind for kind, _ in _REFUSED) as problem:
            reason = next(reason for kind, reason in _REFUSED if isinstance(problem, kind))
            return (j.AuthorisationRefused(reason.value),)
        finally:
            if pin is not None:
                pin.forget()
        self._opened = (opened, place)
        return (j.Authorised(),)

    async def _sign(self, documents: tuple[str, ...]) -> tuple[j.Event, ...]:
        """Make the key and its request, or keep the certificate."""
        assert self._opened is not None
        opened, place = self._opened
        agreed = self._asks.agreed
        await self._around.journal.intend(
            (intended(self.request, agreed.token.ref.serial, agreed.asked_at, agreed.accepted),)
        )
        if self._stop.done():
            return (self._stop.result(),)
        self._asks.progress(0, 1)  # making a key takes a card its time
        if self._document.format is SignatureFormat.PKCS10:
            asked = token_documents.wanted(self._document)
            made = await place.work(
                opened.request(asked.subject, KeySpec(asked.key.value), _asker(self.request))
            )
            result = made.request
        else:
            await place.work(opened.store(x509.read(self._document.content)))
            result = self._document.content
        at = self._around.clock.now()
        await seal(self._around.journal, self.request, result, at)
        self._signed[self._document.id] = released(self._document, result, at)
        return (j.Sealed(documents),)

    async def _log_out(self) -> None:
        self._opened = None
        await self._closing.aclose()


def intended(
    request: SigningRequest, token_serial: str, asked_at: datetime, accepted: tuple[str, ...]
) -> Intent:
    """What is durable before work on a token begins: the yes was for this token, at this time."""
    (document,) = request.documents
    return intent(
        request,
        document,
        credential_id=_credential_id(document),
        bound_to=token_serial,
        accepted=accepted,
        at=asked_at,
    )


async def left_by_a_crash(
    request: SigningRequest, past: PastRequest | None, work: TokenWork, journal: Journal, now: datetime
) -> bytes | None:
    """The PKCS #10 that was made under this request's key before, however it ended then; None where none was.

    Where the agent ended between making it and recording it, it is recorded now. Raises `JournalUnwritable`,
    and `IdempotencyConflict` where the key was another body's, however long ago.
    """
    (document,) = request.documents
    if document.format is not SignatureFormat.PKCS10:
        return None
    made = work.requests.asked(request.origin, request.idempotency_key)
    if made is not None and made.body_hash != request.body_hash:
        raise IdempotencyConflict
    if made is None or not made.finished:
        return None
    if past is not None and not past.seals:
        await seal(journal, request, made.request, now)
    return made.request


def released(document: Document, result: bytes, at: datetime) -> Signed:
    """The result as the service keeps it: the PKCS #10, or the certificate that was stored."""
    return Signed(
        document_id=document.id,
        signature=result,
        level=Level.B_B.value,
        certificate=result if document.format is SignatureFormat.CERTIFICATE else b"",
        signed_at=at,
    )


async def seal(journal: Journal, request: SigningRequest, result: bytes, at: datetime) -> None:
    """Make the result durable in the journal. Raises `JournalUnwritable`."""
    (document,) = request.documents
    await journal.seal(
        (
            Seal(
                request_id=request.id,
                origin=request.origin,
                idempotency_key=request.idempotency_key,
                body_hash=request.body_hash,
                document_id=document.id,
                content_hash=document.content_hash(),
                signature=result,
                signature_hash=hashlib.sha256(result).digest(),
                credential_id=_credential_id(document),
                signed_at=at,
            ),
        )
    )


def _credential_id(document: Document) -> str:
    """Of the certificate that comes in; a request has none yet."""
    return x509.read(document.content).id if document.format is SignatureFormat.CERTIFICATE else ""


def _asker(request: SigningRequest) -> Asker:
    return Asker(
        id=request.id,
        origin=request.origin,
        idempotency_key=request.idempotency_key,
        body_hash=request.body_hash,
    )
