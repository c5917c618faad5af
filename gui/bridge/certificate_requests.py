"""A certificate request as the window asks for it, step by step; see `requests` for what such a value is.

What each step does, and what it records, is `signer.service.own_requests`.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from signer.model.applicant import Applicant, KeyType
from signer.model.sheet import DocumentSheet
from signer.service.key_requests import KeyRequest
from signer.service.office import Office, TokensNow
from signer.service.own_requests import Begun, Issued
from signer.service.token_desk import ManagedToken, Secret


class BeginRequest(Struct, frozen=True):
    """A blank, or the particulars of the certificate that is to be followed."""

    credential_id: str | None

    async def perform(self, office: Office) -> Begun:
        """See `Request`."""
        return await office.own_requests.begin(self.credential_id)


class DraftRequest(Struct, frozen=True, kw_only=True):
    """What would be asked for, and what is to be known before the key is made."""

    token: ManagedToken
    applicant: Applicant
    key: KeyType

    async def perform(self, office: Office) -> DocumentSheet:
        """See `Request`."""
        return await office.own_requests.draft(self.token, self.applicant, self.key)


class MakeRequest(Struct, frozen=True, kw_only=True):
    """Make the key on the token, and the request for it. `accepted` are the findings that got a yes."""

    token: ManagedToken
    secret: Secret
    applicant: Applicant
    key: KeyType
    accepted: tuple[str, ...] = ()

    async def perform(self, office: Office) -> KeyRequest:
        """See `Request`."""
        return await office.own_requests.make(
            self.token, self.secret, self.applicant, self.key, accepted=self.accepted
        )


class WriteRequest(Struct, frozen=True, kw_only=True):
    """Write the PKCS #10 to a file."""

    request_id: str
    path: Path

    async def perform(self, office: Office) -> None:
        """See `Request`."""
        await office.own_requests.write(self.request_id, self.path)


class LookAtCertificate(Struct, frozen=True, kw_only=True):
    """The certificate in a file, for this request or for another one in progress."""

    request_id: str
    path: Path

    async def perform(self, office: Office) -> Issued:
        """See `Request`."""
        return await office.own_requests.look_anywhere(self.request_id, self.path)


class KeepCertificate(Struct, frozen=True, kw_only=True):
    """Write the certificate beside its key. `accepted` are the findings that got a yes."""

    token: ManagedToken
    secret: Secret
    found: Issued
    accepted: tuple[str, ...] = ()

    async def perform(self, office: Office) -> None:
        """See `Request`."""
        await office.own_requests.keep(self.token, self.secret, self.found, accepted=self.accepted)


class ForgetRequest(Struct, frozen=True):
    """Throw a request away; the tokens afterwards."""

    request_id: str

    async def perform(self, office: Office) -> TokensNow:
        """See `Request`."""
        return await office.forget_request(self.request_id)
