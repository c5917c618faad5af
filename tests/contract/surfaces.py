"""What the contract of consent surfaces asks of a surface under test: a stage, and a person with a script.

Each surface brings one `Theatre`: it performs a scenario against its surface while a scripted person makes
the moves. The person sees only what that surface shows, and answers only by its own means: clicks and keys at
the window, lines at the terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from signer.model.credential import TokenRef
from signer.service.consent import ConsentSurface

T = TypeVar("T")


@dataclass(frozen=True)
class SayYes:
    """The digits are the same."""


@dataclass(frozen=True)
class SayNo:
    """Not to a pairing; none of the credentials; not to the whole request; no further PIN."""


@dataclass(frozen=True)
class Pick:
    """This credential."""

    credential_id: str


@dataclass(frozen=True)
class PickToken:
    """This token."""

    token: TokenRef


@dataclass(frozen=True)
class Approve:
    """Read everything, say every yes that is asked for, refuse `refusing`, and sign.

    `pin` is None where the reader takes it.
    """

    pin: str | None = "1234"
    refusing: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypePin:
    """The PIN again, with the explicit yes to a last try where one is asked for."""

    pin: str


@dataclass(frozen=True)
class GiveUp:
    """The token that is wanted will not come back."""


@dataclass(frozen=True)
class Leave:
    """Look at the question and do nothing."""


Move = SayYes | SayNo | Pick | PickToken | Approve | TypePin | GiveUp | Leave


class Stage(Protocol):
    """Where a scenario is performed."""

    surface: ConsentSurface

    async def presented(self, count: int = 1) -> None:
        """Returns once the person has been shown `count` questions since the beginning."""


class CountingStage:
    """Implements `Stage`: a surface, and a count of the questions that its theatre saw come up."""

    def __init__(self, surface: ConsentSurface) -> None:
        self.surface = surface
        self._shown = 0
        self._changed = asyncio.Condition()

    async def presented(self, count: int = 1) -> None:
        """See `Stage`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._shown >= count)

    async def one_more(self) -> None:
        """A question came up."""
        async with self._changed:
            self._shown += 1
            self._changed.notify_all()


Scenario = Callable[[Stage], Awaitable[T]]


class Theatre(Protocol):
    """One surface and its person."""

    def perform(self, scenario: Scenario[T], *moves: Move) -> T:
        """Run the scenario on an asyncio loop while the person makes the moves, in order, one a question."""

    def still_asking(self) -> int:
        """How many questions are still in front of the person, after everything has settled."""
