"""A report as lines for a terminal, the first broken link on top; and a line for each probe as it ends."""

from __future__ import annotations

from collections.abc import Iterator

from signer.cli.diagnosis import words
from signer.cli.drawing import drawn
from signer.cli.language import Language, which
from signer.diagnostics.catalogue import Severity
from signer.diagnostics.conclusion import READY
from signer.diagnostics.probing import Outcome
from signer.diagnostics.redaction import Redactor
from signer.diagnostics.report import Report, ReportedFinding

_MARKS = {Severity.STOPS: "✕", Severity.HINDERS: "!", Severity.NOTE: "·"}


def probe_line(outcome: Outcome, redactor: Redactor) -> str:
    """How one probe ended: its gravest mark, what it told, the codes that it found."""
    grave = {one.meaning.severity for one in outcome.seen.findings}
    mark = next((_MARKS[severity] for severity in Severity if severity in grave), "✓")
    told = ", ".join(f"{name} {value}" for name, value in redactor.told(outcome.seen.told).items())
    found = " ".join(one.code for one in outcome.seen.findings if one.code != READY)
    said = "; ".join(part for part in (told, found) if part)
    return f"{mark} {outcome.probe:<28} {drawn(said)}  {outcome.seconds:.1f} s"


def report_lines(report: Report, language: Language) -> Iterator[str]:
    """The verdict, what follows from it, what else there is, and the support code."""
    at = which(language)
    wrong = [one for one in report.causes if one.severity != Severity.NOTE.value]
    if not wrong:
        yield drawn((words.READY if report.ready else words.CLEAR)[at])
    for place, one in enumerate(wrong):
        if place == 1:
            yield ""
            yield f"{words.OTHERS[at]}:"
        yield from _finding(one, at, whole=place == 0)
        if following := sorted({consequence.code for consequence in report.following(one)}):
            yield f"  {words.CONSEQUENCES[at]}: {', '.join(following)}"
    notes = [one for one in report.causes if one.severity == Severity.NOTE.value and one.code != READY]
    if notes:
        yield ""
        yield f"{words.NOTES[at]}: {', '.join(sorted({one.code for one in notes}))}"
    yield ""
    yield f"{words.CODE[at]}: {report.support_code}"


def _finding(one: ReportedFinding, at: int, *, whole: bool) -> Iterator[str]:
    means, remedy = ((sentence.fa, sentence.en)[at] for sentence in (one.means, one.remedy))
    about = f" ({one.about})" if one.about else ""
    yield f"{words.SEVERITY[one.severity][at]}: {drawn(means)} [{one.code}]{about}"
    yield f"  {drawn(remedy)}"
    if one.page is not None:
        yield f"  {words.PAGE[at]}: {one.page}"
    if whole:
        facts = ", ".join(f"{name} {value}" for name, value in one.evidence.items())
        yield from (f"  {drawn(facts)}",) if facts else ()
        yield f"  {words.LOOK[at]}: {one.look}"
