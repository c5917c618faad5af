"""Whatever a module does wrong: the request ends by name, a PIN is sent once, the next request succeeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import softhsm as hsm
from tests.fault.table import Cell, cells, run

_CELLS = [cell for cell in cells() if cell.applies]


@pytest.mark.parametrize("cell", _CELLS, ids=lambda cell: f"{cell.call.title}: {cell.fault.title}")
async def test_the_agent_comes_through(
    cell: Cell, built: Path, certified: hsm.SoftHsm, tmp_path: Path
) -> None:
    row = await run(cell, built, certified, tmp_path)
    assert row.ok, row
