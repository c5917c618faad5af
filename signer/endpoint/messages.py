"""The bodies of the contract, as types: what is read is strict, what is written is complete.

Reading is I-JSON (RFC 7493) first, then the types, then the rules that types cannot say. `openapi` is made
from the same types. What panels post to be signed is `document_messages`, what is about certificates
`certificate_messages`, and what is told of itself `events`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from signer.endpoint.encodings import b64u, unb64, unb64u
from signer.endpoint.keys import POINT_OCTETS
from signer.endpoint.pairing import COMMITMENT_OCTETS, NONCE_OCTETS, PairingAttempt, PairingState
from signer.endpoint.problems import Language, Problem, incident_of, problem_of, sendable
from signer.model.credential import Credential, KeyKind
from signer.model.errors import RequestMalformed, RequestUnknown
from signer.model.ijson import IJsonInvalid, parse
from signer.model.request import (
    DocumentState,
    RequestState,
    SignatureFormat,
)
from signer.service.views import DocumentView, RequestView

MAX_BODY = 20 * 1024 * 1024
MAX_SMALL_BODY = 4096
#: Octets that the line before a frame's body may have (`frames`).
MAX_LINE = 8 * 1024
SIGN_IN_NONCE_OCTETS = 32


ShortText = Annotated[str, Meta(min_length=1, max_length=128)]


class PairingStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/pairings. `commitment` is 32 octets, base64url."""

    commitment: str


class PairingReveal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/pairings/{id}. `key` is a point of 65 octets, `nonce` is 32, base64url."""

    key: str
    nonce: str


class SignInBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/sign-ins. `nonce` is 32 to 64 octets of the panel's server, base64url."""

    nonce: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43,86}$")]
    credential: ShortText | UnsetType = UNSET


class AgentAnswer(Struct, frozen=True, kw_only=True):
    """GET /v1/agent, to an origin that is not paired. `simulator` is true of a simulator, else absent."""

    api: int
    paired: bool
    challenge: str
    simulator: bool | UnsetType = UNSET


class PairedAgentAnswer(Struct, frozen=True, kw_only=True):
    """GET /v1/agent, to a paired origin. `proof` is 64 octets, base64url; `simulator` as above.

    `other_user` is there, and true, where the ports before this agent's are held by another user's program.
    """

    api: int
    paired: bool
    challenge: str
    name: str
    version: str
    state: str
    keyid: str
    proof: str
    other_user: bool | UnsetType = UNSET
    simulator: bool | UnsetType = UNSET


class PairingStarted(Struct, frozen=True, kw_only=True):
    """202 to POST /v1/pairings."""

    id: str
    commitment: str
    expires_at: datetime


class PairingRevealed(Struct, frozen=True, kw_only=True):
    """200 to POST /v1/pairings/{id}."""

    id: str
    state: PairingState
    key: str
    nonce: str


class PairingAnswer(Struct, frozen=True, kw_only=True):
    """GET /v1/pairings/{id}."""

    id: str
    state: PairingState


class CredentialAnswer(Struct, frozen=True, kw_only=True):
    """A certificate that can sign, or why it cannot."""

    id: str
    holder: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key: KeyKind
    bits: int
    token: str
    usable: bool
    council_number: str | UnsetType = UNSET
    centre: str | UnsetType = UNSET
    problem: str | UnsetType = UNSET


class CredentialsAnswer(Struct, frozen=True, kw_only=True):
    """GET /v1/credentials."""

    credentials: list[CredentialAnswer]


class DocumentAnswer(Struct, frozen=True, kw_only=True):
    """One document of a request, in base64 the signature as a file and its certificate in DER.

    `level` is the one that was reached: lower than asked for only where that ended in `?`.
    """

    id: str
    state: DocumentState
    format: str
    level: str | UnsetType = UNSET
    signature: bytes | UnsetType = UNSET
    certificate: bytes | UnsetType = UNSET
    signed_at: datetime | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class RequestAnswer(Struct, frozen=True, kw_only=True):
    """A signing request now."""

    id: str
    state: RequestState
    position: int
    documents: list[DocumentAnswer]


class SignInAnswer(Struct, frozen=True, kw_only=True):
    """A sign-in now. `token` is a compact JWS, `certificate` DER in base64; `problem` where it failed."""

    id: str
    state: RequestState
    position: int
    token: str | UnsetType = UNSET
    certificate: bytes | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


T = TypeVar("T")


def read_body(octets: bytes, kind: type[T]) -> T:
    """A body of that type. Raises `RequestMalformed` with the place."""
    return typed(parsed(octets), kind)


def parsed(octets: bytes) -> object:
    """A body before its type is looked at. Raises `RequestMalformed` with the place."""
    try:
        return parse(octets)
    except IJsonInvalid as problem:
        raise RequestMalformed(f"{problem.pointer or '/'}: {problem.reason}") from problem


