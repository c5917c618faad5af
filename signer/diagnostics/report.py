"""A check as a report that may leave the computer: redacted, in both languages.

The same octets are previewed, saved and printed.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from signer.diagnostics.check import Checked
from signer.diagnostics.conclusion import Judged
from signer.diagnostics.redaction import Redactor, probe_name
from signer.diagnostics.support_code import support_code

FORMAT = "mohr-diagnosis/1"


class Sentence(Struct, frozen=True):
    """One sentence in both languages."""

    fa: str
    en: str


class ReportedFinding(Struct, frozen=True, kw_only=True):
    """A finding; `severity` is as grave as it is here, `follows` the codes of its causes.

    `page` is an address of the token's maker, as a profile has it.
    """

    code: str
    severity: str
    part: str
    about: str
    follows: tuple[str, ...]
    means: Sentence
    remedy: Sentence
    look: str
    evidence: dict[str, str]
    page: str | None


class ReportedProbe(Struct, frozen=True, kw_only=True):
    """A probe: seconds to the tenth, what it told, and the codes of what it found."""

    name: str
    seconds: float
    told: dict[str, str]
    found: tuple[str, ...]


class Report(Struct, frozen=True, kw_only=True):
    """The whole. `verdict` is `stops`, `hinders`, `note`, or `clear` where nothing was found."""

    format: str
    at: str
    version: str
    verdict: str
    ready: bool
    support_code: str
    causes: tuple[ReportedFinding, ...]
    consequences: tuple[ReportedFinding, ...]
    probes: tuple[ReportedProbe, ...]

    def text(self) -> str:
        """JSON, indented, ASCII: the bundle, and what `--json` prints."""
        return _ascii(msgspec.json.format(msgspec.json.encode(self), indent=2).decode()) + "\n"

    def following(self, cause: ReportedFinding) -> tuple[ReportedFinding, ...]:
        """The consequences that go when this cause is mended; one of two causes is told with the first."""
        codes = [one.code for one in self.causes]
        return tuple(
            one
            for one in self.consequences
            if next((code for code in codes if code in one.follows), None) == cause.code
        )


def report(checked: Checked, redactor: Redactor) -> Report:
    """The report of a check."""
    conclusion = checked.conclusion
    return Report(
        format=FORMAT,
        at=f"{checked.at:%Y-%m-%dT%H:%M:%SZ}",
        version=checked.version,
        verdict="clear" if conclusion.severity is None else conclusion.severity.value,
        ready=conclusion.ready,
        support_code=support_code(conclusion),
        causes=tuple(_finding(one, redactor) for one in conclusion.causes),
        consequences=tuple(_finding(one, redactor) for one in conclusion.consequences),
        probes=tuple(
            ReportedProbe(
                name=probe_name(outcome.probe),
                seconds=round(outcome.seconds, 1),
                told=redactor.told(outcome.seen.told),
                found=tuple(one.code for one in outcome.seen.findings),
            )
            for outcome in checked.outcomes
        ),
    )


def _finding(judged: Judged, redactor: Redactor) -> ReportedFinding:
    meaning = judged.finding.meaning
    return ReportedFinding(
        code=meaning.code,
        severity=judged.severity.value,
        part=meaning.part.value,
        about=redactor.subject(judged.finding),
        follows=judged.follows,
        means=Sentence(meaning.fa, meaning.en),
        remedy=Sentence(meaning.fa_remedy, meaning.en_remedy),
        look=meaning.look,
        evidence=redactor.evidence(judged.finding.evidence),
        page=redactor.page(judged.finding),
    )


def _ascii(text: str) -> str:
    """Persian as JSON escapes: no console's code page, and no mail, can spoil it."""
    return "".join(c if c.isascii() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))
