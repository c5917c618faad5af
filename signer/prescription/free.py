"""Without an insurer: the DITAS/SEPAS medication prescription message, as a `Wire`."""

from __future__ import annotations

from signer.model.sheet import Comparison
from signer.prescription import judges
from signer.prescription.document import Prescription
from signer.prescription.wire import Claim, Judge, Place, Wire


def read(prescription: Prescription) -> Wire | None:
    """The claims of the message, or None where it is no such message."""
    body = Place(prescription.wire, "/wire")
    message = body / "Composition" / "MedicationPrescriptions"
    person, prescriber = body / "Person", message / "Prescriber"
    orders = (message / "Orders").elements()
    if orders is None:
        return None
    return Wire(
        header={
            "issued": _day(message / "IssueDate"),
            "valid_until": _day(message / "ExpiryDate"),
            "patient": _full_name(person, judges.text),
            "patient_code": (person / "NationalCode").claim(judges.code),
            "birth_date": _day(person / "BirthDate", None),
            "mobile": (person / "MobileNumber").aside(judges.mobile),
            "prescriber": _full_name(prescriber, judges.name),
            "council_number": (prescriber / "Identifier" / "ID").claim(judges.council_number),
        },
        lines=tuple(_line(order, message / "Repeats") for order in orders),
        counts=((len(orders), (message / "Orders").pointer),),
    )


def _line(order: Place, repeats: Place) -> dict[str, Claim]:
    product = order / "ProductCode"
    return {
        "name": (product / "Value").claim(judges.name),
        "code": (product / "Coded_string").required(judges.code),
        "quantity": (order / "TotalNumber" / "Magnitude").required(judges.number),
        "amount": (order / "Frequency" / "Value").claim(judges.name),
        "instruction": (order / "PatientInstruction").claim(judges.text),
        "repeat": Claim(
            text=repeats.text,
            pointer=repeats.pointer,
            judge=judges.periods,
            readable_default="0",
            wire_default="1",
        ),
    }


def _full_name(person: Place, judge: Judge) -> Claim:
    parts = [part for part in ((person / "FirstName").text, (person / "LastName").text) if part]
    return Claim(text=" ".join(parts) or None, pointer=person.pointer, judge=judge)


def _day(day: Place, readable_silent: Comparison | None = Comparison.DIFFERS) -> Claim:
    """A {Year, Month, Day}, Jalali below the year 1700, as `1405/06/15` or `1981-03-21`."""
    year, month, number = ((day / part).text for part in ("Year", "Month", "Day"))
    written = None
    if year and month and number:
        written = ("/" if year < "17" else "-").join((year, month.zfill(2), number.zfill(2)))
    return Claim(text=written, pointer=day.pointer, judge=judges.day, readable_silent=readable_silent)
