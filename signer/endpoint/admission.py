"""Who is let in, decided on a request's head alone: Host, Origin, fetch mode, content type, repeats.

Pure and complete: the server asks this once for each request, before it reads a body. It stops foreign pages,
rebound names and forms. It does not stop another program of the same user: the pairing's signature
(`authentication`) and the doctor's own yes do.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from signer.model.errors import (
    FetchModeRefused,
    HostRefused,
    IdempotencyKeyMissing,
    MediaTypeNotAccepted,
    MethodNotAllowed,
    MohrError,
    OriginRefused,
    RequestMalformed,
    SignatureMissing,
)
from signer.model.policy import Policy

RawHeaders = tuple[tuple[bytes, bytes], ...]

#: Headers that decide something here or later: each once at most, in ASCII, or the request is not ours.
_SINGLE: dict[bytes, type[MohrError]] = {
    b"host": HostRefused,
    b"origin": OriginRefused,
    b"sec-fetch-mode": FetchModeRefused,
    b"content-type": MediaTypeNotAccepted,
    b"content-length": RequestMalformed,
    b"idempotency-key": IdempotencyKeyMissing,
    b"content-digest": SignatureMissing,
    b"signature": SignatureMissing,
    b"signature-input": SignatureMissing,
    b"last-event-id": RequestMalformed,
}
_JSON = re.compile(r"application/json(?:[ \t]*;[ \t]*charset=utf-8)?", re.ASCII | re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,128}", re.ASCII)


class RouteClass(Enum):
    """How much a path asks of its caller."""

    STATIC = "static"
    OPEN = "open"
    PAIRED = "paired"


class Arrival(Struct, frozen=True):
    """A request's head as received: method, path of the request target, headers in order, undecoded."""

    method: str
    path: str
    headers: RawHeaders
    route: RouteClass


class Admitted(Struct, frozen=True):
    """A head that was let in. `headers` holds the single ones, lower-case names.

    `origin` is None for the static class alone. A preflight is answered at once and reaches nothing else.
    """

    origin: str | None
    host: str
    preflight: bool
    headers: dict[str, str]


def admit(arrival: Arrival, *, port: int, policy: Policy) -> Admitted:
    """Let a request in, or raise the refusal that a stranger gets.

    Raises `HostRefused`, `OriginRefused`, `FetchModeRefused`, `MethodNotAllowed`, `MediaTypeNotAccepted`,
    `RequestMalformed`, `IdempotencyKeyMissing`, `SignatureMissing`.
    """
    headers = _single_headers(arrival.headers)
    host = _host(headers, port)
    _check_fetch_mode(headers, arrival)
    if arrival.route is RouteClass.STATIC:
        _check_static(headers, arrival)
        return Admitted(None, host, False, headers)
    origin = headers.get("origin")
    if origin is None or not policy.admits(origin):
        raise OriginRefused("Origin is absent, or not one that may call")
    preflight = arrival.method == "OPTIONS"
    if preflight and not any(name.lower() == b"access-control-request-method" for name, _ in arrival.headers):
        raise MethodNotAllowed("OPTIONS that is not a preflight")
    if arrival.method == "POST" and not _JSON.fullmatch(headers.get("content-type", "")):
        raise MediaTypeNotAccepted("Content-Type is not application/json")
    key = headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise IdempotencyKeyMissing("Idempotency-Key is not 1 to 128 visible ASCII characters")
    return Admitted(origin, host, preflight, headers)


def _single_headers(raw: RawHeaders) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in raw:
        refusal = _SINGLE.get(name.lower())
        if refusal is None:
            continue
        text = name.lower().decode("ascii")
        if text in found:
            raise refusal(f"{text} is repeated")
        if not value.isascii():
            raise refusal(f"{text} is not ASCII")
        found[text] = value.decode("ascii").strip(" \t")
    return found


def _host(headers: dict[str, str], port: int) -> str:
    host = headers.get("host", "")
    if host not in {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}:
        raise HostRefused("Host is absent or not ours")
    return host


def _check_fetch_mode(headers: dict[str, str], arrival: Arrival) -> None:
    mode = headers.get("sec-fetch-mode")
    if mode is None or mode == "cors" or arrival.route is RouteClass.STATIC:
        return
    upgrade = any(
        name.lower() == b"upgrade" and value.strip(b" \t").lower() == b"websocket"
        for name, value in arrival.headers
    )
    if mode != "websocket" or not upgrade or arrival.method != "GET":
        raise FetchModeRefused("Sec-Fetch-Mode is not cors")


def _check_static(headers: dict[str, str], arrival: Arrival) -> None:
    if arrival.method != "GET":
        raise MethodNotAllowed("a static page takes GET alone")
    if "origin" in headers:
        raise OriginRefused("a static page is not for other pages to read")
