"""A session whose key may want a PIN for each signature: asks the doctor each time, and one at a time.

A key that wants none is signed with at once, many at a time. Which PIN may be tried is `pin_guard`'s to say;
how the doctor is asked is the dialogue's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from signer.model.credential import Credential, SignatureAlgorithm
from signer.model.errors import ConsentDeclined, PinMalformed, PinWrong, SignatureWantsPin
from signer.service.consent import Approved, PinProblem, PinRequest
from signer.service.pin_guard import PinGuard
from signer.service.ports import Clock, SigningSession

#: Asks for one PIN; None where the doctor gives up, or where nobody waits for the signature any more.
Ask = Callable[[PinRequest], Awaitable[Approved | None]]


class EachSignature:
    """Good for the `total` signatures of one consent."""

    def __init__(
        self,
        session: SigningSession,
        credential: Credential,
        *,
        guard: PinGuard,
        clock: Clock,
        ask: Ask,
        total: int,
    ) -> None:
        self._session = session
        self._token = credential.token
        self._guard = guard
        self._clock = clock
        self._ask = ask
        self._total = total
        self._made = 0
        self._wanted = False
        self._given_up = False
        self._one_at_a_time = asyncio.Lock()

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """As `SigningSession.sign`. Raises `ConsentDeclined` once the doctor gave up, and `PinCoolDown`."""
        if not self._wanted:
            try:
                return await self._session.sign(algorithm, message)
            except SignatureWantsPin:
                self._wanted = True
        async with self._one_at_a_time:
            return await self._sign_with_pin(algorithm, message)

    async def _sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        problem = PinProblem.EACH_SIGNATURE
        while True:
            authorisation = await self._session.pin_wanted()
            role = authorisation.role
            self._guard.check(self._token, self._clock.now(), role)
            guarded = self._guard.needs_explicit_yes(self._token, authorisation, self._clock.now())
            answer = await self._one_pin(
                PinRequest(
                    problem=problem, authorisation=authorisation, number=self._made + 1, total=self._total
                )
            )
            try:
                if guarded and not answer.last_try_accepted:
                    problem = PinProblem.LAST_TRY_UNCONFIRMED
                    continue
                value = await self._session.sign_with_pin(algorithm, message, answer.pin)
            except PinWrong:
                self._guard.wrong(self._token, self._clock.now(), role)
                problem = PinProblem.WRONG
            except PinMalformed:
                problem = PinProblem.MALFORMED
            else:
                self._guard.right(self._token, role)
                self._made += 1
                return value
            finally:
                if answer.pin is not None:
                    answer.pin.forget()

    async def _one_pin(self, request: PinRequest) -> Approved:
        answer = None if self._given_up else await self._ask(request)
        if answer is None:
            self._given_up = True
            raise ConsentDeclined
        return answer
