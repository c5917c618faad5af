"""The scripted doctor: a consent surface that does what the scenario on the stage says.

She approves only what a person could approve, and what she did is told on the stage, since a panel whose
documents earn a red finding would otherwise wonder why they come back declined.
"""

from __future__ import annotations

import asyncio

from signer.cli.simulate.scenarios import Doing, Stage
from signer.cli.simulate.token import PIN
from signer.model.credential import Authorisation, AuthorisationKind, KeyKind, TokenRef
from signer.model.errors import ConsentSurfaceMissing
from signer.model.session_signing import OpenNow
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    DocumentAnswer,
    ModuleQuestion,
    Outcome,
    PairingQuestion,
    Pin,
    PinProblem,
    PinRequest,
    Standing,
    TokenChoiceQuestion,
    TokenQuestion,
)

_WRONG = "0000"
#: PINs typed in one dialogue before she gives up.
_PATIENCE = 300


class SimulatedDoctor:
    """Implements `ConsentSurface`. She says what she is asked to, and never what she must not."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def pair(self, question: PairingQuestion) -> bool:
        """Tells the digits, for a person who wants to compare them, and answers after reading them."""
        self._stage.tell("pairing-asked", f"{question.code} {question.origin}")
        await asyncio.sleep(self._stage.pace.reading)
        yes = self._stage.scenario.doctor is not Doing.REFUSES_PAIRING
        self._stage.tell("pairing-accepted" if yes else "pairing-refused", question.origin)
        return yes

    async def choose(self, question: ChoiceQuestion) -> str | None:
        """The RSA certificate, which most servers read; of two tokens one on the second."""
        tokens = sorted({credential.token.serial for credential in question.credentials})
        self._stage.tell("choice-asked", f"{len(question.credentials)} certificates, {len(tokens)} tokens")
        there = [credential for credential in question.credentials if credential.token.serial == tokens[-1]]
        return min(there, key=lambda c: (c.key_kind is not KeyKind.RSA, c.id)).id

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        """None: no work on tokens is played, and the service takes none in."""
        return None

    def open_token(self, question: TokenQuestion) -> SimulatedDialogue:
        """Nor is it asked about."""
        raise ConsentSurfaceMissing

    async def use_module(self, question: ModuleQuestion) -> bool:
        """No: a simulator loads no module."""
        return False

    def open(self, question: ConsentQuestion) -> SimulatedDialogue:
        """Look at the question."""
        self._stage.tell("consent-asked", f"{len(question.documents)} of {question.origin}")
        return SimulatedDialogue(question, self._stage)


class SimulatedDialogue:
    """Implements `ConsentDialogue`."""

    def __init__(self, question: ConsentQuestion, stage: Stage) -> None:
        self._question = question
        self._stage = stage
        self._doing = stage.scenario.doctor
        self._typed = 0

    async def answer(self) -> Approved | Declined:
        """What the scenario says, after reading."""
        pace = self._stage.pace
        if self._doing is Doing.IS_OUT:
            await asyncio.Event().wait()
        await asyncio.sleep(pace.long_reading if self._doing is Doing.READS_LONG else pace.reading)
        if self._doing is Doing.DECLINES:
            self._stage.tell("declined")
            return Declined()
        refused = sorted(
            {f.code for s in self._question.sheets if s.refused for f in s.findings if f not in s.needs_yes}
        )
        answers = tuple(
            DocumentAnswer(document_id=s.document_id, accepted=tuple(f.code for f in s.needs_yes))
            for s in self._question.sheets
            if not s.refused
        )
        if refused:
            self._stage.tell("cannot-be-approved", ", ".join(refused))
        if not answers:
            return Declined()
        self._stage.tell("approved", str(len(answers)))
        return Approved(answers=answers, pin=self._pin(self._question.authorisation))

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        """Type it again, with the yes that a last try needs."""
        if self._typed >= _PATIENCE:
            return None
        if request.problem is not PinProblem.EACH_SIGNATURE:
            await asyncio.sleep(self._stage.pace.reading)
        return Approved(answers=(), pin=self._pin(request.authorisation), last_try_accepted=True)

    def _pin(self, wanted: Authorisation) -> Pin | None:
        """What she types into Mohr: nothing, where the reader has keys."""
        if wanted.kind is AuthorisationKind.PIN_PAD:
            return None
        self._typed += 1
        wrong = self._doing is Doing.TYPES_WRONG and self._typed == 1
        return Pin(_WRONG if wrong else PIN)

    def token_away(self, token: TokenRef | None) -> None:
        """She sees it, and reads on."""

    def token_open(self, opened: OpenNow | None) -> None:
        """The simulator keeps no token open."""

    def standing(self, standing: Standing) -> None:
        """She does not look who waits."""

    async def want_token(self, token: TokenRef) -> None:
        """Wait a little longer than a token that comes back is away, then give up."""
        await asyncio.sleep(2 * self._stage.pace.away)
        self._stage.tell("token-given-up")

    def progress(self, done: int, total: int) -> None:
        """Nobody watches."""

    def close(self, outcome: Outcome) -> None:
        """Tell how it ended."""
        states = ", ".join(sorted({state.value for _, state in outcome.documents}))
        self._stage.tell("ended", f"{states} {outcome.problem or ''}".strip())
