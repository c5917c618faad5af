"""What each call does, once its caller is let in: reads the body, asks the use case, writes the answer.

Knows neither HTTP's headers nor signatures (`exchange`) nor sockets (`server`).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractContextManager, aclosing
from enum import Enum
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct

from signer.endpoint import certificate_messages, document_messages, events, messages, openapi, page
from signer.endpoint.encodings import b64u, unb64u
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairing import challenge_message
from signer.endpoint.pairing_desk import PairingDesk
from signer.endpoint.pairings import Pairings
from signer.endpoint.problems import Language
from signer.model.errors import (
    IdempotencyKeyMissing,
    PairingBusy,
    RequestMalformed,
    TooManyPending,
    TooManyRequests,
)
from signer.service.ports import Clock
from signer.service.usecases import UseCases
from signer.service.views import RequestView

LONGEST_WAIT = 25.0
#: Event streams that may be open: one is enough for all tabs of an origin.
STREAMS_PER_ORIGIN = 4
STREAMS_IN_ALL = 16
JSON = "application/json"

T = TypeVar("T")
#: What is told of a request of one kind; raises `RequestUnknown` for one of another.
AnswerOf = Callable[[RequestView, Language], Struct]


class AgentState(Enum):
    """What a paired panel may know of the agent before it asks for anything."""

    READY = "ready"
    NO_TOKEN = "no-token"  # noqa: S105 - a state, not a secret


class About(Struct, frozen=True, kw_only=True):
    """What the agent says of itself to a paired panel; that it is a `simulator`, to every page.

    `other_user` where the ports before its own are held by another user's program, such as that user's agent.
    """

    name: str
    version: str
    other_user: bool = False
    simulator: bool = False


class Call(Struct, frozen=True, kw_only=True):
    """A call that was let in.

    `origin` is empty for static pages; `authority` is the address that the caller sent it to, as `Host` has
    it; `parameter` is the id in the path; `signature` the request's own, empty where it needs none.
    """

    origin: str
    authority: str
    parameter: str
    query: str
    body: bytes
    idempotency_key: str | None
    last_event_id: str | None
    signature: bytes
    language: Language


class Answer(Struct, frozen=True, kw_only=True):
    """An answer before it is signed. `body` is the beginning of a `stream`, which signs itself."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    stream: AsyncGenerator[bytes] | None = None


