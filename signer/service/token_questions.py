"""What work on a token asks of the doctor: which token, yes or no, and the PIN.

As `questions`, whose every other rule holds: answers are checked here again, and a token that is pulled out
is waited for. What is done with the answers is `token_runner`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from drivers.readers import same_reader
from signer import x509
from signer.model import journey as j
from signer.model.credential import Holder, TokenRef
from signer.model.errors import PinNotSet, TokenAbsent, TokenRemoved
from signer.model.request import SignatureFormat, SigningRequest
from signer.model.sheet import DocumentSheet
from signer.service import token_documents
from signer.service.consent import (
    ConsentDialogue,
    Declined,
    PinProblem,
    PinRequest,
    TokenChoiceQuestion,
    TokenQuestion,
)
from signer.service.key_requests import KeyRequest
from signer.service.questions import (
    GONE_WITHIN,
    ConsentBreach,
    Questions,
    Surroundings,
    TokenWork,
    check_answer,
)
from signer.service.token_desk import ManagedToken


class Agreed(Struct, frozen=True, kw_only=True):
    """What the doctor's yes covers. `asked_at` is aware, UTC; `accepted` the findings that got a yes."""

    token: ManagedToken
    asked_at: datetime
    accepted: tuple[str, ...]


class TokenQuestions(Questions):
    """The questions about one document that is work on a token."""

    def __init__(self, request: SigningRequest, surroundings: Surroundings, work: TokenWork) -> None:
        super().__init__(request, surroundings)
        (self._document,) = request.documents
        self._work = work
        self._candidates: dict[str, ManagedToken] = {}
        self._agreed: Agreed | None = None

    @property
    def agreed(self) -> Agreed:
        """What the doctor said yes to. Only after a yes."""
        assert self._agreed is not None
        return self._agreed

    async def _seek(self) -> j.Event:
        found = each_once(await self._work.desk.tokens())
        answered = self._answered()
        if answered is not None:
            found = tuple(token for token in found if token.ref.serial == answered.token_serial)
        if not found:
            absence = self._around.signers.absence()
            return j.Broken(TokenAbsent.code if answered is not None else absence)
        usable = {_name(token.ref): token for token in found if token.pin_set}
        if not usable:
            return j.Broken(PinNotSet.code)
        self._candidates = usable
        return j.CredentialsFound(tuple(usable))

    async def _choose(self, candidates: tuple[str, ...]) -> j.Event:
        question = TokenChoiceQuestion(
            origin=self._request.origin, tokens=tuple(self._candidates[name].ref for name in candidates)
        )
        chosen = await self._around.consent.choose_token(question)
        if chosen is None:
            return j.ConsentRefused()
        if _name(chosen) not in candidates:
            raise ConsentBreach("a token that was not offered")
        return j.CredentialPicked(_name(chosen))

    async def _consent(self, credential_id: str, open_documents: tuple[str, ...]) -> tuple[j.Event, ...]:
        token = self._candidates[credential_id]
        asked_at = self._around.clock.now()
        sheet = await self._sheet(token.ref)
        question = TokenQuestion(
            request_id=self._request.id,
            origin=self._request.origin,
            paired_since=self._around.paired_since(self._request.origin),
            sheets=(sheet,),
            documents=self._request.documents,
            token=token.ref,
            authorisation=token.user,
            asked_at=asked_at,
            cautions=self._around.cautions(self._request.origin),
        )
        self._dialogue = self._around.consent.open_token(question)
        self._standing = asyncio.ensure_future(self._tell_of_panels(self._dialogue))
        telling = asyncio.ensure_future(self._tell_whether_there(self._dialogue, token.ref))
        try:
            answer = await self._dialogue.answer()
        finally:
            telling.cancel()
        if isinstance(answer, Declined):
            return (j.ConsentRefused(),)
        self._pin, self._last_try_accepted = answer.pin, answer.last_try_accepted
        self._stay = self._around.signers.stay(token.ref)
        accepted = check_answer(answer, (sheet,))
        self._agreed = Agreed(token=token, asked_at=asked_at, accepted=accepted[self._document.id])
        return (j.ConsentGiven(tuple(accepted)),)

    async def _tell_whether_there(self, dialogue: ConsentDialogue, token: TokenRef) -> None:
        while True:
            await self._work.tokens.token_gone(token)
            dialogue.token_away(token)
            await self._work.tokens.token_returned(token)
            dialogue.token_away(None)

    async def _sheet(self, token: TokenRef) -> DocumentSheet:
        around, origin = self._around, self._request.origin
        if self._document.format is SignatureFormat.PKCS10:
            subject = token_documents.wanted(self._document).subject
            return token_documents.request_sheet(
                self._document,
                token,
                origin=origin,
                alike=self._work.requests.alike(subject, token.serial),
                holders=await self._holders(token),
                severe=around.severe,
            )
        return token_documents.certificate_sheet(
            self._document,
            token,
            origin=origin,
            request=self._answered(),
            trusted=self._trusted(),
            now=around.clock.now(),
            severe=around.severe,
        )

    async def _holders(self, token: TokenRef) -> tuple[Holder, ...]:
        """Whose certificates are on the token already."""
        found = await self._around.signers.credentials()
        return tuple(one.holder for one in found if one.token.serial == token.serial)

    def _answered(self) -> KeyRequest | None:
        """The request in progress that this certificate answers, where it is one and Mohr made it."""
        if self._document.format is not SignatureFormat.CERTIFICATE:
            return None
        spki = x509.read(self._document.content).spki
        return next((one for one in self._work.requests.all() if one.spki == spki), None)

    def _trusted(self) -> bool:
        """Is there a way from the certificate to an authority that this computer trusts, now?"""
        above = [x509.read(file.content) for file in self._document.attachments]
        certificate = x509.read(self._document.content)
        return x509.path(certificate, self._work.anchors(), above, self._around.clock.now()) is not None

    async def _ask_again(self, problem: PinProblem, open_documents: tuple[str, ...]) -> j.Event:
        assert self._dialogue is not None
        now = await self._work.desk.find(self.agreed.token.ref)
        if now is None:
            raise TokenAbsent
        self._agreed = replace(self.agreed, token=now)
        answer = await self._dialogue.ask_pin(PinRequest(problem=problem, authorisation=now.user))
        if answer is None:
            return j.ConsentRefused()
        self._pin, self._last_try_accepted = answer.pin, answer.last_try_accepted
        return j.ConsentGiven(open_documents)

    async def _want_token(self) -> j.Event:
        """Wait for the token that the yes was given for, or for the doctor to give up on it."""
        assert self._dialogue is not None
        wanted, tokens = self.agreed.token.ref, self._work.tokens
        # As in `questions`: one that was put back at once is there already.
        if self._around.signers.stay(wanted) == self._stay:
            try:
                async with asyncio.timeout(GONE_WITHIN):
                    while await self._work.desk.find(wanted) is not None:
                        await tokens.token_gone(wanted)
            except TimeoutError:
                return j.Broken(TokenRemoved.code)
        given_up = asyncio.ensure_future(self._dialogue.want_token(wanted))
        back = asyncio.ensure_future(self._returned(wanted))
        try:
            await asyncio.wait({given_up, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (given_up, back):
                task.cancel()
            await asyncio.wait({given_up, back})
        if back.cancelled():
            return j.ConsentRefused()
        self._agreed = replace(self.agreed, token=back.result())
        self._stay = self._around.signers.stay(back.result().ref)
        return j.TokenBack()

    async def _returned(self, wanted: TokenRef) -> ManagedToken:
        while True:
            await self._work.tokens.token_returned(wanted)
            found = await self._work.desk.find(wanted)
            if found is not None:
                return found
            await self._work.tokens.token_gone(wanted)


def each_once(tokens: tuple[ManagedToken, ...]) -> tuple[ManagedToken, ...]:
    """Each initialised token once, through the first module that shows it.

    Two modules' tokens are one where they stand in one reader or have one serial number; one module's never.
    """
    kept: list[ManagedToken] = []
    for token in tokens:
        if token.initialised and not any(_same(token.ref, other.ref) for other in kept):
            kept.append(token)
    return tuple(kept)


def _same(one: TokenRef, other: TokenRef) -> bool:
    if one.module == other.module:
        return False
    in_one_reader = bool(one.reader.strip()) and same_reader(one.reader, other.reader)
    return in_one_reader or bool(one.serial and one.serial == other.serial)


def _name(token: TokenRef) -> str:
    """What stands for a credential's id in the journey."""
    return f"{token.module} {token.slot} {token.serial}"
