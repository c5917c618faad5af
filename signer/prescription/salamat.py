"""Bimeh Salamat (IHIO): the bodies of check/order and save, without session ids, as a `Wire`.

Save carries only check codes, so what a person can compare stands in the check orders, one for each item.
"""

from __future__ import annotations

from signer.prescription import judges
from signer.prescription.document import Prescription
from signer.prescription.wire import Claim, Place, Wire


def read(prescription: Prescription) -> Wire | None:
    """The claims of the bodies, or None where they are no such bodies."""
    body = Place(prescription.wire, "/wire")
    check_order, subscriptions = body / "check_order", body / "save" / "subscriptions"
    orders, saved = check_order.elements(), subscriptions.elements()
    if orders is None or saved is None:
        return None
    return Wire(
        header={},
        lines=tuple(_line(order, prescription.issued) for order in orders),
        counts=((len(orders), check_order.pointer), (len(saved), subscriptions.pointer)),
    )


def _line(order: Place, issued: str) -> dict[str, Claim]:
    service = order / "subInfoWrapper" / "service"
    instruction, description = service / "consumptionInstruction", service / "description"
    periods, start = service / "numberOfPeriod", service / "activeFrom"
    return {
        "code": (service / "nationalNumber").required(judges.code),
        "quantity": (service / "count").required(judges.number),
        "amount": (service / "consumption").claim(judges.text),
        # A service has no consumption: how to prepare for it stands in its description.
        "instruction": (instruction if instruction.text else description).claim(judges.text),
        "repeat": Claim(
            text=periods.text,
            pointer=periods.pointer,
            judge=judges.periods,
            readable_default="0",
            wire_default="1",
        ),
        "not_before": Claim(
            text=start.text,
            pointer=start.pointer,
            judge=judges.day,
            readable_default=issued,
            wire_default=issued,
        ),
    }
