"""Revocation data from outside for `mohr verify --fetch`: where the network and the verifier meet.

The verifier fetches nothing by itself and asks this source only about certificates on a way to an anchor, so
no address is called that a trusted authority did not write. What was fetched is kept on disk until its next
update, and judged again by the verifier, on other code.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from signer.model.errors import RevocationUnreachable
from signer.model.policy import NetSettings
from signer.net.authorities import Authorities
from signer.net.cache import Cache
from signer.platform.private_files import private_folder, read_private, write_private
from signer.verify import RevocationData
from signer.x509 import Certificate


class Fetching:
    """Implements `signer.verify.RevocationSource`. One for each process; a copy in another begins anew.

    Asks once about a certificate while it lives. Answers are kept in `folder`, made where it is missing.
    """

    def __init__(self, settings: NetSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._told: dict[tuple[str, str], RevocationData] = {}
        self._open: tuple[asyncio.AbstractEventLoop, Authorities] | None = None

    def __reduce__(self) -> tuple[type[Fetching], tuple[NetSettings, Path]]:
        return Fetching, (self._settings, self._folder)

    def __call__(self, certificate: Certificate, issuer: Certificate, at: datetime) -> RevocationData:
        """What its authority says now, whatever the time judged for. Empty where nobody can be reached."""
        key = (certificate.id, issuer.id)
        if key not in self._told:
            self._told[key] = self._ask(certificate, issuer)
        return self._told[key]

    def close(self) -> None:
        """Ask nobody any more."""
        if self._open is not None:
            loop, authorities = self._open
            authorities.close()
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            self._open = None

    def _ask(self, certificate: Certificate, issuer: Certificate) -> RevocationData:
        if self._open is None:
            self._open = asyncio.new_event_loop(), self._authorities()
        loop, authorities = self._open
        try:
            said, _ = loop.run_until_complete(authorities.word(certificate, (issuer,)))
        except RevocationUnreachable:
            return RevocationData()
        return RevocationData(crls=said.crls, ocsps=said.ocsps)

    def _authorities(self) -> Authorities:
        cache = Cache(private_folder(self._folder), read=read_private, write=write_private)
        return Authorities(self._settings, cache=cache, now=lambda: datetime.now(UTC))
