"""One request, from its head to its signed answer: admission, authentication, body, call, problem, signature.

Knows HTTP but no server: the head is given, and the body is fetched when it is wanted. A body is read only
once its head is let in.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext

import msgspec
from msgspec import Struct

from signer.endpoint import message_signatures as ms
from signer.endpoint.admission import EXCHANGE_TYPE, Admitted, Arrival, RawHeaders, RouteClass, admit
from signer.endpoint.authentication import SignedHead, check_body, check_head
from signer.endpoint.calls import Answer, Call, Calls
from signer.endpoint.frames import read_frame, write_answer
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairings import Pairings
from signer.endpoint.problems import (
    MEDIA_TYPE,
    Language,
    new_incident,
    preferred_language,
    problem_of,
    retry_after,
    sendable,
)
from signer.endpoint.rate import RateLimit
from signer.endpoint.replay import ReplayGuard
from signer.endpoint.routes import BODY_LIMITS, WORKER_SCRIPT, Match, match, template
from signer.model.errors import (
    MethodNotAllowed,
    MohrError,
    NotPaired,
    RequestMalformed,
    RouteUnknown,
    Unexpected,
)
from signer.model.policy import Policy
from signer.service.ports import Clock
from signer.service.tracing import Trace

#: Gives the whole body, at most so many octets. Raises `RequestTooLarge`, `RequestMalformed`.
BodyReader = Callable[[int], Awaitable[bytes]]

_TARGET = re.compile(r"(?P<path>/[!-\"$->@-~]*)(?:\?(?P<query>[!-\"$-~]*))?", re.ASCII)
_ALWAYS = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Server", "Mohr"))
_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
    (
        "Access-Control-Allow-Headers",
        "content-type, content-digest, idempotency-key, last-event-id, signature, signature-input",
    ),
    ("Access-Control-Max-Age", "7200"),
)
_EXPOSED = "Content-Digest, Location, Retry-After, Signature, Signature-Input"


class Head(Struct, frozen=True):
    """What stands before a body: method, request target as sent, headers undecoded, in order.

    `port` is the one of ours that it arrived at: its `Host` may name no other.
    """

    method: str
    target: str
    headers: RawHeaders
    port: int


class _Course(Struct):
    """How far a request got, for what its answer must carry."""

    origin: str | None = None
    signed: SignedHead | None = None
    methods: tuple[str, ...] = ()


class Exchanges:
    """Answers requests for one agent. Used from one event loop."""

    def __init__(
        self,
        *,
        calls: Calls,
        pairings: Pairings,
        policy: Policy,
        key: SigningKey,
        clock: Clock,
        trace: Trace | None = None,
    ) -> None:
        self._calls = calls
        self._pairings = pairings
        self._policy = policy
        self._key = key
        self._clock = clock
        self._guard = ReplayGuard(clock.now())
        self._rate = RateLimit()
        self._trace = trace or Trace()

    async def answer(self, head: Head, read_body: BodyReader) -> Answer:
        """The answer to a request, with every header that it needs. Raises nothing but cancellation."""
        if self._trace.recording is None:
            return await self._answer(head, read_body)
        span = self._trace.call(template(head.method, head.target.partition("?")[0]))
        came = 0

        async def counted(limit: int) -> bytes:
            nonlocal came
            body = await read_body(limit)
            came = len(body)
            return body

        status, size = 0, 0
        try:
            answer = await self._answer(head, counted)
            status, size = answer.status, len(answer.body)
        finally:
            self._trace.answered(span, status, came, size)
        return answer

    async def _answer(self, head: Head, read_body: BodyReader) -> Answer:
        language = _language(head.headers)
        course = _Course()
        try:
            answer = await self._take(head, read_body, language, course)
        except Exception as error:  # noqa: BLE001 - the last place where a bug can become a problem body
            answer = problem_answer(error, language)
        return self._completed(answer, course)

    async def _take(self, head: Head, read_body: BodyReader, language: Language, course: _Course) -> Answer:
        path, query = _target(head)
        leads = _leads(head, path)
        course.methods = leads.methods
        admitted = self._admitted(head, path, leads)
        course.origin = admitted.origin
        if admitted.preflight:
            return Answer(status=204, content_type="", body=b"", headers=_PREFLIGHT)
        if leads.route_class is RouteClass.SOCKET:
            raise RequestMalformed("a socket is opened by an upgrade alone")
        if leads.route_class is RouteClass.BRIDGE:
            return await self._bridged(admitted, await read_body(_limit(leads)), head.port)
        if leads.route_class is RouteClass.PAIRED:
            signed_target = ms.Target(head.method, admitted.host, path, query)
            body = await self._authenticated(admitted, signed_target, read_body, leads, course)
        else:
            if admitted.origin is not None:
                self._rate.spend(admitted.origin, self._clock.now())
            body = await read_body(_limit(leads))
        if leads.call is None:
            raise MethodNotAllowed() if leads.methods else RouteUnknown()
        call = Call(
            origin=admitted.origin or "",
            authority=admitted.host,
            parameter=leads.parameter,
            query=query,
            body=body,
            idempotency_key=admitted.headers.get("idempotency-key"),
            last_event_id=admitted.headers.get("last-event-id"),
            signature=course.signed.signature if course.signed is not None else b"",
            language=language,
        )
        with nullcontext() if course.signed is None else self._calls.attended(call.origin):
            answer: Answer = await getattr(self._calls, leads.call)(call)
        return answer

    def stranger(self, origin: str | None) -> bool:
        """Is there no live pairing of this origin?"""
        return origin is None or self._pairings.find(origin, self._clock.now()) is None

    def attended(self, origin: str | None) -> AbstractContextManager[None]:
        """A page of this origin holds a socket meanwhile. Only paired ones are looked for."""
        if origin is None or self.stranger(origin):
            return nullcontext()
        return self._calls.attended(origin)

    def socket(self, head: Head) -> Admitted | None:
        """Who opens a socket; None where this is no upgrade that is let in, and `answer` says why."""
        try:
            path, _ = _target(head)
            leads = match(head.method, path)
            if leads.route_class is not RouteClass.SOCKET:
                return None
            return self._admitted(head, path, leads)
        except MohrError:
            return None

    def _admitted(self, head: Head, path: str, leads: Match) -> Admitted:
        arrival = Arrival(head.method, path, head.headers, leads.route_class)
        return admit(arrival, port=head.port, policy=self._policy)

    async def _bridged(self, admitted: Admitted, octets: bytes, port: int) -> Answer:
        """What a page asks through the bridge, whose script says which origin the browser vouched for."""
        frame = read_frame(octets)
        said = ((b"host", admitted.host.encode()), (b"origin", frame.origin.encode()))
        head = Head(frame.method, frame.target, said + frame.headers, port)
        answer = await self.answer(head, frame.read_body)
        return Answer(
            status=200,
            content_type=EXCHANGE_TYPE,
            body=write_answer(frame.id, answer),
            # The page makes frames of its pieces: between them HTTP keeps no borders.
            stream=answer.stream,
        )

    async def _authenticated(
        self, admitted: Admitted, target: ms.Target, read_body: BodyReader, leads: Match, course: _Course
    ) -> bytes:
        origin = admitted.origin
        assert origin is not None
        try:
            pairing = self._pairings.find(origin, self._clock.now())
            if pairing is None:
                raise NotPaired("no live pairing of this origin")
            signed = check_head(admitted.headers, target, pairing.point, self._guard, self._clock.now())
            body = await read_body(_limit(leads))
            now = self._clock.now()
            # The doctor may have revoked it while the body was on its way.
            if self._pairings.find(origin, now) is None:
                raise NotPaired("no live pairing of this origin")
            check_body(signed, body, self._guard, now)
        except MohrError:
            self._rate.spend(origin, self._clock.now())
            raise
        course.signed = signed
        self._pairings.used(pairing, now)
        return body

    def _completed(self, answer: Answer, course: _Course) -> Answer:
        headers = [*_ALWAYS, *answer.headers]
        if answer.content_type:
            headers.append(("Content-Type", answer.content_type))
        if answer.status == MethodNotAllowed.status:
            headers.append(("Allow", ", ".join(course.methods)))
        if course.origin is not None:
            headers += [
                ("Access-Control-Allow-Origin", course.origin),
                ("Access-Control-Expose-Headers", _EXPOSED),
                ("Vary", "Origin"),
            ]
        else:
            headers.append(("Cross-Origin-Resource-Policy", "same-origin"))
        if course.signed is not None and answer.stream is None:
            created = int(self._clock.now().timestamp())
            proof = ms.sign_answer(
                self._key,
                answer.status,
                answer.content_type,
                answer.body,
                course.signed.signature,
                created,
            )
            headers += proof.items()
        return msgspec.structs.replace(answer, headers=tuple(headers))


def _target(head: Head) -> tuple[str, str]:
    """Path and query of the request target. Raises `RequestMalformed`."""
    target = _TARGET.fullmatch(head.target)
    if target is None:
        raise RequestMalformed("the request target is not a path")
    return target["path"], target["query"] or ""


def _leads(head: Head, path: str) -> Match:
    """Where a request leads: one for a service worker's script, to that script, whatever its path."""
    worker = any(name.lower() == b"service-worker" for name, _ in head.headers)
    return WORKER_SCRIPT if worker else match(head.method, path)


