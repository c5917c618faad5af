"""The readable prescription against each insurer's body: a row for each value that is compared."""

from __future__ import annotations

import pytest

from signer.model.sheet import Comparison, PrescriptionSheet, Weight
from tests.prescription.forms import SAMPLES, Tree, facts, found, put, sample, sheet_of

TAMIN = "/wire/noteDetailEprscs"
SALAMAT = "/wire/check_order"
FREE = "/wire/Composition/MedicationPrescriptions"

# Insurer, place and value of one change; pointer, field and readable side of the finding it must earn.
DIFFERENCES: list[tuple[str, str, object, str, str, str]] = [
    ("tamin", "/wire/patient", "0087654326", "/patient/national_code", "patient_code", "0012345679"),
    ("tamin", "/wire/mobile", "09120000009", "/patient/mobile", "mobile", "09120000001"),
    ("tamin", "/wire/docId", "0000654321", "/prescriber/council_number", "council_number", "123456"),
    (
        "tamin",
        "/wire/docNationalCode",
        "0012345679",
        "/prescriber/national_code",
        "prescriber_code",
        "0043210988",
    ),
    ("tamin", "/wire/prescDate", "14050902", "/issued", "issued", "2026-11-22T10:15:00+03:30"),
    ("tamin", "/wire/expireDate", "14051230", "/valid_until", "valid_until", "2027-01-21T10:15:00+03:30"),
    ("tamin", "/wire/expireDate", "14051102", "/valid_until", "valid_until", "2027-01-21T10:15:00+03:30"),
    ("tamin", "/wire/comments", "پیش از غذا", "/notes", "notes", "همراه غذا مصرف شود"),
    ("tamin", "/wire/prescType/prescTypeId", 3, "/kind", "kind", "drug"),
    ("tamin", f"{TAMIN}/0/srvId/srvCode", "0000000999", "/items/0/code", "code", "0000000101"),
    ("tamin", f"{TAMIN}/0/srvQty", 210, "/items/0/quantity", "quantity", "21"),
    ("tamin", f"{TAMIN}/0/srvQty", "", "/items/0/quantity", "quantity", "21"),
    ("tamin", f"{TAMIN}/0/srvQty", True, "/items/0/quantity", "quantity", "21"),
    ("tamin", f"{TAMIN}/0/srvQty", [21], "/items/0/quantity", "quantity", "21"),
    (
        "tamin",
        f"{TAMIN}/0/drugInstruction/drugInstId",
        171,
        "/items/0/instruction",
        "instruction",
        "طبق دستور",
    ),
    ("tamin", f"{TAMIN}/0/repeat", "3", "/items/0/repeat", "repeat", "0"),
    ("tamin", f"{TAMIN}/0/dateDo", "14051001", "/items/0/not_before", "not_before", "—"),
    ("tamin", f"{TAMIN}/1/repeat", "", "/items/1/repeat", "repeat", "2"),
    (
        "tamin",
        f"{TAMIN}/1/dateDo",
        "14051002",
        "/items/1/not_before",
        "not_before",
        "2026-12-22T10:15:00+03:30",
    ),
    ("tamin", f"{TAMIN}/1/noteDetailDrug/icdId", "J03.9", "/items/1/diagnosis", "diagnosis", "J02.9"),
    ("tamin", f"{TAMIN}/0/noteDetailDrug", {"icdId": "E11"}, "/items/0/diagnosis", "diagnosis", "—"),
    ("salamat", f"{SALAMAT}/0/subInfoWrapper/service/count", 210, "/items/0/quantity", "quantity", "21"),
    (
        "salamat",
        f"{SALAMAT}/0/subInfoWrapper/service/nationalNumber",
        "1",
        "/items/0/code",
        "code",
        "0000000000101",
    ),
    (
        "salamat",
        f"{SALAMAT}/0/subInfoWrapper/service/consumption",
        "هر 4 ساعت 1 عدد",
        "/items/0/amount",
        "amount",
        "هر 8 ساعت 1 عدد",
    ),
    (
        "salamat",
        f"{SALAMAT}/0/subInfoWrapper/service/consumptionInstruction",
        "ناشتا",
        "/items/0/instruction",
        "instruction",
        "بعد از غذا",
    ),
    ("salamat", f"{SALAMAT}/0/subInfoWrapper/service/numberOfPeriod", 3, "/items/0/repeat", "repeat", "0"),
    (
        "salamat",
        f"{SALAMAT}/0/subInfoWrapper/service/activeFrom",
        14051001,
        "/items/0/not_before",
        "not_before",
        "—",
    ),
    (
        "free",
        "/wire/Person/NationalCode",
        "0012345679",
        "/patient/national_code",
        "patient_code",
        "0034567895",
    ),
    ("free", "/wire/Person/FirstName", "کس", "/patient/name", "patient", "بیمار نمونه سه"),
    ("free", "/wire/Person/MobileNumber", "09120000009", "/patient/mobile", "mobile", "09120000003"),
    ("free", "/wire/Person/BirthDate/Year", 1361, "/patient/birth_date", "birth_date", "1360/01/01"),
    (
        "free",
        f"{FREE}/Prescriber/Identifier/ID",
        "654321",
        "/prescriber/council_number",
        "council_number",
        "123456",
    ),
    ("free", f"{FREE}/IssueDate/Day", 2, "/issued", "issued", "2026-11-22T10:15:00+03:30"),
    ("free", f"{FREE}/ExpiryDate/Month", 12, "/valid_until", "valid_until", "2027-01-21T10:15:00+03:30"),
    ("free", f"{FREE}/Repeats", 4, "/items/0/repeat", "repeat", "0"),
    ("free", f"{FREE}/Orders/0/ProductCode/Coded_string", "60111", "/items/0/code", "code", "60110"),
    ("free", f"{FREE}/Orders/0/TotalNumber/Magnitude", 300, "/items/0/quantity", "quantity", "30"),
    (
        "free",
        f"{FREE}/Orders/0/PatientInstruction",
        "شب‌ها",
        "/items/0/instruction",
        "instruction",
        "صبح‌ها، با آب",
    ),
]


