"""What the endpoint may ask of the agent: the use cases as one protocol, implemented by `signing`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from typing import Protocol

from signer.model.applicant import Applicant, KeyType
from signer.model.credential import Credential
from signer.model.request import Document
from signer.service.news import News
from signer.service.views import RequestView


class UseCases(Protocol):
    """All calls are scoped to the origin: another origin's request is `RequestUnknown`."""

    async def submit(
        self,
        *,
        origin: str,
        idempotency_key: str,
        body_hash: bytes,
        documents: tuple[Document, ...],
        credential: str | None,
        purpose: str | None,
    ) -> RequestView:
        """Take a request in, or give the earlier answer of the same key and body.

        `body_hash` is the SHA-256 of the body as received. Returns at once. Raises `IdempotencyConflict`,
        `TooManyPending`, `RefusedLately`, `DocumentUnreadable`, `FormatUnsupported`, `CredentialAbsent`,
        `CredentialUnusable`, `PolicyInvalid`, `RequestExpired` where what was signed under the key is older
        than 24 h, and for a level that no authority can be asked for `TsaUnreachable` or
        `RevocationUnreachable`.
        """

    async def sign_in(
        self, *, origin: str, idempotency_key: str, body_hash: bytes, nonce: str, credential: str | None
    ) -> RequestView:
        """As `submit`, for a sign-in token to this origin: a request of one document, made by the agent.

        `nonce` is base64url of 32 octets or more. A certificate for documents alone ends it as failed with
        `CredentialNotForSignIn`.
        """

    async def request_certificate(
        self, *, origin: str, idempotency_key: str, body_hash: bytes, applicant: Applicant, key: KeyType
    ) -> RequestView:
        """As `submit`, for a new key on a token and a PKCS #10 for it: one document of format `pkcs10`.

        Its `signature` is the PKCS #10, DER; the same key and body give the same one until its certificate
        was stored a day ago. Raises `ApplicantInvalid`.
        """

    async def store_certificate(
        self,
        *,
        origin: str,
        idempotency_key: str,
        body_hash: bytes,
        certificate: bytes,
        chain: tuple[bytes, ...],
    ) -> RequestView:
        """As `submit`, for an issued certificate to be kept beside its key: one document, `certificate`.

        Both are DER and can be read (`x509.read`); `chain` is looked at and not kept.
        """

    def pending(self, origin: str) -> bool:
        """Has this origin a request that is not finished, before the doctor or on the way there?"""

    async def view(self, *, origin: str, request_id: str, wait: float = 0.0) -> RequestView:
        """The request now, or as soon as it is final, or after `wait` seconds, whichever is first.

        Raises `RequestUnknown`, `RequestExpired`.
        """

    async def cancel(self, *, origin: str, request_id: str) -> RequestView:
        """Cancel what is not yet signed. Raises `RequestUnknown`, `RequestExpired`."""

    def events(self, *, origin: str, last_id: str | None) -> AsyncGenerator[News]:
        """What changes of the tokens and of this origin's requests, for as long as it is read.

        Begins after `last_id`, or with how everything is now: see `news.NewsDesk.follow`.
        """

    def present(self, origin: str) -> AbstractContextManager[None]:
        """A paired page of this origin waits or listens for as long as this is held (`Attendance`)."""

    async def credentials(self) -> tuple[Credential, ...]:
        """Every certificate on every connected token, usable or not."""