def typed(value: object, kind: type[T]) -> T:
    """A parsed body as that type. Raises `RequestMalformed` with the place."""
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as problem:
        raise RequestMalformed(str(problem)[:300]) from None


def commitment_of(body: PairingStart) -> bytes:
    """The panel's commitment, 32 octets. Raises `RequestMalformed`."""
    return _octets(body.commitment, COMMITMENT_OCTETS, "/commitment")


def reveal_of(body: PairingReveal) -> tuple[bytes, bytes]:
    """The panel's point and nonce. Raises `RequestMalformed`."""
    return _octets(body.key, POINT_OCTETS, "/key"), _octets(body.nonce, NONCE_OCTETS, "/nonce")


def nonce_of(body: SignInBody) -> str:
    """The server's nonce, in its one spelling. Raises `RequestMalformed`."""
    try:
        long_enough = len(unb64u(body.nonce)) >= SIGN_IN_NONCE_OCTETS
    except ValueError:
        long_enough = False
    if not long_enough:
        raise RequestMalformed("/nonce: not 32 to 64 octets in base64url without padding")
    return body.nonce


def pairing_started(attempt: PairingAttempt) -> PairingStarted:
    """What the panel is told before it shows its key."""
    return PairingStarted(
        id=attempt.id, commitment=b64u(attempt.agent_commitment), expires_at=_seconds(attempt.expires_at)
    )


def pairing_revealed(attempt: PairingAttempt) -> PairingRevealed:
    """The agent's key and nonce, in answer to the panel's."""
    return PairingRevealed(
        id=attempt.id,
        state=PairingState.WAITING,
        key=b64u(attempt.agent_point),
        nonce=b64u(attempt.agent_nonce),
    )


def credential_answer(credential: Credential) -> CredentialAnswer:
    """A credential as a panel may know it."""
    return CredentialAnswer(
        id=credential.id,
        holder=credential.holder.name,
        issuer=credential.issuer,
        not_before=_seconds(credential.not_before),
        not_after=_seconds(credential.not_after),
        key=credential.key_kind,
        bits=credential.key_bits,
        token=credential.token.label,
        usable=credential.problem is None,
        council_number=present(credential.holder.council_number),
        centre=present(credential.holder.centre),
        problem=present(credential.problem),
    )


def request_answer(view: RequestView, language: Language) -> RequestAnswer:
    """A request as its origin may know it."""
    return RequestAnswer(
        id=view.id,
        state=view.state,
        position=view.position,
        documents=[_document_answer(view.id, document, language) for document in view.documents],
    )


def sign_in_answer(view: RequestView, language: Language) -> SignInAnswer:
    """A sign-in as its origin may know it. Raises `RequestUnknown` for a request that is none."""
    document = only_document(view, SignatureFormat.SIGN_IN)
    return SignInAnswer(
        id=view.id,
        state=view.state,
        position=view.position,
        token=UNSET if document.signature is None else document.signature.decode("ascii"),
        certificate=present(document.certificate),
        problem=document_problem(view.id, document, language),
    )


def decoded(pointer: str, encoded: str) -> bytes:
    """Base64 as octets. Raises `RequestMalformed` with the place."""
    try:
        return unb64(encoded)
    except ValueError:
        raise RequestMalformed(f"{pointer}: not canonical base64") from None


def only_document(view: RequestView, kind: SignatureFormat) -> DocumentView:
    """The one document of a request that the agent worded. Raises `RequestUnknown` for another's."""
    document = view.documents[0]
    if document.format != kind.value:
        raise RequestUnknown
    return document


def _octets(text: str, length: int, pointer: str) -> bytes:
    try:
        octets = unb64u(text)
    except ValueError:
        octets = b""
    if len(octets) != length:
        raise RequestMalformed(f"{pointer}: not {length} octets in base64url without padding")
    return octets


def _document_answer(request_id: str, view: DocumentView, language: Language) -> DocumentAnswer:
    return DocumentAnswer(
        id=view.id,
        state=view.state,
        format=view.format,
        level=present(view.level),
        signature=present(view.signature),
        certificate=present(view.certificate),
        signed_at=UNSET if view.signed_at is None else _seconds(view.signed_at),
        problem=document_problem(request_id, view, language),
    )


def document_problem(request_id: str, view: DocumentView, language: Language) -> Problem | UnsetType:
    """Why a document failed, in the caller's words; UNSET where it did not."""
    if view.problem is None:
        return UNSET
    incident = incident_of(request_id, view.id, view.problem.code)
    return problem_of(sendable(view.problem, incident), incident, language)


def present(value: T | None) -> T | UnsetType:
    """A value, or nothing at all in its place."""
    return UNSET if value is None else value


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
