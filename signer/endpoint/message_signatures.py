"""The one form of HTTP Message Signature that a panel and the agent exchange (`docs/protocol.md`).

A strict subset of RFC 9421 with Content-Digest (RFC 9530): fixed components, parameters, order and
spelling, so that there is one way to write a signature and nothing to negotiate. Pure, and used by both the
endpoint and the client. Freshness and replay are `replay`'s; who a key belongs to is `pairings`'.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from signer.endpoint.encodings import b64, b64u, unb64, unb64u
from signer.endpoint.keys import SIGNATURE_OCTETS, SigningKey, verifies

LABEL = "mohr"
NONCE_OCTETS = 16


class NotThisForm(ValueError):
    """A header is not written in the one form of the protocol. The text says which, never its value."""


class Target(Struct, frozen=True):
    """What a request is aimed at, as it stands on the wire (RFC 9421 §2.2).

    `authority` is the Host header; `path` is not decoded; `query` holds no `?` and is empty where there is
    none.
    """

    method: str
    authority: str
    path: str
    query: str = ""


class RequestParameters(Struct, frozen=True):
    """What varies in a request's signature parameters. `created` is Unix time in whole seconds."""

    created: int
    nonce: str
    keyid: str


class AnswerParameters(Struct, frozen=True):
    """What varies in an answer's signature parameters. `created` is Unix time in whole seconds."""

    created: int
    keyid: str


def content_digest(body: bytes) -> str:
    """The Content-Digest header of `body` (RFC 9530 §2), SHA-256 alone."""
    return f"sha-256=:{b64(hashlib.sha256(body).digest())}:"


def request_base(
    target: Target, digest: str, idempotency_key: str | None, parameters: RequestParameters
) -> bytes:
    """The signature base of a request (RFC 9421 §2.5), ASCII."""
    lines = [
        f'"@method": {target.method}',
        f'"@authority": {target.authority}',
        f'"@path": {target.path}',
        f'"@query": ?{target.query}',
        f'"content-digest": {digest}',
    ]
    if idempotency_key is not None:
        lines.append(f'"idempotency-key": {idempotency_key}')
    lines.append(f'"@signature-params": {_request_params(idempotency_key is not None, parameters)}')
    return "\n".join(lines).encode("ascii")


def answer_base(
    status: int, content_type: str, digest: str, request_signature: bytes, parameters: AnswerParameters
) -> bytes:
    """The signature base of an answer, bound to the request's own signature (RFC 9421 §2.4), ASCII."""
    return "\n".join(
        (
            f'"@status": {status}',
            f'"content-type": {content_type}',
            f'"content-digest": {digest}',
            f'"signature";req;key="{LABEL}": :{b64(request_signature)}:',
            f'"@signature-params": {_answer_params(parameters)}',
        )
    ).encode("ascii")


def sign_request(
    key: SigningKey, target: Target, body: bytes, idempotency_key: str | None, created: int, nonce: bytes
) -> dict[str, str]:
    """The three headers that a request needs. `nonce` is 16 random octets, new for each request."""
    digest = content_digest(body)
    parameters = RequestParameters(created, b64u(nonce), key.keyid)
    base = request_base(target, digest, idempotency_key, parameters)
    return _headers(digest, _request_params(idempotency_key is not None, parameters), key.sign(base))


def sign_answer(
    key: SigningKey, status: int, content_type: str, body: bytes, request_signature: bytes, created: int
) -> dict[str, str]:
    """The three headers of an answer to the request that carried `request_signature` (64 octets)."""
    digest = content_digest(body)
    parameters = AnswerParameters(created, key.keyid)
    base = answer_base(status, content_type, digest, request_signature, parameters)
    return _headers(digest, _answer_params(parameters), key.sign(base))


def read_request_parameters(signature_input: str, *, with_idempotency_key: bool) -> RequestParameters:
    """The parameters in a Signature-Input header. Raises `NotThisForm` unless it is spelled exactly so."""
    found = _REQUEST_INPUT.fullmatch(signature_input)
    if found is None or (found["extra"] is not None) is not with_idempotency_key:
        raise NotThisForm("Signature-Input is not of the protocol's form")
    _sized(found["nonce"], NONCE_OCTETS, "nonce")
    _sized(found["keyid"], 32, "keyid")
    return RequestParameters(int(found["created"]), found["nonce"], found["keyid"])


