"""The port to the outside: a timestamp over some octets, and proof that a certificate is not revoked.

Authorities are asked in the policy's order, in threads, a few at once; one that failed rests for a while, so
that a batch does not wait for it document by document. What comes back has been judged.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from msgspec.structs import replace

from signer.model.errors import CredentialRevoked, RevocationUnreachable, TsaUnreachable
from signer.model.evidence import Revocation
from signer.model.policy import NetSettings, Tsa
from signer.net import crl, ocsp, timestamp
from signer.net.cache import Cache
from signer.net.ocsp import AnswerRefused, Status
from signer.net.timestamp import TimestampRefused, Wanted
from signer.x509 import Certificate, CertificateUnreadable, issued_by, read
from signer.x509.certificate import MAX_OCTETS as MAX_CERTIFICATE
from signer.x509.extensions import crl_urls, issuer_urls, ocsp_urls

#: Exchanges at the same time.
AT_ONCE = 8
#: Seconds for which an authority that failed is passed over.
REST = 15.0
#: Seconds of grace for a thread that looks a name up, which nothing can interrupt.
GRACE = 1.0


class Authorities:
    """Implements `signer.service.ports.Net`. Lives on one event loop."""

    def __init__(self, settings: NetSettings, *, cache: Cache, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._cache = cache
        self._now = now
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="outside")
        self._room = asyncio.Semaphore(AT_ONCE)
        self._resting: dict[str, float] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    def close(self) -> None:
        """Ask nobody any more. An exchange in hand ends by its own deadline."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def stamp_with(self, tsa: tuple[Tsa, ...]) -> None:
        """Ask these for timestamps from now on, in this order."""
        self._settings = replace(self._settings, tsa=tsa)

    @property
    def timestamps(self) -> bool:
        """Is there an authority to ask?"""
        return bool(self._settings.tsa)

    async def timestamp(self, octets: bytes) -> bytes:
        """A TimeStampToken over the SHA-256 of `octets`, DER. Raises `TsaUnreachable`."""
        digest = hashlib.sha256(octets).digest()
        passed_over = []
        for tsa in self._settings.tsa:
            if self._rests(tsa.url):
                passed_over.append(f"{tsa.url}: failed a moment ago")
                continue
            wanted = Wanted(digest=digest, nonce=secrets.randbits(64), policy=tsa.policy)
            try:
                return timestamp.token(await self._ask(tsa, timestamp.request(wanted)), wanted)
            except (_Failed, TimestampRefused) as problem:
                self._let_rest(tsa.url)
                passed_over.append(f"{tsa.url}: {problem}")
        raise TsaUnreachable("; ".join(passed_over) or "no timestamp authority is named")

    def stampers(self, token: bytes) -> tuple[Certificate, ...]:
        """The certificates inside a token that passed, the authority's first."""
        return timestamp.certificates(token)

    async def revocation(self, certificate: Certificate, known: tuple[Certificate, ...]) -> Revocation:
        """Proof, fetched or kept, that `certificate` is not revoked.

        Its issuer is among `known` or is fetched from where the certificate says. Raises `CredentialRevoked`,
        and `RevocationUnreachable` where nothing usable is found.
        """
        said, revoked = await self.word(certificate, known)
        if revoked:
            raise CredentialRevoked(certificate.id)
        return said

    async def word(self, certificate: Certificate, known: tuple[Certificate, ...]) -> tuple[Revocation, bool]:
        """As `revocation`, whatever its authority says of `certificate`; True: that it is revoked."""
        async with self._asking.setdefault(certificate.id, asyncio.Lock()):
            issuer = await self._issuer(certificate, known)
            passed_over: list[str] = []
            for source in self._sources(certificate, issuer):
                try:
                    octets, revoked = await self._said(source, certificate, issuer)
                except (_Failed, AnswerRefused) as problem:
                    passed_over.append(f"{source.url}: {problem}")
                    continue
                if source.judge is ocsp.status:
                    return Revocation(issuer=issuer.der, ocsps=(octets,)), revoked
                return Revocation(issuer=issuer.der, crls=(octets,)), revoked
        raise RevocationUnreachable("; ".join(passed_over) or "the certificate names no place to ask")

    async def _issuer(self, certificate: Certificate, known: tuple[Certificate, ...]) -> Certificate:
        for found in issued_by(certificate, known):
            return found
        for url in _places(issuer_urls, certificate):
            kept = await asyncio.to_thread(self._cache.get, url)
            if kept is not None and (issuer := _issuer_in(kept, certificate)) is not None:
                return issuer
            try:
                fetched = await self._exchange(url, cap=MAX_CERTIFICATE)
            except _Failed:
                continue
            if (issuer := _issuer_in(fetched, certificate)) is not None:
                await asyncio.to_thread(self._cache.put, url, fetched)
                return issuer
        raise RevocationUnreachable("the issuer's certificate is not at hand")

    def _sources(self, certificate: Certificate, issuer: Certificate) -> Iterator[_Source]:
        """Where to ask, what the certificate itself names first; OCSP answers are the smaller ones."""
        question = ocsp.request(certificate, issuer)
        for url in dict.fromkeys((*_places(ocsp_urls, certificate), *self._settings.ocsp)):
            yield _Source(url, f"{url} {certificate.id}", ocsp.status, ocsp.MAX_OCTETS, question)
        for url in dict.fromkeys((*_places(crl_urls, certificate), *self._settings.crls)):
            yield _Source(url, url, crl.status, crl.MAX_OCTETS, None)

    async def _said(
        self, source: _Source, certificate: Certificate, issuer: Certificate
    ) -> tuple[bytes, bool]:
        """The octets of a usable answer, and does it say *revoked*? Raises `AnswerRefused`, `_Failed`."""
        now = self._now()
        kept = await asyncio.to_thread(self._cache.get, source.name)
        if kept is not None:
            try:
                return kept, await self._judged(source, kept, certificate, issuer, now)
            except AnswerRefused:
                pass  # its time is over, or it was replaced: ask anew
        if self._rests(source.url):
            raise AnswerRefused("failed a moment ago")
        try:
            fetched = await self._exchange(
                source.url,
                cap=source.cap,
                body=source.question,
                content_type=ocsp.REQUEST_TYPE if source.question else "",
            )
        except _Failed:
            self._let_rest(source.url)
            raise
        revoked = await self._judged(source, fetched, certificate, issuer, now)
        await asyncio.to_thread(self._cache.put, source.name, fetched)
        return fetched, revoked

    async def _judged(
        self, source: _Source, octets: bytes, certificate: Certificate, issuer: Certificate, now: datetime
    ) -> bool:
        said = await asyncio.to_thread(source.judge, octets, certificate, issuer, now)
        return said.revoked

    async def _ask(self, tsa: Tsa, question: bytes) -> bytes:
        user = None if tsa.user is None else (tsa.user, tsa.password or "")
        return await self._exchange(
            tsa.url, cap=timestamp.MAX_OCTETS, body=question, content_type=timestamp.REQUEST_TYPE, user=user
        )

    async def _exchange(
        self,
        url: str,
        *,
        cap: int,
        body: bytes | None = None,
        content_type: str = "",
        user: tuple[str, str] | None = None,
    ) -> bytes:
        settings = self._settings

        def blocking() -> bytes:
            # requests takes a quarter of a second to import: not at start, and not on the loop's thread.
            from signer.net import http

            try:
                return http.exchange(
                    url,
                    cap=cap,
                    seconds=settings.deadline_seconds,
                    body=body,
                    content_type=content_type,
                    user=user,
                    proxy=settings.proxy,
                )
            except http.ExchangeFailed as problem:
                raise _Failed(str(problem)) from problem

        async with self._room:
            asking = asyncio.get_running_loop().run_in_executor(self._threads, blocking)
            try:
                return await asyncio.wait_for(asking, settings.deadline_seconds + GRACE)
            except TimeoutError:
                raise _Failed("too slow") from None

    def _rests(self, url: str) -> bool:
        return self._resting.get(url, 0.0) > time.monotonic()

    def _let_rest(self, url: str) -> None:
        self._resting[url] = time.monotonic() + REST


def _places(named: Callable[[Certificate], tuple[str, ...]], certificate: Certificate) -> tuple[str, ...]:
    """What the certificate names; nothing where its extension cannot be read."""
    try:
        return named(certificate)
    except ValueError:
        return ()


def _issuer_in(octets: bytes, certificate: Certificate) -> Certificate | None:
    """The certificate that these octets are, where it issued the other one."""
    try:
        found = issued_by(certificate, (read(octets),))
    except CertificateUnreadable:
        return None
    return found[0] if found else None


class _Failed(Exception):
    """An exchange failed; the text says why."""


class _Source:
    """One place that may tell of a certificate: its answers' name in the cache, and who judges them."""

    def __init__(
        self,
        url: str,
        name: str,
        judge: Callable[[bytes, Certificate, Certificate, datetime], Status],
        cap: int,
        question: bytes | None,
    ) -> None:
        self.url = url
        self.name = name
        self.judge = judge
        self.cap = cap
        self.question = question
