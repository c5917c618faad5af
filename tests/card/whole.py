"""A whole agent at virtual readers, in the tests' process, and a doctor with a script."""

from __future__ import annotations

import asyncio
from pathlib import Path

from signer.cli.assembly import Agent
from signer.cli.loadable import ModuleChoice
from signer.model.policy import Policy
from signer.model.presence import Presence
from signer.model.request import Document
from signer.platform.folders import folders_under
from signer.service.own_signing import OwnSigned
from tests.card.desk import PATIENCE, opensc
from tests.card.fixtures import MODULE
from tests.card.piv import PIN
from tests.service.doubles import Doctor, yes

TEXT = Document(id="test", media_type="text/plain", content="متنی برای آزمایش".encode())


class WholeAgent:
    """One agent with OpenSC as its module. `start` it, `stop` it."""

    def __init__(self, folder: Path) -> None:
        self.doctor = Doctor()
        self.presence = Presence(reading=True)
        self.agent = Agent(
            consent=self.doctor,
            modules=(ModuleChoice(path=MODULE, profile=opensc()),),
            folders=folders_under(folder / "agent"),
            policy=Policy(),
            ports=(0,),
        )
        self._news = asyncio.Event()

    async def start(self) -> None:
        await self.agent.start()
        self.agent.on_tokens(self._hear)

    async def stop(self) -> None:
        await self.agent.stop()

    async def until(self, problem: str | None) -> None:
        """Return once the agent says that of its tokens; None: that one is ready."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not self._stands(problem):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {problem}: {self.presence}") from None

    async def wanted(self) -> None:
        """Return once the doctor is asked to put a token back in."""
        async with asyncio.timeout(PATIENCE):
            while not self.doctor.tokens_wanted:
                await asyncio.sleep(0.02)

    async def sign(self, pin: str = PIN) -> OwnSigned:
        """A text, agreed to at once."""
        self.doctor.answers.append(lambda question: yes(question, pin))
        return await self.agent.office.own_signing.sign(TEXT)

    def _stands(self, problem: str | None) -> bool:
        now = self.presence
        return (now.problem, now.reading, now.usable) == (problem, False, problem is None)

    def _hear(self, presence: Presence) -> None:
        self.presence = presence
        self._news.set()