def read_answer_parameters(signature_input: str) -> AnswerParameters:
    """The parameters in an answer's Signature-Input header. Raises `NotThisForm`."""
    found = _ANSWER_INPUT.fullmatch(signature_input)
    if found is None:
        raise NotThisForm("Signature-Input is not of the protocol's form")
    _sized(found["keyid"], 32, "keyid")
    return AnswerParameters(int(found["created"]), found["keyid"])


def read_signature(header: str) -> bytes:
    """The 64 octets in a Signature header. Raises `NotThisForm`."""
    return _dictionary_octets(header, LABEL, SIGNATURE_OCTETS, "Signature")


def read_content_digest(header: str) -> bytes:
    """The SHA-256, 32 octets, in a Content-Digest header. Raises `NotThisForm`."""
    return _dictionary_octets(header, "sha-256", 32, "Content-Digest")


def answer_verifies(
    point: bytes,
    keyid: str,
    status: int,
    content_type: str,
    body: bytes,
    request_signature: bytes,
    headers: dict[str, str],
) -> bool:
    """Did the agent with that key give exactly this answer to exactly that request?

    `headers` holds lower-case names. Never raises for what an answer holds.
    """
    try:
        parameters = read_answer_parameters(headers.get("signature-input", ""))
        signature = read_signature(headers.get("signature", ""))
        digest = headers.get("content-digest", "")
        if read_content_digest(digest) != hashlib.sha256(body).digest() or parameters.keyid != keyid:
            return False
        base = answer_base(status, content_type, digest, request_signature, parameters)
    except ValueError:
        return False
    return verifies(point, base, signature)


def _request_params(with_idempotency_key: bool, parameters: RequestParameters) -> str:
    extra = ' "idempotency-key"' if with_idempotency_key else ""
    return (
        f'("@method" "@authority" "@path" "@query" "content-digest"{extra})'
        f';created={parameters.created};nonce="{parameters.nonce}";keyid="{parameters.keyid}"'
        ';alg="ecdsa-p256-sha256";tag="mohr-panel"'
    )


def _answer_params(parameters: AnswerParameters) -> str:
    return (
        f'("@status" "content-type" "content-digest" "signature";req;key="{LABEL}")'
        f';created={parameters.created};keyid="{parameters.keyid}"'
        ';alg="ecdsa-p256-sha256";tag="mohr-agent"'
    )


def _headers(digest: str, params: str, signature: bytes) -> dict[str, str]:
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{LABEL}={params}",
        "Signature": f"{LABEL}=:{b64(signature)}:",
    }


def _dictionary_octets(header: str, member: str, octets: int, name: str) -> bytes:
    prefix = f"{member}=:"
    try:
        if not (header.startswith(prefix) and header.endswith(":")):
            raise ValueError("not one byte sequence")  # noqa: TRY301 - one refusal for every wrong form
        value = unb64(header[len(prefix) : -1])
    except ValueError as problem:
        raise NotThisForm(f"{name} is not of the protocol's form") from problem
    if len(value) != octets:
        raise NotThisForm(f"{name} is not of the protocol's form")
    return value


def _sized(text: str, octets: int, name: str) -> None:
    try:
        value = unb64u(text)
    except ValueError as problem:
        raise NotThisForm(f"{name} is not base64url without padding") from problem
    if len(value) != octets:
        raise NotThisForm(f"{name} is not {octets} octets")


_CREATED = r";created=(?P<created>[1-9][0-9]{0,10})"
_KEYID = r';keyid="(?P<keyid>[A-Za-z0-9_-]{43})";alg="ecdsa-p256-sha256"'
_REQUEST_INPUT = re.compile(
    LABEL
    + r'=\("@method" "@authority" "@path" "@query" "content-digest"(?P<extra> "idempotency-key")?\)'
    + _CREATED
    + r';nonce="(?P<nonce>[A-Za-z0-9_-]{22})"'
    + _KEYID
    + r';tag="mohr-panel"',
    re.ASCII,
)
_ANSWER_INPUT = re.compile(
    LABEL
    + r'=\("@status" "content-type" "content-digest" "signature";req;key="mohr"\)'
    + _CREATED
    + _KEYID
    + r';tag="mohr-agent"',
    re.ASCII,
)