class Calls:
    """The calls of the contract, each a method that `routes.ROUTES` names."""

    def __init__(
        self,
        *,
        use_cases: UseCases,
        desk: PairingDesk,
        pairings: Pairings,
        key: SigningKey,
        clock: Clock,
        about: About,
        state: Callable[[], AgentState],
    ) -> None:
        self._use_cases = use_cases
        self._desk = desk
        self._pairings = pairings
        self._key = key
        self._clock = clock
        self._about = about
        self._state = state
        self._running: set[asyncio.Task[Any]] = set()
        self._streams: list[str] = []

    def other_user(self) -> None:
        """Another user's program holds the ports before ours."""
        self._about = msgspec.structs.replace(self._about, other_user=True)

    def attended(self, origin: str) -> AbstractContextManager[None]:
        """Something of a paired origin's is open meanwhile."""
        return self._use_cases.present(origin)

    async def page(self, call: Call) -> Answer:
        """A page for people."""
        return _html(page.HOME)

    async def bridge(self, call: Call) -> Answer:
        """The page through which a panel speaks that may not speak by itself."""
        return _html(page.BRIDGE)

    async def last_worker(self, call: Call) -> Answer:
        """What takes the place of a service worker that another program planted, and removes itself."""
        return Answer(status=200, content_type="text/javascript", body=page.LAST_WORKER)

    async def openapi(self, call: Call) -> Answer:
        """The contract, generated from the types."""
        return Answer(status=200, content_type=JSON, body=openapi.document(self._about.version))

    async def agent(self, call: Call) -> Answer:
        """Is this the agent that the origin paired with?"""
        text = _query(call.query, "challenge").get("challenge", "")
        try:
            challenge = unb64u(text)
        except ValueError:
            challenge = b""
        if not 16 <= len(challenge) <= 64:
            raise RequestMalformed("challenge: not 16 to 64 octets in base64url without padding")
        simulator = True if self._about.simulator else UNSET
        if self._pairings.find(call.origin, self._clock.now()) is None:
            return _json(messages.AgentAnswer(api=1, paired=False, challenge=text, simulator=simulator))
        proof = self._key.sign(challenge_message(call.origin, call.authority, challenge))
        return _json(
            messages.PairedAgentAnswer(
                api=1,
                paired=True,
                challenge=text,
                name=self._about.name,
                version=self._about.version,
                state=self._state().value,
                keyid=self._key.keyid,
                proof=b64u(proof),
                other_user=self._about.other_user or UNSET,
                simulator=simulator,
            )
        )

    async def start_pairing(self, call: Call) -> Answer:
        """Step 1 of a pairing."""
        _query(call.query)
        commitment = messages.commitment_of(messages.read_body(call.body, messages.PairingStart))
        self._check_nothing_pending(call.origin)
        attempt = self._desk.start(call.origin, commitment)
        return _json(messages.pairing_started(attempt), status=202)

    async def reveal_pairing(self, call: Call) -> Answer:
        """Step 2 of a pairing."""
        _query(call.query)
        point, nonce = messages.reveal_of(messages.read_body(call.body, messages.PairingReveal))
        self._check_nothing_pending(call.origin)
        return _json(messages.pairing_revealed(self._desk.reveal(call.origin, call.parameter, point, nonce)))

    async def follow_pairing(self, call: Call) -> Answer:
        """Step 4 of a pairing."""
        attempt = await self._desk.follow(call.origin, call.parameter, _wait(call.query))
        return _json(messages.PairingAnswer(id=attempt.id, state=attempt.state))

    async def credentials(self, call: Call) -> Answer:
        """The certificates on the connected tokens."""
        _query(call.query)
        found = await self._use_cases.credentials()
        listed = [messages.credential_answer(credential) for credential in found]
        return _json(messages.CredentialsAnswer(credentials=listed))

    async def events(self, call: Call) -> Answer:
        """Tokens and the origin's own requests, as they change."""
        _query(call.query)
        held = self._streams.count(call.origin)
        if held >= STREAMS_PER_ORIGIN or len(self._streams) >= STREAMS_IN_ALL:
            raise TooManyRequests("too many event streams are open")
        stream = self._stream(call)
        # Begun before anyone else is let in, so that it counts.
        hello = await anext(stream)
        return Answer(status=200, content_type=events.MEDIA_TYPE, body=hello, stream=stream)

    async def _stream(self, call: Call) -> AsyncGenerator[bytes]:
        said = events.Stream(self._key, call.signature)
        self._streams.append(call.origin)
        try:
            yield said.hello()
            following = self._use_cases.events(origin=call.origin, last_id=call.last_event_id)
            async with aclosing(following) as news:
                async for one in news:
                    # The doctor may have revoked it while nothing happened.
                    if self._pairings.find(call.origin, self._clock.now()) is None:
                        return
                    yield said.news(one)
        finally:
            self._streams.remove(call.origin)

    async def submit(self, call: Call) -> Answer:
        """Take a signing request in; wait for its end if asked to."""
        wait, key = _wait(call.query), _idempotency_key(call)
        body = document_messages.read_signing_request(call.body)
        self._check_not_pairing(call.origin)
        submitting = self._use_cases.submit(
            origin=call.origin,
            idempotency_key=key,
            body_hash=hashlib.sha256(call.body).digest(),
            documents=document_messages.documents_of(body),
            credential=body.credential or None,
            purpose=body.purpose or None,
        )
        return await self._taken_in_as(messages.request_answer, "signing-requests", call, submitting, wait)

    async def view(self, call: Call) -> Answer:
        """A signing request now, or when it is finished."""
        return await self._view_as(messages.request_answer, call)

    async def cancel(self, call: Call) -> Answer:
        """Cancel what is not yet signed."""
        _query(call.query)
        cancelling = self._use_cases.cancel(origin=call.origin, request_id=call.parameter)
        return _json(messages.request_answer(await self._to_its_end(cancelling), call.language))

    async def sign_in(self, call: Call) -> Answer:
        """Take a sign-in in; wait for its end if asked to."""
        wait, key = _wait(call.query), _idempotency_key(call)
        body = messages.read_body(call.body, messages.SignInBody)
        self._check_not_pairing(call.origin)
        signing_in = self._use_cases.sign_in(
            origin=call.origin,
            idempotency_key=key,
            body_hash=hashlib.sha256(call.body).digest(),
            nonce=messages.nonce_of(body),
            credential=body.credential or None,
        )
        return await self._taken_in_as(messages.sign_in_answer, "sign-ins", call, signing_in, wait)

    async def view_sign_in(self, call: Call) -> Answer:
        """A sign-in now, or when it is finished."""
        return await self._view_as(messages.sign_in_answer, call)

    async def cancel_sign_in(self, call: Call) -> Answer:
        """Take a sign-in back, where no token was made yet."""
        return await self._cancel_as(messages.sign_in_answer, call)

    async def request_certificate(self, call: Call) -> Answer:
        """Take a certificate request in; wait for its end if asked to."""
        wait, key = _wait(call.query), _idempotency_key(call)
        body = messages.read_body(call.body, certificate_messages.CertificateRequestBody)
        self._check_not_pairing(call.origin)
        requesting = self._use_cases.request_certificate(
            origin=call.origin,
            idempotency_key=key,
            body_hash=hashlib.sha256(call.body).digest(),
            applicant=certificate_messages.applicant_of(body),
            key=body.key,
        )
        answer = certificate_messages.certificate_request_answer
        return await self._taken_in_as(answer, "certificate-requests", call, requesting, wait)

    async def view_certificate_request(self, call: Call) -> Answer:
        """A certificate request now, or when it is finished."""
        return await self._view_as(certificate_messages.certificate_request_answer, call)

    async def cancel_certificate_request(self, call: Call) -> Answer:
        """Take a certificate request back, where no key was made yet."""
        return await self._cancel_as(certificate_messages.certificate_request_answer, call)

    async def store_certificate(self, call: Call) -> Answer:
        """Take an issued certificate in; wait until it is kept if asked to."""
        wait, key = _wait(call.query), _idempotency_key(call)
        body = messages.read_body(call.body, certificate_messages.CertificateBody)
        certificate, chain = certificate_messages.certificates_of(body)
        self._check_not_pairing(call.origin)
        storing = self._use_cases.store_certificate(
            origin=call.origin,
            idempotency_key=key,
            body_hash=hashlib.sha256(call.body).digest(),
            certificate=certificate,
            chain=chain,
        )
        return await self._taken_in_as(
            certificate_messages.certificate_answer, "certificates", call, storing, wait
        )

    async def view_certificate(self, call: Call) -> Answer:
        """A certificate on its way to its token, now or when it is there."""
        return await self._view_as(certificate_messages.certificate_answer, call)

    async def cancel_certificate(self, call: Call) -> Answer:
        """Take a certificate back, where it is not kept yet."""
        return await self._cancel_as(certificate_messages.certificate_answer, call)

    async def _taken_in_as(
        self, answer: AnswerOf, place: str, call: Call, taking: Coroutine[Any, Any, RequestView], wait: float
    ) -> Answer:
        view = await self._to_its_end(taking)
        if wait > 0 and not view.final:
            view = await self._use_cases.view(origin=call.origin, request_id=view.id, wait=wait)
        location = ("Location", f"/v1/{place}/{view.id}")
        told = answer(view, call.language)
        return _json(told, status=200 if view.final else 202, headers=(location,))

    async def _view_as(self, answer: AnswerOf, call: Call) -> Answer:
        wait = _wait(call.query)
        view = await self._use_cases.view(origin=call.origin, request_id=call.parameter, wait=wait)
        return _json(answer(view, call.language))

    async def _cancel_as(self, answer: AnswerOf, call: Call) -> Answer:
        _query(call.query)
        view = await self._use_cases.view(origin=call.origin, request_id=call.parameter)
        answer(view, call.language)  # another kind of request is not taken back under this path
        cancelling = self._use_cases.cancel(origin=call.origin, request_id=call.parameter)
        return _json(answer(await self._to_its_end(cancelling), call.language))

    # An origin has one question before the doctor: about its key, or about what it wants signed.

    def _check_nothing_pending(self, origin: str) -> None:
        if self._use_cases.pending(origin):
            raise PairingBusy("a request of this origin waits for the doctor")

    def _check_not_pairing(self, origin: str) -> None:
        if self._desk.asks_for(origin):
            raise TooManyPending("the doctor is asked to pair this origin")

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        # A panel that hangs up must not leave a request half taken in: the work goes on without it.
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


def _html(shown: page.Page) -> Answer:
    return Answer(
        status=200,
        content_type="text/html; charset=utf-8",
        body=shown.html,
        headers=(
            ("Content-Security-Policy", shown.policy),
            ("Referrer-Policy", "no-referrer"),
            ("X-Frame-Options", "DENY"),
        ),
    )


#: A JSON number, so that whoever writes one by a library need not care how it spells it.
_WAIT = re.compile(r"-?[0-9]{1,2}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


def _query(query: str, *allowed: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in allowed or name in found:
            raise RequestMalformed("the query has an unknown or repeated member")
        found[name] = value
    return found


def _wait(query: str) -> float:
    text = _query(query, "wait").get("wait", "0")
    if not _WAIT.fullmatch(text) or not 0 <= float(text) <= LONGEST_WAIT:
        raise RequestMalformed("wait: not a number of seconds from 0 to 25")
    return float(text)


def _idempotency_key(call: Call) -> str:
    if call.idempotency_key is None:
        raise IdempotencyKeyMissing("Idempotency-Key is absent")
    return call.idempotency_key


def _json(value: Struct, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(status=status, content_type=JSON, body=msgspec.json.encode(value), headers=headers)
