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
    b"sec-fetch-site": FetchModeRefused,
    b"content-type": MediaTypeNotAccepted,
    b"content-length": RequestMalformed,
    b"idempotency-key": IdempotencyKeyMissing,
    b"content-digest": SignatureMissing,
    b"signature": SignatureMissing,
    b"signature-input": SignatureMissing,
}
#: What the bridge's own page posts: a type that no form can send, and no other page without a preflight.
EXCHANGE_TYPE = "application/vnd.mohr.exchange"
_JSON = re.compile(r"application/json(?:[ \t]*;[ \t]*charset=utf-8)?", re.ASCII | re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,128}", re.ASCII)


class RouteClass(Enum):
    """How much a path asks of its caller."""

    STATIC = "static"
    OPEN = "open"
    PAIRED = "paired"
    SOCKET = "socket"
    BRIDGE = "bridge"


#: What `Sec-Fetch-Mode` is, where a browser sends it; `cors` for every other class but the static one.
_FETCH_MODES = {RouteClass.SOCKET: "websocket", RouteClass.BRIDGE: "same-origin"}


class Arrival(Struct, frozen=True):
    """A request's head as received: method, path of the request target, headers in order, undecoded."""

    method: str
    path: str
    headers: RawHeaders
    route: RouteClass


class Admitted(Struct, frozen=True):
    """A head that was let in. `headers` holds the single ones, lower-case names.

    `origin` is None for the static class and for the bridge, which says in each frame whom it speaks for. A
    preflight is answered at once and reaches nothing else.
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
    if arrival.route is RouteClass.BRIDGE:
        _check_bridge(headers, arrival, host)
        return Admitted(None, host, False, headers)
    origin = headers.get("origin")
    if origin is None or not policy.admits(origin):
        raise OriginRefused("Origin is absent, or not one that may call")
    if arrival.route is RouteClass.SOCKET:
        _check_upgrade(arrival)
        return Admitted(origin, host, False, headers)
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
    if mode is None or arrival.route is RouteClass.STATIC:
        return
    wanted = _FETCH_MODES.get(arrival.route, "cors")
    if mode != wanted:
        raise FetchModeRefused(f"Sec-Fetch-Mode is not {wanted}")


def _check_upgrade(arrival: Arrival) -> None:
    """RFC 6455 §4.2.1, as far as it tells a WebSocket from everything else."""
    upgrade = [value.strip(b" \t").lower() for name, value in arrival.headers if name.lower() == b"upgrade"]
    if arrival.method != "GET" or upgrade != [b"websocket"]:
        raise MethodNotAllowed("not a WebSocket's upgrade")


def _check_bridge(headers: dict[str, str], arrival: Arrival, host: str) -> None:
    """Only a page of the agent's own, at this very address, as the browser itself vouches."""
    if arrival.method != "POST":
        raise MethodNotAllowed("the bridge takes POST alone")
    if headers.get("origin") not in {f"http://{host}", f"https://{host}"}:
        raise OriginRefused("Origin is not the agent's own page")
    if headers.get("sec-fetch-site") != "same-origin":
        raise FetchModeRefused("Sec-Fetch-Site is not same-origin")
    if headers.get("content-type") != EXCHANGE_TYPE:
        raise MediaTypeNotAccepted(f"Content-Type is not {EXCHANGE_TYPE}")


def _check_static(headers: dict[str, str], arrival: Arrival) -> None:
    if arrival.method != "GET":
        raise MethodNotAllowed("a static page takes GET alone")
    if "origin" in headers:
        raise OriginRefused("a static page is not for other pages to read")
