"""Admission as a function: whatever the head, it is let in for the one right reason or refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.endpoint.admission import EXCHANGE_TYPE, Arrival, RouteClass, admit
from signer.model.errors import AdmissionError, MohrError, RequestError
from signer.model.policy import Policy
from tests.endpoint.world import ORIGIN

PORT = 18717
HOSTS = [b"127.0.0.1:18717", b"localhost:18717", b"[::1]:18717"]
NAMES = [b"Host", b"Origin", b"Sec-Fetch-Mode", b"Content-Type", b"Upgrade", b"Idempotency-Key"]
NAMES += [b"Signature", b"Sec-Fetch-Site"]
VALUES = [
    *HOSTS,
    b"http://127.0.0.1:18717",
    b"same-origin",
    EXCHANGE_TYPE.encode(),
    ORIGIN.encode(),
    b"null",
    b"http://panel.example",
    b"cors",
    b"navigate",
    b"websocket",
    b"application/json",
    b"text/plain",
    b"\xff",
    b"",
]
HEADERS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.binary(max_size=20)), max_size=8
).map(tuple)
METHODS = st.sampled_from(["GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT"])


def values(arrival: Arrival, name: bytes) -> list[bytes]:
    return [value.strip(b" \t") for said, value in arrival.headers if said.lower() == name]


@given(METHODS, HEADERS, st.sampled_from(list(RouteClass)))
def test_whoever_is_let_in_said_the_right_things_once(
    method: str, headers: tuple[tuple[bytes, bytes], ...], route: RouteClass
) -> None:
    arrival = Arrival(method, "/", headers, route)
    try:
        admitted = admit(arrival, port=PORT, policy=Policy())
    except MohrError as refusal:
        assert isinstance(refusal, AdmissionError | RequestError)
        return
    (host,) = values(arrival, b"host")
    assert host in HOSTS
    if route is RouteClass.STATIC:
        assert method == "GET"
        assert values(arrival, b"origin") == []
        return
    if route is RouteClass.BRIDGE:
        assert values(arrival, b"origin")[0] in {b"http://" + host, b"https://" + host}
        assert values(arrival, b"sec-fetch-site") == [b"same-origin"]
        return
    assert values(arrival, b"origin") == [str(admitted.origin).encode()]
    assert Policy().admits(str(admitted.origin))
    mode = b"websocket" if route is RouteClass.SOCKET else b"cors"
    assert values(arrival, b"sec-fetch-mode") in ([], [mode])
    if method == "POST":
        assert values(arrival, b"content-type") == [b"application/json"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("content_type", [b"application/json", b"Application/JSON; charset=UTF-8"])
def test_an_honest_post_is_let_in_by_each_of_our_names(host: bytes, content_type: bytes) -> None:
    headers = ((b"host", host), (b"ORIGIN", ORIGIN.encode()), (b"Content-Type", content_type))
    admitted = admit(
        Arrival("POST", "/v1/signing-requests", headers, RouteClass.PAIRED), port=PORT, policy=Policy()
    )
    assert (admitted.origin, admitted.host, admitted.preflight) == (ORIGIN, host.decode(), False)


def test_a_socket_is_opened_by_an_upgrade_alone_and_nothing_else_is() -> None:
    head = ((b"Host", HOSTS[0]), (b"Origin", ORIGIN.encode()), (b"Sec-Fetch-Mode", b"websocket"))
    upgrade = (*head, (b"Upgrade", b"WebSocket"))
    opened = Arrival("GET", "/v1/socket", upgrade, RouteClass.SOCKET)
    assert admit(opened, port=PORT, policy=Policy()).origin == ORIGIN
    for method, headers, route in (
        ("GET", head, RouteClass.SOCKET),
        ("POST", upgrade, RouteClass.SOCKET),
        ("OPTIONS", upgrade, RouteClass.SOCKET),
        ("GET", (*upgrade, (b"Upgrade", b"h2c")), RouteClass.SOCKET),
        ("GET", upgrade, RouteClass.PAIRED),
        ("GET", upgrade, RouteClass.OPEN),
    ):
        with pytest.raises((AdmissionError, RequestError)):
            admit(Arrival(method, "/", headers, route), port=PORT, policy=Policy())


OWN = b"http://" + HOSTS[0]
BRIDGED = (
    (b"Host", HOSTS[0]),
    (b"Origin", OWN),
    (b"Sec-Fetch-Site", b"same-origin"),
    (b"Sec-Fetch-Mode", b"same-origin"),
    (b"Content-Type", EXCHANGE_TYPE.encode()),
)


def test_the_bridge_hears_its_own_page_alone() -> None:
    arrival = Arrival("POST", "/bridge/exchange", BRIDGED, RouteClass.BRIDGE)
    assert admit(arrival, port=PORT, policy=Policy()).origin is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Origin", ORIGIN.encode()),
        (b"Origin", b"null"),
        (b"Origin", b"http://127.0.0.1:18718"),
        (b"Origin", b"http://localhost:18717"),
        (b"Origin", None),
        (b"Sec-Fetch-Site", b"cross-site"),
        (b"Sec-Fetch-Site", b"same-site"),
        (b"Sec-Fetch-Site", b"none"),
        (b"Sec-Fetch-Site", None),
        (b"Sec-Fetch-Mode", b"cors"),
        (b"Sec-Fetch-Mode", b"navigate"),
        (b"Content-Type", b"text/plain"),
        (b"Content-Type", b"application/json"),
        (b"Content-Type", None),
        (b"Host", b"panel.example"),
    ],
)
def test_the_bridge_refuses_a_page_that_is_not_its_own(name: bytes, value: bytes | None) -> None:
    rest = tuple(header for header in BRIDGED if header[0] != name)
    headers = rest if value is None else (*rest, (name, value))
    with pytest.raises((AdmissionError, RequestError)):
        admit(Arrival("POST", "/bridge/exchange", headers, RouteClass.BRIDGE), port=PORT, policy=Policy())
