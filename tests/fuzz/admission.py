"""Admission before heads that are nearly honest: whoever is let in said each thing once and exactly."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from signer.endpoint.admission import Arrival, RouteClass, admit
from signer.model.errors import AdmissionError, MohrError, RequestError
from signer.model.policy import Policy
from tests.fuzz.mutations import nearly

_PORT = 18717
_HOSTS = {b"127.0.0.1:18717", b"localhost:18717", b"[::1]:18717"}
_HONEST = {
    b"Host": b"127.0.0.1:18717",
    b"Origin": b"https://panel.example",
    b"Sec-Fetch-Mode": b"cors",
    b"Content-Type": b"application/json",
    b"Idempotency-Key": b"rx-4711",
    b"Access-Control-Request-Method": b"POST",
}
_PIECES = st.sampled_from(
    [b" ", b"\t", b",", b".", b":", b"@", b"#", b"/", b"null", b"\x00", b"\xff", b"\r\n", b"https://"]
)


@st.composite
def _heads(draw: st.DrawFn) -> tuple[tuple[bytes, bytes], ...]:
    head = []
    for name in draw(st.permutations(sorted(_HONEST))):
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2]))):
            spelled = draw(st.sampled_from([name, name.lower(), name.upper(), name + b" "]))
            value = draw(st.sampled_from([_HONEST[name], *sorted(_HOSTS)]))
            if draw(st.integers(0, 5)) == 0:
                value = draw(nearly(st.just(value), _PIECES))
            head.append((spelled, value))
    return tuple(head)


def fuzz(examples: int) -> None:
    """Honest heads with small changes, for each class of route."""

    @settings(max_examples=examples)
    @given(st.sampled_from(["GET", "POST", "DELETE", "OPTIONS"]), _heads(), st.sampled_from(list(RouteClass)))
    def head(method: str, headers: tuple[tuple[bytes, bytes], ...], route: RouteClass) -> None:
        try:
            admitted = admit(Arrival(method, "/v1/agent", headers, route), port=_PORT, policy=Policy())
        except MohrError as refusal:
            assert isinstance(refusal, AdmissionError | RequestError)
            assert refusal.status is not None
            return
        said = {
            name: [value.strip(b" \t") for spelled, value in headers if spelled.lower() == name.lower()]
            for name in _HONEST
        }
        assert len(said[b"Host"]) == 1
        assert said[b"Host"][0] in _HOSTS
        if route is RouteClass.STATIC:
            assert admitted.origin is None
            assert said[b"Origin"] == []
            return
        assert admitted.origin is not None
        assert said[b"Origin"] == [admitted.origin.encode()]
        assert admitted.origin.startswith("https://")
        assert said[b"Sec-Fetch-Mode"] in ([], [b"cors"])
        if method == "POST":
            assert said[b"Content-Type"] == [b"application/json"]
        assert len(said[b"Idempotency-Key"]) <= 1

    head()
