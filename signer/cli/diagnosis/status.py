"""`mohr status`: one line for a monitoring tool, from the probes that load no module and start no program."""

from __future__ import annotations

import asyncio
import json

from signer.cli.diagnosis.place import this_computer
from signer.cli.diagnosis.run import STATUS
from signer.diagnostics.check import check_these
from signer.diagnostics.redaction import Redactor
from signer.diagnostics.report import Report, report

#: What is looked at: quick, and nothing that a vendor wrote.
PROBES = frozenset(
    {
        "system",
        "clock",
        "disk",
        "readers",
        "authorities",
        "policy",
        "profiles",
        "panels",
        "journal",
        "agent",
        "ports",
    }
)


def status(*, as_json: bool) -> int:
    """0 where nothing is wrong, 1 where something hinders, 3 where something stops signing."""
    ground = this_computer()
    made = report(asyncio.run(check_these(ground, PROBES)), Redactor(ground.profiles))
    print(json.dumps(_line(made)) if as_json else _text(made))
    return STATUS.get(made.verdict, 0)


def _line(made: Report) -> dict[str, object]:
    """The line of one computer: flat, so that any tool takes it, and without a name."""
    told = {f"{probe.name}.{name}": value for probe in made.probes for name, value in probe.told.items()}
    return {
        "format": "mohr-status/1",
        "at": made.at,
        "verdict": made.verdict,
        "causes": [one.code for one in made.causes if one.severity != "note"],
        "support_code": made.support_code,
        **told,
    }


def _text(made: Report) -> str:
    causes = " ".join(one.code for one in made.causes if one.severity != "note")
    return f"{made.verdict}  {causes or 'nothing is wrong'}  {made.support_code}"
