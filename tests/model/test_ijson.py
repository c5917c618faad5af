"""Strict I-JSON: what is taken, what is refused and where, and that no value leaks into an error."""

from __future__ import annotations

import json
import traceback
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.ijson import (
    MAX_SAFE_INTEGER,
    IJsonInvalid,
    JsonValue,
    Number,
    SignedValue,
    parse,
    parse_signed,
)

REFUSED = [
    ("empty", b"", "", "not JSON"),
    ("blank", b"  \n", "", "not JSON"),
    ("two texts", b"1 2", "", "not JSON"),
    ("trailing comma", b"[1,]", "", "not JSON"),
    ("comment", b"[1] // x", "", "not JSON"),
    ("single quotes", b"{'a':1}", "", "not JSON"),
    ("leading zero", b"[01]", "", "not JSON"),
    ("plus sign", b"+1", "", "not JSON"),
    ("bare fraction", b".5", "", "not JSON"),
    ("raw control in a string", b'"a\x01b"', "", "not JSON"),
    ("raw line break in a string", b'"a\nb"', "", "not JSON"),
    ("unknown escape", b'"\\x41"', "", "not JSON"),
    ("non-ASCII blank", "[\u00a01]".encode(), "", "not JSON"),
    ("Persian digits as a number", "[۵]".encode(), "", "not JSON"),
    ("byte order mark", b"\xef\xbb\xbf{}", "", "byte order mark"),
    ("UTF-16", '{"a":1}'.encode("utf-16-le"), "", "not JSON"),
    ("invalid UTF-8", b'"\xff"', "", "not UTF-8"),
    ("overlong UTF-8", b'"\xc0\xaf"', "", "not UTF-8"),
    ("encoded surrogate", b'"\xed\xa0\x80"', "", "not UTF-8"),
    ("NaN", b'{"a":[NaN]}', "/a/0", "NaN"),
    ("Infinity", b"Infinity", "", "NaN"),
    ("-Infinity", b"[-Infinity]", "/0", "NaN"),
    ("repeated name", b'{"x":{"a":1,"a":1}}', "/x/a", "repeated"),
    ("repeated name, one escaped", b'{"a":1,"\\u0061":2}', "/a", "repeated"),
    ("repeated name in what is no JSON", b'[{"a":1,"a":2}', "", "not JSON"),
    ("repeated empty name", b'{"":1,"":2}', "/", "repeated"),
    ("repeated name to be escaped in a pointer", b'{"a/b~":1,"a/b~":1}', "/a~1b~0", "repeated"),
    ("lone high surrogate", b'["\\ud800"]', "/0", "surrogate"),
    ("lone low surrogate", b'["\\uDFFF"]', "/0", "surrogate"),
    ("surrogates the wrong way round", b'["\\udc00\\ud800"]', "/0", "surrogate"),
    ("surrogate in a name", b'{"x":{"\\ud800":1}}', "/x", "surrogate"),
    ("noncharacter", '["\ufdd0"]'.encode(), "/0", "noncharacter"),
    ("escaped noncharacter", b'["\\uFFFE"]', "/0", "noncharacter"),
    ("noncharacter beyond the first plane", '["\U0001fffe"]'.encode(), "/0", "noncharacter"),
    ("the same as escaped surrogates", b'["\\ud83f\\udfff"]', "/0", "noncharacter"),
    ("noncharacter in a name", '{"\uffff":1}'.encode(), "", "noncharacter"),
    ("first integer beyond", b'{"n":9007199254740992}', "/n", "survive"),
    ("first negative integer beyond", b"-9007199254740992", "", "survive"),
    ("an integer of many digits", b"1" * 5000, "", "survive"),
    ("overflow", b"1e400", "", "survive"),
    ("underflow", b"1e-400", "", "survive"),
    ("underflow beyond any exponent", b"1e-99999999999999999999", "", "survive"),
    ("more digits than a double", b"0.1000000000000000055511151231257827", "", "survive"),
    ("one digit too many", b"0.30000000000000001", "", "survive"),
    ("an integer's neighbour as a fraction", b"9007199254740993.0", "", "survive"),
]


