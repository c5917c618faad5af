"""Carries pairings from the first call to the doctor's answer: one at a time, five tries, two minutes.

Holds what is in progress, in memory. The rules of one attempt are `pairing`'s, the result goes to `pairings`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
from collections import deque
from datetime import datetime, timedelta

from signer.endpoint.cautions import cautions_of
from signer.endpoint.encodings import b64u
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairing import LIFETIME, NONCE_OCTETS, PairingAttempt, PairingState
from signer.endpoint.pairings import Pairings
from signer.model.errors import (
    MohrError,
    PairingBusy,
    PairingRefused,
    PairingUnknown,
    TooManyRequests,
    Unexpected,
)
from signer.model.policy import Policy
from signer.service.consent import ConsentSurface, PairingQuestion
from signer.service.cool_down import CoolDowns
from signer.service.ports import Clock

TRIES = 5
TRIES_WINDOW = timedelta(minutes=10)
READABLE = timedelta(minutes=2)

_log = logging.getLogger(__name__)


class _Entry:
    """An attempt, the question that is open for it, and what stopped it if not the doctor."""

    def __init__(self, attempt: PairingAttempt) -> None:
        self.attempt = attempt
        self.ended = asyncio.Event()
        self.question: asyncio.Task[None] | None = None
        self.problem: MohrError | None = None


class PairingDesk:
    """The pairings in progress. Used from one event loop."""

    def __init__(
        self,
        *,
        consent: ConsentSurface,
        clock: Clock,
        pairings: Pairings,
        key: SigningKey,
        policy: Policy,
        cool_downs: CoolDowns | None = None,
    ) -> None:
        self._consent = consent
        self._clock = clock
        self._pairings = pairings
        self._key = key
        self._policy = policy
        self._entries: dict[str, _Entry] = {}
        self._failures: deque[datetime] = deque(maxlen=TRIES)
        self._cool_downs = cool_downs or CoolDowns()

    def start(self, origin: str, commitment: bytes) -> PairingAttempt:
        """Open an attempt. `commitment` is the panel's, 32 octets.

        The origin whose attempt is in progress may start again, which ends that one: its page was reloaded.
        Raises `PairingRefused` where policy forbids pairing, `PairingBusy`, `TooManyRequests`.
        """
        if not self._policy.pairing:
            raise PairingRefused("policy forbids pairing")
        now = self._clock.now()
        self._settle(now)
        for entry in [entry for entry in self._entries.values() if entry.attempt.open]:
            if entry.attempt.origin != origin:
                raise PairingBusy("another origin is pairing")
            self._end(entry, PairingState.EXPIRED, now)
        self._check_tries(origin, now)
        attempt = PairingAttempt(
            id=b64u(secrets.token_bytes(16)),
            origin=origin,
            panel_commitment=commitment,
            agent_point=self._key.point,
            agent_nonce=secrets.token_bytes(NONCE_OCTETS),
            expires_at=now + LIFETIME,
        )
        self._entries[attempt.id] = _Entry(attempt)
        return attempt

    def reveal(self, origin: str, attempt_id: str, point: bytes, nonce: bytes) -> PairingAttempt:
        """Take the panel's key and nonce, and put the digits before the doctor.

        Raises `PairingUnknown`, and `PairingRefused` where it was revealed before (the attempt goes on) or
        the commitment does not open (the attempt ends).
        """
        now = self._clock.now()
        entry = self._find(origin, attempt_id, now)
        if not entry.attempt.open:
            raise PairingUnknown("the pairing has ended")
        if entry.attempt.reveal is not None:
            raise PairingRefused("the commitment was opened before")
        try:
            entry.attempt = entry.attempt.revealed(point, nonce)
        except PairingRefused:
            self._end(entry, PairingState.REFUSED, now)
            raise
        entry.question = asyncio.create_task(self._ask(entry), name="pairing question")
        return entry.attempt

    async def follow(self, origin: str, attempt_id: str, wait: float) -> PairingAttempt:
        """The attempt now, or as soon as it has ended, or after `wait` seconds.

        Raises `PairingUnknown`, and what kept the doctor from being asked, such as `ConsentSurfaceMissing`.
        """
        now = self._clock.now()
        entry = self._find(origin, attempt_id, now)
        if entry.attempt.open and wait > 0:
            left = (entry.attempt.expires_at - now).total_seconds()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(entry.ended.wait(), min(wait, left))
            self._settle(self._clock.now())
        if entry.problem is not None:
            raise entry.problem
        return entry.attempt

    def asks_for(self, origin: str) -> bool:
        """Stands the doctor before this origin's digits?"""
        self._settle(self._clock.now())
        return any(
            entry.attempt.open and entry.question is not None and entry.attempt.origin == origin
            for entry in self._entries.values()
        )

    def close(self) -> None:
        """Withdraw what is open; nothing is accepted any more."""
        now = self._clock.now()
        for entry in self._entries.values():
            self._end(entry, PairingState.EXPIRED, now)

    async def _ask(self, entry: _Entry) -> None:
        attempt = entry.attempt
        assert attempt.reveal is not None
        question = PairingQuestion(
            origin=attempt.origin,
            code=attempt.reveal.code,
            expires_at=attempt.expires_at,
            cautions=cautions_of(attempt.origin, self._pairings, self._policy, self._clock.now()),
        )
        state = PairingState.REFUSED
        try:
            async with asyncio.timeout((attempt.expires_at - self._clock.now()).total_seconds()):
                accepted = await self._consent.pair(question)
            now = self._clock.now()
            if accepted and entry.attempt.at(now).open:
                self._pairings.accept(attempt.origin, attempt.reveal.panel_point, now)
                state = PairingState.ACCEPTED
                self._cool_downs.accepted(attempt.origin)
            elif not accepted:
                self._cool_downs.refused(attempt.origin, now)
        except TimeoutError:
            state = PairingState.EXPIRED
        except MohrError as problem:
            entry.problem = problem
        except Exception as problem:  # noqa: BLE001 - whatever the surface did, the panel must hear an end
            _log.error("the pairing question failed: %s", type(problem).__name__)
            entry.problem = Unexpected("the pairing question failed")
        entry.question = None
        self._end(entry, state, self._clock.now())

    def _end(self, entry: _Entry, state: PairingState, now: datetime) -> None:
        if not entry.attempt.open:
            return
        # A yes that comes after the two minutes is none.
        entry.attempt = entry.attempt.at(now).ended(state)
        entry.ended.set()
        if entry.attempt.state is not PairingState.ACCEPTED:
            self._failures.append(now)
        if entry.question is not None:
            entry.question.cancel()

    def _settle(self, now: datetime) -> None:
        for entry in self._entries.values():
            if not entry.attempt.at(now).open:
                self._end(entry, PairingState.EXPIRED, now)
        self._entries = {
            attempt_id: entry
            for attempt_id, entry in self._entries.items()
            if now < entry.attempt.expires_at + READABLE
        }

    def _find(self, origin: str, attempt_id: str, now: datetime) -> _Entry:
        self._settle(now)
        entry = self._entries.get(attempt_id)
        if entry is None or entry.attempt.origin != origin:
            raise PairingUnknown("no such pairing of this origin")
        return entry

    def _check_tries(self, origin: str, now: datetime) -> None:
        rest = self._cool_downs.left(origin, now)
        if rest:
            raise TooManyRequests("the origin waits after a no", retry_after=math.ceil(rest))
        while self._failures and now - self._failures[0] >= TRIES_WINDOW:
            self._failures.popleft()
        if len(self._failures) >= TRIES:
            left = self._failures[0] + TRIES_WINDOW - now
            raise TooManyRequests("pairing attempts used up", retry_after=math.ceil(left.total_seconds()))
