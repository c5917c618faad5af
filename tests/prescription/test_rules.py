"""The table of rules: who may sign, when, and what else stops or needs a yes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.credential import Holder
from signer.model.sheet import Weight
from signer.prescription.reader import read
from tests.prescription.forms import HOLDER, ISSUED, NOW, as_document, facts, found, put, sample, sheet_of

SECOND = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)

# ISSUED is 10:15 in Tehran; 13 h 45 min later another date begins there.
TIMES: list[tuple[str, timedelta, str | None, Weight | None]] = [
    ("at once", 0 * SECOND, None, None),
    ("five minutes ahead", -5 * MINUTES, None, None),
    ("more than five minutes ahead", -5 * MINUTES - SECOND, "issued-in-future", Weight.RED),
    ("a year ahead", -365 * 24 * HOURS, "issued-in-future", Weight.RED),
    ("half an hour later", 30 * MINUTES, None, None),
    ("hours later on the same date", 13 * HOURS, None, None),
    ("the last second of the date", 13 * HOURS + 45 * MINUTES - SECOND, None, None),
    ("the first second of the next date", 13 * HOURS + 45 * MINUTES, "signed-late", Weight.AMBER),
    ("seventy-two hours later", 72 * HOURS, "signed-late", Weight.AMBER),
    ("more than seventy-two hours later", 72 * HOURS + SECOND, "signed-too-late", Weight.RED),
    ("a year later", 365 * 24 * HOURS, "signed-too-late", Weight.RED),
]
TIME_CODES = {"issued-in-future", "signed-late", "signed-too-late"}


@pytest.mark.parametrize("age, code, weight", [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_the_time_of_signing_is_judged_by_the_table(
    age: timedelta, code: str | None, weight: Weight | None
) -> None:
    sheet = sheet_of(sample("tamin"), now=ISSUED + age)
    judged = [(f.code, f.weight, f.pointer) for f in sheet.findings if f.code in TIME_CODES]
    assert judged == ([] if code is None else [(code, weight, "/issued")])


def test_half_an_hour_across_midnight_in_tehran_is_silent_and_a_second_more_is_not() -> None:
    tree = sample("tamin")
    put(tree, "/issued", "2026-11-22T23:45:00+03:30")
    issued = ISSUED.replace(hour=23, minute=45)
    assert not found(sheet_of(tree, now=issued + 30 * MINUTES), "signed-late")
    (finding,) = found(sheet_of(tree, now=issued + 30 * MINUTES + SECOND), "signed-late")
    assert facts(finding) == {"issued_fa": "1405/09/01 23:45", "issued_en": "2026-11-22 23:45"}


def test_the_date_is_that_of_tehran_and_not_that_of_the_offset() -> None:
    tree = sample("tamin")
    put(tree, "/issued", "2026-11-21T20:31:00Z")  # 00:01 of the 22nd in Tehran
    assert not found(sheet_of(tree, now=ISSUED + 13 * HOURS), "signed-late")


@given(st.integers(-10 * 24 * 3600, 10 * 24 * 3600))
def test_at_any_time_at_most_one_rule_of_time_speaks(seconds: int) -> None:
    sheet = sheet_of(sample("free"), now=ISSUED + timedelta(seconds=seconds))
    assert sum(finding.code in TIME_CODES for finding in sheet.findings) <= 1


@pytest.mark.parametrize(
    "pointer, text, field",
    [
        ("/issued", "1405/09/01", "issued"),
        ("/issued", "2026-11-22", "issued"),
        ("/issued", "yesterday", "issued"),
        ("/valid_until", "soon", "valid_until"),
        ("/items/1/not_before", "2026-02-30", "not_before"),
    ],
)
def test_a_date_that_cannot_be_understood_needs_a_yes(pointer: str, text: str, field: str) -> None:
    tree = sample("tamin")
    put(tree, pointer, text)
    sheet = sheet_of(tree)
    (finding,) = found(sheet, "unreadable-date")
    assert (finding.weight, finding.pointer) == (Weight.AMBER, pointer)
    assert facts(finding) == {"field": field, "text": text}


NATIONAL, COUNCIL = "0043210988", "123456"
OTHER_NATIONAL, OTHER_COUNCIL = "0012345679", "654321"
UNKNOWN, AMBIGUOUS, WRONG = "holder-code-unknown", "holder-code-ambiguous", "holder-is-not-prescriber"

# (certificate's national codes, council numbers, document's national code, council number, findings)
HOLDERS: list[tuple[str, tuple[str, ...], tuple[str, ...], str | None, str | None, list[str]]] = [
    ("both equal", (NATIONAL,), (COUNCIL,), NATIONAL, COUNCIL, []),
    ("council number with zeros", (NATIONAL,), (COUNCIL,), NATIONAL, "0000123456", []),
    ("zeros in the certificate", (), ("00123456",), None, COUNCIL, []),
    ("Persian digits in the document", (NATIONAL,), (COUNCIL,), "۰۰۴۳۲۱۰۹۸۸", "۱۲۳۴۵۶", []),
    ("only the national code known", (NATIONAL,), (), NATIONAL, COUNCIL, []),
    ("only the council number known", (), (COUNCIL,), NATIONAL, COUNCIL, []),
    ("another national code", (OTHER_NATIONAL,), (COUNCIL,), NATIONAL, COUNCIL, [WRONG]),
    ("another council number", (NATIONAL,), (OTHER_COUNCIL,), NATIONAL, COUNCIL, [WRONG]),
    ("both others", (OTHER_NATIONAL,), (OTHER_COUNCIL,), NATIONAL, COUNCIL, [WRONG, WRONG]),
    ("zeros of a national code count", ("43210988",), (), NATIONAL, None, [WRONG]),
    ("nothing in the certificate", (), (), NATIONAL, COUNCIL, [UNKNOWN]),
    ("nothing in the document", (NATIONAL,), (COUNCIL,), None, None, [UNKNOWN]),
    ("nothing in common", (NATIONAL,), (), None, COUNCIL, [UNKNOWN]),
    ("two candidates, one right", (NATIONAL, OTHER_NATIONAL), (COUNCIL,), NATIONAL, COUNCIL, [AMBIGUOUS]),
    ("two candidates, none right", ("1", "2"), (COUNCIL,), NATIONAL, COUNCIL, [WRONG]),
    ("two candidates and nothing said", (NATIONAL, "1"), (), None, None, [AMBIGUOUS, UNKNOWN]),
    ("two council numbers", (NATIONAL,), (COUNCIL, OTHER_COUNCIL), NATIONAL, COUNCIL, [AMBIGUOUS]),
]


@pytest.mark.parametrize(
    "nationals, councils, national, council, codes",
    [row[1:] for row in HOLDERS],
    ids=[row[0] for row in HOLDERS],
)
def test_the_holder_must_be_the_prescriber(
    nationals: tuple[str, ...],
    councils: tuple[str, ...],
    national: str | None,
    council: str | None,
    codes: list[str],
) -> None:
    tree = sample("salamat")
    put(tree, "/prescriber/national_code", national)
    put(tree, "/prescriber/council_number", council)
    holder = Holder(name="دکتر نمونه", national_codes=nationals, council_numbers=councils)
    sheet = sheet_of(tree, holder)
    judged = [finding for finding in sheet.findings if finding.code in {UNKNOWN, AMBIGUOUS, WRONG}]
    assert [finding.code for finding in judged] == codes
    assert all(
        finding.weight is (Weight.RED if finding.code == WRONG else Weight.AMBER) for finding in judged
    )


def test_a_wrong_holder_is_told_with_both_codes() -> None:
    holder = Holder(name="x", national_codes=(OTHER_NATIONAL,), council_numbers=(COUNCIL,))
    (finding,) = found(sheet_of(sample("salamat"), holder), WRONG)
    assert finding.pointer == "/prescriber/national_code"
    assert facts(finding) == {"field": "national_code", "certificate": OTHER_NATIONAL, "document": NATIONAL}


def test_policy_may_make_an_amber_finding_red() -> None:
    document = as_document(sample("salamat"))
    nobody = Holder(name="x")
    assert not read(document, nobody, NOW).refused
    assert read(document, nobody, NOW, severe=frozenset({UNKNOWN})).refused


@pytest.mark.parametrize(
    "pointer, name",
    [
        ("/wire/save/cpartySessionId", "cpartySessionId"),
        ("/wire/check_order/0/citizenSessionId", "citizenSessionId"),
        ("/wire/headers", "token"),
        ("/wire/save/access_token", "access_token"),
        ("/wire/cpartyPassword", "cpartyPassword"),
        ("/wire/otp", "otp"),
    ],
)
def test_a_live_credential_in_the_wire_body_stops_the_signature_and_is_not_repeated(
    pointer: str, name: str
) -> None:
    tree = sample("salamat")
    put(tree, pointer, {"token": "SECRET"} if name == "token" else "SECRET")
    (finding,) = found(sheet_of(tree), "credential-in-wire")
    assert finding.weight is Weight.RED
    assert finding.pointer == (f"{pointer}/token" if name == "token" else pointer)
    assert facts(finding) == {"name": name}


def test_an_empty_credential_or_one_outside_of_the_wire_body_is_no_finding() -> None:
    tree = sample("salamat")
    put(tree, "/wire/save/cpartySessionId", "")
    put(tree, "/wire/save/citizenSessionId", None)
    put(tree, "/token", "the panel's own")
    assert not found(sheet_of(tree), "credential-in-wire")


def test_whose_words_the_names_are_is_told_where_there_are_names() -> None:
    (finding,) = found(sheet_of(sample("salamat"), HOLDER), "names-are-the-panels-words")
    assert (finding.weight, finding.pointer) == (Weight.NOTE, "/items")
    tree = sample("tamin")
    put(tree, "/items", [])
    assert not found(sheet_of(tree), "names-are-the-panels-words")
