"""What the window does beside asking: the use cases behind its pages, in one place for the bridge.

Every call runs on the agent's loop. What is asked of a token goes to `token_desk`, which counts each PIN.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from drivers.catalogue import Unblocking
from signer.model.credential import Credential
from signer.model.errors import MohrError
from signer.model.presence import Presence
from signer.model.session_signing import Ended, Limits
from signer.service.centres import Centres, KeptCentres
from signer.service.key_requests import KeyRequest
from signer.service.own_requests import OwnRequests
from signer.service.own_signing import OwnSigning
from signer.service.panels import Panels
from signer.service.ports import Clock, Signers
from signer.service.records import Records
from signer.service.session_signing import SessionSettings, SessionSigning
from signer.service.token_desk import ManagedToken, TokenDesk
from signer.service.trusted import KeptTrust

__all__ = ["Office", "TokensNow", "Unblocking"]


class TokensNow(Struct, frozen=True, kw_only=True):
    """Tokens as they were `at` a moment: `managed` what can be done to each, `credentials` all certificates.

    `presence` says which certificates are on which token, once for two modules that show the same one;
    `centres` is what their holders call them, and which are this computer's. `requests` are the certificate
    requests in progress; `requests_problem` is the code that says why they cannot be told. `session` is what
    each holder has chosen of session signing.
    """

    at: datetime
    presence: Presence
    managed: tuple[ManagedToken, ...]
    credentials: tuple[Credential, ...]
    centres: Centres = Centres()
    requests: tuple[KeyRequest, ...] = ()
    requests_problem: str | None = None
    session: SessionSettings | None = None


class Office(Struct, frozen=True, kw_only=True):
    """The use cases of the pages."""

    desk: TokenDesk
    panels: Panels
    records: Records
    signers: Signers
    clock: Clock
    centres: KeptCentres
    own_signing: OwnSigning
    own_requests: OwnRequests
    trust: KeptTrust
    sessions: SessionSigning

    async def tokens(self) -> TokensNow:
        """Read now, without a PIN. A module that fails shows no token here; `presence` says why."""
        try:
            credentials = await self.signers.credentials()
        except MohrError:
            credentials = ()
        managed = await self.desk.tokens()
        requests: tuple[KeyRequest, ...] = ()
        requests_problem = None
        try:
            requests = await self.own_requests.in_progress()
        except MohrError as problem:
            requests_problem = problem.code
        return TokensNow(
            at=self.clock.now(),
            presence=self.signers.presence,
            managed=managed,
            credentials=credentials,
            centres=self.centres.read(),
            requests=requests,
            requests_problem=requests_problem,
            session=self.sessions.settings(credentials),
        )

    async def choose_session(self, credential_id: str, limits: Limits | None) -> TokensNow:
        """For how much a holder's token stays open after one PIN, from the next one on; None is off.

        Raises `CredentialAbsent` where it is not in, and `Unexpected` where it cannot be kept.
        """
        self.sessions.choose(credential_id, limits, await self.signers.credentials())
        return await self.tokens()

    async def close_token(self) -> None:
        """The person wants no token open: log it out, once the request that has it in hand has ended."""
        await self.sessions.close(Ended.BY_PERSON)

    async def name_centre(self, credential_id: str, name: str) -> TokensNow:
        """Call a certificate's centre as its doctor does; an empty name ends that. Raises `Unexpected`."""
        self.centres.name(credential_id, name)
        return await self.tokens()

    async def choose_here(self, credential_id: str, here: bool) -> TokensNow:
        """Make a certificate its holder's one for this computer, or no longer.

        Raises `CredentialAbsent` where its token is not in, and `Unexpected` where it cannot be kept.
        """
        self.centres.set_here(credential_id, here, await self.signers.credentials())
        return await self.tokens()

    async def forget_request(self, request_id: str) -> TokensNow:
        """Throw a certificate request away; its key stays on the token. Raises `RequestUnknown`."""
        self.own_requests.forget(request_id)
        return await self.tokens()
