"""What crosses between the threads: frozen values, and the one PIN inside an `Approved`.

A ticket is the number of one question; answers and everything that follows carry it.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from signer.model.credential import TokenRef
from signer.model.presence import Presence
from signer.model.session_signing import OpenNow
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    ModuleQuestion,
    Outcome,
    PairingQuestion,
    PinRequest,
    Standing,
    TokenChoiceQuestion,
    TokenQuestion,
)

__all__ = [
    "AgentChanged",
    "AgentInfo",
    "AgentState",
    "Answered",
    "Asked",
    "Closed",
    "Message",
    "OpeningChanged",
    "PinAsked",
    "Progressed",
    "Question",
    "Reply",
    "SessionChanged",
    "StandingChanged",
    "TokenAway",
    "TokenWanted",
    "TokensChanged",
    "Withdrawn",
]

Question = (
    ConsentQuestion | TokenQuestion | PairingQuestion | ChoiceQuestion | TokenChoiceQuestion | ModuleQuestion
)

#: Consent and PIN: `Approved` or `Declined`. Pairing and module: a bool. Choice: what was picked, or None.
Reply = Approved | Declined | bool | str | TokenRef | None


class Asked(Struct, frozen=True):
    """Show this question."""

    ticket: int
    question: Question


class PinAsked(Struct, frozen=True):
    """Ask for the PIN again in the window of this ticket."""

    ticket: int
    request: PinRequest


class TokenAway(Struct, frozen=True):
    """While the question is read: this token was pulled out, or (None) it is back."""

    ticket: int
    token: TokenRef | None


class StandingChanged(Struct, frozen=True):
    """Around the question of this ticket: whether its panel is there, and who waits behind it."""

    ticket: int
    standing: Standing


class OpeningChanged(Struct, frozen=True):
    """While the question of this ticket is read: the token that was open is closed (None), or differs."""

    ticket: int
    opened: OpenNow | None


class TokenWanted(Struct, frozen=True):
    """The token was pulled out: name it in the window of this ticket, until `PinAsked` or `Closed`."""

    ticket: int
    token: TokenRef


class Progressed(Struct, frozen=True):
    """`done` of `total` documents are signed."""

    ticket: int
    done: int
    total: int


class Closed(Struct, frozen=True):
    """The request ended: show how, and go away."""

    ticket: int
    outcome: Outcome


class Withdrawn(Struct, frozen=True):
    """Nobody waits for the answer any more: take the window away."""

    ticket: int


class AgentInfo(Struct, frozen=True, kw_only=True):
    """What a started agent tells the main window: `host:port` it answers on, and its version."""

    address: str
    version: str


class AgentState(Enum):
    """How the agent is, as the main window shows it."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


class AgentChanged(Struct, frozen=True):
    """The agent became ready (`info`) or could not start (`problem`, a stable error code)."""

    state: AgentState
    info: AgentInfo | None = None
    problem: str | None = None


class TokensChanged(Struct, frozen=True):
    """Tokens came or went."""

    presence: Presence


class SessionChanged(Struct, frozen=True):
    """A token stands open after one PIN, or (None) no more."""

    opened: OpenNow | None


class Answered(Struct, frozen=True):
    """The request of the window with this number was performed, or `problem`, a stable code, says why not.

    `answer` is what the request's own `perform` gives, frozen.
    """

    number: int
    answer: object = None
    problem: str | None = None


Message = (
    Asked
    | Answered
    | PinAsked
    | TokenAway
    | StandingChanged
    | OpeningChanged
    | SessionChanged
    | TokenWanted
    | Progressed
    | Closed
    | Withdrawn
    | AgentChanged
    | TokensChanged
)
