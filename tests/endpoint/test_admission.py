"""Admission as a function: whatever the head, it is let in for the one right reason or refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.endpoint.admission import Arrival, RouteClass, admit
from signer.model.errors import AdmissionError, MohrError, RequestError
from signer.model.policy import Policy
from tests.endpoint.world import ORIGIN

PORT = 18717
HOSTS = [b"127.0.0.1:18717", b"localhost:18717", b"[::1]:18717"]
NAMES = [b"Host", b"Origin", b"Sec-Fetch-Mode", b"Content-Type", b"Upgrade", b"Idempotency-Key", b"Signature"]
VALUES = [
    *HOSTS,
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
    assert values(arrival, b"origin") == [str(admitted.origin).encode()]
    assert Policy().admits(str(admitted.origin))
    assert values(arrival, b"sec-fetch-mode") in ([], [b"cors"], [b"websocket"])
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


def test_a_websocket_mode_needs_an_upgrade() -> None:
    head = ((b"Host", HOSTS[0]), (b"Origin", ORIGIN.encode()), (b"Sec-Fetch-Mode", b"websocket"))
    upgrade = (*head, (b"Upgrade", b"WebSocket"))
    assert admit(Arrival("GET", "/", upgrade, RouteClass.PAIRED), port=PORT, policy=Policy()).origin == ORIGIN
    for method, headers in (("GET", head), ("POST", upgrade)):
        with pytest.raises(AdmissionError):
            admit(Arrival(method, "/", headers, RouteClass.PAIRED), port=PORT, policy=Policy())
