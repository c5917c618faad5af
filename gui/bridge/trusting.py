"""Whom the user trusts, as the settings ask for it; every change answers with all that is trusted then.

Apart from `requests`: these look at files of certificates, and nothing here is about a token or a panel.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from signer.service.trusted import Trusted, TrustNow

if TYPE_CHECKING:
    from signer.service.office import Office


class ReadTrust(Struct, frozen=True):
    """Whom the user and the clinic trust."""

    async def perform(self, office: Office) -> TrustNow:
        """See `Request`."""
        return office.trust.now()


class LookAtAuthority(Struct, frozen=True):
    """Whose certificates a file holds. Nothing is trusted by looking."""

    path: Path

    async def perform(self, office: Office) -> tuple[Trusted, ...]:
        """See `Request`."""
        return await asyncio.to_thread(office.trust.look, self.path)


class TrustAuthorities(Struct, frozen=True):
    """Trust what was looked at; the file is not read again."""

    authorities: tuple[Trusted, ...]

    async def perform(self, office: Office) -> TrustNow:
        """See `Request`."""
        office.trust.trust(self.authorities)
        return office.trust.now()


class Distrust(Struct, frozen=True):
    """No longer trust one authority."""

    certificate_id: str

    async def perform(self, office: Office) -> TrustNow:
        """See `Request`."""
        office.trust.distrust(self.certificate_id)
        return office.trust.now()


class StampAt(Struct, frozen=True):
    """Have the time stamped at another address, or nowhere."""

    address: str

    async def perform(self, office: Office) -> TrustNow:
        """See `Request`."""
        office.trust.set_stamper(self.address)
        return office.trust.now()
