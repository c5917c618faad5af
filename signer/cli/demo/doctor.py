"""A doctor who says yes by script, for the demo and the tests. The agent's normal start cannot reach it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from signer.model.credential import TokenRef
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

#: How often a token may come back in one request before it is given up.
_PATIENCE = 3
_TYPED_AGAIN = {PinProblem.EACH_SIGNATURE, PinProblem.TOKEN_BACK, PinProblem.TOKEN_CLOSED}
#: How many outcomes are remembered: an agent may be asked for days.
_KEPT = 100


class ScriptedDoctor:
    """Reads every sheet, accepts what may be accepted, approves what no red finding forbids.

    Implements `ConsentSurface`. `on_question` is called when a question comes up, before it is answered; the
    latest outcomes shown at the end are kept in `outcomes`, what was asked of tokens in `token_questions`.
    """

    def __init__(self, pin: str, on_question: Callable[[ConsentQuestion], None] | None = None) -> None:
        self._pin = pin
        self._on_question = on_question
        self.outcomes = deque[Outcome](maxlen=_KEPT)
        self.token_questions = deque[TokenQuestion](maxlen=_KEPT)

    async def pair(self, question: PairingQuestion) -> bool:
        """Yes: the script started the pairing itself."""
        return True

    async def choose(self, question: ChoiceQuestion) -> str | None:
        """The credential that stays valid longest."""
        return max(question.credentials, key=lambda c: (c.not_after, c.id)).id

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        """The first in the order of their serial numbers."""
        return min(question.tokens, key=lambda token: token.serial)

    async def use_module(self, question: ModuleQuestion) -> bool:
        """No: nobody told the script of a module."""
        return False

    def open(self, question: ConsentQuestion) -> ScriptedDialogue:
        """Look at the question."""
        if self._on_question is not None:
            self._on_question(question)
        return ScriptedDialogue(question, self._pin, self.outcomes)

    def open_token(self, question: TokenQuestion) -> ScriptedDialogue:
        """Look at it; kept in `token_questions`."""
        self.token_questions.append(question)
        return ScriptedDialogue(question, self._pin, self.outcomes)


class ScriptedDialogue:
    """Implements `ConsentDialogue`. A refused PIN is not typed a second time; after a removal it is.

    Where the token stands open none is typed.

    A token that was `_PATIENCE` times away and back is given up: it may be there and say that it is not.
    """

    def __init__(self, question: ConsentQuestion | TokenQuestion, pin: str, outcomes: deque[Outcome]) -> None:
        self._question = question
        self._pin = pin
        self._outcomes = outcomes
        self._came_back = 0

    async def answer(self) -> Approved | Declined:
        """Yes to all that can be approved; no when nothing can."""
        answers = tuple(
            DocumentAnswer(document_id=s.document_id, accepted=tuple(f.code for f in s.needs_yes))
            for s in self._question.sheets
            if not s.refused
        )
        opened = isinstance(self._question, ConsentQuestion) and self._question.opened is not None
        pin = None if opened else Pin(self._pin)
        return Approved(answers=answers, pin=pin) if answers else Declined()

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        """The PIN where a key wants one for each signature, or the token was away or closed; or give up."""
        self._came_back += request.problem is PinProblem.TOKEN_BACK
        again = request.problem in _TYPED_AGAIN
        again = again and self._came_back <= _PATIENCE
        return Approved(answers=(), pin=Pin(self._pin)) if again else None

    def token_away(self, token: TokenRef | None) -> None:
        """Nobody watches."""

    def token_open(self, opened: OpenNow | None) -> None:
        """Nobody watches."""

    def standing(self, standing: Standing) -> None:
        """Nobody watches."""

    async def want_token(self, token: TokenRef) -> None:
        """Wait for whoever holds it."""
        await asyncio.Event().wait()

    def progress(self, done: int, total: int) -> None:
        """Nobody watches."""

    def close(self, outcome: Outcome) -> None:
        """Keep the outcome."""
        self._outcomes.append(outcome)