@pytest.mark.parametrize(
    "insurer, place, value, pointer, field, readable",
    DIFFERENCES,
    ids=[f"{d[1]}={d[2]}" for d in DIFFERENCES],
)
def test_one_value_of_the_body_that_disagrees_stops_the_signature_and_is_named(
    insurer: str, place: str, value: object, pointer: str, field: str, readable: str
) -> None:
    tree = sample(insurer)
    put(tree, place, value)
    sheet = sheet_of(tree)
    assert sheet.refused
    (finding,) = [finding for finding in sheet.findings if finding.weight is Weight.RED]
    assert (finding.code, finding.pointer) == ("items-differ-from-wire", pointer)
    told = facts(finding)
    assert (told["field"], told["here"]) == (field, readable)
    assert place.startswith(told["wire"]) or told["wire"].startswith(place)
    assert told["there"] not in {told["here"], ""}


@pytest.mark.parametrize("insurer, place, value, pointer", [d[:4] for d in DIFFERENCES if d[5] != "—"])
def test_the_cell_of_a_value_that_disagrees_is_marked(
    insurer: str, place: str, value: object, pointer: str
) -> None:
    tree = sample(insurer)
    before = verdicts(tree).get(pointer)
    put(tree, place, value)
    assert (before, verdicts(tree).get(pointer)) == (
        (None, None)
        if pointer in {"/kind", "/issued", "/valid_until"}
        else (Comparison.EQUAL, Comparison.DIFFERS)
    )


def verdicts(tree: Tree) -> dict[str, Comparison]:
    """Pointer and verdict of every cell that has one."""
    body = sheet_of(tree).body
    assert isinstance(body, PrescriptionSheet)
    groups = (body.patient, body.prescriber, *body.items)
    cells = [getattr(group, field) for group in groups for field in group.__struct_fields__]
    return {cell.pointer: cell.comparison for cell in (*cells, body.notes) if cell is not None}


