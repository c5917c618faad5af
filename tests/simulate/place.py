"""A simulator in the test's own folder, at any free port and a quick pace, and a panel's client beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.scenarios import BY_CODE, Pace, Stage
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient

ORIGIN = "https://panel.example"
QUICK = Pace(reading=0.02, long_reading=0.4, slow_signature=0.3, hang=0.2, away=0.2, unanswered=0.3)


@asynccontextmanager
async def simulator(folder: Path, code: str = "approve", pace: Pace = QUICK) -> AsyncIterator[SimulatedAgent]:
    """A running one that keeps what it sees."""
    agent = SimulatedAgent(folder, Stage(BY_CODE[code], pace), ports=(0,), keeping=True)
    await agent.start()
    try:
        yield agent
    finally:
        await agent.stop()


def panel(agent: SimulatedAgent, origin: str = ORIGIN) -> PanelClient:
    """A panel's client, not paired yet."""
    return PanelClient(agent.address.url, origin, MemoryKeys())
