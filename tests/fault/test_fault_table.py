"""Whatever a module does wrong: the request ends by name, a PIN is sent once, the next request succeeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.types import Binding
from tests import softhsm as hsm
from tests.fault.table import CALLS, Call, Cell, Fault, cells, run_all


def sample() -> list[Cell]:
    """For the second binding, whose whole table takes too long: each call once, and each fault at C_Sign."""
    faults = tuple(Fault)
    one_each = (
        Cell(call, faults[number % len(faults)], Binding.PYTHON_PKCS11) for number, call in enumerate(CALLS)
    )
    signing = (cell for cell in cells(Binding.PYTHON_PKCS11) if cell.call.function == "C_Sign")
    return [cell for cell in (*one_each, *signing) if cell.applies]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.title)
async def test_the_agent_comes_through(
    call: Call, built: Path, certified: hsm.SoftHsm, tmp_path: Path
) -> None:
    row = [cell for cell in cells() if cell.call is call]
    assert [told async for told in run_all(row, built, certified, tmp_path) if not told.ok] == []


async def test_the_agent_comes_through_with_the_second_binding(
    built: Path, certified: hsm.SoftHsm, tmp_path: Path
) -> None:
    rows = [row async for row in run_all(sample(), built, certified, tmp_path)]
    assert {row.fault for row in rows} == {fault.title for fault in Fault}
    assert [row for row in rows if not row.ok] == []


def test_the_table_has_not_shrunk() -> None:
    assert sum(cell.applies for cell in cells()) >= 267
