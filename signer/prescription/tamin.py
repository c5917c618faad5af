"""Tamin (Social Security): the body of SendEpresc, as a `Wire`. Field names of the official guide v1.9.4."""

from __future__ import annotations

from signer.model.sheet import Comparison
from signer.prescription import judges
from signer.prescription.document import Prescription, PrescriptionKind
from signer.prescription.wire import Claim, Place, Wire

# The concepts that published material gives word for word; the whole tables come from a reference service.
_AMOUNTS = judges.coded({"14": "دو (2) قاشق غذاخوری (10 سی سی)"})
_INSTRUCTIONS = judges.coded({"9": "صبح، پیش از ظهر", "170": "طبق دستور", "171": "در صورت نیاز"})
# Beyond 3 the guide's table and its samples disagree by one.
_TYPES = {
    PrescriptionKind.DRUG.value: "1",
    PrescriptionKind.LAB.value: "2",
    PrescriptionKind.IMAGING.value: "2",
    PrescriptionKind.VISIT.value: "3",
}


def read(prescription: Prescription) -> Wire | None:
    """The claims of the body, or None where it is no such body."""
    body = Place(prescription.wire, "/wire")
    details = body / "noteDetailEprscs"
    lines = details.elements()
    if lines is None:
        return None
    return Wire(
        header={
            "kind": (body / "prescType" / "prescTypeId").claim(_kind),
            "issued": (body / "prescDate").claim(judges.day),
            "valid_until": (body / "expireDate").claim(judges.day),
            "patient_code": (body / "patient").claim(judges.code),
            "mobile": (body / "mobile").aside(judges.mobile),
            "prescriber_code": (body / "docNationalCode").claim(judges.code),
            "council_number": (body / "docId").claim(judges.council_number),
            "notes": (body / "comments").claim(judges.text),
        },
        lines=tuple(_line(line, prescription.issued) for line in lines),
        counts=((len(lines), details.pointer),),
    )


def _line(line: Place, issued: str) -> dict[str, Claim]:
    repeat, start = line / "repeat", line / "dateDo"
    return {
        "code": (line / "srvId" / "srvCode").required(judges.code),
        "quantity": (line / "srvQty").required(judges.number),
        "amount": (line / "timesAday" / "drugAmntId").claim(_AMOUNTS),
        "instruction": (line / "drugInstruction" / "drugInstId").claim(_INSTRUCTIONS),
        "repeat": Claim(
            text=repeat.text,
            pointer=repeat.pointer,
            judge=judges.number,
            readable_default="0",
            wire_default="0",
        ),
        "diagnosis": (line / "noteDetailDrug" / "icdId").claim(judges.icd10),
        "not_before": Claim(
            text=start.text,
            pointer=start.pointer,
            judge=judges.day,
            readable_default=issued,
            wire_default=issued,
        ),
    }


def _kind(readable: str, wire: str) -> Comparison:
    expected = _TYPES.get(readable)
    if expected is None:
        return Comparison.DIFFERS if wire in _TYPES.values() else Comparison.INCOMPARABLE
    return Comparison.EQUAL if wire == expected else Comparison.DIFFERS
