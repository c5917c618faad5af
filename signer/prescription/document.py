"""The Mohr prescription, version 1: `application/vnd.mohr.prescription+json` as types.

Strict about the fields it knows, silent about the others: those stay in the tree that was read, and the
reader shows them. What the values mean, and whether they agree, is not decided here.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from msgspec import Struct

from signer.model.errors import DocumentUnreadable
from signer.model.ijson import IJsonInvalid, Number, SignedValue, parse_signed

Object = dict[str, SignedValue]
E = TypeVar("E", bound=Enum)


class PrescriptionKind(Enum):
    """What is prescribed."""

    DRUG = "drug"
    LAB = "lab"
    IMAGING = "imaging"
    VISIT = "visit"
    SERVICE = "service"
    REFERRAL = "referral"


class Insurer(Enum):
    """Whose wire body the prescription binds."""

    TAMIN = "tamin"
    SALAMAT = "salamat"
    ARMED_FORCES = "armed-forces"
    FREE = "free"


_KINDS = {kind.value: kind for kind in PrescriptionKind}
_INSURERS = {insurer.value: insurer for insurer in Insurer}


class Patient(Struct, frozen=True, kw_only=True, gc=False):
    """As written; None where absent, null or empty. So in each type below."""

    name: str
    national_code: str | None
    birth_date: str | None
    mobile: str | None


class Prescriber(Struct, frozen=True, kw_only=True, gc=False):
    """As written."""

    name: str
    national_code: str | None
    council_number: str | None
    centre: str | None


class PrescribedItem(Struct, frozen=True, kw_only=True, gc=False):
    """As written; `quantity` and `repeat` are numbers in their signed spelling."""

    name: str
    code: str | None
    form: str | None
    strength: str | None
    quantity: str | None
    amount: str | None
    instruction: str | None
    repeat: str | None
    diagnosis: str | None
    not_before: str | None


class Prescription(Struct, frozen=True, kw_only=True, gc=False):
    """As written. `wire` is the insurer's body, untouched."""

    kind: PrescriptionKind
    insurer: Insurer
    issued: str
    valid_until: str | None
    patient: Patient
    prescriber: Prescriber
    items: tuple[PrescribedItem, ...]
    notes: str | None
    replaces: str | None
    wire: Object


def from_tree(tree: SignedValue) -> Prescription:
    """The prescription in a parsed document. Raises `DocumentUnreadable` with pointer and reason."""
    root = _object(tree, "")
    version = root.get("mohr")
    if not isinstance(version, Number) or version.text != "1":
        raise _wrong("/mohr", "is not 1, the version that Mohr reads")
    items = root.get("items")
    if not isinstance(items, list):
        raise _wrong("/items", "is not an array")
    return Prescription(
        kind=_one_of(_KINDS, root, "kind"),
        insurer=_one_of(_INSURERS, root, "insurer"),
        issued=_required(root, "issued", ""),
        valid_until=_text(root, "valid_until", ""),
        patient=_patient(_object(root.get("patient"), "/patient")),
        prescriber=_prescriber(_object(root.get("prescriber"), "/prescriber")),
        items=tuple(_item(_object(item, f"/items/{i}"), f"/items/{i}") for i, item in enumerate(items)),
        notes=_text(root, "notes", ""),
        replaces=_text(root, "replaces", ""),
        wire=_object(root.get("wire"), "/wire"),
    )


def centre_in(content: bytes) -> str | None:
    """The centre that a prescription's octets name; None where they name none, or cannot be read as one."""
    try:
        return from_tree(parse_signed(content)).prescriber.centre
    except (IJsonInvalid, DocumentUnreadable):
        return None


def _patient(source: Object) -> Patient:
    at = "/patient"
    return Patient(
        name=_required(source, "name", at),
        national_code=_text(source, "national_code", at),
        birth_date=_text(source, "birth_date", at),
        mobile=_text(source, "mobile", at),
    )


def _prescriber(source: Object) -> Prescriber:
    at = "/prescriber"
    return Prescriber(
        name=_required(source, "name", at),
        national_code=_text(source, "national_code", at),
        council_number=_text(source, "council_number", at),
        centre=_text(source, "centre", at),
    )


def _item(source: Object, at: str) -> PrescribedItem:
    return PrescribedItem(
        name=_required(source, "name", at),
        code=_text(source, "code", at),
        form=_text(source, "form", at),
        strength=_text(source, "strength", at),
        quantity=_number(source, "quantity", at),
        amount=_text(source, "amount", at),
        instruction=_text(source, "instruction", at),
        repeat=_number(source, "repeat", at),
        diagnosis=_text(source, "diagnosis", at),
        not_before=_text(source, "not_before", at),
    )


def _object(value: SignedValue, at: str) -> Object:
    if not isinstance(value, dict):
        raise _wrong(at, "is not an object")
    return value


def _text(source: Object, name: str, at: str) -> str | None:
    value = source.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(f"{at}/{name}", "is not a string")
    return value or None


def _required(source: Object, name: str, at: str) -> str:
    value = _text(source, name, at)
    if value is None or not value.strip():
        raise _wrong(f"{at}/{name}", "is missing or blank")
    return value


def _number(source: Object, name: str, at: str) -> str | None:
    value = source.get(name)
    if value is None:
        return None
    if not isinstance(value, Number):
        raise _wrong(f"{at}/{name}", "is not a number")
    return value.text


def _one_of(known: dict[str, E], source: Object, name: str) -> E:
    value = source.get(name)
    if isinstance(value, str) and value in known:
        return known[value]
    raise _wrong(f"/{name}", f"is none of {', '.join(known)}")


def _wrong(pointer: str, reason: str) -> DocumentUnreadable:
    return DocumentUnreadable(f"{pointer or 'the document'} {reason}")
