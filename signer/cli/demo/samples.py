"""Three synthetic prescriptions in real shapes: Tamin, Bimeh Salamat, and free (DITAS/SEPAS).

Items and wire body agree, so none of them earns a red finding when its prescriber signs it in time. The
people and codes are made up; the national codes only pass the public checksum.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from signer.model.credential import Holder
from signer.model.request import PRESCRIPTION
from signer.prescription.dates import short_date, tehran, tehran_date

MEDIA_TYPE = PRESCRIPTION

_VALIDITY = timedelta(days=60)


def tamin(issued: datetime, prescriber: Holder) -> bytes:
    """Two drugs, one of them repeated. `issued` is aware; the octets are UTF-8 JSON."""
    again = issued + timedelta(days=30)
    items = [
        {
            "name": "آموکسی‌سیلین 500 mg کپسول",
            "code": "0000000101",
            "form": "کپسول",
            "strength": "500 mg",
            "quantity": 21,
            "amount": "هر 8 ساعت 1 عدد",
            "instruction": "طبق دستور",
            "repeat": 0,
        },
        {
            "name": "دیفن‌هیدرامین 12.5 mg/5 ml شربت",
            "code": "0000000102",
            "form": "شربت",
            "strength": "12.5 mg/5 ml",
            "quantity": 1,
            "amount": "دو (2) قاشق غذاخوری (10 سی سی)",
            "instruction": "در صورت نیاز",
            "repeat": 2,
            "diagnosis": "J02.9",
            "not_before": _written(again),
        },
    ]
    wire = {
        "patient": "0012345679",
        "mobile": "09120000001",
        "prescType": {"prescTypeId": 1},
        "prescDate": _compact(issued),
        "docId": (prescriber.council_number or "").zfill(10),
        "docMobileNo": "09120000002",
        "docNationalCode": prescriber.national_code,
        "comments": "همراه غذا مصرف شود",
        "expireDate": _compact(issued + _VALIDITY),
        "siamId": None,
        "noteDetailEprscs": [
            {
                "srvId": {"srvType": {"srvType": "01"}, "srvCode": "0000000101"},
                "srvQty": 21,
                "timesAday": {"drugAmntId": 1},
                "drugInstruction": {"drugInstId": 170},
                "dose": "",
                "repeat": "",
                "dateDo": "",
            },
            {
                "srvId": {"srvType": {"srvType": "01"}, "srvCode": "0000000102"},
                "srvQty": 1,
                "timesAday": {"drugAmntId": 14},
                "drugInstruction": {"drugInstId": 171},
                "dose": "",
                "repeat": "2",
                "dateDo": _compact(again),
                "noteDetailDrug": {"icdId": "J02.9"},
            },
        ],
    }
    patient = {"name": "بیمار نمونه یک", "national_code": "0012345679", "mobile": "09120000001"}
    return _document("tamin", issued, patient, prescriber, items, wire, notes="همراه غذا مصرف شود")


def salamat(issued: datetime, prescriber: Holder) -> bytes:
    """Three drugs with their consumption in words. `issued` is aware; the octets are UTF-8 JSON."""
    lines = [
        ("آموکسی‌سیلین 500 mg کپسول", "0000000000101", "کپسول", 21, "هر 8 ساعت 1 عدد", "بعد از غذا"),
        ("استامینوفن 500 mg قرص", "0000000000102", "قرص", 20, "در صورت درد 1 عدد", "حداکثر 4 عدد در روز"),
        ("سیتریزین 5 mg/5 ml شربت", "0000000000103", "شربت", 1, "شبی 5 ml", "پیش از خواب"),
    ]
    items = [
        {
            "name": name,
            "code": code,
            "form": form,
            "quantity": count,
            "amount": amount,
            "instruction": instruction,
            "repeat": 0,
        }
        for name, code, form, count, amount, instruction in lines
    ]
    samad = "218800000000000001"
    wire = {
        "check_order": [
            {
                "samadCode": samad,
                "subInfoWrapper": {
                    "service": {
                        "count": count,
                        "nationalNumber": code,
                        "type": "PRODUCT",
                        "mode": "ELECTRONIC",
                        "description": "",
                        "consumption": amount,
                        "consumptionInstruction": instruction,
                        "numberOfPeriod": 1,
                        "bulkId": 0,
                        "activeFrom": int(_compact(issued)),
                    },
                    "otherServices": [],
                },
            }
            for _, code, _, count, amount, instruction in lines
        ],
        "save": {
            "referenceFeedback": None,
            "samadCode": samad,
            "subscriptions": [
                {"checkCode": f"16700000000000000000000000000{number:02d}"}
                for number in range(1, len(lines) + 1)
            ],
        },
    }
    patient = {"name": "بیمار نمونه دو", "national_code": "0087654326"}
    return _document("salamat", issued, patient, prescriber, items, wire)


def free(issued: datetime, prescriber: Holder) -> bytes:
    """One drug, its name in English as the product table has it. `issued` is aware; UTF-8 JSON."""
    name = "AMLODIPINE BESYLATE 5 mg TABLET ORAL"
    first, _, last = prescriber.name.rpartition(" ")
    doctor = {
        "FirstName": first,
        "LastName": last,
        "Identifier": {
            "Issuer": "Med_Council",
            "Assigner": "Med_Council",
            "ID": prescriber.council_number,
            "Type": "Med_ID",
        },
    }
    items = [
        {
            "name": name,
            "code": "60110",
            "form": "قرص",
            "strength": "5 mg",
            "quantity": 30,
            "amount": "روزی 1 عدد",
            "instruction": "صبح‌ها، با آب",
            "repeat": 0,
        }
    ]
    local = issued.astimezone(tehran())
    wire = {
        "Person": {
            "FirstName": "بیمار",
            "LastName": "نمونه سه",
            "NationalCode": "0034567895",
            "BirthDate": {"Year": 1360, "Month": 1, "Day": 1},
            "Gender": {"Value": "مرد", "Terminology_id": "thritaEHR.gender", "Coded_string": "1"},
            "MobileNumber": "09120000003",
        },
        "MsgID": {"CompositionSignature": None, "Committer": doctor},
        "Composition": {
            "MedicationPrescriptions": {
                "Prescriber": doctor,
                "IssueDate": _parts(issued),
                "IssueTime": {"Hour": local.hour, "Minute": local.minute, "Second": local.second},
                "ExpiryDate": _parts(issued + _VALIDITY),
                "Repeats": 1,
                "Orders": [
                    {
                        "ProductCode": {"Value": name, "Terminology_id": "eRx", "Coded_string": "60110"},
                        "Dosage": {"Magnitude": 1, "Unit": "Tablet"},
                        "Frequency": {
                            "Value": "Once daily (qualifier value)",
                            "Terminology_id": "SNOMEDCT",
                            "Coded_string": "229797004",
                        },
                        "TotalNumber": {"Magnitude": 30, "Unit": "Each"},
                        "PatientInstruction": "صبح‌ها، با آب",
                        "Description": None,
                    }
                ],
            }
        },
    }
    patient = {
        "name": "بیمار نمونه سه",
        "national_code": "0034567895",
        "birth_date": "1360/01/01",
        "mobile": "09120000003",
    }
    return _document("free", issued, patient, prescriber, items, wire)


def _document(
    insurer: str,
    issued: datetime,
    patient: dict[str, str],
    prescriber: Holder,
    items: Sequence[Mapping[str, object]],
    wire: Mapping[str, object],
    *,
    notes: str | None = None,
) -> bytes:
    document: dict[str, object] = {
        "mohr": 1,
        "kind": "drug",
        "insurer": insurer,
        "issued": _written(issued),
        "valid_until": _written(issued + _VALIDITY),
        "patient": patient,
        "prescriber": {
            "name": prescriber.name,
            "national_code": prescriber.national_code,
            "council_number": prescriber.council_number,
            "centre": prescriber.centre,
        },
        "items": items,
        "wire": wire,
    }
    if notes is not None:
        document["notes"] = notes
    return json.dumps(document, ensure_ascii=False).encode()


def _written(at: datetime) -> str:
    return at.astimezone(tehran()).isoformat(timespec="seconds")


def _compact(at: datetime) -> str:
    return short_date(tehran_date(at), "fa").replace("/", "")


def _parts(at: datetime) -> dict[str, int]:
    year, month, day = short_date(tehran_date(at), "fa").split("/")
    return {"Year": int(year), "Month": int(month), "Day": int(day)}
