"""Does the paired key of this origin sign this request? Head first, then body, then the nonce.

The head's signature covers the body's digest, so nobody without the key can make the agent read a body. Pure
but for the replay window that it is given.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct

from signer.endpoint import message_signatures as ms
from signer.endpoint.keys import keyid, verifies
from signer.endpoint.replay import ReplayGuard
from signer.model.errors import SignatureInvalid, SignatureMissing


class SignedHead(Struct, frozen=True):
    """A head whose signature verified. `digest` is the SHA-256 that its body must have, 32 octets."""

    parameters: ms.RequestParameters
    digest: bytes
    signature: bytes


def check_head(
    headers: dict[str, str], target: ms.Target, point: bytes, guard: ReplayGuard, now: datetime
) -> SignedHead:
    """Check form, key, freshness and signature of a head. `headers` holds lower-case names, each once.

    Raises `SignatureMissing`, `SignatureInvalid`, `RequestStale`.
    """
    idempotency_key = headers.get("idempotency-key")
    try:
        parameters = ms.read_request_parameters(
            headers.get("signature-input", ""), with_idempotency_key=idempotency_key is not None
        )
        signature = ms.read_signature(headers.get("signature", ""))
        digest = ms.read_content_digest(headers.get("content-digest", ""))
    except ms.NotThisForm as problem:
        raise SignatureMissing(str(problem)) from problem
    if parameters.keyid != keyid(point):
        raise SignatureInvalid("keyid is not that of the paired key")
    guard.check_fresh(parameters.created, now)
    base = ms.request_base(target, headers["content-digest"], idempotency_key, parameters)
    if not verifies(point, base, signature):
        raise SignatureInvalid("the signature does not verify")
    return SignedHead(parameters, digest, signature)


def check_body(head: SignedHead, body: bytes, guard: ReplayGuard, now: datetime) -> None:
    """Check the body against the signed head and take the nonce; after this the request is accepted.

    Raises `SignatureInvalid`, `RequestReplayed`, `TooManyRequests`.
    """
    if hashlib.sha256(body).digest() != head.digest:
        raise SignatureInvalid("the body does not have the signed digest")
    guard.take(head.parameters.keyid, head.parameters.nonce, head.parameters.created, now)
