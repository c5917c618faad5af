"""The port to the person: what a consent surface is asked, and what it may answer.

Implemented by the window (`gui.bridge`), the terminal (`signer.cli.terminal`) and the scripted doctor of
the demo and the tests. One contract suite runs over all of them. All methods are called on the agent's
asyncio thread; a surface that lives on another thread does the crossing itself.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec
from msgspec import Struct

from drivers.pin import Pin
from signer.model.credential import Authorisation, Credential, TokenRef
from signer.model.lookalike import Caution
from signer.model.request import Document, SignatureFormat
from signer.model.session_signing import Limits, OpenNow
from signer.model.sheet import DocumentSheet
from signer.service.centres import Centres

__all__ = [
    "Approved",
    "ChoiceQuestion",
    "ConsentDialogue",
    "ConsentQuestion",
    "ConsentSurface",
    "Declined",
    "DocumentAnswer",
    "DocumentOutcome",
    "ModuleQuestion",
    "Outcome",
    "PairingQuestion",
    "Pin",
    "PinProblem",
    "PinRequest",
    "Standing",
    "TokenChoiceQuestion",
    "TokenQuestion",
    "binding_digest",
]


class ChoiceQuestion(Struct, frozen=True, kw_only=True):
    """Which of several usable credentials? Asked of the doctor, never resolved by order.

    `centres` are the doctor's own names for them.
    """

    origin: str
    credentials: tuple[Credential, ...]
    centres: Centres = Centres()


class PairingQuestion(Struct, frozen=True, kw_only=True):
    """Are the six digits on the page the same? `code` is six ASCII digits, `expires_at` aware, UTC.

    `cautions` are what is odd about the origin, to be shown beside it.
    """

    origin: str
    code: str
    expires_at: datetime
    cautions: tuple[Caution, ...] = ()


class ModuleQuestion(Struct, frozen=True, kw_only=True):
    """Is a module that was added by hand to be loaded, now that its file is another one?

    `path` is absolute; `agreed` and `found` are the file's SHA-256 then and now, lower-case hexadecimal;
    `open_to_others` are the file and the folders above it that other users of this computer can write to.
    """

    path: str
    agreed: str
    found: str
    open_to_others: tuple[str, ...] = ()


class ConsentQuestion(Struct, frozen=True, kw_only=True):
    """One request as the doctor sees it: who asks, what, with which certificate.

    `sheets` are in the request's order; `paired_since` is aware, UTC; `signing_time` is frozen here.
    `cautions` are what is odd about the origin; `centre` is what the doctor calls the certificate's centre,
    or what the certificate does. Where the token is `opened` no PIN is asked; `stays` is for how much it will
    stay open after the one that is.
    """

    request_id: str
    origin: str
    paired_since: datetime | None
    sheets: tuple[DocumentSheet, ...]
    documents: tuple[Document, ...]
    credential: Credential
    authorisation: Authorisation
    signing_time: datetime
    cautions: tuple[Caution, ...] = ()
    centre: str | None = None
    opened: OpenNow | None = None
    stays: Limits | None = None

    @property
    def signs_in(self) -> bool:
        """True where the page asks who the doctor is, and for no signature on a document."""
        return any(document.format is SignatureFormat.SIGN_IN for document in self.documents)


class TokenChoiceQuestion(Struct, frozen=True, kw_only=True):
    """On which of several tokens is a key made, or a certificate kept? Asked, never resolved by order."""

    origin: str
    tokens: tuple[TokenRef, ...]


class TokenQuestion(Struct, frozen=True, kw_only=True):
    """What is asked of a token beside signatures: a new key and a request for it, or a certificate to keep.

    There is no credential yet; `token` is where it happens. The one sheet holds what goes into the request,
    or what the certificate says. `asked_at` (aware, UTC) is frozen here. `cautions` are what is odd about
    the origin.
    """

    request_id: str
    origin: str
    paired_since: datetime | None
    sheets: tuple[DocumentSheet, ...]
    documents: tuple[Document, ...]
    token: TokenRef
    authorisation: Authorisation
    asked_at: datetime
    cautions: tuple[Caution, ...] = ()

    @property
    def makes_key(self) -> bool:
        """True where a key is made; else a certificate is kept."""
        return self.documents[0].format is SignatureFormat.PKCS10


class DocumentAnswer(Struct, frozen=True, kw_only=True):
    """Yes to one document, with the codes of the amber findings that got a yes of their own."""

    document_id: str
    accepted: tuple[str, ...] = ()


class Approved(Struct, frozen=True, kw_only=True):
    """Yes. `answers` names the approved documents (at least one); the others are declined.

    `pin` is None when the token asks for it on its own reader, or is open. `last_try_accepted` is the
    explicit yes that spending the last try needs.
    """

    answers: tuple[DocumentAnswer, ...]
    pin: Pin | None
    last_try_accepted: bool = False


class Declined(Struct, frozen=True, kw_only=True):
    """No, to the whole request."""


class PinProblem(Enum):
    """Why the PIN is asked again."""

    WRONG = "wrong"
    MALFORMED = "malformed"
    LOGGED_OUT = "logged-out"
    LAST_TRY_UNCONFIRMED = "last-try-unconfirmed"
    TOKEN_BACK = "token-back"  # noqa: S105 - a reason, not a secret
    EACH_SIGNATURE = "each-signature"
    TOKEN_CLOSED = "token-closed"  # noqa: S105 - a reason, not a secret


class PinRequest(Struct, frozen=True, kw_only=True):
    """Ask for the PIN again, in the same dialogue. The consent given stays given.

    Where the key wants it for each signature, this is about signature `number` of `total`; both 0 elsewhere.
    """

    problem: PinProblem
    authorisation: Authorisation
    number: int = 0
    total: int = 0


class Standing(Struct, frozen=True, kw_only=True):
    """What goes on around a question while it is open: is its panel still there, and who waits behind it?

    `waiting` holds the origins of the requests that come after this one, in their order.
    """

    panel_away: bool = False
    waiting: tuple[str, ...] = ()


class DocumentOutcome(Enum):
    """How one document ended, for the last screen."""

    SIGNED = "signed"
    DECLINED = "declined"
    FAILED = "failed"


class Outcome(Struct, frozen=True, kw_only=True):
    """How the request ended. `problem` is the stable code of what stopped it, or None."""

    documents: tuple[tuple[str, DocumentOutcome], ...]
    problem: str | None = None


class ConsentDialogue(Protocol):
    """One open question. `answer` is awaited once; `ask_pin` follows a refused PIN; `close` ends it.

    `want_token` may come between them, as often as the token is pulled out.

    Cancelling the awaiting task (the panel cancelled, the request expired) must leave no window behind once
    `close` was called.
    """

    async def answer(self) -> Approved | Declined:
        """Wait for the doctor."""

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        """Wait for another PIN; None when the doctor gives up. Only `pin` and `last_try_accepted` count."""

    def token_away(self, token: TokenRef | None) -> None:
        """While `answer` is awaited: this token was pulled out, or (None) it is back. Nothing is asked."""

    def token_open(self, opened: OpenNow | None) -> None:
        """While `answer` is awaited: the token that was open is so no more (None), or differently."""

    async def want_token(self, token: TokenRef) -> None:
        """Name the token that was pulled out and is wanted back; returns only when the doctor gives up.

        Cancelled when the token is there again; `ask_pin` follows. The consent given stays given.
        """

    def standing(self, standing: Standing) -> None:
        """From `open` to `close`: how it stands around the question, where that is not `Standing()`.

        Nothing is asked and nothing may be raised. A panel that is away at `close` finds the result later.
        """

    def progress(self, done: int, total: int) -> None:
        """Tell how many documents are signed. May be called hundreds of times a second."""

    def close(self, outcome: Outcome) -> None:
        """Show how it ended and go away. Called exactly once, whatever happened."""


class ConsentSurface(Protocol):
    """Where a person can be asked. Raises `ConsentSurfaceMissing` where there is nobody to ask."""

    async def pair(self, question: PairingQuestion) -> bool:
        """True only on an explicit yes. Cancelling the task withdraws the question."""

    async def choose(self, question: ChoiceQuestion) -> str | None:
        """The chosen credential's id, or None when the doctor declines."""

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        """The chosen token, or None when the doctor declines."""

    async def use_module(self, question: ModuleQuestion) -> bool:
        """True only on an explicit yes. Cancelling the task withdraws the question."""

    def open(self, question: ConsentQuestion) -> ConsentDialogue:
        """Bring the question in front of the doctor."""

    def open_token(self, question: TokenQuestion) -> ConsentDialogue:
        """The same for what is asked of a token: one sheet, one PIN, the same dialogue."""


def binding_digest(
    document: Document,
    credential_id: str,
    origin: str,
    accepted: tuple[str, ...],
    signing_time: datetime,
) -> bytes:
    """What one yes is bound to, SHA-256, 32 bytes: a change of any part of it must ask again.

    Covers document hash, media type, format, level, whether attached, attachments by name, type and hash,
    where the seal is drawn and what it says,
    credential, origin, the findings accepted and the signing time.
    """
    parts = (
        document.content_hash().hex(),
        document.media_type,
        document.format.value,
        document.level.value,
        document.attached,
        [(file.name, file.media_type, file.content_hash().hex()) for file in document.attachments],
        document.seal,
        credential_id,
        origin,
        sorted(accepted),
        signing_time.isoformat(),
    )
    return hashlib.sha256(msgspec.json.encode(parts)).digest()
