"""Carries one signing request through its journey: asks, logs in, signs, records, closes.

What happens next is decided by `signer.model.journey`; this file only does it. The queue of requests and
what is kept of them afterwards are `signing`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from msgspec import Struct

from signer.model import journey as j
from signer.model.credential import Authorisation, AuthorisationKind
from signer.model.errors import (
    ConsentDeclined,
    JournalUnwritable,
    MohrError,
    NotLoggedIn,
    PinMalformed,
    PinWrong,
    TokenAbsent,
    TokenRemoved,
    Unexpected,
    by_code,
)
from signer.model.record import Ending
from signer.model.request import Document, DocumentState, SigningRequest
from signer.model.session_signing import Ended
from signer.service import envelopes
from signer.service.consent import (
    Approved,
    DocumentOutcome,
    Outcome,
    PinProblem,
    PinRequest,
)
from signer.service.each_signature import EachSignature
from signer.service.evidence import Gatherer
from signer.service.intents import Intents
from signer.service.pipeline import Pipeline, Signed
from signer.service.ports import SigningSession
from signer.service.questions import Questions, Surroundings
from signer.service.traces import without_values
from signer.service.tracing import Lane, Step
from signer.service.views import DocumentView, RequestView

log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Runner:
    """One request. `changed` is called after each step; `run` is awaited once, by the queue.

    `rest` tells how many seconds its origin must still leave the doctor in peace.
    """

    def __init__(
        self,
        request: SigningRequest,
        surroundings: Surroundings,
        *,
        known: dict[str, j.Progress],
        signed: dict[str, Signed],
        changed: Callable[[], None],
        rest: Callable[[], float],
        questions: Questions | None = None,
    ) -> None:
        self.request = request
        self.journey = j.begin(tuple(d.id for d in request.documents), known)
        self._around = surroundings
        self._signed = dict(signed)
        self._changed = changed
        self._rest = rest
        self._documents = {d.id: d for d in request.documents}
        self._stop: asyncio.Future[j.Event] = asyncio.get_running_loop().create_future()
        self._questions = questions or Questions(request, surroundings)
        self._session: SigningSession | None = None
        self._without_pin = False
        self._pipeline: Pipeline | None = None
        self._intents = Intents(request, surroundings.journal)

    async def run(self, turn: asyncio.Lock) -> None:
        """Wait for the doctor's attention (`turn`), then go through the journey to its end."""
        held = False
        try:
            with self._around.trace.span(Lane.PERSON, Step.TURN, self.request.id):
                held = await self._turn_comes(turn)
            await self._go(j.Turn() if held else self._stop.result())
        finally:
            await self._put_away()
            if held:
                turn.release()

    async def _turn_comes(self, turn: asyncio.Lock) -> bool:
        """True with the lock held, False when interrupted before that.

        An origin that the doctor has just turned down lets the others go first until it has waited.
        """
        while await self._acquired(turn):
            if not (left := self._rest()):
                return True
            turn.release()
            await asyncio.wait({self._stop}, timeout=left)
        return False

    async def _acquired(self, turn: asyncio.Lock) -> bool:
        if self._stop.done():
            return False
        acquiring = asyncio.ensure_future(turn.acquire())
        try:
            await _first_of(acquiring, self._stop)
        finally:
            acquiring.cancel()  # without effect once the lock is held
        await asyncio.wait({acquiring})
        return not acquiring.cancelled()

    def interrupt(self, event: j.Cancelled | j.Broken) -> None:
        """End it as soon as nothing irrevocable is in hand. What is already sealed stays signed."""
        if not self._stop.done():
            self._stop.set_result(event)
        if self._pipeline is not None:
            self._pipeline.stop()

    def view(self, position: int) -> RequestView:
        """The request as the panel may see it now."""
        return RequestView(
            id=self.request.id,
            state=j.request_state(self.journey),
            position=position,
            documents=tuple(self._document_view(d) for d in self.request.documents),
        )

    def _document_view(self, document: Document) -> DocumentView:
        progress = self.journey.documents[document.id]
        signed = self._signed.get(document.id) if progress.state is DocumentState.SIGNED else None
        return DocumentView(
            id=document.id,
            state=progress.state,
            format=document.format.value,
            level=signed.level if signed else None,
            signature=signed.signature if signed else None,
            certificate=(signed.certificate or None) if signed else None,
            signed_at=signed.signed_at if signed else None,
            problem=by_code(progress.code)() if progress.code else None,
        )

    # The loop: events in, effects out.

    async def _go(self, first: j.Event) -> None:
        events: deque[j.Event] = deque((first,))
        while events:
            effects = self._step(events.popleft())
            for effect in effects:
                events.extend(await self._traced(effect))

    def _step(self, event: j.Event) -> tuple[j.Effect, ...]:
        self.journey, effects = j.step(self.journey, event)
        self._changed()
        return effects

    async def _traced(self, effect: j.Effect) -> tuple[j.Event, ...]:
        kind = _TRACED.get(type(effect))
        if kind is None:
            return await self._carry_out(effect)
        with self._around.trace.span(*kind, self.request.id):
            return await self._carry_out(effect)

    async def _carry_out(self, effect: j.Effect) -> tuple[j.Event, ...]:
        try:
            match effect:
                case j.Record(documents=documents, code=code):
                    await self._record(documents, code)
                    return ()
                case j.Close():
                    await self._close()
                    return ()
                case j.LogIn():
                    return (self._stop.result(),) if self._stop.done() else await self._log_in()
                case j.Sign(documents=documents):
                    return (self._stop.result(),) if self._stop.done() else await self._sign(documents)
                case _:
                    if isinstance(effect, j.AwaitToken):
                        await self._log_out()
                    outcome = await self._unless_stopped(
                        self._questions.ask(effect, self.journey.open_documents)
                    )
                    return (outcome.event,) if isinstance(outcome, _Stopped) else outcome
        except MohrError as problem:
            return (self._stopped_by(problem),)
        except Exception as fault:  # noqa: BLE001  # whatever it was, the request must come to an end
            # The panel's problem body has a number of its own; a second one here would match nothing.
            log.error("unforeseen in %s: %s", type(effect).__name__, without_values(fault))  # noqa: TRY400
            return (j.Broken(Unexpected.code),)

    def _stopped_by(self, problem: MohrError) -> j.Event:
        """A token that is pulled out after the yes is waited for; anything else ends what is unsigned."""
        gone = isinstance(problem, TokenAbsent | TokenRemoved)
        if gone and isinstance(self.journey.stage, j.Authorising | j.Signing):
            return j.TokenGone()
        if isinstance(problem, NotLoggedIn) and isinstance(self.journey.stage, j.Signing):
            return j.LoggedOut()
        return j.Broken(problem.code)

    async def _unless_stopped(self, work: Coroutine[Any, Any, _T]) -> _T | _Stopped:
        """Wait for `work` or for an interruption; an interrupted `work` is cancelled and waited for."""
        task = asyncio.ensure_future(work)
        try:
            await _first_of(task, self._stop)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if self._stop.done():
            if not task.cancelled():
                task.exception()
            return _Stopped(self._stop.result())
        return task.result()

    # Acting.

    async def _log_in(self) -> tuple[j.Event, ...]:
        """C_Login once, with the PIN that was typed; the PIN is forgotten here whatever happens."""
        approval, around = self._questions.approval, self._around
        token = approval.credential.token
        pin, last_try_accepted = self._questions.take_pin()
        try:
            authorisation = await around.signers.authorisation(approval.credential)
            if pin is None and (self._questions.stood_open or authorisation.kind is AuthorisationKind.PIN):
                return self._go_on_open(authorisation)
            await self._log_out()
            if around.sessions is not None:
                # A token that is logged in would not look at the PIN.
                await around.sessions.close(Ended.OTHER_LOGIN)
            around.guard.check(token, around.clock.now(), authorisation.role)
            guarded = around.guard.needs_explicit_yes(token, authorisation, around.clock.now())
            if guarded and not last_try_accepted:
                return (j.AuthorisationRefused(PinProblem.LAST_TRY_UNCONFIRMED.value),)
            self._begin_to_intend()
            try:
                session = await around.signers.log_in(approval.credential, pin)
            except PinWrong:
                around.guard.wrong(token, around.clock.now(), authorisation.role)
                return (j.AuthorisationRefused(PinProblem.WRONG.value),)
            except PinMalformed:
                return (j.AuthorisationRefused(PinProblem.MALFORMED.value),)
            except NotLoggedIn:
                return (j.AuthorisationRefused(PinProblem.LOGGED_OUT.value),)
        finally:
            if pin is not None:
                pin.forget()
        around.guard.right(token, authorisation.role)
        if around.sessions is not None:
            session = around.sessions.keep(session, approval.credential, authorisation)
        self._session, self._without_pin = session, False
        return (j.Authorised(),)

    def _go_on_open(self, authorisation: Authorisation) -> tuple[j.Event, ...]:
        """The yes was given to a token that stood open: use it, or ask for the PIN if it is closed by now."""
        sessions, count = self._around.sessions, len(self.journey.open_documents)
        session = None
        if sessions is not None and self._questions.stood_open:
            session = sessions.lend(self._questions.approval.credential, authorisation, count)
        if session is None:
            return (j.AuthorisationRefused(PinProblem.TOKEN_CLOSED.value),)
        self._begin_to_intend()
        self._session, self._without_pin = session, True
        return (j.Authorised(),)

    async def _sign(self, documents: tuple[str, ...]) -> tuple[j.Event, ...]:
        approval = self._questions.approval
        assert self._session is not None
        wanted = tuple(self._documents[d] for d in documents)
        algorithm = envelopes.choose(
            approval.credential.key_kind, await self._around.signers.algorithms(approval.credential)
        )
        if self._stop.done():
            return (self._stop.result(),)
        effects: list[j.Effect] = []

        def report(event: j.Event, signed: tuple[Signed, ...]) -> None:
            self._signed.update({s.document_id: s for s in signed})
            effects.extend(self._step(event))
            self._questions.progress(len(wanted) - len(self.journey.open_documents), len(wanted))

        self._pipeline = Pipeline(
            request=self.request,
            session=EachSignature(
                self._session,
                approval.credential,
                guard=self._around.guard,
                clock=self._around.clock,
                ask=self._ask_each,
                total=len(wanted),
            ),
            module=approval.credential.token.module,
            certificate=approval.certificate,
            algorithm=algorithm,
            signing_time=approval.signing_time,
            journal=self._around.journal,
            clock=self._around.clock,
            gatherer=Gatherer(self._around.outside, approval.certificate),
            token_done=self._log_out,
            report=report,
            intended=self._intents.durable,
            without_pin=self._without_pin,
            trace=self._around.trace,
        )
        stopped: tuple[j.Event, ...] = ()
        try:
            await self._pipeline.run(wanted)
        except ConsentDeclined:
            stopped = (j.ConsentRefused(),)
        except MohrError as problem:
            log.warning("signing stopped: %s %s", problem.code, problem.detail)
            stopped = (self._stopped_by(problem),)
        finally:
            # It holds this runner, through what it reports to.
            self._pipeline = None
        if self._stop.done():
            stopped = (self._stop.result(),)
        for effect in effects:
            await self._carry_out(effect)
        return stopped

    async def _ask_each(self, request: PinRequest) -> Approved | None:
        with self._around.trace.span(Lane.PERSON, Step.PIN_EACH, self.request.id):
            outcome = await self._unless_stopped(self._questions.ask_each(request))
        return None if isinstance(outcome, _Stopped) else outcome

    def _begin_to_intend(self) -> None:
        """Make the intents durable while the token looks at the PIN; before C_Sign they are waited for."""
        open_documents = tuple(self._documents[d] for d in self.journey.open_documents)
        self._intents.begin(open_documents, self._questions.approval)

    async def _record(self, documents: tuple[str, ...], code: str) -> None:
        """Write endings. A journal that cannot be written loses no signature here, so it only is logged."""
        endings = tuple(
            Ending(
                request_id=self.request.id,
                origin=self.request.origin,
                idempotency_key=self.request.idempotency_key,
                body_hash=self.request.body_hash,
                document_id=document,
                content_hash=self._documents[document].content_hash(),
                code=code,
                at=self._around.clock.now(),
                credential_id=self._questions.credential_id,
            )
            for document in documents
        )
        try:
            await self._around.journal.end(endings)
        except JournalUnwritable as problem:
            log.warning("an ending was not recorded: %s", problem.detail)

    async def _log_out(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _close(self) -> None:
        await self._log_out()
        self._questions.close(self._outcome())

    async def _put_away(self) -> None:
        """Whatever happened, no session stays logged in and no window stays open."""
        pin, _ = self._questions.take_pin()
        if pin is not None:
            pin.forget()
        await self._intents.end()
        await self._close()
        # A finished request is held for its result alone: what it was worked with is several times as large.
        self._pipeline = None

    def _outcome(self) -> Outcome:
        stage = self.journey.stage
        return Outcome(
            documents=tuple(
                (document, _OUTCOMES.get(progress.state, DocumentOutcome.FAILED))
                for document, progress in self.journey.documents.items()
            ),
            problem=stage.code if isinstance(stage, j.Ended) else None,
        )


async def _first_of(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


class _Stopped(Struct, frozen=True):
    """The work was interrupted by this event."""

    event: j.Event


#: Whose time an effect takes; the others take none.
_TRACED: dict[type[j.Effect], tuple[Lane, Step]] = {
    j.Seek: (Lane.CARD, Step.SEEK),
    j.AskChoice: (Lane.PERSON, Step.CHOICE),
    j.AskConsent: (Lane.PERSON, Step.CONSENT),
    j.AskAgain: (Lane.PERSON, Step.PIN_AGAIN),
    j.AwaitToken: (Lane.CARD, Step.AWAITED),
    j.LogIn: (Lane.CARD, Step.LOGIN),
    j.Sign: (Lane.CARD, Step.SIGNING),
    j.Record: (Lane.SEALING, Step.JOURNAL),
}
_OUTCOMES = {
    DocumentState.SIGNED: DocumentOutcome.SIGNED,
    DocumentState.DECLINED: DocumentOutcome.DECLINED,
}
