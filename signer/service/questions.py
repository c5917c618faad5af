"""What one signing request asks of the doctor: which credential, yes or no, and the PIN.

Holds the dialogue and what the yes covers. Every answer is checked here again, whatever the surface; what is
done with it is `runner`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from signer import x509
from signer.model import journey as j
from signer.model.credential import Credential
from signer.model.errors import (
    CredentialAbsent,
    CredentialNotForSignIn,
    CredentialUnusable,
    MohrError,
    PolicyInvalid,
    TokenRemoved,
)
from signer.model.lookalike import Caution
from signer.model.request import PDF, PRESCRIPTION, Document, SignatureFormat, SigningRequest
from signer.model.session_signing import OpenNow
from signer.model.sheet import DocumentSheet
from signer.prescription.document import centre_in
from signer.prescription.pdf_process import PdfProcess
from signer.prescription.reader import read as read_sheet
from signer.service.attendance import Attendance
from signer.service.centres import Centres, among
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentDialogue,
    ConsentQuestion,
    ConsentSurface,
    Declined,
    Outcome,
    Pin,
    PinProblem,
    PinRequest,
)
from signer.service.evidence import Outside
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.ports import Clock, Journal, Signers, Tokens
from signer.service.session_signing import SessionSigning
from signer.service.token_desk import TokenDesk
from signer.service.tracing import Trace
from signer.x509.usability import signs_in

#: Sheets are read this many at a time before other work of the agent gets its turn.
SHEETS_AT_A_TIME = 16
#: Seconds within which a token that its module calls gone is seen to be.
GONE_WITHIN = 2.0


class TokenWork(Struct, frozen=True, kw_only=True):
    """What work on tokens needs. `desk` takes no turn of its own: who asks the doctor holds it already.

    `anchors` gives the authorities that this computer trusts, as they are now.
    """

    desk: TokenDesk
    requests: KeyRequests
    tokens: Tokens
    anchors: Callable[[], tuple[x509.Certificate, ...]] = lambda: ()


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a request needs of the agent, and what the clinic's policy says of it.

    `cautions` says what is odd about an origin. `severe` are amber findings that policy makes red, `formats`
    the ones it allows (None: all), and `policy_problem` why nothing is signed.
    `sign_in_with_non_repudiation` is the policy's own word (`Policy`). Without `token_work` no key is made
    and no certificate kept. `turn` is the doctor's attention, and the tokens': who asks, or works on a token,
    holds it. `attendance` knows who is there. `centres` are the doctors' own choices, as they are now.
    Without `sessions` no token stays open after a request. `trace` is told what takes how long.
    """

    signers: Signers
    consent: ConsentSurface
    journal: Journal
    clock: Clock
    guard: PinGuard
    paired_since: Callable[[str], datetime | None]
    outside: Outside
    cautions: Callable[[str], tuple[Caution, ...]] = lambda origin: ()
    severe: frozenset[str] = frozenset()
    sign_in_with_non_repudiation: bool = False
    formats: frozenset[SignatureFormat] | None = None
    policy_problem: PolicyInvalid | None = None
    centres: Callable[[], Centres] = Centres
    sessions: SessionSigning | None = None
    token_work: TokenWork | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    attendance: Attendance = field(default_factory=Attendance)
    trace: Trace = field(default_factory=Trace)


class ConsentBreach(Exception):
    """A consent surface answered what it must not be able to answer: a bug, and nothing is signed."""


class Approval(Struct, frozen=True, kw_only=True):
    """What the doctor's yes covers, kept from consent to signing."""

    credential: Credential
    certificate: x509.Certificate
    signing_time: datetime
    accepted: dict[str, tuple[str, ...]]


