"""What you see is what you sign: every signed leaf is in the sheet, spelled as it was signed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from signer.model.errors import DocumentUnreadable, FormatUnsupported
from signer.model.request import JSON, PRESCRIPTION, TEXT
from signer.model.sheet import Cell, Item, Moment, Person, PlainSheet, PrescriptionSheet, Weight
from signer.prescription.reader import read
from tests.prescription.forms import (
    HOLDER,
    NOW,
    SAMPLES,
    Tree,
    as_document,
    facts,
    found,
    put,
    sample,
    sheet_of,
)


def signed_leaves(value: object, pointer: str = "") -> list[tuple[str, str]]:
    """Pointer and text of every leaf, read by the standard library with numbers kept as written."""
    if isinstance(value, dict) and value:
        return [
            leaf
            for name, member in value.items()
            for leaf in signed_leaves(member, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
        ]
    if isinstance(value, list) and value:
        return [leaf for i, element in enumerate(value) for leaf in signed_leaves(element, f"{pointer}/{i}")]
    if isinstance(value, str):
        quoted = value in {"", "null", "true", "false", "{}", "[]"} or (value[0] == value[-1] == '"')
        return [(pointer, f'"{value}"' if quoted else value)]
    if isinstance(value, bytes):
        return [(pointer, value.decode())]
    return [(pointer, json.dumps(value))]


def load(octets: bytes) -> Any:
    return json.loads(octets, parse_int=str.encode, parse_float=str.encode)


def displayed(sheet: PrescriptionSheet) -> list[tuple[str, str]]:
    """Pointer and text of everything that the sheet shows."""
    shown = [("/kind", sheet.kind), ("/insurer", sheet.insurer)]
    shown += [(leaf.pointer, leaf.text) for leaf in sheet.details]
    fields: list[object] = [sheet.issued, sheet.valid_until, sheet.notes, sheet.replaces]
    for group in (sheet.patient, sheet.prescriber, *sheet.items):
        assert isinstance(group, Person | Item)
        fields += asdict(group).values()
    shown += [(field.pointer, field.text) for field in fields if isinstance(field, Cell | Moment)]
    return shown


# Nothing hidden, so that what is shown must be what was signed, character by character.
readable = st.text(
    st.sampled_from("abc آب‌5۵~/\"'{}[]<>\\ =.null") | st.sampled_from("é…"), max_size=12
).filter(lambda text: "\u200c" not in text)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | readable
    | st.sampled_from(["", "null", "true", "{}", "[]", '""', '"quoted"'])
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(readable, inner, max_size=4),
    max_leaves=25,
)


@given(json_values)
def test_every_leaf_of_any_json_is_on_screen_once_and_nothing_else_is(value: object) -> None:
    document = as_document(value, JSON)
    sheet = read(document, HOLDER, NOW)
    assert isinstance(sheet.body, PlainSheet)
    shown = [(leaf.pointer, leaf.text) for leaf in sheet.body.leaves]
    assert shown == signed_leaves(load(document.content))


@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "/extra",
                    "/patient/x",
                    "/prescriber/x",
                    "/items/0/x",
                    "/wire",
                    "/wire/x",
                    "/items/0/form",
                    "/notes",
                    "/valid_until",
                    "/items/0/quantity",
                    "/items",
                ]
            ),
            json_values,
        ),
        max_size=4,
    ),
)
def test_every_leaf_of_a_prescription_is_in_a_field_or_under_details_or_nothing_is_read(
    insurer: str, changes: list[tuple[str, object]]
) -> None:
    tree = sample(insurer)
    for pointer, value in sorted(changes, key=lambda change: -len(change[0])):  # a member before its parent
        put(tree, pointer, value)
    document = as_document(tree)
    try:
        sheet = read(document, HOLDER, NOW)
    except DocumentUnreadable:
        return
    assert isinstance(sheet.body, PrescriptionSheet)
    assert Counter(displayed(sheet.body)) == Counter(signed_leaves(load(document.content)))


@pytest.mark.parametrize("insurer", SAMPLES)
def test_a_flawless_prescription_is_shown_whole_and_needs_no_yes_of_its_own(insurer: str) -> None:
    document = as_document(sample(insurer))
    sheet = read(document, HOLDER, NOW)
    assert isinstance(sheet.body, PrescriptionSheet)
    assert Counter(displayed(sheet.body)) == Counter(signed_leaves(load(document.content)))
    assert not sheet.refused
    assert sheet.needs_yes == ()
    assert {finding.weight for finding in sheet.findings} == {Weight.NOTE}
    assert sheet.content_hash == hashlib.sha256(document.content).digest()
    assert sheet.document_id == document.id


def test_numbers_are_shown_as_they_were_signed() -> None:
    octets = (
        SAMPLES["tamin"](NOW, HOLDER)
        .replace(b'"quantity": 21', b'"quantity": 21.0')
        .replace(b'"srvQty": 21', b'"srvQty": 2.1e1')
    )
    sheet = read(as_document(octets), HOLDER, NOW)
    assert isinstance(sheet.body, PrescriptionSheet)
    assert sheet.body.items[0].quantity is not None
    assert sheet.body.items[0].quantity.text == "21.0"
    assert not sheet.refused
    assert Decimal("21.0") == Decimal("2.1e1")
    assert ("/wire/noteDetailEprscs/0/srvQty", "2.1e1") in displayed(sheet.body)


def test_a_known_field_that_says_nothing_is_under_details() -> None:
    tree = sample("salamat")
    put(tree, "/items/0/form", "")
    put(tree, "/items/1/form", None)
    sheet = sheet_of(tree)
    assert isinstance(sheet.body, PrescriptionSheet)
    assert sheet.body.items[0].form is None
    details = {leaf.pointer: leaf.text for leaf in sheet.body.details}
    assert details["/items/0/form"] == '""'
    assert details["/items/1/form"] == "null"


MALICIOUS = [
    ("override in a name", "/items/0/name", "قرص \u202e005 mg", "قرص <U+202E>005 mg", "U+202E"),
    ("joiner in a name", "/items/0/name", "آب\u200d", "آب<U+200D>", "U+200D"),
    ("homoglyph digit in an amount", "/items/0/amount", "روزی \u09ea عدد", "روزی <U+09EA> عدد", "U+09EA"),
    ("mark in a patient's name", "/patient/name", "بیمار\u200f", "بیمار<U+200F>", "U+200F"),
    ("escape in the notes", "/notes", "\x1b[2Jxx", "<U+001B>[2Jxx", "U+001B"),
    ("zero-width space in an unknown field", "/x", "a\u200bb", "a<U+200B>b", "U+200B"),
]


@pytest.mark.parametrize(
    "pointer, raw, shown, character", [r[1:] for r in MALICIOUS], ids=[r[0] for r in MALICIOUS]
)
def test_malicious_text_is_spelled_out_and_needs_a_yes(
    pointer: str, raw: str, shown: str, character: str
) -> None:
    tree = sample("salamat")
    put(tree, pointer, raw)
    sheet = sheet_of(tree)
    assert isinstance(sheet.body, PrescriptionSheet)
    assert (pointer, shown) in displayed(sheet.body)
    (finding,) = found(sheet, "hidden-characters")
    assert finding.weight is Weight.AMBER
    assert finding.pointer == pointer
    assert facts(finding) == {"count": "1", "characters": character}


def test_a_member_name_with_hidden_characters_is_spelled_out_too() -> None:
    tree = sample("salamat")
    tree["no\u200btes"] = {"a/\u202e": 1}
    sheet = sheet_of(tree)
    assert isinstance(sheet.body, PrescriptionSheet)
    assert ("/no<U+200B>tes/a~1<U+202E>", "1") in displayed(sheet.body)
    (finding,) = found(sheet, "hidden-characters")
    assert facts(finding) == {"count": "2", "characters": "U+200B, U+202E"}


def test_two_member_names_that_are_shown_alike_are_both_shown() -> None:
    document = as_document({"a\u200b": 1, "a<U+200B>": 2}, JSON)
    sheet = read(document, HOLDER, NOW)
    assert isinstance(sheet.body, PlainSheet)
    assert [(leaf.pointer, leaf.text) for leaf in sheet.body.leaves] == [
        ("/a<U+200B>", "1"),
        ("/a<U+200B>", "2"),
    ]


def test_text_is_shown_line_by_line_to_the_last_line_break() -> None:
    sheet = read(as_document("یک\r\n\nسه\u202e\rx\n".encode(), TEXT), HOLDER, NOW)
    assert isinstance(sheet.body, PlainSheet)
    assert [(leaf.pointer, leaf.text) for leaf in sheet.body.leaves] == [
        ("line/1", "یک"),
        ("line/2", ""),
        ("line/3", "سه<U+202E><U+000D>x"),
        ("line/4", ""),
    ]
    (finding,) = found(sheet, "hidden-characters")
    assert finding.pointer == "line/3"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_each_line_of_any_text_is_shown(text: str) -> None:
    sheet = read(as_document(text.encode(), TEXT), HOLDER, NOW)
    assert isinstance(sheet.body, PlainSheet)
    assert len(sheet.body.leaves) == text.count("\n") + 1


@pytest.mark.parametrize("media_type, octets", [(JSON, b'{"a":1}'), (TEXT, b"a")])
def test_what_is_no_prescription_needs_a_yes_for_that(media_type: str, octets: bytes) -> None:
    sheet = read(as_document(octets, media_type), HOLDER, NOW)
    (finding,) = sheet.findings
    assert finding.code == "document-not-a-prescription"
    assert finding.weight is Weight.AMBER
    raised = read(as_document(octets, media_type), HOLDER, NOW, severe=frozenset({finding.code}))
    assert raised.refused


@pytest.mark.parametrize(
    "media_type", ["image/png", "text/html", "application/JSON", "text/plain; charset=utf-8", ""]
)
def test_a_media_type_that_cannot_be_shown_is_not_supported(media_type: str) -> None:
    with pytest.raises(FormatUnsupported):
        read(as_document(b"{}", media_type), HOLDER, NOW)


def test_a_naive_time_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="aware"):
        read(as_document(b"{}", JSON), HOLDER, datetime(2026, 11, 22))  # noqa: DTZ001


SPOILED: list[tuple[str, object, str]] = [
    ("/mohr", 2, "/mohr"),
    ("/mohr", "1", "/mohr"),
    ("/mohr", True, "/mohr"),
    ("/mohr", ..., "/mohr"),
    ("/kind", "SECRET", "/kind"),
    ("/kind", ["drug"], "/kind"),
    ("/insurer", "SECRET", "/insurer"),
    ("/insurer", ..., "/insurer"),
    ("/issued", ..., "/issued"),
    ("/issued", 1795000000, "/issued"),
    ("/issued", "", "/issued"),
    ("/valid_until", 5, "/valid_until"),
    ("/patient", ..., "/patient"),
    ("/patient", "SECRET", "/patient"),
    ("/patient/name", ..., "/patient/name"),
    ("/patient/name", "  ", "/patient/name"),
    ("/patient/national_code", 12345679, "/patient/national_code"),
    ("/patient/mobile", {}, "/patient/mobile"),
    ("/prescriber", [], "/prescriber"),
    ("/prescriber/name", None, "/prescriber/name"),
    ("/prescriber/council_number", 123456, "/prescriber/council_number"),
    ("/items", ..., "/items"),
    ("/items", {"0": "SECRET"}, "/items"),
    ("/items/1", "SECRET", "/items/1"),
    ("/items/1/name", ..., "/items/1/name"),
    ("/items/1/quantity", "SECRET", "/items/1/quantity"),
    ("/items/1/quantity", True, "/items/1/quantity"),
    ("/items/1/repeat", "2", "/items/1/repeat"),
    ("/items/1/instruction", ["SECRET"], "/items/1/instruction"),
    ("/notes", False, "/notes"),
    ("/replaces", 1, "/replaces"),
    ("/wire", ..., "/wire"),
    ("/wire", ["SECRET"], "/wire"),
]


@pytest.mark.parametrize("pointer, value, place", SPOILED, ids=[f"{p}={v!r}" for p, v, _ in SPOILED])
def test_a_known_field_of_a_wrong_type_is_unreadable_and_says_where_without_the_value(
    pointer: str, value: object, place: str
) -> None:
    tree = sample("tamin")
    put(tree, pointer, value)
    with pytest.raises(DocumentUnreadable) as refusal:
        sheet_of(tree)
    assert refusal.value.detail.startswith(f"{place} ")
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize(
    "octets, detail",
    [
        (b"[]", "the document is not an object"),
        (b"", "not JSON at line 1, column 1"),
        (b'{"mohr":1,"mohr":1}', "/mohr the member name is repeated"),
        ('{"a\u202e":{"b":1,"b":2}}'.encode(), "/a<U+202E>/b the member name is repeated"),
        (b'{"a":1e999}', "/a a number does not survive"),
        (b"\xff", "not UTF-8 at octet 0"),
    ],
)
def test_what_is_no_i_json_is_unreadable_and_says_where(octets: bytes, detail: str) -> None:
    for media_type in (PRESCRIPTION, JSON):
        if media_type == JSON and octets == b"[]":
            continue
        with pytest.raises(DocumentUnreadable) as refusal:
            read(as_document(octets, media_type), HOLDER, NOW)
        assert refusal.value.detail.startswith(detail)


@pytest.mark.parametrize("name", ["k" * 500_000, "\u200b" * 200])
def test_a_place_too_long_to_be_read_is_unreadable(name: str) -> None:
    tree = sample("salamat")
    put(tree, f"/wire/{name}", [1] * 10_000)
    with pytest.raises(DocumentUnreadable, match="longer than 1024"):
        sheet_of(tree)


def test_text_that_is_not_utf_8_or_has_too_many_lines_is_unreadable() -> None:
    with pytest.raises(DocumentUnreadable, match="octet 1"):
        read(as_document(b"a\xff", TEXT), HOLDER, NOW)
    with pytest.raises(DocumentUnreadable, match="20000 lines"):
        read(as_document(b"\n" * 20_000, TEXT), HOLDER, NOW)


def test_findings_come_gravest_first() -> None:
    tree: Tree = sample("tamin")
    put(tree, "/patient/name", "x\u200f")
    put(tree, "/wire/noteDetailEprscs/0/srvQty", 210)
    weights = [finding.weight for finding in sheet_of(tree).findings]
    assert weights == sorted(weights, key=[Weight.RED, Weight.AMBER, Weight.NOTE].index)
    assert len(set(weights)) == 3