# Other spellings of the same: nothing red may come of them.
SPELLINGS: list[tuple[str, str, object]] = [
    ("tamin", "/wire/patient", "۰۰۱۲۳۴۵۶۷۹"),
    ("tamin", "/wire/mobile", "+98 912 000 0001"),
    ("tamin", "/wire/docId", "123456"),
    ("tamin", "/wire/comments", " همراه غذا  مصرف شود "),
    ("tamin", "/notes", "همراه غذا مصرف شود\n"),
    ("tamin", f"{TAMIN}/0/srvQty", "21"),
    ("tamin", f"{TAMIN}/0/srvQty", "۲۱٫۰"),
    ("tamin", f"{TAMIN}/0/repeat", "0"),
    ("tamin", f"{TAMIN}/0/repeat", None),
    ("tamin", f"{TAMIN}/0/dateDo", "14050901"),
    ("tamin", "/items/0/repeat", ...),
    ("tamin", "/items/1/not_before", "1405/10/01"),
    ("tamin", "/items/1/not_before", "2026-12-22"),
    ("tamin", "/items/1/diagnosis", "گلودرد (J02.9)"),
    ("tamin", "/items/1/diagnosis", "گلودرد"),
    ("tamin", "/items/1/amount", "دو (۲) قاشق غذاخوري (۱۰ سي سي)"),
    ("tamin", "/items/1/amount", "دو قاشق"),
    ("tamin", "/patient/mobile", ...),
    ("tamin", "/wire/expireDate", ...),
    ("tamin", "/prescriber/centre", "مرکز دیگر"),
    ("salamat", f"{SALAMAT}/0/subInfoWrapper/service/consumption", "هر ۸ ساعت ۱ عدد"),
    ("salamat", f"{SALAMAT}/0/subInfoWrapper/service/numberOfPeriod", ...),
    ("salamat", f"{SALAMAT}/0/subInfoWrapper/service/activeFrom", "14050901"),
    ("free", "/patient/birth_date", ...),
    ("free", "/patient/birth_date", "1360"),
    ("free", "/wire/Person/BirthDate", None),
    ("free", f"{FREE}/ExpiryDate/Day", None),
    ("free", "/items/0/name", "آملودیپین 5 mg قرص"),
    ("free", "/wire/Person/BirthDate", {"Year": 1981, "Month": 3, "Day": 21}),
    ("free", f"{FREE}/Orders/0/PatientInstruction", None),
]


@pytest.mark.parametrize("insurer, place, value", SPELLINGS, ids=[f"{s[1]}={s[2]}" for s in SPELLINGS])
def test_the_same_in_another_spelling_is_no_difference(insurer: str, place: str, value: object) -> None:
    tree = sample(insurer)
    put(tree, place, value)
    assert not sheet_of(tree).refused


def test_a_name_is_never_equal_to_a_code() -> None:
    tree = sample("tamin")
    put(tree, "/items/0/name", "0000000101")
    assert verdicts(tree)["/items/0/name"] is Comparison.INCOMPARABLE


def test_a_code_whose_concept_is_not_known_cannot_be_compared() -> None:
    assert verdicts(sample("tamin"))["/items/0/amount"] is Comparison.INCOMPARABLE
    (finding,) = found(sheet_of(sample("tamin")), "wire-not-comparable")
    assert "amount" in facts(finding)["fields"].split(",")


@pytest.mark.parametrize(
    "repeat, periods, verdict",
    [
        (0, 1, Comparison.EQUAL),
        (0, 0, Comparison.EQUAL),
        (1, 1, Comparison.INCOMPARABLE),
        (2, 2, Comparison.INCOMPARABLE),
        (2, 3, Comparison.INCOMPARABLE),
        (0, 2, Comparison.DIFFERS),
        (2, 1, Comparison.DIFFERS),
        (3, 2, Comparison.DIFFERS),
    ],
)
def test_a_number_of_periods_may_or_may_not_count_the_first(
    repeat: int, periods: int, verdict: Comparison
) -> None:
    tree = sample("salamat")
    put(tree, "/items/0/repeat", repeat)
    put(tree, f"{SALAMAT}/0/subInfoWrapper/service/numberOfPeriod", periods)
    assert verdicts(tree)["/items/0/repeat"] is verdict


def test_a_service_without_consumption_is_compared_by_its_description() -> None:
    tree = sample("salamat")
    service = tree["wire"]["check_order"][0]["subInfoWrapper"]["service"]
    service.update(consumption="", consumptionInstruction="", description="ناشتا")
    put(tree, "/items/0/amount", ...)
    put(tree, "/items/0/instruction", "ناشتا")
    assert verdicts(tree)["/items/0/instruction"] is Comparison.EQUAL


LINES = {"tamin": TAMIN, "salamat": SALAMAT, "free": f"{FREE}/Orders"}


@pytest.mark.parametrize("insurer", SAMPLES)
def test_a_line_that_no_item_shows_stops_the_signature(insurer: str) -> None:
    tree = sample(insurer)
    count = len(tree["items"])
    put(tree, f"{LINES[insurer]}/-", {})
    told = [facts(f) for f in found(sheet_of(tree), "items-differ-from-wire") if f.pointer == "/items"]
    assert told == [{"field": "items", "here": str(count), "there": str(count + 1), "wire": LINES[insurer]}]


