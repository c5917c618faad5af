"""What a level above B-B needs of the outside: a timestamp, and proof that nobody of both chains is revoked.

For the documents of one consent: a chain is proven once and serves them all. Where to ask and whether an
answer holds is behind the `Net` port; what was placed where is `envelopes`.
"""

from __future__ import annotations

import asyncio

from msgspec import Struct

from signer.envelope.phases import NOTHING, Evidence
from signer.model.errors import OutsideError, RevocationUnreachable, TsaUnreachable
from signer.model.policy import RevocationMode
from signer.model.request import Level
from signer.service.ports import Net
from signer.x509 import Certificate, issued_by, read
from signer.x509.chain import MAX_INTERMEDIATES

_LONG_TERM = {Level.B_LT, Level.B_LT_IF_POSSIBLE}
_IF_POSSIBLE = {Level.B_T_IF_POSSIBLE, Level.B_LT_IF_POSSIBLE}


class Outside(Struct, frozen=True, kw_only=True):
    """The way out, and what the clinic says of it. `known` are certificates of authorities at hand."""

    net: Net
    revocation: RevocationMode = RevocationMode.REQUIRE
    known: tuple[Certificate, ...] = ()

    def check_reachable(self, level: Level) -> None:
        """Raise what would stop this level for certain, before anybody is asked for a yes."""
        if level in _IF_POSSIBLE or level is Level.B_B:
            return
        if not self.net.timestamps:
            raise TsaUnreachable("no timestamp authority is named")
        if level is Level.B_LT and self.revocation is RevocationMode.SKIP:
            raise RevocationUnreachable("policy: skip")


class Gatherer:
    """Evidence for the signatures under one certificate."""

    def __init__(self, outside: Outside, signer: Certificate) -> None:
        self._outside = outside
        self._signer = signer
        self._chains: dict[str, asyncio.Task[Evidence]] = {}

    async def gather(self, level: Level, stamped: bytes) -> tuple[Level, Evidence]:
        """The level that is reached over `stamped`, and what it places.

        A level that ends in `?` ends at the highest one that was had. Raises `TsaUnreachable`,
        `RevocationUnreachable`, `CredentialRevoked`.
        """
        if level is Level.B_B:
            return level, NOTHING
        try:
            token = await self._outside.net.timestamp(stamped)
        except OutsideError:
            if level in _IF_POSSIBLE:
                return Level.B_B, NOTHING
            raise
        if level not in _LONG_TERM:
            return Level.B_T, Evidence(timestamp=token)
        try:
            return Level.B_LT, await self._long_term(token)
        except OutsideError:
            if level in _IF_POSSIBLE:
                return Level.B_T, Evidence(timestamp=token)
            raise

    async def _long_term(self, token: bytes) -> Evidence:
        if self._outside.revocation is RevocationMode.SKIP:
            raise RevocationUnreachable("policy: skip")
        stamper, *beside = self._outside.net.stampers(token)
        own = await self._once(self._signer, ())
        theirs = await self._once(stamper, tuple(beside))
        return Evidence(
            timestamp=token,
            certificates=_each_once(own.certificates, (stamper.der,), theirs.certificates),
            crls=_each_once(own.crls, theirs.crls),
            ocsps=_each_once(own.ocsps, theirs.ocsps),
        )

    async def _once(self, leaf: Certificate, beside: tuple[Certificate, ...]) -> Evidence:
        """A chain's evidence; those who ask while it is being gathered wait for the same."""
        if leaf.id not in self._chains:
            self._chains[leaf.id] = asyncio.ensure_future(self._chain(leaf, beside))
        return await asyncio.shield(self._chains[leaf.id])

    async def _chain(self, leaf: Certificate, beside: tuple[Certificate, ...]) -> Evidence:
        """From the leaf up to a certificate that issued itself, whose word is all there is for it."""
        known = (*self._outside.known, *beside)
        certificates: list[bytes] = []
        crls: list[bytes] = []
        ocsps: list[bytes] = []
        at = leaf
        for _ in range(MAX_INTERMEDIATES + 1):
            if at.subject_der == at.issuer_der:
                break
            try:
                found = await self._outside.net.revocation(at, known)
            except RevocationUnreachable:
                if self._outside.revocation is RevocationMode.REQUIRE or at is self._signer:
                    raise
                issuers = issued_by(at, known)
                if not issuers:
                    break
                at = issuers[0]
            else:
                crls += found.crls
                ocsps += found.ocsps
                at = read(found.issuer)
            certificates.append(at.der)
        return Evidence(certificates=tuple(certificates), crls=tuple(crls), ocsps=tuple(ocsps))


def _each_once(*some: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(one for part in some for one in part))
