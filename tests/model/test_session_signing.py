"""A token that stays open after one PIN: never for more than was allowed, nor longer, nor after its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signer.model import session_signing as s
from signer.model.credential import Authorisation, AuthorisationKind, PinRole, TriesLeft
from signer.model.policy import LONGEST_SESSION, MOST_SIGNATURES, Policy

limits = st.builds(s.Limits, st.integers(1, MOST_SIGNATURES), st.integers(1, LONGEST_SESSION))
reasons = st.sampled_from(s.Ended)


class Desk(RuleBasedStateMachine):
    """Requests of any size at any time, and whatever may end a session, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state: s.State = s.Shut()
        self.now = 0.0
        self.agreed = 0
        self.since_pin = 0
        self.pin_at = 0.0
        self.allowed = s.Limits()
        self.first = False
        self.told: s.Ended | None = None

    @rule(seconds=st.floats(0, 200_000))
    def time_goes_by(self, seconds: float) -> None:
        self.now += seconds
        before, self.state = self.state, s.at(self.state, self.now)
        if self.told is None and isinstance(before, s.Open) and self.state != before:
            self.told = self.state.why if isinstance(self.state, s.Shut) else self.state.ending

    @precondition(lambda self: not self.in_hand)
    @rule(allowed=limits, count=st.integers(1, 250))
    def a_pin_is_right(self, allowed: s.Limits, count: int) -> None:
        self.state = s.opened(allowed, self.now)
        self.allowed, self.pin_at, self.since_pin = allowed, self.now, 0
        self.agreed, self.first, self.told = count, True, None

    @precondition(lambda self: not self.in_hand)
    @rule(count=st.integers(0, 250))
    def a_request_comes(self, count: int) -> None:
        if s.fits(self.state, count, self.now):
            assert self.told is None, "nothing begins after the end"
            assert count >= 1
            assert isinstance(self.state, s.Open)
            assert self.since_pin + count <= self.allowed.signatures
            assert self.pin_at <= self.now < self.pin_at + 60 * self.allowed.minutes
            self.state = s.begun(self.state)
            self.agreed, self.first = count, False

    @precondition(lambda self: self.in_hand and self.agreed > 0)
    @rule()
    def a_signature_is_made(self) -> None:
        assert isinstance(self.state, s.Open)
        self.state = s.signed(self.state)
        self.agreed -= 1
        self.since_pin += 1

    @precondition(lambda self: self.in_hand)
    @rule()
    def the_request_ends(self) -> None:
        assert isinstance(self.state, s.Open)
        self.state = s.done(self.state, self.now)
        if self.told is not None:
            assert self.state == s.Shut(self.told), "the first reason stands"
        elif isinstance(self.state, s.Shut):
            self.told = self.state.why

    @rule(why=reasons)
    def something_ends_it(self, why: s.Ended) -> None:
        was_open = isinstance(self.state, s.Open)
        self.state = s.ended(self.state, why)
        if was_open and self.told is None:
            self.told = why

    @property
    def in_hand(self) -> bool:
        return isinstance(self.state, s.Open) and self.state.in_hand

    @invariant()
    def no_more_than_allowed_without_a_pin(self) -> None:
        if not self.first:
            assert self.since_pin <= self.allowed.signatures

    @invariant()
    def what_is_idle_after_its_end_is_shut(self) -> None:
        if self.told is not None and not self.in_hand:
            assert isinstance(self.state, s.Shut)


TestDesk = Desk.TestCase


@given(wish=limits, most=limits)
def test_a_choice_never_passes_what_the_clinic_allows(wish: s.Limits, most: s.Limits) -> None:
    chosen = s.narrowed(wish, most)
    assert chosen.signatures <= min(wish.signatures, most.signatures)
    assert chosen.minutes <= min(wish.minutes, most.minutes)


@pytest.mark.parametrize(
    ("signatures", "minutes", "most"),
    [(0, 30, None), (30, 0, None), (0, 0, None), (40, 30, s.Limits(40, 30))],
)
def test_zero_of_either_forbids_it(signatures: int, minutes: int, most: s.Limits | None) -> None:
    policy = Policy(session_signing_signatures=signatures, session_signing_minutes=minutes)
    assert s.ceiling(policy) == most


def test_the_usual_is_twenty_signatures_in_fifteen_minutes_and_no_policy_allows_a_day() -> None:
    assert s.Limits() == s.Limits(signatures=20, minutes=15)
    assert s.ceiling(Policy()) == s.Limits(signatures=250, minutes=24 * 60)


def test_a_clock_that_goes_back_ends_it() -> None:
    state = s.done(s.opened(s.Limits(), 100.0), 101.0)
    assert isinstance(state, s.Open)
    assert s.at(state, 99.0) == s.Shut(s.Ended.TIME_UP)


@pytest.mark.parametrize(
    ("kind", "role", "each", "stays"),
    [
        (AuthorisationKind.PIN, PinRole.USER, False, True),
        (AuthorisationKind.PIN_PAD, PinRole.USER, False, True),
        (AuthorisationKind.MODULE_DIALOG, PinRole.USER, False, False),
        (AuthorisationKind.PIN, PinRole.SIGNATURE, False, False),
        (AuthorisationKind.PIN, PinRole.OFFICER, False, False),
        (AuthorisationKind.PIN, PinRole.USER, True, False),
    ],
)
def test_only_the_users_own_pin_that_opens_the_key_for_good_keeps_it_open(
    kind: AuthorisationKind, role: PinRole, each: bool, stays: bool
) -> None:
    wanted = Authorisation(kind=kind, tries=TriesLeft.UNKNOWN, role=role, each=each)
    assert s.may_stay(wanted) is stays
