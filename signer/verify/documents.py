"""What the signed document itself has to say: is its prescriber the signer, and where was it changed?

The rules are those that the doctor's consent was asked under (`signer.prescription.rules`). Documents of
other kinds than a Mohr prescription say nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from signer.model import sheet
from signer.model.credential import Holder
from signer.model.errors import DocumentUnreadable
from signer.model.ijson import IJsonInvalid, SignedValue, child, parse_signed
from signer.model.request import PRESCRIPTION
from signer.model.sheet import Weight
from signer.prescription.document import Prescriber, from_tree
from signer.prescription.rules import holder_findings
from signer.verify.candidate import Candidate
from signer.verify.report import Finding, Severity

#: More places than this and the rest are only counted: it is another document then.
MAX_CHANGES = 20


def findings(candidate: Candidate, holder: Holder) -> tuple[Finding, ...]:
    """Is the signer the prescriber whom the document names? Nothing for what is no Mohr prescription."""
    if candidate.media_type != PRESCRIPTION or candidate.content is None:
        return ()
    try:
        prescription = from_tree(parse_signed(candidate.content))
    except (IJsonInvalid, DocumentUnreadable):
        return (Finding(code="prescription-unreadable", severity=Severity.WARNING),)
    return _of_prescriber(prescription.prescriber, holder)


@lru_cache(maxsize=1024)
def _of_prescriber(prescriber: Prescriber, holder: Holder) -> tuple[Finding, ...]:
    found = [_finding(one) for one in holder_findings(prescriber, holder, frozenset())]
    return tuple(found) or (Finding(code="signer-is-prescriber", severity=Severity.INFO),)


def _finding(one: sheet.Finding) -> Finding:
    if one.weight is Weight.RED:
        return Finding(code="signer-is-not-prescriber", severity=Severity.FAILED, detail=one.pointer)
    if one.code == "holder-code-unknown":
        return Finding(code="prescriber-unknown", severity=Severity.WARNING)
    return Finding(code="prescriber-ambiguous", severity=Severity.WARNING, detail=one.pointer)


def changes(candidate: Candidate) -> Iterator[Finding]:
    """Where the two versions of a document differ, each place a finding; `detail` is its JSON Pointer."""
    if candidate.content is None or candidate.changed is None:
        return
    try:
        here, there = parse_signed(candidate.content), parse_signed(candidate.changed)
    except IJsonInvalid:
        return
    places = list(dict.fromkeys(_differences(here, there, "")))
    for place in places[:MAX_CHANGES]:
        yield Finding(code="document-changed", severity=Severity.FAILED, detail=place)
    if len(places) > MAX_CHANGES:
        more = str(len(places) - MAX_CHANGES)
        yield Finding(code="document-changed-more", severity=Severity.FAILED, detail=more)


def _differences(here: SignedValue, there: SignedValue, pointer: str) -> Iterator[str]:
    if isinstance(here, dict) and isinstance(there, dict):
        for name in dict.fromkeys((*here, *there)):
            below = child(pointer, name)
            if name in here and name in there:
                yield from _differences(here[name], there[name], below)
            else:
                yield below
    elif isinstance(here, list) and isinstance(there, list):
        for index, (one, other) in enumerate(zip(here, there, strict=False)):
            yield from _differences(one, other, f"{pointer}/{index}")
        for index in range(min(len(here), len(there)), max(len(here), len(there))):
            yield f"{pointer}/{index}"
    elif here != there:
        yield pointer
