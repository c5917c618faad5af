"""One signing request's way through the agent, as a pure state machine.

`step(journey, event)` gives the next journey and the effects that someone must carry out; `signer.service`
is that someone. Nothing here waits, signs or asks. An event that comes too late (a cancel after the end)
changes nothing; an event that cannot come at this stage is `OutOfStep`, a bug.

    Received ─► Seeking ─► Choosing ─► Consenting ─► Authorising ─► Signing ─► Ended
                   └───────────────────────▲              │ ▲        │
                                          PIN refused: asked again   │ token gone
                                                          └─┴── AwaitingToken

A login that has gone while the token is there leads from Signing back to Authorising, where its PIN is asked.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from signer.model.request import DocumentState, RequestState


class Received(Struct, frozen=True, tag="received"):
    """Taken in, waiting for its turn in front of the doctor."""


class Seeking(Struct, frozen=True, tag="seeking"):
    """Looking for credentials."""


class Choosing(Struct, frozen=True, tag="choosing"):
    """Several credentials would do: the doctor chooses."""


class Consenting(Struct, frozen=True, tag="consenting"):
    """The documents are on screen."""

    credential_id: str


class Authorising(Struct, frozen=True, tag="authorising"):
    """Approved; the token is being told so (PIN, PIN pad, or elsewhere)."""

    credential_id: str


class Signing(Struct, frozen=True, tag="signing"):
    """Logged in; intents are durable; signatures are being made, verified and sealed."""

    credential_id: str


class AwaitingToken(Struct, frozen=True, tag="awaiting-token"):
    """Approved, and the token has gone: the doctor is asked to put it back. What was said yes to stays so."""

    credential_id: str


class Ended(Struct, frozen=True, tag="ended"):
    """Final. `code` is the stable code of what ended it, None when documents tell for themselves."""

    state: RequestState
    code: str | None = None


Stage = Received | Seeking | Choosing | Consenting | Authorising | Signing | AwaitingToken | Ended


class Progress(Struct, frozen=True):
    """Where one document stands; `code` says why it failed."""

    state: DocumentState
    code: str | None = None


#: Times that a token may come back and be gone again with nothing signed: after that, a module says so of a
#: token that stands in its slot, and no PIN more is asked for.
FRUITLESS_RETURNS = 3


class Journey(Struct, frozen=True):
    """A request's stage and each document's progress, in the request's order.

    `returns` counts how often the token came back since something was signed.
    """

    stage: Stage
    documents: dict[str, Progress]
    returns: int = 0

    @property
    def open_documents(self) -> tuple[str, ...]:
        """Ids of the documents that may still be signed."""
        return tuple(i for i, p in self.documents.items() if p.state in _OPEN)


_OPEN = (DocumentState.PENDING, DocumentState.SIGNING)


# Events: what happened.


class Turn(Struct, frozen=True):
    """The request is now first in the doctor's queue."""


class CredentialsFound(Struct, frozen=True):
    """The usable credentials that fit the request, by id."""

    usable: tuple[str, ...]


class CredentialPicked(Struct, frozen=True):
    """The doctor chose."""

    credential_id: str


class ConsentGiven(Struct, frozen=True):
    """The doctor said yes to these documents; the others are declined."""

    approved: tuple[str, ...]


class ConsentRefused(Struct, frozen=True):
    """The doctor said no, at any point before signing."""


class AuthorisationRefused(Struct, frozen=True):
    """The token wants the PIN again; `reason` is a `PinProblem` value."""

    reason: str


class Authorised(Struct, frozen=True):
    """C_Login succeeded."""


class TokenGone(Struct, frozen=True):
    """The token was pulled out. What it had in hand has failed before; the other documents are not begun."""


class TokenBack(Struct, frozen=True):
    """The same token is there again, and nobody is logged in."""


class LoggedOut(Struct, frozen=True):
    """The login that stood has gone, and the token is there. What was in hand was not signed."""


class Sealed(Struct, frozen=True):
    """These documents' signatures are verified and durable."""

    documents: tuple[str, ...]


class DocumentFailed(Struct, frozen=True):
    """This document cannot be signed; the others go on."""

    document: str
    code: str


class Cancelled(Struct, frozen=True):
    """The panel took the request back, or the agent is closing."""


class Broken(Struct, frozen=True):
    """What is not yet signed cannot be: expired, token gone, module crashed, journal full."""

    code: str


