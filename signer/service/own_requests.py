"""Certificate requests that the holder makes in Mohr's own window: made, listed, answered, thrown away.

The same work at the token and the same entries in the journal as for a panel (`token_runner`); but here the
window is who asks, so that what it shows at each step is the question, and its button the yes. Requests in
progress, panels' too, are `key_requests`'.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from drivers.types import KeySpec
from signer import x509
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import KeyKind, TokenRef
from signer.model.errors import (
    CertificateFileUnusable,
    CertificateNotRequested,
    CredentialAbsent,
    DocumentRefused,
    FileUnusable,
    JournalUnwritable,
    MohrError,
    RequestUnknown,
    TokenAbsent,
)
from signer.model.origin import OWN_ORIGIN
from signer.model.record import Ending
from signer.model.request import Document, SigningRequest
from signer.model.sheet import DocumentSheet
from signer.service import token_documents
from signer.service.key_requests import ANSWERS_FOR, Asker, KeyRequest, KeyRequests
from signer.service.open_token import OpenToken
from signer.service.ports import Clock, Journal, Signers, Tokens
from signer.service.questions import ConsentBreach
from signer.service.token_desk import ManagedToken, Secret, TokenDesk
from signer.service.token_runner import intended, seal
from signer.x509.files import MAX_OCTETS, certificates_in, request_pem
from signer.x509.particulars import particulars

log = logging.getLogger(__name__)


class Begun(Struct, frozen=True, kw_only=True):
    """With what a request begins: who asks, as far as is known, and the key of the one that it follows."""

    applicant: Applicant
    key: KeyType | None


class Issued(Struct, frozen=True, kw_only=True):
    """A certificate that a file holds for a request's key, and those beside it, all DER.

    `trusted` says that a way was found from it to an authority that this computer trusts; `sheet` what it
    says, and what is to be known before it is kept.
    """

    request: KeyRequest
    certificate: bytes
    chain: tuple[bytes, ...]
    trusted: bool
    sheet: DocumentSheet


class OwnRequests:
    """One for the agent. `anchors` are the certificates that this computer trusts.

    `problem` is why nothing may be signed, where the policy cannot be read. Every PIN given here is wiped,
    whatever happens.
    """

    def __init__(
        self,
        desk: TokenDesk,
        requests: KeyRequests,
        journal: Journal,
        signers: Signers,
        tokens: Tokens,
        clock: Clock,
        *,
        anchors: Callable[[], tuple[x509.Certificate, ...]] = tuple,
        severe: frozenset[str] = frozenset(),
        problem: MohrError | None = None,
    ) -> None:
        self._desk = desk
        self._requests = requests
        self._journal = journal
        self._signers = signers
        self._tokens = tokens
        self._clock = clock
        self._anchors = anchors
        self._severe = severe
        self._problem = problem
        self._recorded: set[str] = set()

    async def in_progress(self) -> tuple[KeyRequest, ...]:
        """Those whose certificate has not come, panels' too, in the order in which they were begun.

        One of the window's that the end of the agent kept from the journal is recorded now.
        """
        requests = self._requests.all()
        for request in requests:
            await self._record(request)
        return requests

    async def begin(self, credential_id: str | None) -> Begun:
        """A blank, or the particulars of a certificate that is to be followed. Raises `CredentialAbsent`."""
        if credential_id is None:
            return Begun(applicant=Applicant(given_name="", surname="", national_code=""), key=None)
        for credential in await self._signers.credentials():
            if credential.id == credential_id:
                certificate = x509.read(credential.certificate)
                return Begun(applicant=particulars(certificate), key=_alike(certificate))
        raise CredentialAbsent

    async def draft(self, token: ManagedToken, applicant: Applicant, key: KeyType) -> DocumentSheet:
        """What would be asked for, and what is to be known before. Raises `ApplicantInvalid`."""
        applicant.check()
        return await self._draft(token, token_documents.request_document(applicant, key))

    async def make(
        self,
        token: ManagedToken,
        secret: Secret,
        applicant: Applicant,
        key: KeyType,
        *,
        accepted: tuple[str, ...] = (),
    ) -> KeyRequest:
        """Make the key on the token, and its PKCS #10; in progress from before the key is made.

        `accepted` are the findings of the draft that got a yes. Raises what `draft` does, the PIN conditions,
        `JournalUnwritable`, and what the token says.
        """
        with _forgetting(secret):
            applicant.check()
            document = token_documents.request_document(applicant, key)
            _check(await self._draft(token, document), accepted)
            request = self._asked(document)
            asker = Asker(
                id=request.id,
                origin=None,
                idempotency_key=request.idempotency_key,
                body_hash=request.body_hash,
            )

            async def do(opened: OpenToken) -> bytes:
                return (await opened.request(applicant, KeySpec(key.value), asker)).request

            await self._work(token, secret, request, accepted, do)
            self._recorded.add(request.id)
            return self._requests.find(request.id)

    async def write(self, request_id: str, path: Path) -> None:
        """Write the PKCS #10 as PEM, over what is there. Raises `RequestUnknown`, `FileUnusable`."""
        text = request_pem(self._finished(request_id).request)
        try:
            await asyncio.to_thread(path.write_text, text, "ascii", newline="\n")
        except OSError as fault:
            raise FileUnusable(type(fault).__name__) from fault

    async def look(self, request_id: str, path: Path) -> Issued:
        """The certificate for this request in a file: DER, PEM or PKCS #7.

        Raises `RequestUnknown`, `FileUnusable`, `CertificateFileUnusable`, `CertificateNotRequested`.
        """
        request = self._finished(request_id)
        try:
            octets = await asyncio.to_thread(_read, path)
            found = certificates_in(octets)
        except OSError as fault:
            raise FileUnusable(type(fault).__name__) from fault
        except x509.CertificateUnreadable as fault:
            raise CertificateFileUnusable(str(fault)) from fault
        mine = [certificate for certificate in found if certificate.spki == request.spki]
        if not mine:
            raise CertificateNotRequested(f"{len(found)} certificates")
        if len(mine) > 1:
            raise CertificateFileUnusable(f"{len(mine)} certificates for one key")
        chain = tuple(one.der for one in found if one is not mine[0])
        return self._issued(request, mine[0].der, chain)

    async def look_anywhere(self, request_id: str, path: Path) -> Issued:
        """The same; where it is for another request in progress, that one's. Raises what `look` does."""
        try:
            return await self.look(request_id, path)
        except CertificateNotRequested:
            for other in self._requests.all():
                if other.finished and other.id != request_id:
                    with suppress(CertificateNotRequested):
                        return await self.look(other.id, path)
            raise

    async def keep(
        self, token: ManagedToken, secret: Secret, found: Issued, *, accepted: tuple[str, ...] = ()
    ) -> None:
        """Write the certificate beside its key; its request is done.

        `accepted` are the findings of its sheet that got a yes. Raises `TokenAbsent` for another token than
        the request's, `CertificateWithoutKey`, `CertificateStored`, the PIN conditions, `JournalUnwritable`.
        """
        with _forgetting(secret):
            request = self._finished(found.request.id)
            if token.ref.serial != request.token_serial:
                raise TokenAbsent
            issued = self._issued(request, found.certificate, found.chain)
            _check(issued.sheet, accepted)
            asked = self._asked(token_documents.certificate_document(issued.certificate, issued.chain))

            async def do(opened: OpenToken) -> bytes:
                await opened.store(x509.read(issued.certificate))
                return issued.certificate

            await self._work(token, secret, asked, accepted, do)

    def forget(self, request_id: str) -> None:
        """Throw one away; its key stays on the token. Raises `RequestUnknown`."""
        self._requests.forget(request_id)

    # Inside.

    async def _draft(self, token: ManagedToken, document: Document) -> DocumentSheet:
        ref = token.ref
        found = await self._signers.credentials()
        return token_documents.request_sheet(
            document,
            ref,
            origin=None,
            alike=self._requests.alike(token_documents.wanted(document).subject, ref.serial),
            holders=tuple(one.holder for one in found if one.token.serial == ref.serial),
            severe=self._severe,
        )

    def _issued(self, request: KeyRequest, certificate: bytes, chain: tuple[bytes, ...]) -> Issued:
        now, above = self._clock.now(), [x509.read(der) for der in chain]
        trusted = x509.path(x509.read(certificate), self._anchors(), above, now) is not None
        sheet = token_documents.certificate_sheet(
            token_documents.certificate_document(certificate, chain),
            _token_of(request),
            origin=None,
            request=request,
            trusted=trusted,
            now=now,
            severe=self._severe,
        )
        return Issued(request=request, certificate=certificate, chain=chain, trusted=trusted, sheet=sheet)

    def _finished(self, request_id: str) -> KeyRequest:
        request = self._requests.find(request_id)
        if not request.finished:
            raise RequestUnknown("it has no PKCS #10 yet")
        return request

    def _asked(self, document: Document) -> SigningRequest:
        name = secrets.token_urlsafe(16)
        return _as_request(document, name, self._clock.now())

    async def _work(
        self,
        token: ManagedToken,
        secret: Secret,
        request: SigningRequest,
        accepted: tuple[str, ...],
        do: Callable[[OpenToken], Awaitable[bytes]],
    ) -> None:
        """Open the token and do it: an intent is durable before, the result after; a failure is recorded."""
        if self._problem is not None:
            raise self._problem
        place = self._tokens.place(token.ref)
        async with AsyncExitStack() as stack:
            opening = self._desk.open(token, secret)
            opened = await place.work(stack.enter_async_context(opening))
            await self._journal.intend((intended(request, token.ref.serial, request.received_at, accepted),))
            try:
                result = await place.work(do(opened))
                await seal(self._journal, request, result, self._clock.now())
            except MohrError as problem:
                await self._ended(request, problem.code)
                raise

    async def _ended(self, request: SigningRequest, code: str) -> None:
        (document,) = request.documents
        ending = Ending(
            request_id=request.id,
            origin=request.origin,
            idempotency_key=request.idempotency_key,
            body_hash=request.body_hash,
            document_id=document.id,
            content_hash=document.content_hash(),
            code=code,
            at=self._clock.now(),
        )
        try:
            await self._journal.end((ending,))
        except JournalUnwritable as problem:
            log.warning("an ending was not recorded: %s", problem.detail)

    async def _record(self, made: KeyRequest) -> None:
        """Seal what was made, where the agent ended between making it and recording it."""
        key, now = made.idempotency_key, self._clock.now()
        ours = made.origin is None and key is not None and made.finished
        if not ours or key is None or made.id in self._recorded or now - made.made_at > ANSWERS_FOR:
            return
        past = await self._journal.past(OWN_ORIGIN, key, now)
        if past is not None and past.intents and not past.seals:
            document = token_documents.request_document(made.applicant, KeyType(made.key_type))
            await seal(self._journal, _as_request(document, key, made.made_at), made.request, now)
        self._recorded.add(made.id)


