"""The other ports of the use cases: signers, journal, clock, net. The port to the person is `consent`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from drivers.pin import Pin
from signer.model.credential import Authorisation, Credential, SignatureAlgorithm, TokenRef
from signer.model.evidence import Revocation
from signer.model.history import Found, FullEntry, Row, Wanted
from signer.model.presence import Presence
from signer.model.record import Ending, Intent, PastRequest, Seal
from signer.model.session_signing import Ended
from signer.x509 import Certificate

T = TypeVar("T")


class Clock(Protocol):
    """The time, so that tests can choose it."""

    def now(self) -> datetime:
        """Aware, UTC."""


class SigningSession(Protocol):
    """A logged-in token, good for the documents of one consent, or of several where it is kept open."""

    @property
    def proved(self) -> bool:
        """Did C_Login look at a PIN, and does that one PIN stand for all that this key signs?"""

    def with_key(self, credential: Credential) -> SigningSession:
        """The same login with another key of the same token. Only the first one is to be closed."""

    async def lost(self) -> None:
        """Wait until the login has gone with the worker that had it."""

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

    @property
    def presence(self) -> Presence:
        """Which tokens are there, as far as is known now."""

    def on_change(self, tell: Callable[[Presence], None]) -> None:
        """Call `tell` with each new presence, and with the present one now."""

    def attention(self) -> AbstractContextManager[None]:
        """Somebody waits for news: within it, tokens that tell nothing by themselves are looked for too."""

    def absence(self) -> str:
        """The stable code that says why there is no token; `token-absent` where no more is known."""

    def stay(self, token: TokenRef) -> Hashable:
        """What tells this stay of the token in its reader from another one, before or after.

        Equal as long as the token was not pulled out; always equal where no reader tells.
        """

    async def gone(self, credential: Credential) -> None:
        """Wait until the credential's token is not there any more."""

    async def returned(self, credential: Credential) -> Credential:
        """Wait until the credential's own token, by serial and certificate, is there; where it is now."""


class TokenPlace(Protocol):
    """A token's place and the card that is in it now."""

    async def work(self, work: Awaitable[T]) -> T:
        """Wait for the work. A failure that says nothing is `TokenRemoved` where the card has gone."""

    def working(self) -> AbstractAsyncContextManager[None]:
        """The same around a stretch of work."""


class Tokens(Protocol):
    """Where tokens stand, for work on them that needs no credential."""

    def place(self, token: TokenRef) -> TokenPlace:
        """Where this token is."""

    async def token_gone(self, token: TokenRef) -> None:
        """Wait until the token is not there any more."""

    async def token_returned(self, token: TokenRef) -> None:
        """Wait until a token with its serial number is there."""


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


class History(Protocol):
    """The journal as a person reads it. Every method raises `JournalUnwritable` where it cannot be read."""

    async def find(self, wanted: Wanted, rows: int) -> Found:
        """Count what is wanted, and give the first `rows`, newest first."""

    async def page(self, wanted: Wanted, top: int, skip: int, rows: int) -> tuple[Row, ...]:
        """`rows` more of what `find` counted up to `top`, after the first `skip`."""

    async def origins(self, credentials: tuple[str, ...]) -> tuple[str, ...]:
        """The panels of all entries that these certificates' holder may be told."""

    async def signed(self, origin: str) -> int:
        """How many documents of one panel were signed."""

    async def entry(self, sequence: int) -> FullEntry | None:
        """All that is kept of one document's end; None where there is no such entry."""

    async def by_hash(self, digests: tuple[bytes, ...]) -> tuple[Row, ...]:
        """The documents whose content, or whose finished signature, has one of these SHA-256 hashes."""

    async def broken_at(self) -> int | None:
        """Walk the whole chain; the first entry that is not as it was written, None if all are."""


class ScreenWatch(Protocol):
    """The screen, the user's turn at it, and the computer's sleep."""

    @property
    def sees(self) -> bool:
        """Is the screen known to be open and this user's now, and would its end be seen?"""

    def on_end(self, tell: Callable[[Ended], None]) -> None:
        """Call `tell` when the screen is locked or another's, or can no longer be seen."""

    def start(self) -> None:
        """Begin to watch; returns at once."""

    async def close(self) -> None:
        """Watch no more."""


class Net(Protocol):
    """The outside: authorities that attest. Many calls may be in flight; a few at a time go out.

    What comes back was judged: it is about what was asked, in its time, and signed by who should. Whether
    that authority is trusted is the verifier's question.
    """

    @property
    def timestamps(self) -> bool:
        """Is there a timestamp authority to ask at all?"""

    async def timestamp(self, octets: bytes) -> bytes:
        """A TimeStampToken (RFC 3161 §2.4.2), DER, over the SHA-256 of `octets`. Raises `TsaUnreachable`."""

    def stampers(self, token: bytes) -> tuple[Certificate, ...]:
        """The certificates inside such a token, the stamping authority's first."""

    async def revocation(self, certificate: Certificate, known: tuple[Certificate, ...]) -> Revocation:
        """Proof that the certificate is not revoked; its issuer may be among `known`.

        Raises `CredentialRevoked`, `RevocationUnreachable`.
        """