class Questions:
    """One request's questions, one after another."""

    def __init__(self, request: SigningRequest, surroundings: Surroundings) -> None:
        self._request = request
        self._around = surroundings
        self._documents = {d.id: d for d in request.documents}
        self._credentials: dict[str, Credential] = {}
        self._dialogue: ConsentDialogue | None = None
        self._standing: asyncio.Task[None] | None = None
        self._pdfs = PdfProcess()
        self._approval: Approval | None = None
        self._stay: Hashable = None
        self._asked_for: str | None = None
        self._pin: Pin | None = None
        self._opened: OpenNow | None = None
        self._last_try_accepted = False

    @property
    def approval(self) -> Approval:
        """What the doctor said yes to. Only after a yes."""
        assert self._approval is not None
        return self._approval

    @property
    def credential_id(self) -> str | None:
        """The certificate that the doctor was asked to sign with; None before that."""
        return self._asked_for

    @property
    def stood_open(self) -> bool:
        """Was the token open, as the doctor saw it, when the yes was given?"""
        return self._opened is not None

    def take_pin(self) -> tuple[Pin | None, bool]:
        """The PIN that was typed, to be used once, and whether spending the last try was agreed to."""
        pin, self._pin = self._pin, None
        return pin, self._last_try_accepted

    def progress(self, done: int, total: int) -> None:
        """Tell the dialogue."""
        if self._dialogue is not None:
            self._dialogue.progress(done, total)

    def close(self, outcome: Outcome) -> None:
        """End the dialogue, if there is one, and let go of what was asked about."""
        if self._standing is not None:
            self._standing.cancel()
            self._standing = None
        if self._dialogue is not None:
            dialogue, self._dialogue = self._dialogue, None
            dialogue.close(outcome)
        self._pdfs.close()
        self._approval = None
        self._credentials, self._documents = {}, {}

    async def ask(self, effect: j.Effect, open_documents: tuple[str, ...]) -> tuple[j.Event, ...]:
        """Carry out an effect that asks; the events that came of it."""
        match effect:
            case j.Seek():
                return (await self._seek(),)
            case j.AskChoice(candidates=candidates):
                return (await self._choose(candidates),)
            case j.AskConsent(credential_id=credential_id):
                return await self._consent(credential_id, open_documents)
            case j.AskAgain(reason=reason):
                return (await self._ask_again(PinProblem(reason), open_documents),)
            case j.AwaitToken():
                return (await self._want_token(),)
            case _:
                raise ConsentBreach(type(effect).__name__)

    async def _seek(self) -> j.Event:
        found = await self._around.signers.credentials()
        wanted = self._request.credential
        if wanted is not None:
            found = tuple(c for c in found if c.id == wanted)
            if not found:
                return j.Broken(CredentialAbsent.code)
        if not found:
            return j.Broken(self._around.signers.absence())
        usable = tuple(c for c in found if c.problem is None)
        if not usable:
            return j.Broken(CredentialUnusable.code)
        if self._request.signs_in and usable:
            usable = tuple(c for c in usable if self._signs_in(c))
            if not usable:
                return j.Broken(CredentialNotForSignIn.code)
        if wanted is None and len(usable) > 1:
            usable = among(usable, await self._named_centres(), self._around.centres())
        self._credentials = {c.id: c for c in usable}
        return j.CredentialsFound(tuple(self._credentials))

    async def _named_centres(self) -> frozenset[str]:
        """The centres that the request's prescriptions name."""
        named: set[str] = set()
        for index, document in enumerate(self._request.documents):
            if index % SHEETS_AT_A_TIME == SHEETS_AT_A_TIME - 1:
                await asyncio.sleep(0)
            if document.media_type == PRESCRIPTION and (centre := centre_in(document.content)):
                named.add(centre)
        return frozenset(named)

    def _signs_in(self, credential: Credential) -> bool:
        """Nobody signs in with a key that is for documents alone, unless the clinic says so."""
        allowed = self._around.sign_in_with_non_repudiation
        return allowed or signs_in(x509.read(credential.certificate))

    async def _choose(self, candidates: tuple[str, ...]) -> j.Event:
        question = ChoiceQuestion(
            origin=self._request.origin,
            credentials=tuple(self._credentials[c] for c in candidates),
            centres=self._around.centres(),
        )
        chosen = await self._around.consent.choose(question)
        if chosen is None:
            return j.ConsentRefused()
        if chosen not in candidates:
            raise ConsentBreach("a credential that was not offered")
        return j.CredentialPicked(chosen)

    async def _consent(self, credential_id: str, open_documents: tuple[str, ...]) -> tuple[j.Event, ...]:
        credential = self._credentials[credential_id]
        self._asked_for = credential_id
        signing_time = self._around.clock.now()
        sheets, unreadable = await self._read_sheets(credential, signing_time, open_documents)
        if not sheets:
            return unreadable
        authorisation, sessions = await self._around.signers.authorisation(credential), self._around.sessions
        asked_for = sum(not sheet.refused for sheet in sheets)
        # Who signs in says who they are, and not what was prescribed: that is never said without a PIN.
        if sessions is not None and not self._request.signs_in:
            self._opened = sessions.standing(credential, authorisation, asked_for)
        question = ConsentQuestion(
            request_id=self._request.id,
            origin=self._request.origin,
            paired_since=self._around.paired_since(self._request.origin),
            sheets=sheets,
            documents=tuple(self._documents[s.document_id] for s in sheets),
            credential=credential,
            authorisation=authorisation,
            signing_time=signing_time,
            cautions=self._around.cautions(self._request.origin),
            centre=self._around.centres().name_of(credential),
            opened=self._opened,
            stays=None if sessions is None else sessions.would_stay(credential, authorisation),
        )
        self._dialogue = self._around.consent.open(question)
        self._standing = asyncio.ensure_future(self._tell_of_panels(self._dialogue))
        telling = [asyncio.ensure_future(self._tell_of_token(self._dialogue, credential))]
        if sessions is not None and self._opened is not None:
            standings = sessions.follow(credential, authorisation, asked_for)
            telling.append(asyncio.ensure_future(self._tell_of_opening(self._dialogue, standings)))
        try:
            answer = await self._dialogue.answer()
        finally:
            for task in telling:
                task.cancel()
        if isinstance(answer, Declined):
            return (*unreadable, j.ConsentRefused())
        self._pin, self._last_try_accepted = answer.pin, answer.last_try_accepted
        self._stay = self._around.signers.stay(credential.token)
        accepted = check_answer(answer, sheets)
        self._approval = Approval(
            credential=credential,
            certificate=x509.read(credential.certificate),
            signing_time=signing_time,
            accepted=accepted,
        )
        return (*unreadable, j.ConsentGiven(tuple(accepted)))

    async def _tell_of_token(self, dialogue: ConsentDialogue, credential: Credential) -> None:
        """While the doctor reads, say whether the token is there: it is put back before the PIN is typed."""
        while True:
            await self._around.signers.gone(credential)
            dialogue.token_away(credential.token)
            await self._around.signers.returned(credential)
            dialogue.token_away(None)

    async def _tell_of_opening(
        self, dialogue: ConsentDialogue, standings: AsyncIterator[OpenNow | None]
    ) -> None:
        """While the doctor reads, say when the token is closed: from then on a PIN is wanted."""
        async for opened in standings:
            if opened != self._opened:
                self._opened = opened
                dialogue.token_open(opened)
            if opened is None:
                return

    async def _tell_of_panels(self, dialogue: ConsentDialogue) -> None:
        """Until the dialogue is closed, say whether its panel is there, and who waits behind it."""
        async for standing in self._around.attendance.follow(self._request.id, self._request.origin):
            dialogue.standing(standing)

    async def _read_sheets(
        self, credential: Credential, now: datetime, open_documents: tuple[str, ...]
    ) -> tuple[tuple[DocumentSheet, ...], tuple[j.Event, ...]]:
        """What can be shown, and a failure for each document that cannot."""
        sheets: list[DocumentSheet] = []
        unreadable: list[j.Event] = []
        for index, document_id in enumerate(open_documents):
            if index % SHEETS_AT_A_TIME == SHEETS_AT_A_TIME - 1:
                await asyncio.sleep(0)
            document = self._documents[document_id]
            try:
                if document.media_type == PDF:  # looked through in a process, which a thread waits for
                    sheets.append(await asyncio.to_thread(self._read_sheet, document, credential, now))
                else:
                    sheets.append(self._read_sheet(document, credential, now))
            except MohrError as problem:
                unreadable.append(j.DocumentFailed(document_id, problem.code))
        return tuple(sheets), tuple(unreadable)

    def _read_sheet(self, document: Document, credential: Credential, now: datetime) -> DocumentSheet:
        return read_sheet(document, credential.holder, now, severe=self._around.severe, pdfs=self._pdfs)

    async def _ask_again(self, problem: PinProblem, open_documents: tuple[str, ...]) -> j.Event:
        assert self._dialogue is not None
        authorisation = await self._around.signers.authorisation(self.approval.credential)
        answer = await self._dialogue.ask_pin(PinRequest(problem=problem, authorisation=authorisation))
        if answer is None:
            return j.ConsentRefused()
        self._opened = None
        self._pin, self._last_try_accepted = answer.pin, answer.last_try_accepted
        return j.ConsentGiven(open_documents)

    async def ask_each(self, request: PinRequest) -> Approved | None:
        """The PIN for one signature; None when the doctor gives up the rest."""
        assert self._dialogue is not None
        return await self._dialogue.ask_pin(request)

    async def _want_token(self) -> j.Event:
        """Wait for the token that the consent was given for, or for the doctor to give up on it."""
        assert self._dialogue is not None
        wanted, signers = self.approval.credential, self._around.signers
        # One that was put back at once is there already; it was away all the same.
        if signers.stay(wanted.token) == self._stay:
            try:
                async with asyncio.timeout(GONE_WITHIN):
                    await signers.gone(wanted)
            except TimeoutError:
                # The module says so, and the token stands there: another PIN would meet the same.
                return j.Broken(TokenRemoved.code)
        given_up = asyncio.ensure_future(self._dialogue.want_token(wanted.token))
        back = asyncio.ensure_future(signers.returned(wanted))
        try:
            await asyncio.wait({given_up, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (given_up, back):
                task.cancel()
            await asyncio.wait({given_up, back})
        if back.cancelled():
            return j.ConsentRefused()
        # It may stand in another slot now; the certificate, which is what was shown, is the same.
        self._approval = replace(self.approval, credential=back.result())
        self._stay = signers.stay(back.result().token)
        return j.TokenBack()


def check_answer(answer: Approved, sheets: tuple[DocumentSheet, ...]) -> dict[str, tuple[str, ...]]:
    """The approved documents and the findings accepted for each. Raises `ConsentBreach`.

    A surface cannot approve what it was not shown, what a red finding forbids, or an amber one in silence.
    """
    shown = {s.document_id: s for s in sheets}
    approved: dict[str, tuple[str, ...]] = {}
    for one in answer.answers:
        sheet = shown.get(one.document_id)
        if sheet is None or sheet.refused or one.document_id in approved:
            raise ConsentBreach("approved a document that cannot be approved")
        if not {f.code for f in sheet.needs_yes} <= set(one.accepted):
            raise ConsentBreach("an amber finding without its own yes")
        approved[one.document_id] = one.accepted
    if not approved:
        raise ConsentBreach("approved nothing")
    return approved
