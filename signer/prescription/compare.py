"""The readable prescription against the insurer's wire body, field by field.

Which wire value stands for which field is said by the insurers' modules, when two values are one by
`judges`. A field without a claim cannot be compared, and that is said as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from signer.model.sheet import Comparison
from signer.prescription import free, judges, salamat, tamin
from signer.prescription.document import Insurer, PrescribedItem, Prescription
from signer.prescription.wire import Claim, Wire

_READERS: dict[Insurer, Callable[[Prescription], Wire | None]] = {
    Insurer.TAMIN: tamin.read,
    Insurer.SALAMAT: salamat.read,
    Insurer.FREE: free.read,
}

#: The fields of the header, as `findings.FIELDS` names them, and their pointers.
HEADER = {
    "kind": "/kind",
    "issued": "/issued",
    "valid_until": "/valid_until",
    "patient": "/patient/name",
    "patient_code": "/patient/national_code",
    "birth_date": "/patient/birth_date",
    "mobile": "/patient/mobile",
    "prescriber": "/prescriber/name",
    "prescriber_code": "/prescriber/national_code",
    "council_number": "/prescriber/council_number",
    "centre": "/prescriber/centre",
    "notes": "/notes",
}
_ITEM_FIELDS = PrescribedItem.__struct_fields__
# Each look at a member through its class costs as much as the comparison with it.
_DIFFERS, _INCOMPARABLE = Comparison.DIFFERS, Comparison.INCOMPARABLE


class Difference(Struct, frozen=True, kw_only=True):
    """A field whose two sides disagree; None for the side that is silent. `wire` is a JSON Pointer."""

    field: str
    pointer: str
    readable: str | None
    written: str | None
    wire: str


class Outcome(Struct, frozen=True, kw_only=True):
    """`verdicts` by the readable field's JSON Pointer; `incomparable` names fields, each once.

    `recognised` is False where Mohr knows the insurer's body and this is none.
    """

    verdicts: dict[str, Comparison]
    differences: tuple[Difference, ...]
    incomparable: tuple[str, ...]
    recognised: bool = True


def compare(prescription: Prescription) -> Outcome:
    """Judge every field of the prescription that is said."""
    reader = _READERS.get(prescription.insurer)
    wire = reader(prescription) if reader is not None else None
    trial = _Trial()
    header = wire.header if wire is not None else {}
    for field, value in _header(prescription).items():
        trial.judge(field, HEADER[field], value, header.get(field))
    lines = _pair(prescription.items, wire.lines if wire is not None else ())
    for index, (item, line) in enumerate(zip(prescription.items, lines, strict=True)):
        at = f"/items/{index}/"
        for field in _ITEM_FIELDS:
            trial.judge(field, at + field, getattr(item, field), line.get(field))
    if wire is not None:
        for length, pointer in wire.counts:
            trial.count(len(prescription.items), length, pointer)
    return Outcome(
        verdicts=trial.verdicts,
        differences=tuple(trial.differences),
        incomparable=tuple(trial.incomparable),
        recognised=wire is not None or reader is None,
    )


def _header(prescription: Prescription) -> dict[str, str | None]:
    patient, prescriber = prescription.patient, prescription.prescriber
    return {
        "kind": prescription.kind.value,
        "issued": prescription.issued,
        "valid_until": prescription.valid_until,
        "patient": patient.name,
        "patient_code": patient.national_code,
        "birth_date": patient.birth_date,
        "mobile": patient.mobile,
        "prescriber": prescriber.name,
        "prescriber_code": prescriber.national_code,
        "council_number": prescriber.council_number,
        "centre": prescriber.centre,
        "notes": prescription.notes,
    }


def _pair(items: tuple[PrescribedItem, ...], lines: tuple[dict[str, Claim], ...]) -> list[dict[str, Claim]]:
    """The line of each item, empty where none is left: by code in order, then what is left in order.

    So an item that is missing on one side does not make every item after it look wrong.
    """
    by_code: dict[str, deque[int]] = {}
    for index, line in enumerate(lines):
        if (code := line["code"].text) is not None:
            by_code.setdefault(judges.bare_code(code), deque()).append(index)
    found: list[int | None] = []
    for item in items:
        same = by_code.get(judges.bare_code(item.code)) if item.code is not None else None
        found.append(same.popleft() if same else None)
    taken = set(found)
    left = iter([index for index in range(len(lines)) if index not in taken])
    chosen = (index if index is not None else next(left, None) for index in found)
    return [{} if index is None else lines[index] for index in chosen]


class _Trial:
    """Verdicts as they are reached."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Comparison] = {}
        self.differences: list[Difference] = []
        self.incomparable: dict[str, None] = {}

    def judge(self, field: str, pointer: str, readable: str | None, claim: Claim | None) -> None:
        verdict = _verdict(readable, claim)
        if verdict is None:
            return
        self.verdicts[pointer] = verdict
        if verdict is _DIFFERS and claim is not None:
            self.differences.append(
                Difference(
                    field=field, pointer=pointer, readable=readable, written=claim.text, wire=claim.pointer
                )
            )
        elif verdict is _INCOMPARABLE:
            self.incomparable[field] = None

    def count(self, here: int, there: int, wire: str) -> None:
        if here != there:
            self.differences.append(
                Difference(field="items", pointer="/items", readable=str(here), written=str(there), wire=wire)
            )


def _verdict(readable: str | None, claim: Claim | None) -> Comparison | None:
    """None where neither side says anything that the other should."""
    if claim is None:
        return None if readable is None else _INCOMPARABLE
    if readable is None and claim.text is None:
        return None
    here = readable if readable is not None else claim.readable_default
    there = claim.text if claim.text is not None else claim.wire_default
    if here is None:
        return claim.readable_silent
    if there is None:
        return claim.wire_silent
    return claim.judge(here, there)