@pytest.mark.parametrize("octets, pointer, reason", [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_two_parsers_could_read_differently_is_refused_with_its_place(
    octets: bytes, pointer: str, reason: str
) -> None:
    for reader in (parse, parse_signed):
        with pytest.raises(IJsonInvalid) as refusal:
            reader(octets)
        assert refusal.value.pointer == pointer
        assert reason in refusal.value.reason


@pytest.mark.parametrize(
    "number",
    [
        *("0", "-0", "-0.0", "0e5", "0e-99999999999999999999", "1.000000000000000000000000"),
        *("5.0", "1e2", "1E+2", "12.50", "0.1", "0.30000000000000004"),
        *("1e308", "5e-324", "2.2250738585072014e-308", "1e22"),
        *("9007199254740991", "-9007199254740991", "123456789012345"),
    ],
)
def test_a_number_that_survives_keeps_its_signed_spelling(number: str) -> None:
    assert parse_signed(f"[{number}]".encode()) == [Number(number)]
    value = parse(number.encode())
    assert isinstance(value, int | float)
    assert value == float(number)


@pytest.mark.parametrize(
    ("number", "is_integer"), [("7.0", True), ("7e1", True), ("7.5", False), ("1e300", False)]
)
def test_an_integer_is_one_however_it_is_spelled(number: str, is_integer: bool) -> None:
    assert isinstance(parse(number.encode()), int) is is_integer


def test_an_escaped_backslash_before_a_surrogates_digits_is_text() -> None:
    assert parse(b'"\\\\ud800"') == "\\ud800"


def test_a_pair_of_escaped_surrogates_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_depth_counts_containers_and_strings_do_not_count() -> None:
    assert parse(b"[" * 32 + b"]" * 32)
    assert parse(b'["' + b"[{" * 1000 + b'"]')
    assert parse(b'["\\"' + b"[" * 1000 + b'"]')
    with pytest.raises(IJsonInvalid, match="deeper than 32"):
        parse(b"[" * 33 + b"]" * 33)
    with pytest.raises(IJsonInvalid, match="deeper than 2"):
        parse(b'{"a":[{"b":1}],"c":2}', max_depth=2)
    assert parse(b"1", max_depth=0) == 1


def test_leaves_count_scalars_and_empty_containers() -> None:
    assert parse(b'[1,{},[],{"a":null,"b":"x,y,z,"}]', max_leaves=5)
    with pytest.raises(IJsonInvalid, match="more than 4 leaves"):
        parse(b'[1,{},[],{"a":null,"b":"x,y,z,"}]', max_leaves=4)


MEBI = 1 << 20


@pytest.mark.parametrize(
    "octets",
    [
        b"[" * MEBI,
        b'{"a":' * (MEBI // 5),
        b'[{"a":' * (MEBI // 6),
        b"]" * MEBI,
        b"[" + b"[]," * (MEBI // 3) + b"1]",
        b"[" + b"1," * (MEBI // 2) + b"1]",
        b'"\\' * (MEBI // 2),
        b'"' + b'\\"' * (MEBI // 2),
        b"1" * MEBI,
        b"0." + b"1" * MEBI,
        b"1e-" + b"1" * MEBI,
    ],
    ids=[
        "arrays",
        "objects",
        "both",
        "closing",
        "empties",
        "leaves",
        "quotes",
        "escapes",
        "integer",
        "fraction",
        "exponent",
    ],
)
def test_a_hostile_mebibyte_is_refused_and_not_recursed_into(octets: bytes) -> None:
    with pytest.raises(IJsonInvalid):
        parse(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b'{"a":"SECRET","a":1}',
        b'["SECRET", SECRET]',
        b'["SECRET\\ud800"]',
        b'["SECRET\xff"]',
        b"[12345678901234567890]",
    ],
)
def test_no_value_stands_in_the_error_or_in_its_traceback(octets: bytes) -> None:
    with pytest.raises(IJsonInvalid) as refusal:
        parse(octets)
    told = "".join(traceback.format_exception(refusal.value)) + repr(refusal.value.__dict__)
    assert "SECRET" not in told
    assert "12345678901234567890" not in told


NONCHARACTER = {*range(0xFDD0, 0xFDF0), *(p << 16 | low for p in range(17) for low in (0xFFFE, 0xFFFF))}
texts = st.text(st.characters(exclude_categories=["Cs"]).filter(lambda c: ord(c) not in NONCHARACTER))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


@given(values, st.booleans())
def test_what_a_strict_writer_writes_is_read_as_it_was(value: JsonValue, ascii_only: bool) -> None:
    octets = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parse(octets, max_depth=100) == value
    assert plain(parse_signed(octets, max_depth=100)) == value


def plain(value: SignedValue) -> object:
    if isinstance(value, Number):
        return json.loads(value.text)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(element) for element in value] if isinstance(value, list) else value


@given(st.binary() | st.text(st.sampled_from('[]{}:,"\\u1e.-0 adtfnrsule')).map(str.encode))
def test_anything_is_either_refused_or_read_as_the_standard_library_reads_it(octets: bytes) -> None:
    try:
        value = parse(octets)
    except IJsonInvalid:
        return
    assert value == json.loads(octets)


@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?\Z"))
def test_a_number_is_taken_exactly_when_a_double_gives_it_back(text: str) -> None:
    if "." in text or "e" in text.lower():
        double = float(text)
        survives = abs(double) != float("inf") and Decimal(repr(double)) == Decimal(text)
    else:
        survives = abs(int(text)) <= MAX_SAFE_INTEGER
    try:
        parse_signed(text.encode())
        taken = True
    except IJsonInvalid:
        taken = False
    assert taken == survives
