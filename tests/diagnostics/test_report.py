"""A report tells each consequence once, under the cause that it goes with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drivers.catalogue import load_catalogue
from signer.cli.diagnosis.lines import report_lines
from signer.cli.diagnosis.page import page
from signer.diagnostics.check import Checked
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.redaction import Redactor
from signer.diagnostics.report import Report, report

CODES = ("reader-service-stopped", "agent-not-running", "token-absent", "pairing-none", "authority-none")


def told(*findings: Finding) -> Report:
    checked = Checked(
        at=datetime(2026, 11, 25, tzinfo=UTC),
        version="1",
        outcomes=(),
        conclusion=conclude(findings or (finding(code) for code in CODES)),
    )
    return report(checked, Redactor(load_catalogue()))


RUTOKEN = "https://www.rutoken.ru/support/download/"


@pytest.mark.parametrize(
    ("found", "address"),
    [
        (finding("module-missing", ("reader 1",), family="rutoken-ecp"), RUTOKEN),
        (finding("module-wrong-bits", ("rutoken-ecp 2",)), RUTOKEN),
        (finding("module-missing", ("reader 1",), family="trustkey"), None),
        (finding("module-missing", ("reader 1",), family="nobody"), None),
        (finding("module-crashed", ("hand-added",)), None),
        (finding("module-crashed"), None),
        (finding("pin-locked", ("rutoken-ecp", "token 1")), None),
    ],
)
def test_the_makers_page_is_told_where_its_software_mends_what_is_broken(
    found: Finding, address: str | None
) -> None:
    one = told(found)
    assert one.causes[0].page == address
    lines = [line for line in report_lines(one, "en") if "the maker's page" in line]
    assert lines == ([] if address is None else [f"  the maker's page: {address}"])
    assert page(one).count(f'href="{address}"') == (0 if address is None else 2)


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
