"""The other ports of the use cases: signers, journal, clock. The port to the person is `consent`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from drivers.pin import Pin
from signer.model.credential import Authorisation, Credential, SignatureAlgorithm
from signer.model.record import Ending, Intent, PastRequest, Seal


class Clock(Protocol):
    """The time, so that tests can choose it."""

    def now(self) -> datetime:
        """Aware, UTC."""


class SigningSession(Protocol):
    """A logged-in token, good for the documents of one consent."""

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """The signature over `message` (hashed by the algorithm). Many calls may be in flight at once.

        Raises `SignatureWantsPin` where the key takes `sign_with_pin` alone, or another `MohrError` of the
        token, session or module family.
        """

    async def sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes, pin: Pin | None) -> bytes:
        """The same with a key that wants a PIN for each signature, which is given to the token once.

        Raises `PinWrong` and the other PIN conditions too; another PIN may be given afterwards.
        """

    async def pin_wanted(self) -> Authorisation:
        """What `sign_with_pin` wants and what is known of the tries left, read now."""

    async def close(self) -> None:
        """Log out. Never raises: a token that is gone is logged out."""


class Signers(Protocol):
    """Where credentials come from: tokens today, approval elsewhere another day."""

    async def credentials(self) -> tuple[Credential, ...]:
        """All certificates of all tokens, usable or not, in a stable order. Asks for no PIN."""

    async def authorisation(self, credential: Credential) -> Authorisation:
        """What the token wants and what is known of the tries left, read now."""

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        """What this credential's token can make, best first. Empty where it can make none."""

    async def log_in(self, credential: Credential, pin: Pin | None) -> SigningSession:
        """C_Login, once. Raises `PinWrong` and the other PIN conditions, or of the token family."""


class Journal(Protocol):
    """The tamper-evident record. Every method raises `JournalUnwritable` rather than losing an entry."""

    async def intend(self, intents: tuple[Intent, ...]) -> None:
        """Make intents durable; on return they survive a power cut."""

    async def seal(self, seals: tuple[Seal, ...]) -> None:
        """Make seals durable, in one commit; on return they survive a power cut."""

    async def end(self, endings: tuple[Ending, ...]) -> None:
        """Record documents that end without a signature."""

    async def past(self, origin: str, idempotency_key: str, now: datetime) -> PastRequest | None:
        """What became of an earlier request under this key within 24 h, or None."""
