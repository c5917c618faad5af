"""An agent's endpoint with a use case that only remembers, a doctor that is scripted, a clock that is set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.endpoint.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A started endpoint on a free port, with nobody paired."""
    made = await World.start(tmp_path)
    yield made
    await made.stop()


@pytest.fixture
async def paired(tmp_path: Path) -> AsyncIterator[World]:
    """The same, with the world's origin paired."""
    made = await World.start(tmp_path)
    made.pair()
    yield made
    await made.stop()
