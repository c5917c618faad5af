"""The readable prescription against the insurer's wire body, field by field.

Which wire value stands for which field is said by the insurers' modules, when two values are one by
`judges`. A field without a claim cannot be compared, and that is said as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import astuple

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
#: The fields of an item, as above, with pointers below the item's own.
_ITEM = tuple((field, field) for field in PrescribedItem.__struct_fields__)
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
    trial.judge("", HEADER.items(), _header(prescription), header)
    lines = _pair(prescription.items, wire.lines if wire is not None else ())
    for index, (item, line) in enumerate(zip(prescription.items, lines, strict=True)):
        trial.judge(f"/items/{index}/", _ITEM, astuple(item), line)
    if wire is not None:
        for length, pointer in wire.counts:
            trial.count(len(prescription.items), length, pointer)
    return Outcome(
        verdicts=trial.verdicts,
        differences=tuple(trial.differences),
        incomparable=tuple(trial.incomparable),
        recognised=wire is not None or reader is None,
    )


def _header(prescription: Prescription) -> tuple[str | None, ...]:
    """In the order of `HEADER`."""
    patient, prescriber = prescription.patient, prescription.prescriber
    return (
        prescription.kind.value,
        prescription.issued,
        prescription.valid_until,
        patient.name,
        patient.national_code,
        patient.birth_date,
        patient.mobile,
        prescriber.name,
        prescriber.national_code,
        prescriber.council_number,
        prescriber.centre,
        prescription.notes,
    )


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

    def judge(
        self,
        at: str,
        fields: Iterable[tuple[str, str]],
        readable: Sequence[str | None],
        claims: dict[str, Claim],
    ) -> None:
        """Judge each of the fields (name, pointer below `at`), whose readable values come in that order."""
        for (field, below), here in zip(fields, readable, strict=True):
            claim = claims.get(field)
            if claim is None:
                if here is not None:
                    self.verdicts[at + below] = _INCOMPARABLE
                    self.incomparable[field] = None
                continue
            verdict = _verdict(here, claim)
            if verdict is None:
                continue
            self.verdicts[at + below] = verdict
            if verdict is _DIFFERS:
                self.differences.append(
                    Difference(
                        field=field,
                        pointer=at + below,
                        readable=here,
                        written=claim.text,
                        wire=claim.pointer,
                    )
                )
            elif verdict is _INCOMPARABLE:
                self.incomparable[field] = None

    def count(self, here: int, there: int, wire: str) -> None:
        if here != there:
            self.differences.append(
                Difference(field="items", pointer="/items", readable=str(here), written=str(there), wire=wire)
            )


def _verdict(readable: str | None, claim: Claim) -> Comparison | None:
    """None where neither side says anything that the other should."""
    if readable is None and claim.text is None:
        return None
    here = readable if readable is not None else claim.readable_default
    there = claim.text if claim.text is not None else claim.wire_default
    if here is None:
        return claim.readable_silent
    if there is None:
        return claim.wire_silent
    return claim.judge(here, there)
