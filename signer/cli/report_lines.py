"""A verifier's report as lines for a person, in Persian or English, or as one JSON object on one line.

What a finding means stands in `signer.verify.sentences`; what was signed is drawn as the consent window's
sheet (`sheet_lines`). Nothing is judged here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from signer.cli.drawing import drawn
from signer.cli.sheet_lines import printed, sheet_lines
from signer.model.credential import Holder
from signer.model.errors import MohrError
from signer.model.request import Document
from signer.model.sheet import Weight
from signer.model.text import FSI, PDI, persian_digits
from signer.prescription.dates import short_instant
from signer.prescription.reader import read as read_document
from signer.verify.report import Finding, Report, Severity
from signer.verify.sentences import INDICATIONS, Language, sentence

_LABELS: dict[str, tuple[str, str]] = {
    "format": ("قالب", "format"),
    "signer": ("امضاکننده", "signer"),
    "national_code": ("کد ملی", "national code"),
    "council_number": ("نظام پزشکی", "council number"),
    "centre": ("مرکز", "centre"),
    "issuer": ("صادرکننده", "issued by"),
    "claimed": ("زمان، به گفتهٔ امضاکننده", "claimed time"),
    "proven": ("زمان ثابت‌شده", "proven time"),
    "content": ("آنچه امضا شده است", "what was signed"),
}
_MARKS: dict[Severity, tuple[str, str]] = {
    Severity.FAILED: ("ایراد", "FAILED"),
    Severity.WARNING: ("توجه", "CARE"),
    Severity.INFO: ("آگاهی", "INFO"),
}
_GRAVITY = {Severity.FAILED: 0, Severity.WARNING: 1, Severity.INFO: 2}


def report_lines(file: Path, report: Report, language: Language) -> Iterator[str]:
    """The verdict, who and when, the findings with the gravest first, and what was signed."""
    which = 0 if language == "fa" else 1
    sub = "" if report.sub_indication is None else f" ({report.sub_indication.value})"
    yield f"{drawn(str(file))}: {INDICATIONS[report.indication][which]}{sub}"
    if report.format is not None:
        kinds = (report.format, report.level, report.media_type)
        yield _line("format", " ".join(kind for kind in kinds if kind), which)
    if report.signer is not None:
        yield from _signer(report.signer, which)
    if report.issuer is not None:
        yield _line("issuer", report.issuer, which)
    for name, at in (("claimed", report.claimed_at), ("proven", report.proven_at)):
        if at is not None:
            yield _line(name, short_instant(at, language), which)
    for finding in sorted(report.findings, key=lambda one: _GRAVITY[one.severity]):
        yield f"  [{_MARKS[finding.severity][which]}] {sentence(finding, language)} ({finding.code})"
    yield from _content(report, language)


def report_json(file: Path, report: Report, language: Language) -> str:
    """One object, ASCII, without a line break. Times are RFC 3339, UTC."""
    signer = report.signer
    return json.dumps(
        {
            "file": str(file),
            "verdict": report.indication.value,
            "sub_indication": None if report.sub_indication is None else report.sub_indication.value,
            "format": report.format,
            "level": report.level,
            "media_type": report.media_type,
            "signer": None
            if signer is None
            else {
                "name": signer.name,
                "national_codes": signer.national_codes,
                "council_numbers": signer.council_numbers,
                "centre": signer.centre,
            },
            "issuer": report.issuer,
            "claimed_at": _rfc3339(report.claimed_at),
            "proven_at": _rfc3339(report.proven_at),
            "findings": [_finding(finding, language) for finding in report.findings],
        }
    )


def _finding(finding: Finding, language: Language) -> dict[str, str]:
    text = sentence(finding, language).replace(FSI, "").replace(PDI, "")
    return {"code": finding.code, "severity": finding.severity.value, "text": text}


def _rfc3339(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _line(label: str, text: str, which: int) -> str:
    return f"  {_LABELS[label][which]}: {drawn(text)}"


def _signer(signer: Holder, which: int) -> Iterator[str]:
    yield _line("signer", signer.name, which)
    for label, codes in (
        ("national_code", signer.national_codes),
        ("council_number", signer.council_numbers),
        ("centre", () if signer.centre is None else (signer.centre,)),
    ):
        if codes:
            yield _line(label, " / ".join(codes), which)


def _content(report: Report, language: Language) -> Iterator[str]:
    """The signed document as the doctor saw it; of what cannot be drawn, its size."""
    if report.content is None or report.signer is None:
        return
    which = 0 if language == "fa" else 1
    heading = f"  {_LABELS['content'][which]}:"
    media_type = report.media_type or ""
    document = Document(id="", media_type=media_type, content=report.content)
    at = report.proven_at or report.claimed_at or datetime.now(UTC)
    try:
        sheet = read_document(document, report.signer, at)
    except MohrError:  # not what it says it is, or of a media type that has no sheet
        size = str(len(report.content))
        size = f"{persian_digits(size)} بایت،" if language == "fa" else f"{size} octets,"
        yield f"{heading} {size} {drawn(media_type) or '?'}"
        return
    yield heading
    # What the doctor was asked to confirm is past; where the document contradicts itself is not.
    grave = tuple(finding for finding in sheet.findings if finding.weight is Weight.RED)
    for line in sheet_lines(replace(sheet, findings=grave), language):
        yield f"  {printed(line)}"
