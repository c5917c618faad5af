"""Prepared faults, each set up for real: the check names that cause first."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import load_catalogue
from signer.diagnostics.check import Checked
from signer.diagnostics.conclusion import READY
from signer.diagnostics.finding import Fact
from signer.diagnostics.redaction import WITHHELD, Redactor
from signer.diagnostics.report import report
from signer.platform.folders import folders_under
from tests.diagnostics.computer import Computer
from tests.diagnostics.faults_of_computers import MOUNTED, inside
from tests.diagnostics.row import Row, told_first
from tests.diagnostics.table import ROWS


def test_a_healthy_computer_is_ready_and_nothing_is_wrong_with_it(health: Checked) -> None:
    causes = {one.finding.code: one.finding for one in health.conclusion.causes}
    assert set(causes) == {READY}, causes
    assert health.conclusion.ready


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_check_names_the_cause_first(
    row: Row, computer: Computer, health: Checked, tmp_path: Path
) -> None:
    checked = row.run(computer, tmp_path, health)
    assert told_first(checked) == row.first, [one.finding for one in checked.conclusion.causes]
    assert _withheld(checked) <= _FREE, "a fact that the project itself gives does not leave"


#: Facts that others may have written, which leave only where they are known.
_FREE = {Fact.FILE.value, Fact.READER.value, Fact.MODEL.value}


def _withheld(checked: Checked) -> set[str]:
    told = report(checked, Redactor(load_catalogue()))
    assert WITHHELD not in {one.about for one in told.causes}
    assert WITHHELD not in {value for probe in told.probes for value in (probe.name, *probe.told.values())}
    evidence = (one.evidence.items() for one in (*told.causes, *told.consequences))
    return {fact for facts in evidence for fact, value in facts if value == WITHHELD}


@pytest.mark.parametrize("name", MOUNTED)
def test_what_a_mount_breaks_is_named_first(name: str, tmp_path: Path) -> None:
    folders_under(tmp_path)
    assert inside(name, tmp_path) == MOUNTED[name][1]


def test_no_two_rows_bear_one_name() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