def _as_request(document: Document, name: str, at: datetime) -> SigningRequest:
    """One request of this document from the window, under a name that is its id and its key."""
    return SigningRequest(
        id=name,
        origin=OWN_ORIGIN,
        idempotency_key=name,
        body_hash=document.content_hash(),
        documents=(document,),
        received_at=at,
    )


def _check(sheet: DocumentSheet, accepted: tuple[str, ...]) -> None:
    """The window's yes covers what there is to know now. Raises `DocumentRefused`, `ConsentBreach`."""
    if sheet.refused:
        raise DocumentRefused
    if not {finding.code for finding in sheet.needs_yes} <= set(accepted):
        raise ConsentBreach("an amber finding without its own yes")


def _alike(certificate: x509.Certificate) -> KeyType | None:
    """A key of the same kind for the next certificate; None where none of its kind is made."""
    if certificate.key_kind is KeyKind.EC_P256:
        return KeyType.EC_P256
    kinds = {2048: KeyType.RSA_2048, 3072: KeyType.RSA_3072, 4096: KeyType.RSA_4096}
    return kinds.get(certificate.key_bits) if certificate.key_kind is KeyKind.RSA else None


def _token_of(request: KeyRequest) -> TokenRef:
    """The token that holds the key, whether or not it is in."""
    return TokenRef(module="", slot=0, serial=request.token_serial, label=request.token_label, reader="")


@contextmanager
def _forgetting(secret: Secret) -> Iterator[None]:
    try:
        yield
    finally:
        if secret.pin is not None:
            secret.pin.forget()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_OCTETS + 1)
