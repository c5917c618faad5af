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


@given(st.lists(requests, max_size=5), st.integers(1, 40))
def test_requests_survive_a_pipe_that_cuts_them_anywhere(sent: list[wire.Request], step: int) -> None:
    stream = b"".join(wire.frame(request) for request in sent)
    deframer = wire.Deframer()
    heard = []
    for start in range(0, len(stream), step):
        heard += [wire.read_request(payload) for payload in deframer.feed(stream[start : start + step])]
    assert heard == sent
    assert deframer.empty


@given(messages)
def test_what_a_worker_says_survives_the_pipe(message: wire.Answer | wire.Calling) -> None:
    (payload,) = wire.Deframer().feed(wire.frame(message))
    assert wire.read_message(payload) == message


@given(st.binary(max_size=300))
def test_noise_is_a_message_or_a_typed_fault(noise: bytes) -> None:
    for read in (wire.read_request, wire.read_message):
        try:
            assert isinstance(read(noise), msgspec.Struct)
        except FrameMalformed as fault:
            assert fault.__cause__ is None


@given(requests, st.data())
def test_a_flipped_bit_is_a_message_or_a_typed_fault(request_: wire.Request, data: st.DataObject) -> None:
    payload = bytearray(wire.frame(request_)[4:])
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        wire.read_request(bytes(payload))
    except FrameMalformed as fault:
        assert str(fault) == "the payload is not a request"


def test_a_length_over_the_cap_is_refused_before_its_octets_arrive() -> None:
    with pytest.raises(FrameMalformed):
        wire.Deframer().feed((wire.MAX_PAYLOAD + 1).to_bytes(4, "big"))


def test_a_message_over_the_cap_is_not_sent() -> None:
    mechanism = Mechanism(type=0x40)
    with pytest.raises(FrameMalformed):
        wire.frame(wire.Sign(1, b"\x01", mechanism, bytes(wire.MAX_PAYLOAD)))


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
