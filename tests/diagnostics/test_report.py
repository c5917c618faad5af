"""A report tells each consequence once, under the cause that it goes with."""

from __future__ import annotations

from datetime import UTC, datetime

from drivers.catalogue import load_catalogue
from signer.cli.diagnosis.lines import report_lines
from signer.cli.diagnosis.page import page
from signer.diagnostics.check import Checked
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import finding
from signer.diagnostics.redaction import Redactor
from signer.diagnostics.report import Report, report

CODES = ("reader-service-stopped", "agent-not-running", "token-absent", "pairing-none", "authority-none")


def told() -> Report:
    checked = Checked(
        at=datetime(2026, 11, 25, tzinfo=UTC),
        version="1",
        outcomes=(),
        conclusion=conclude(finding(code) for code in CODES),
    )
    return report(checked, Redactor(load_catalogue()))


def test_consequences_stand_under_their_own_cause() -> None:
    one = told()
    following = {cause.code: {c.code for c in one.following(cause)} for cause in one.causes}
    assert following == {
        "reader-service-stopped": {"token-absent"},
        "agent-not-running": {"pairing-none", "authority-none"},
    }


def test_terminal_and_page_tell_each_consequence_once() -> None:
    one = told()
    lines = list(report_lines(one, "en"))
    mended = [line for line in lines if "These go when that is mended" in line]
    assert [line.partition(": ")[2] for line in mended] == ["token-absent", "authority-none, pairing-none"]
    for consequence in one.consequences:
        assert page(one).count(f"<p>{consequence.means.en}</p>") == 1
