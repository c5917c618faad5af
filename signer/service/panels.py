"""The panels that may ask for signatures, and what the clinic allows: shown, and a panel's right taken away.

Where pairings are kept is the endpoint's; it comes in as a port.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from signer.model.policy import Policy
from signer.service.ports import Clock, History


class Paired(Protocol):
    """One pairing, as it is kept. Times are aware, UTC; `last_used` is exact to a day."""

    @property
    def origin(self) -> str:
        """Scheme, host and port, in the browser's spelling."""

    @property
    def paired_at(self) -> datetime:
        """When the doctor accepted."""

    @property
    def last_used(self) -> datetime:
        """When it last asked for anything."""


class PairingStore(Protocol):
    """The pairings. Every method raises `PairingStoreFailed`."""

    def list(self, now: datetime) -> tuple[Paired, ...]:
        """Those in force, by origin."""

    def revoke(self, origin: str) -> bool:
        """Forget an origin; False where it was not known."""


class Panel(Struct, frozen=True, kw_only=True):
    """One paired panel. `signed` counts its signed documents; `admitted` is False where policy refuses it."""

    origin: str
    paired_at: datetime
    last_used: datetime
    signed: int
    admitted: bool


class PanelsNow(Struct, frozen=True, kw_only=True):
    """The panels, by origin, and the clinic's policy; None where none is set.

    `problem` is the stable code of why a policy that is there cannot be followed.
    """

    panels: tuple[Panel, ...]
    policy: Policy | None
    problem: str | None


_NO_POLICY = Policy()


class Panels:
    """The use cases of the panels' page."""

    def __init__(
        self,
        store: PairingStore,
        history: History,
        clock: Clock,
        *,
        policy: Policy = _NO_POLICY,
        problem: str | None = None,
    ) -> None:
        self._store = store
        self._history = history
        self._clock = clock
        self._policy = policy
        self._problem = problem

    async def now(self) -> PanelsNow:
        """All of it, read now. Raises `PairingStoreFailed`, `JournalUnwritable`."""
        panels = [
            Panel(
                origin=paired.origin,
                paired_at=paired.paired_at,
                last_used=paired.last_used,
                signed=await self._history.signed(paired.origin),
                admitted=self._policy.admits(paired.origin),
            )
            for paired in self._store.list(self._clock.now())
        ]
        set_by_clinic = self._problem is None and self._policy != _NO_POLICY
        return PanelsNow(
            panels=tuple(panels),
            policy=self._policy if set_by_clinic else None,
            problem=self._problem,
        )

    async def revoke(self, origin: str) -> PanelsNow:
        """Take a panel's right away: it has to pair anew. Raises `PairingStoreFailed`."""
        self._store.revoke(origin)
        return await self.now()