@pytest.mark.parametrize("insurer", SAMPLES)
def test_an_item_that_no_line_orders_stops_the_signature(insurer: str) -> None:
    tree = sample(insurer)
    put(tree, "/items/-", {"name": "قلم دیگر", "code": "1", "quantity": 1})
    sheet = sheet_of(tree)
    assert sheet.refused
    assert "/items" in {finding.pointer for finding in found(sheet, "items-differ-from-wire")}


def test_salamat_saves_no_more_check_codes_than_there_are_items() -> None:
    tree = sample("salamat")
    put(tree, "/wire/save/subscriptions/-", {"checkCode": "1"})
    (finding,) = found(sheet_of(tree), "items-differ-from-wire")
    assert facts(finding) == {"field": "items", "here": "3", "there": "4", "wire": "/wire/save/subscriptions"}


def test_items_find_their_lines_by_code_whatever_the_order() -> None:
    tree = sample("salamat")
    tree["wire"]["check_order"].reverse()
    assert not sheet_of(tree).refused


def test_a_missing_line_does_not_make_the_items_after_it_differ() -> None:
    tree = sample("salamat")
    put(tree, f"{SALAMAT}/0", ...)
    differing = {p for p, verdict in verdicts(tree).items() if verdict is Comparison.DIFFERS}
    assert differing == set()
    assert {f.pointer for f in found(sheet_of(tree), "items-differ-from-wire")} == {"/items"}


def test_two_lines_of_one_code_are_taken_in_order() -> None:
    tree = sample("tamin")
    tree["items"][1]["code"] = tree["items"][0]["code"]
    tree["wire"]["noteDetailEprscs"][1]["srvId"]["srvCode"] = tree["items"][0]["code"]
    assert not sheet_of(tree).refused
    tree["wire"]["noteDetailEprscs"].reverse()
    assert sheet_of(tree).refused


@pytest.mark.parametrize("field", ["code", "quantity", "instruction", "amount"])
def test_what_the_body_orders_and_the_items_do_not_say_stops_the_signature(field: str) -> None:
    tree = sample("salamat")
    put(tree, f"/items/0/{field}", ...)
    (finding,) = found(sheet_of(tree), "items-differ-from-wire")
    assert finding.pointer == f"/items/0/{field}"
    assert facts(finding)["here"] == "—"


@pytest.mark.parametrize(
    "kind, type_id, refused",
    [
        ("drug", 1, False),
        ("lab", 2, False),
        ("imaging", 2, False),
        ("visit", 3, False),
        ("service", 4, False),
        ("service", 5, False),
        ("referral", 7, False),
        ("drug", 2, True),
        ("lab", 1, True),
        ("visit", 4, True),
        ("referral", 1, True),
    ],
)
def test_the_kind_is_compared_where_the_guide_and_its_samples_agree(
    kind: str, type_id: int, refused: bool
) -> None:
    tree = sample("tamin")
    put(tree, "/kind", kind)
    put(tree, "/wire/prescType/prescTypeId", type_id)
    assert sheet_of(tree).refused is refused


@pytest.mark.parametrize(
    "insurer, place",
    [
        ("tamin", "/wire/noteDetailEprscs"),
        ("salamat", "/wire/check_order"),
        ("salamat", "/wire/save"),
        ("free", f"{FREE}/Orders"),
    ],
)
def test_a_body_of_an_unknown_shape_is_not_taken_for_one_that_agrees(insurer: str, place: str) -> None:
    tree = sample(insurer)
    put(tree, place, ...)
    sheet = sheet_of(tree)
    (finding,) = found(sheet, "wire-unrecognised")
    assert (finding.weight, finding.pointer) == (Weight.AMBER, "/wire")
    assert set(verdicts(tree).values()) == {Comparison.INCOMPARABLE}


def test_an_insurer_without_a_known_body_is_told_to_be_incomparable() -> None:
    tree = sample("tamin")
    put(tree, "/insurer", "armed-forces")
    sheet = sheet_of(tree)
    assert not sheet.refused
    assert not found(sheet, "wire-unrecognised")
    (finding,) = found(sheet, "wire-not-comparable")
    assert "quantity" in facts(finding)["fields"].split(",")


def test_a_visit_without_lines_has_no_items() -> None:
    tree = sample("tamin")
    put(tree, "/kind", "visit")
    put(tree, "/items", [])
    put(tree, "/wire/prescType/prescTypeId", 3)
    put(tree, "/wire/noteDetailEprscs", [])
    assert not sheet_of(tree).refused
