"""Our CAdES through the worker, one signature at a time: built, signed, read again and verified."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from drivers import mechanisms
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import Token
from signer import x509
from signer.envelope import cades
from signer.model.credential import SignatureAlgorithm
from signer.service.tracing import Recording
from signer.verify.cades import verify_release
from tests import softhsm
from tests.bench.place import RSA, Place

MEDIA_TYPE = "application/json"
ALGORITHM = SignatureAlgorithm.RSA_PKCS1_SHA256


class WorkerSigner:
    """A logged-in worker on an event loop of its own, driven from synchronous code; recorded, if so asked."""

    def __init__(
        self, place: Place, certificate: x509.Certificate, recording: Recording | None = None
    ) -> None:
        self._certificate = certificate
        self._loop = asyncio.new_event_loop()
        self._supervisor = Supervisor(place.module, env=place.env)
        self._supervisor.record(None if recording is None else recording.module())
        self._token = self._loop.run_until_complete(self._log_in())
        self._plan = mechanisms.plan(ALGORITHM.value, self._token.mechanisms, mechanisms.SignPreferences())

    async def _log_in(self) -> Token:
        token = next(t for t in await self._supervisor.tokens() if t.label == softhsm.LABEL)
        await self._supervisor.login(token.slot, Pin(softhsm.PIN))
        return token

    def sign(self, content: bytes) -> None:
        """One signature, verified."""
        self._loop.run_until_complete(self._sign(content))

    async def _sign(self, content: bytes) -> None:
        at = datetime.now(UTC)
        draft = cades.prepare(
            content=content,
            media_type=MEDIA_TYPE,
            certificate=self._certificate,
            algorithm=ALGORITHM,
            signing_time=at,
        )
        answer = await self._supervisor.sign(
            self._token.slot, RSA, self._plan.mechanism, self._plan.data(draft.to_be_signed)
        )
        verify_release(
            draft.finish(self._plan.signature(answer)),
            content=content,
            media_type=MEDIA_TYPE,
            certificate=self._certificate,
            algorithm=ALGORITHM,
            signing_time=at,
            attached=True,
        )

    def boundary(self, data: bytes) -> None:
        """One signature alone: what it takes beyond the raw one is the way to the worker and back."""
        slot, mechanism = self._token.slot, self._plan.mechanism
        self._loop.run_until_complete(self._supervisor.sign(slot, RSA, mechanism, self._plan.data(data)))

    def question(self) -> None:
        """The way to the worker and back with next to nothing to do there: the token's flags."""
        self._loop.run_until_complete(self._supervisor.token_flags(self._token.slot))

    def close(self) -> None:
        """End the worker."""
        self._loop.run_until_complete(self._supervisor.close())
        self._loop.close()
