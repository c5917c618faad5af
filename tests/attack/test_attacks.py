"""Every row of the table, on the agent that all of them share or on one of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.attack.attack import Attack, Position
from tests.attack.attempt import attempt
from tests.attack.table import TABLE
from tests.attack.victim import Victim, certified_token, victim

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHARED = [row for row in TABLE if not row.alone]
ALONE = [row for row in TABLE if row.alone]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Victim]:
    """The agent on its token."""
    folder = tmp_path_factory.mktemp("attacked")
    async with victim(folder / "agent", await certified_token(folder / "softhsm")) as made:
        yield made


@pytest.mark.parametrize("attack", SHARED, ids=lambda attack: attack.name)
async def test_an_attack_fails_leaves_no_trace_and_the_agent_goes_on(attack: Attack, shared: Victim) -> None:
    await attempt(attack, shared)


@pytest.mark.parametrize("attack", ALONE, ids=lambda attack: attack.name)
async def test_an_attack_on_an_agent_of_its_own_fails_and_it_goes_on(attack: Attack, tmp_path: Path) -> None:
    async with victim(tmp_path) as made:
        await attempt(attack, made)


async def test_each_row_is_named_once_and_every_position_has_some() -> None:
    assert [name for name, count in Counter(row.name for row in TABLE).items() if count > 1] == []
    assert {row.position for row in TABLE} == set(Position)