Event = (
    Turn
    | CredentialsFound
    | CredentialPicked
    | ConsentGiven
    | ConsentRefused
    | AuthorisationRefused
    | Authorised
    | TokenGone
    | TokenBack
    | LoggedOut
    | Sealed
    | DocumentFailed
    | Cancelled
    | Broken
)


# Effects: what to do.


class Seek(Struct, frozen=True):
    """Find credentials."""


class AskChoice(Struct, frozen=True):
    """Let the doctor choose among these."""

    candidates: tuple[str, ...]


class AskConsent(Struct, frozen=True):
    """Show the documents, to be signed with this credential."""

    credential_id: str


class LogIn(Struct, frozen=True):
    """Tell the token, once, with what the doctor gave."""

    credential_id: str


class AskAgain(Struct, frozen=True):
    """Ask for the PIN again, saying why."""

    reason: str


class AwaitToken(Struct, frozen=True):
    """Log out, name the token that is wanted, and wait for it or for the doctor to give up."""

    credential_id: str


class Sign(Struct, frozen=True):
    """Make intents for these durable, then sign, verify and seal each."""

    documents: tuple[str, ...]


class Record(Struct, frozen=True):
    """Write into the journal that these documents ended without a signature."""

    documents: tuple[str, ...]
    code: str


class Close(Struct, frozen=True):
    """Log out, close the dialogue, tell who waits."""


Effect = Seek | AskChoice | AskConsent | LogIn | AskAgain | AwaitToken | Sign | Record | Close


class OutOfStep(Exception):
    """An event that cannot happen at this stage: a bug in who sent it."""


def begin(documents: tuple[str, ...], known: dict[str, Progress] | None = None) -> Journey:
    """A new journey. `known` is what already became of some documents under the same Idempotency-Key.

    A signed document is never signed again, a declined one never asked again. With nothing left open the
    journey has ended before it began.
    """
    progress = {d: (known or {}).get(d, Progress(DocumentState.PENDING)) for d in documents}
    journey = Journey(Received(), progress)
    return journey if journey.open_documents else replace(journey, stage=Ended(_summary(journey)))


def step(journey: Journey, event: Event) -> tuple[Journey, tuple[Effect, ...]]:
    """The next journey and what must be done for it. Raises `OutOfStep`."""
    if isinstance(journey.stage, Ended):
        return journey, ()
    match journey.stage, event:
        case _, Cancelled():
            return _end(journey, RequestState.CANCELLED, DocumentState.CANCELLED, "request-cancelled")
        case _, Broken(code=code):
            return _end(journey, RequestState.FAILED, DocumentState.FAILED, code)
        case _, DocumentFailed(document=document, code=code) if document in journey.open_documents:
            failed = _mark(journey, (document,), DocumentState.FAILED, code)
            return _finish_if_done(failed, (Record((document,), code),))
        case Received(), Turn():
            return replace(journey, stage=Seeking()), (Seek(),)
        case Seeking(), CredentialsFound(usable=()):
            return step(journey, Broken("token-absent"))
        case Seeking(), CredentialsFound(usable=(only,)):
            return _ask_consent(journey, only)
        case Seeking(), CredentialsFound(usable=several):
            return replace(journey, stage=Choosing()), (AskChoice(several),)
        case Choosing(), CredentialPicked(credential_id=chosen):
            return _ask_consent(journey, chosen)
        case (
            (Choosing() | Consenting() | Authorising() | AwaitingToken() | Signing()),
            ConsentRefused(),
        ):
            return _decline(journey)
        case Consenting(credential_id=credential), ConsentGiven(approved=approved):
            return _approve(journey, credential, approved)
        case Authorising(), AuthorisationRefused(reason=reason):
            return journey, (AskAgain(reason),)
        case Authorising(credential_id=credential), ConsentGiven():
            return journey, (LogIn(credential),)
        case Authorising(credential_id=credential), Authorised():
            approved = journey.open_documents
            signing = _mark(journey, approved, DocumentState.SIGNING)
            return replace(signing, stage=Signing(credential)), (Sign(approved),)
        case ((Authorising() | Signing()), TokenGone()) if journey.returns >= FRUITLESS_RETURNS:
            return step(journey, Broken("token-removed"))
        case ((Authorising(credential_id=credential) | Signing(credential_id=credential)), TokenGone()):
            waiting = _mark(journey, journey.open_documents, DocumentState.PENDING)
            return replace(waiting, stage=AwaitingToken(credential)), (AwaitToken(credential),)
        case Signing(), LoggedOut() if journey.returns >= FRUITLESS_RETURNS:
            return step(journey, Broken("not-logged-in"))
        case Signing(credential_id=credential), LoggedOut():
            waiting = _mark(journey, journey.open_documents, DocumentState.PENDING)
            asked = replace(waiting, stage=Authorising(credential), returns=journey.returns + 1)
            return asked, (AskAgain("logged-out"),)
        case AwaitingToken(credential_id=credential), TokenBack():
            back = replace(journey, stage=Authorising(credential), returns=journey.returns + 1)
            return back, (AskAgain("token-back"),)
        case Signing(), Sealed(documents=documents) if set(documents) <= set(journey.open_documents):
            signed = _mark(replace(journey, returns=0), documents, DocumentState.SIGNED)
            return _finish_if_done(signed, ())
        case stage, _:
            raise OutOfStep(f"{type(event).__name__} at {type(stage).__name__}")


