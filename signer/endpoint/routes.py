"""The calls that exist: paths, methods, how much each asks of its caller. Data, and the matching of it."""

from __future__ import annotations

from msgspec import Struct

from signer.endpoint.admission import RouteClass
from signer.endpoint.certificate_messages import MAX_CERTIFICATES_BODY
from signer.endpoint.messages import MAX_BODY, MAX_LINE, MAX_SMALL_BODY


class Route(Struct, frozen=True):
    """One path. `calls` maps a method to the name of a method of `calls.Calls`.

    Two are not calls but ways in: `exchange` is answered by `exchange`, `socket` by `server`.
    """

    path: str
    route_class: RouteClass
    calls: dict[str, str]


class Match(Struct, frozen=True):
    """Where a request leads. `methods` is empty for an unknown path, `call` None for an unknown method."""

    route_class: RouteClass
    methods: tuple[str, ...]
    call: str | None
    parameter: str


ROUTES = (
    Route("/", RouteClass.STATIC, {"GET": "page"}),
    Route("/bridge", RouteClass.STATIC, {"GET": "bridge"}),
    Route("/bridge/exchange", RouteClass.BRIDGE, {"POST": "exchange"}),
    Route("/openapi.json", RouteClass.STATIC, {"GET": "openapi"}),
    Route("/v1/agent", RouteClass.OPEN, {"GET": "agent"}),
    Route("/v1/pairings", RouteClass.OPEN, {"POST": "start_pairing"}),
    Route("/v1/pairings/{id}", RouteClass.OPEN, {"POST": "reveal_pairing", "GET": "follow_pairing"}),
    Route("/v1/credentials", RouteClass.PAIRED, {"GET": "credentials"}),
    Route("/v1/socket", RouteClass.SOCKET, {"GET": "socket"}),
    Route("/v1/events", RouteClass.PAIRED, {"GET": "events"}),
    Route("/v1/signing-requests", RouteClass.PAIRED, {"POST": "submit"}),
    Route("/v1/signing-requests/{id}", RouteClass.PAIRED, {"GET": "view", "DELETE": "cancel"}),
    Route("/v1/sign-ins", RouteClass.PAIRED, {"POST": "sign_in"}),
    Route("/v1/sign-ins/{id}", RouteClass.PAIRED, {"GET": "view_sign_in", "DELETE": "cancel_sign_in"}),
    Route("/v1/certificate-requests", RouteClass.PAIRED, {"POST": "request_certificate"}),
    Route(
        "/v1/certificate-requests/{id}",
        RouteClass.PAIRED,
        {"GET": "view_certificate_request", "DELETE": "cancel_certificate_request"},
    ),
    Route("/v1/certificates", RouteClass.PAIRED, {"POST": "store_certificate"}),
    Route(
        "/v1/certificates/{id}",
        RouteClass.PAIRED,
        {"GET": "view_certificate", "DELETE": "cancel_certificate"},
    ),
)

#: The most octets that a call's body may have; nothing where a call takes none.
BODY_LIMITS = {
    "submit": MAX_BODY,
    "sign_in": MAX_SMALL_BODY,
    "request_certificate": MAX_SMALL_BODY,
    "store_certificate": MAX_CERTIFICATES_BODY,
    "exchange": MAX_BODY + MAX_LINE,
    "start_pairing": MAX_SMALL_BODY,
    "reveal_pairing": MAX_SMALL_BODY,
}

#: Where a browser is led that asks again for a service worker's script, whatever address the script claims.
WORKER_SCRIPT = Match(RouteClass.STATIC, ("GET",), "last_worker", "")

_PARAMETER = "/{id}"
_EXACT = {route.path: route for route in ROUTES if not route.path.endswith(_PARAMETER)}
_BELOW = {route.path.removesuffix(_PARAMETER): route for route in ROUTES if route.path.endswith(_PARAMETER)}


#: What a call is named by where it is written down; any other method is told as `OTHER`.
_METHODS = frozenset({"GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH"})


def template(method: str, path: str) -> str:
    """The call as the contract names it: no id, no query, nothing of a path that is not the contract's."""
    route = _EXACT.get(path) or _BELOW.get(path.rpartition("/")[0])
    return f"{method if method in _METHODS else 'OTHER'} {'(unknown)' if route is None else route.path}"


def match(method: str, path: str) -> Match:
    """Where a request leads; an unknown path asks for a pairing, so that strangers learn nothing of it."""
    route, parameter = _EXACT.get(path), ""
    if route is None:
        parent, _, last = path.rpartition("/")
        route, parameter = (_BELOW.get(parent), last) if last else (None, "")
    if route is None:
        return Match(RouteClass.PAIRED, (), None, "")
    return Match(route.route_class, tuple(route.calls), route.calls.get(method), parameter)
