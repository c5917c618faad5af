"""The contract as OpenAPI 3.1, generated from the types that read and write the bodies.

The paths come from `routes`, the schemas from `messages`; only sentences are written here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from signer.endpoint import certificate_messages, document_messages, events, messages
from signer.endpoint.admission import RouteClass
from signer.endpoint.keys import POINT_OCTETS
from signer.endpoint.pairing import COMMITMENT_OCTETS, NONCE_OCTETS
from signer.endpoint.problems import MEDIA_TYPE, Problem
from signer.endpoint.routes import ROUTES
from signer.model.errors import catalogue
from signer.model.request import CONTAINERS, SignatureFormat
from signer.service.envelopes import FORMATS, MATRIX


class _Described(msgspec.Struct, frozen=True):
    """What a call does, the body it takes, and its answers by status."""

    summary: str
    answers: dict[int, tuple[type[msgspec.Struct], ...]]
    body: type[msgspec.Struct] | None = None
    query: tuple[str, ...] = ()
    media_type: str = "application/json"


_CALLS = {
    "agent": _Described(
        "Is this the agent that this origin is paired with?",
        {200: (messages.PairedAgentAnswer, messages.AgentAnswer)},
        query=("challenge",),
    ),
    "start_pairing": _Described(
        "Start a pairing: the panel commits to its key.",
        {202: (messages.PairingStarted,)},
        messages.PairingStart,
    ),
    "reveal_pairing": _Described(
        "Show the panel's key; the agent shows its own.",
        {200: (messages.PairingRevealed,)},
        messages.PairingReveal,
    ),
    "follow_pairing": _Described(
        "Has the doctor answered?", {200: (messages.PairingAnswer,)}, query=("wait",)
    ),
    "credentials": _Described(
        "The certificates on the connected tokens.", {200: (messages.CredentialsAnswer,)}
    ),
    "events": _Described(
        "Tokens and this origin's requests as they change: server-sent events, each signed by itself. "
        "The data's first line is one of these, the second the signature.",
        {200: (events.TokensEvent, events.RequestEvent)},
        media_type=events.MEDIA_TYPE,
    ),
    "submit": _Described(
        "Ask for signatures. 202 while the request is open, 200 when it is finished.",
        {200: (messages.RequestAnswer,), 202: (messages.RequestAnswer,)},
        document_messages.SigningRequestBody,
        query=("wait",),
    ),
    "view": _Described("A signing request now.", {200: (messages.RequestAnswer,)}, query=("wait",)),
    "cancel": _Described("Cancel what is not yet signed.", {200: (messages.RequestAnswer,)}),
    "sign_in": _Described(
        "Sign in with the token: a JWS for this origin and this nonce, good for five minutes.",
        {200: (messages.SignInAnswer,), 202: (messages.SignInAnswer,)},
        messages.SignInBody,
        query=("wait",),
    ),
    "view_sign_in": _Described("A sign-in now.", {200: (messages.SignInAnswer,)}, query=("wait",)),
    "cancel_sign_in": _Described("Take a sign-in back.", {200: (messages.SignInAnswer,)}),
    "request_certificate": _Described(
        "Have a key made on the token, and a certificate request (PKCS #10) for it.",
        {
            200: (certificate_messages.CertificateRequestAnswer,),
            202: (certificate_messages.CertificateRequestAnswer,),
        },
        certificate_messages.CertificateRequestBody,
        query=("wait",),
    ),
    "view_certificate_request": _Described(
        "A certificate request now.", {200: (certificate_messages.CertificateRequestAnswer,)}, query=("wait",)
    ),
    "cancel_certificate_request": _Described(
        "Take a certificate request back, while no key is made.",
        {200: (certificate_messages.CertificateRequestAnswer,)},
    ),
    "store_certificate": _Described(
        "Have an issued certificate kept on the token, beside its key.",
        {200: (certificate_messages.CertificateAnswer,), 202: (certificate_messages.CertificateAnswer,)},
        certificate_messages.CertificateBody,
        query=("wait",),
    ),
    "view_certificate": _Described(
        "A certificate on its way to its token.",
        {200: (certificate_messages.CertificateAnswer,)},
        query=("wait",),
    ),
    "cancel_certificate": _Described(
        "Take a certificate back, while it is not kept.", {200: (certificate_messages.CertificateAnswer,)}
    ),
}
#: The calls that take an Idempotency-Key.
_KEYED = frozenset({"submit", "sign_in", "request_certificate", "store_certificate"})
#: The headers of a request's signature, all of which it needs.
_PROOF = ("Content-Digest", "Signature", "Signature-Input")
_SIGNED = "HTTP Message Signatures (RFC 9421) with the paired key, in the one form of the protocol."
#: The last characters of base64 that leave no bits over, after two and after four bits of them.
_SIX_OF_TWO, _SIX_OF_FOUR = "[AQgw]", "[AEIMQUYcgkosw048]"


def _b64u(least: int, most: int) -> dict[str, Any]:
    """From `least` to `most` octets in base64url without padding, in the one spelling that is taken."""
    character = "[A-Za-z0-9_-]"
    rest = f"(?:{character}{_SIX_OF_TWO}|{character}{{2}}{_SIX_OF_FOUR})?"
    return {
        "type": "string",
        "pattern": f"^(?:{character}{{4}})*{rest}$",
        "minLength": (least * 4 + 2) // 3,
        "maxLength": (most * 4 + 2) // 3,
    }


def _b64() -> dict[str, Any]:
    """Base64 with padding, in the one spelling that is taken."""
    character = "[A-Za-z0-9+/]"
    rest = f"(?:{character}{_SIX_OF_TWO}==|{character}{{2}}{_SIX_OF_FOUR}=)?"
    return {"type": "string", "contentEncoding": "base64", "pattern": f"^(?:{character}{{4}})*{rest}$"}


_PARAMETERS: dict[str, dict[str, Any]] = {
    "wait": {
        "name": "wait",
        "in": "query",
        "description": "Seconds to wait for the end.",
        "schema": {"type": "number", "minimum": 0, "maximum": 25},
    },
    "challenge": {
        "name": "challenge",
        "in": "query",
        "required": True,
        "description": "16 to 64 random octets, base64url without padding.",
        "schema": _b64u(16, 64),
    },
    "id": {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    },
    "last-event-id": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that was read, to go on after it.",
        "schema": {"type": "string"},
    },
    "idempotency-key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    },
}


@lru_cache(maxsize=1)
def document(version: str) -> bytes:
    """The whole document, JSON."""
    types: list[type[msgspec.Struct]] = [Problem]
    for call in _CALLS.values():
        types += [kind for kinds in call.answers.values() for kind in kinds]
        types += [call.body] if call.body else []
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        if route.route_class not in {RouteClass.OPEN, RouteClass.PAIRED}:
            continue
        paths[route.path] = {
            method.lower(): _operation(name, route.path, route.route_class, schema_of)
            for method, name in route.calls.items()
        }
    _tighten(components)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Mohr, the agent on a doctor's desk", "version": version},
            "servers": [
                {"url": f"http://{host}:{port}"}
                for port in (18717, 18719, 18721)
                for host in ("127.0.0.1", "[::1]")
            ],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {
                    name: {"type": "apiKey", "in": "header", "name": name, "description": _SIGNED}
                    for name in _PROOF
                },
            },
        }
    )


def _tighten(components: dict[str, dict[str, Any]]) -> None:
    """Say what the types alone do not."""
    codes = sorted({kind.code for kind in catalogue() if kind.status is not None})
    components["Problem"]["properties"]["code"]["enum"] = codes
    components["AgentAnswer"]["properties"]["paired"] = {"const": False}
    components["PairedAgentAnswer"]["properties"]["paired"] = {"const": True}
    components["PairingStart"]["properties"]["commitment"] = _b64u(COMMITMENT_OCTETS, COMMITMENT_OCTETS)
    revealed = components["PairingReveal"]["properties"]
    revealed["key"] = _b64u(POINT_OCTETS, POINT_OCTETS)
    revealed["nonce"] = _b64u(NONCE_OCTETS, NONCE_OCTETS)
    components["SignInBody"]["properties"]["nonce"] = _b64u(messages.SIGN_IN_NONCE_OCTETS, 64)
    components["AttachmentBody"]["properties"]["content_base64"] = _b64()
    posted = components["DocumentBody"]["properties"]
    posted["content_base64"] = _b64()
    posted["media_type"]["enum"] = sorted({media_type for media_type, _, _ in MATRIX})
    posted["format"]["enum"] = sorted({signature_format.value for _, signature_format, _ in MATRIX})
    posted["level"]["enum"] = sorted({level.value for _, _, level in MATRIX})
    components["DocumentBody"]["anyOf"] = _cells()
    components["DocumentBody"]["oneOf"] = [{"required": [name]} for name in ("content", "content_base64")]


def _cells() -> list[dict[str, Any]]:
    """Which media types, levels and forms each format goes with, and what only one of them has."""
    cells = []
    for kind, form in FORMATS.items():
        if not form.media_types:
            continue
        goes_with: dict[str, Any] = {
            "format": {"const": kind.value},
            "media_type": {"enum": sorted(form.media_types)},
            "level": {"enum": sorted(level.value for level in form.levels)},
            "attached": {"enum": sorted(form.attached)},
        }
        if kind is not SignatureFormat.PADES:
            goes_with["seal"] = False
        if kind not in CONTAINERS:
            goes_with["attachments"] = {"maxItems": 0}
        cells.append({"properties": goes_with})
    return cells


def _operation(
    name: str, path: str, route_class: RouteClass, schema_of: dict[type[msgspec.Struct], dict[str, Any]]
) -> dict[str, Any]:
    call = _CALLS[name]
    parameters = [_PARAMETERS[query] for query in call.query]
    if "{id}" in path:
        parameters.append(_PARAMETERS["id"])
    if name in _KEYED:
        parameters.append(_PARAMETERS["idempotency-key"])
    if name == "events":
        parameters.append(_PARAMETERS["last-event-id"])
    responses = {}
    for status, kinds in call.answers.items():
        schema = schema_of[kinds[0]] if len(kinds) == 1 else {"oneOf": [schema_of[kind] for kind in kinds]}
        responses[str(status)] = {"description": "OK", "content": {call.media_type: {"schema": schema}}}
    responses["default"] = {
        "description": "A problem (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": schema_of[Problem]}},
    }
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": call.summary,
        "parameters": parameters,
        "responses": responses,
        "security": [{name: [] for name in _PROOF}] if route_class is RouteClass.PAIRED else [],
    }
    if call.body is not None:
        body = {"application/json": {"schema": schema_of[call.body]}}
        operation["requestBody"] = {"required": True, "content": body}
    return operation