def request_state(journey: Journey) -> RequestState:
    """The stage in the contract's words."""
    match journey.stage:
        case Received() | Seeking():
            return RequestState.RECEIVED
        case Choosing():
            return RequestState.CHOOSING
        case Consenting() | Authorising() | AwaitingToken():
            return RequestState.CONSENT
        case Signing():
            return RequestState.SIGNING
        case Ended(state=state):
            return state


def _ask_consent(journey: Journey, credential: str) -> tuple[Journey, tuple[Effect, ...]]:
    return replace(journey, stage=Consenting(credential)), (AskConsent(credential),)


def _approve(
    journey: Journey, credential: str, approved: tuple[str, ...]
) -> tuple[Journey, tuple[Effect, ...]]:
    declined = tuple(d for d in journey.open_documents if d not in set(approved))
    effects: tuple[Effect, ...] = (Record(declined, "consent-declined"),) if declined else ()
    journey = _mark(journey, declined, DocumentState.DECLINED, "consent-declined")
    if not journey.open_documents:
        return replace(journey, stage=Ended(RequestState.DECLINED, "consent-declined")), (*effects, Close())
    return replace(journey, stage=Authorising(credential)), (*effects, LogIn(credential))


def _mark(
    journey: Journey, documents: tuple[str, ...], state: DocumentState, code: str | None = None
) -> Journey:
    if not documents:
        return journey
    return replace(journey, documents=journey.documents | dict.fromkeys(documents, Progress(state, code)))


def _end(
    journey: Journey, state: RequestState, unsigned: DocumentState, code: str
) -> tuple[Journey, tuple[Effect, ...]]:
    rest = journey.open_documents
    effects: tuple[Effect, ...] = (Record(rest, code), Close()) if rest else (Close(),)
    return replace(_mark(journey, rest, unsigned, code), stage=Ended(state, code)), effects


def _decline(journey: Journey) -> tuple[Journey, tuple[Effect, ...]]:
    """No to what is not yet signed; a request that has signatures by then is finished all the same."""
    declined = _mark(journey, journey.open_documents, DocumentState.DECLINED, "consent-declined")
    return _end(journey, _summary(declined), DocumentState.DECLINED, "consent-declined")


def _finish_if_done(journey: Journey, effects: tuple[Effect, ...]) -> tuple[Journey, tuple[Effect, ...]]:
    if journey.open_documents:
        return journey, effects
    state = _summary(journey)
    # Where every document failed for one reason, that is what there is to say.
    reasons = {p.code for p in journey.documents.values()} if state is RequestState.FAILED else set()
    ended = Ended(state, reasons.pop() if len(reasons) == 1 else None)
    return replace(journey, stage=ended), (*effects, Close())


def _summary(journey: Journey) -> RequestState:
    """How a request with no open document ended: finished as soon as one signature came of it."""
    states = {p.state for p in journey.documents.values()}
    for document, request in (
        (DocumentState.SIGNED, RequestState.FINISHED),
        (DocumentState.FAILED, RequestState.FAILED),
        (DocumentState.CANCELLED, RequestState.CANCELLED),
    ):
        if document in states:
            return request
    return RequestState.DECLINED
