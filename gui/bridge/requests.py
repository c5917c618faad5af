"""What the window asks of the agent: one frozen value for each thing, and what comes back.

Knows no Qt. A request is performed on the agent's loop, over `signer.service.office`; its answer crosses back
as an `Answered`. A PIN inside one is wiped by the use case that it is given to.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct

from signer.model.history import Row, Wanted
from signer.model.request import JOURNAL_ID, PDF, TEST_ID, TEXT, Document, SignatureFormat
from signer.model.session_signing import Limits
from signer.service.consent import Pin
from signer.service.exported import check_writable, write_export
from signer.service.office import Office, TokensNow
from signer.service.own_signing import OwnSigned
from signer.service.panels import PanelsNow
from signer.service.records import Detailed, Opened, Search, Traced
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


class NameCentre(Struct, frozen=True, kw_only=True):
    """Give a certificate's centre a name of the doctor's own, or take it away; the tokens afterwards."""

    credential_id: str
    name: str

    async def perform(self, office: Office) -> TokensNow:
        """See `Request`."""
        return await office.name_centre(self.credential_id, self.name)


class ChooseHere(Struct, frozen=True, kw_only=True):
    """Make a certificate this computer's, or no longer; the tokens afterwards."""

    credential_id: str
    here: bool

    async def perform(self, office: Office) -> TokensNow:
        """See `Request`."""
        return await office.choose_here(self.credential_id, self.here)


class CheckJournal(Struct, frozen=True):
    """Walk the journal's chain: the first entry that is not as it was written, None if all are."""

    async def perform(self, office: Office) -> int | None:
        """See `Request`."""
        return await office.records.broken_at()


class OpenJournal(Struct, frozen=True):
    """Count what is searched for, with the first page."""

    search: Search

    async def perform(self, office: Office) -> Opened:
        """See `Request`."""
        return await office.records.open(self.search)


class JournalPage(Struct, frozen=True, kw_only=True):
    """One more page of what was opened."""

    wanted: Wanted
    top: int
    skip: int

    async def perform(self, office: Office) -> tuple[Row, ...]:
        """See `Request`."""
        return await office.records.page(self.wanted, self.top, self.skip)


class ReadEntry(Struct, frozen=True):
    """All that is kept of one entry."""

    sequence: int

    async def perform(self, office: Office) -> Detailed | None:
        """See `Request`."""
        return await office.records.entry(self.sequence)


class TraceFile(Struct, frozen=True):
    """Was this file signed here?"""

    path: Path

    async def perform(self, office: Office) -> Traced:
        """See `Request`."""
        return await office.records.trace(self.path)


class ExportJournal(Struct, frozen=True, kw_only=True):
    """Write what was opened to a file; how many rows."""

    wanted: Wanted
    top: int
    path: Path

    async def perform(self, office: Office) -> int:
        """See `Request`."""
        return await office.records.export(self.wanted, self.top, self.path)


class ChooseSession(Struct, frozen=True, kw_only=True):
    """For how much a holder's token stays open after one PIN; None is off."""

    credential_id: str
    limits: Limits | None

    async def perform(self, office: Office) -> TokensNow:
        """See `Request`."""
        return await office.choose_session(self.credential_id, self.limits)


class CloseToken(Struct, frozen=True):
    """Log out the token that stands open."""

    async def perform(self, office: Office) -> None:
        """See `Request`."""
        await office.close_token()


class ReadPanels(Struct, frozen=True):
    """The paired panels and the clinic's policy."""

    async def perform(self, office: Office) -> PanelsNow:
        """See `Request`."""
        return await office.panels.now()


class RevokePanel(Struct, frozen=True):
    """Take a panel's right away; those that are left."""

    origin: str

    async def perform(self, office: Office) -> PanelsNow:
        """See `Request`."""
        return await office.panels.revoke(self.origin)


class SignTrial(Struct, frozen=True):
    """Sign a test text, which is shown and agreed to like every document; how it ended."""

    text: str

    async def perform(self, office: Office) -> OwnSigned:
        """See `Request`."""
        document = Document(id=TEST_ID, media_type=TEXT, content=self.text.encode())
        return await office.own_signing.sign(document)


class JournalRows(Struct, frozen=True, kw_only=True):
    """The first rows of what was opened, at most `count`, newest first."""

    wanted: Wanted
    top: int
    count: int

    async def perform(self, office: Office) -> tuple[Row, ...]:
        """See `Request`."""
        return await office.records.first(self.wanted, self.top, self.count)


class SignJournal(Struct, frozen=True, kw_only=True):
    """Sign the journal as a PDF and write it to `path`; how it ended.

    Raises `FileUnusable` before anybody is asked, where it can be known.
    """

    content: bytes
    path: Path

    async def perform(self, office: Office) -> OwnSigned:
        """See `Request`."""
        await asyncio.to_thread(check_writable, self.path)
        document = Document(id=JOURNAL_ID, media_type=PDF, content=self.content, format=SignatureFormat.PADES)
        signed = await office.own_signing.sign(document)
        if signed.signature is not None:
            await asyncio.to_thread(write_export, self.path, signed.signature)
        return signed
