"""What the window asks of the agent: one frozen value for each thing, and what comes back.

Knows no Qt. A request is performed on the agent's loop, over `signer.service.office`; its answer crosses back
as an `Answered`. A PIN inside one is wiped by the use case that it is given to.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from msgspec import Struct

from signer.service.consent import Pin
from signer.service.office import Office, TokensNow
from signer.service.token_desk import ManagedToken, Secret

Answer_co = TypeVar("Answer_co", covariant=True)


class Request(Protocol[Answer_co]):
    """One thing to do."""

    async def perform(self, office: Office) -> Answer_co:
        """Do it, on the agent's loop. Raises a `MohrError` where it cannot be done."""


class ReadTokens(Struct, frozen=True):
    """The tokens and their certificates."""

    async def perform(self, office: Office) -> TokensNow:
        """See `Request`."""
        return await office.tokens()


class ChangePin(Struct, frozen=True, kw_only=True):
    """Who knows the PIN gives it a new value."""

    token: ManagedToken
    secret: Secret
    new: Pin | None

    async def perform(self, office: Office) -> None:
        """See `Request`."""
        await office.desk.change_pin(self.token, self.secret, self.new)


class Unblock(Struct, frozen=True, kw_only=True):
    """The officer's PIN or the PUK gives a locked token a new PIN."""

    token: ManagedToken
    secret: Secret
    new: Pin | None

    async def perform(self, office: Office) -> None:
        """See `Request`."""
        await office.desk.unblock(self.token, self.secret, self.new)
