"""What is fresh and what is a repeat, also when the clock is set."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.endpoint import replay
from signer.endpoint.replay import WINDOW, ReplayGuard
from signer.model.errors import RequestReplayed, RequestStale, TooManyRequests
from tests.endpoint.world import NOON

START = int(NOON.timestamp())


def test_each_nonce_is_taken_once_for_each_key() -> None:
    guard = ReplayGuard(NOON)
    guard.take("key", "nonce", START, NOON)
    guard.take("key", "other", START, NOON)
    guard.take("other", "nonce", START, NOON)
    with pytest.raises(RequestReplayed):
        guard.take("key", "nonce", START, NOON)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(-310, 310)), max_size=30))
def test_whatever_was_taken_is_never_fresh_and_unknown_at_once(events: list[tuple[int, int]]) -> None:
    guard, now, taken = ReplayGuard(NOON), NOON, []
    for pause, offset in events:
        now += timedelta(seconds=pause)
        created = int(now.timestamp()) + offset
        try:
            guard.check_fresh(created, now)
        except RequestStale:
            continue
        try:
            guard.take("key", str(created), created, now)
        except RequestReplayed:
            assert created in taken
        taken.append(created)
        for earlier in taken:
            with pytest.raises((RequestReplayed, RequestStale)):
                guard.check_fresh(earlier, now)
                guard.take("key", str(earlier), earlier, now)


@pytest.mark.parametrize(("offset", "fresh"), [(-1, False), (0, True), (WINDOW, True), (WINDOW + 1, False)])
def test_at_the_start_only_what_was_made_since_is_fresh(offset: int, fresh: bool) -> None:
    guard = ReplayGuard(NOON)
    if fresh:
        guard.check_fresh(START + offset, NOON)
    else:
        with pytest.raises(RequestStale):
            guard.check_fresh(START + offset, NOON)


def test_a_clock_that_was_ahead_and_is_set_right_does_not_shut_panels_out() -> None:
    guard = ReplayGuard(NOON + timedelta(days=700))
    guard.check_fresh(START, NOON)
    with pytest.raises(RequestStale):
        guard.check_fresh(START - 1, NOON)


def test_what_was_forgotten_stays_stale_when_the_clock_goes_back_a_little() -> None:
    guard = ReplayGuard(NOON)
    guard.take("key", "nonce", START, NOON)
    later = NOON + timedelta(seconds=500)
    guard.take("key", "other", START + 500, later)
    with pytest.raises((RequestStale, RequestReplayed)):
        guard.check_fresh(START, later - timedelta(seconds=300))
        guard.take("key", "nonce", START, later - timedelta(seconds=300))


def test_a_full_window_refuses_rather_than_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MAX_NONCES", 3)
    guard = ReplayGuard(NOON)
    for number in range(3):
        guard.take("key", str(number), START, NOON)
    with pytest.raises(TooManyRequests):
        guard.take("key", "3", START, NOON)
    with pytest.raises(RequestReplayed):
        guard.take("key", "0", START, NOON)
    later = NOON + timedelta(seconds=WINDOW + 120)
    guard.take("key", "3", int(later.timestamp()), later)
