"""The messages of the pipe: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import wire
from drivers.errors import FrameMalformed
from drivers.types import Binding, KeySpec, LoginOutcome, Mechanism, PinChange, PssParameters

octets = st.binary(max_size=200)
slots = st.integers(0, 2**64 - 1)
mechanisms = st.builds(
    Mechanism,
    type=st.integers(0, 2**32),
    pss=st.none() | st.builds(PssParameters, hash=slots, mgf=slots, salt=st.integers(0, 512)),
)
requests = st.one_of(
    st.builds(wire.Load, st.text(), st.sampled_from(Binding)),
    st.builds(wire.ListTokens),
    st.builds(wire.Login, slots, st.none() | octets),
    st.builds(wire.Sign, slots, octets, mechanisms, octets),
    st.builds(wire.SignAuthenticated, slots, octets, mechanisms, octets, st.none() | octets),
    st.builds(wire.SetPin, slots, st.sampled_from(PinChange), st.none() | octets, st.none() | octets),
    st.builds(wire.InitToken, slots, st.none() | octets, st.text()),
    st.builds(wire.GenerateKeyPair, slots, st.sampled_from(KeySpec), octets, st.text(), st.booleans()),
)
messages = st.one_of(
    st.builds(wire.Calling, st.text()),
    st.builds(wire.Signature, octets),
    st.builds(wire.LoggedIn, st.sampled_from(LoginOutcome)),
    st.builds(wire.Returned, slots, st.text()),
    st.builds(wire.Refused, st.sampled_from(wire.Reason)),
)


numbers = st.integers(0, 2**32 - 1)


@given(st.lists(st.tuples(numbers, requests), max_size=5), st.integers(1, 40))
def test_requests_survive_a_pipe_that_cuts_them_anywhere(
    sent: list[tuple[int, wire.Request]], step: int
) -> None:
    stream = b"".join(wire.request_frame(number, request) for number, request in sent)
    deframer = wire.Deframer(wire.MAX_REQUEST)
    heard = []
    for start in range(0, len(stream), step):
        frames = deframer.feed(stream[start : start + step])
        heard += [(number, wire.read_request(payload)) for number, payload in frames]
    assert heard == sent
    assert deframer.empty


@given(numbers, messages)
def test_what_a_worker_says_survives_the_pipe(number: int, message: wire.Answer | wire.Calling) -> None:
    ((heard, payload),) = wire.Deframer(wire.MAX_ANSWER).feed(wire.message_frame(number, message))
    assert (heard, wire.read_message(payload)) == (number, message)


@given(st.binary(min_size=wire.GREETING_OCTETS, max_size=wire.GREETING_OCTETS))
def test_a_greeting_is_read_or_refused(octets: bytes) -> None:
    try:
        assert wire.read_greeting(octets).pid < 2**32
        assert octets.startswith(b"mohr")
    except FrameMalformed:
        assert not octets.startswith(b"mohr")


def test_a_greeting_tells_version_and_process() -> None:
    assert wire.read_greeting(wire.greeting(4711)) == wire.Greeting(wire.PROTOCOL, 4711)


@given(st.binary(max_size=300))
def test_noise_is_a_message_or_a_typed_fault(noise: bytes) -> None:
    for read in (wire.read_request, wire.read_message):
        try:
            assert isinstance(read(noise), msgspec.Struct)
        except FrameMalformed as fault:
            assert fault.__cause__ is None


@given(requests, st.data())
def test_a_flipped_bit_is_a_message_or_a_typed_fault(request_: wire.Request, data: st.DataObject) -> None:
    payload = bytearray(wire.request_frame(1, request_)[8:])
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        wire.read_request(bytes(payload))
    except FrameMalformed as fault:
        assert str(fault) == "the payload is not a request"


@pytest.mark.parametrize("cap", [wire.MAX_REQUEST, wire.MAX_ANSWER])
def test_a_length_over_the_cap_is_refused_before_its_octets_arrive(cap: int) -> None:
    assert wire.Deframer(cap).feed(cap.to_bytes(4, "big") + bytes(4)) == []
    with pytest.raises(FrameMalformed):
        wire.Deframer(cap).feed((cap + 1).to_bytes(4, "big") + bytes(4))


def test_a_message_over_the_cap_is_not_sent() -> None:
    mechanism = Mechanism(type=0x40)
    with pytest.raises(FrameMalformed):
        wire.request_frame(1, wire.Sign(1, b"\x01", mechanism, bytes(wire.MAX_REQUEST)))
    with pytest.raises(FrameMalformed):
        wire.message_frame(1, wire.NotLoaded("x" * wire.MAX_ANSWER))


@pytest.mark.parametrize(
    "message",
    [wire.Calling("x" * 65), wire.Returned(5, "x" * 65), wire.Signature(bytes(64 * 1024 + 1))],
)
def test_what_no_worker_has_to_say_is_not_read(message: wire.Answer | wire.Calling) -> None:
    ((_, payload),) = wire.Deframer(wire.MAX_ANSWER).feed(wire.message_frame(1, message))
    with pytest.raises(FrameMalformed):
        wire.read_message(payload)


def test_no_repr_shows_a_pin_or_a_document() -> None:
    secret, document, mechanism = b"73915502", b"diabetes", Mechanism(type=1)
    holders = [
        wire.Login(3, secret),
        wire.SignAuthenticated(3, b"", mechanism, document, secret),
        wire.SetPin(3, PinChange.BY_PUK, secret, secret),
        wire.InitToken(3, secret, "label"),
    ]
    shown = [*map(repr, holders), repr(wire.Sign(3, b"", mechanism, document))]
    rich = [holder.__rich_repr__() for holder in holders]
    assert "73915502" not in f"{shown} {rich}"
    assert "diabetes" not in f"{shown} {rich}"
