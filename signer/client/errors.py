"""What can go wrong for a panel.

ClientError
├── AgentNotFound     nobody answers, or what answers is no agent
├── AgentNotTrusted   what answers does not hold the key that was pinned: send it nothing
├── NotPairedYet      there is no key for this origin: pair first
└── ProblemAnswered   the agent said no, and why
"""

from __future__ import annotations

from signer.endpoint.problems import Problem


class ClientError(Exception):
    """Root of all of them."""


class AgentNotFound(ClientError):
    """Nobody answers at the address, or what answers is no agent."""


class AgentNotTrusted(ClientError):
    """An answer or a proof does not verify with the agent's pinned key."""


class NotPairedYet(ClientError):
    """The key store holds no pairing, or the agent does not know it any more."""


class ProblemAnswered(ClientError):
    """An RFC 9457 problem. Where `signed` is False it is hearsay: nobody vouches for it."""

    def __init__(self, problem: Problem, *, signed: bool) -> None:
        super().__init__(f"{problem.code}: {problem.title} {problem.remedy} ({problem.instance})")
        self.problem = problem
        self.signed = signed

    @property
    def code(self) -> str:
        """The stable code of the error catalogue."""
        return self.problem.code