def problem_answer(error: Exception, language: Language) -> Answer:
    """The problem body of `error`, not yet signed."""
    incident = new_incident()
    told = sendable(error, incident)
    problem = problem_of(told, incident, language)
    headers = [("Content-Language", language.value)]
    wait = retry_after(told)
    if wait is not None:
        headers.append(("Retry-After", str(wait)))
    return Answer(
        status=problem.status,
        content_type=MEDIA_TYPE,
        body=msgspec.json.encode(problem),
        headers=tuple(headers),
    )


def malformed_answer() -> Answer:
    """What is said to octets that are not HTTP: there is no head to look at, so no more than that."""
    return _bare(RequestMalformed("not HTTP/1.1"))


def broken_answer(error: BaseException | None) -> Answer:
    """What is said where the server itself broke, with nothing known of the request any more."""
    return _bare(error if isinstance(error, Exception) else Unexpected("the server broke"))


def _bare(error: Exception) -> Answer:
    answer = problem_answer(error, Language.EN)
    headers = (*_ALWAYS, *answer.headers, ("Content-Type", answer.content_type))
    return msgspec.structs.replace(answer, headers=headers)


def _limit(leads: Match) -> int:
    return BODY_LIMITS.get(leads.call or "", 0)


def _language(headers: RawHeaders) -> Language:
    said = b",".join(value for name, value in headers if name.lower() == b"accept-language")
    return preferred_language(said.decode("latin-1"))
