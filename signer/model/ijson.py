"""Strict I-JSON (RFC 7493) over octets: what two parsers could read differently is refused.

Used for request bodies (`parse`, native numbers, ready for `msgspec.convert`) and for signed documents
(`parse_signed`, numbers in the signed spelling). It does not know what a document means, and it never
puts a value that it read into an error.

A text is refused when it

- is not UTF-8 (RFC 3629: overlong forms and encoded surrogates included) or begins with a byte order mark;
- is not one JSON text (RFC 8259);
- is nested deeper, or has more leaves, than allowed: a leaf is a scalar or an empty array or object;
- repeats a member name within an object, compared after unescaping (RFC 7493 §2.3);
- holds a surrogate or a noncharacter in a string or a name, escaped or not (§2.1);
- holds a number that does not survive IEEE 754 double precision (§2.2): an integer, written without
  fraction and exponent, beyond ±(2^53 - 1); any other number whose exact decimal value is not the value
  of the shortest decimal that gives the same double. So `0.1`, `5.0`, `1e2` and `-0` pass, and `1e400`,
  `1e-400` and `0.1000000000000000055511151231257827` do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import isfinite
from typing import Any, NoReturn, TypeAlias, cast

from msgspec import Struct

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
SignedValue: TypeAlias = "bool | Number | str | list[SignedValue] | dict[str, SignedValue] | None"

MAX_SAFE_INTEGER = 2**53 - 1


#: What holds other values. A tuple: a union would be made anew at each question.
CONTAINERS = (dict, list)

MAX_DEPTH = 32
MAX_LEAVES = 20_000


class Number(Struct, frozen=True, gc=False):
    """A number as its octets spell it, so that `5.0` is shown as `5.0`."""

    text: str


class IJsonInvalid(ValueError):
    """Not I-JSON. `pointer` is an RFC 6901 JSON Pointer, empty where the whole text is meant.

    `reason` and the message hold no value of the text; the pointer holds member names.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer or 'the text'}: {reason}")
        self.pointer = pointer
        self.reason = reason


def parse(octets: bytes, *, max_depth: int = MAX_DEPTH, max_leaves: int = MAX_LEAVES) -> JsonValue:
    """The value of an I-JSON text, with numbers as int and float; `7.0` is the integer 7, as in JSON Schema.

    `max_depth` counts containers one inside the other: a scalar has depth 0, `[]` has 1. Raises
    `IJsonInvalid`.
    """
    return cast("JsonValue", _load(octets, _NATIVE, max_depth, max_leaves))


def parse_signed(octets: bytes, *, max_depth: int = MAX_DEPTH, max_leaves: int = MAX_LEAVES) -> SignedValue:
    """As `parse`, with each number as a `Number` in its signed spelling. Raises `IJsonInvalid`."""
    return cast("SignedValue", _load(octets, _SIGNED, max_depth, max_leaves))


def child(pointer: str, name: str) -> str:
    """The JSON Pointer of a member (RFC 6901 §3)."""
    if "~" in name or "/" in name:
        name = name.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{name}"


class _Suspect(Exception):
    """The fast pass met an offence; the slow pass finds out where."""


class _Members(list[tuple[str, Any]]):
    """An object's members as written, repeated names and all."""


class _Constant(Struct, frozen=True):
    """NaN, Infinity or -Infinity, which are no JSON."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Suspect
    return members


def _integer(text: str) -> int:
    if len(text) > 15 and not _survives(text):
        raise _Suspect
    return int(text)


def _float(text: str) -> float:
    if not _survives(text):
        raise _Suspect
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER else value


def _number(text: str) -> Number:
    if not _survives(text):
        raise _Suspect
    return Number(text)


def _suspect(_: str) -> NoReturn:
    raise _Suspect


def _survives(text: str) -> bool:
    if "e" not in text and "E" not in text:
        if len(text) <= 15:  # a double keeps any 15 significant digits
            return True
        if "." not in text:
            return len(text) <= 17 and abs(int(text)) <= MAX_SAFE_INTEGER
    double = float(text)
    if not isfinite(double):
        return False
    if double == 0:
        # Underflow, or a zero whose exponent may be beyond what Decimal takes.
        return not re.split("[eE]", text)[0].strip("-0.")
    return Decimal(repr(double)) == Decimal(text)


def _decoder(
    members: Callable[[list[tuple[str, Any]]], Any],
    integer: Callable[[str], Any],
    other: Callable[[str], Any],
    constant: Callable[[str], Any],
) -> Callable[[str], Any]:
    return json.JSONDecoder(
        object_pairs_hook=members, parse_int=integer, parse_float=other, parse_constant=constant
    ).decode


_NATIVE = _decoder(_members, _integer, _float, _suspect)
_SIGNED = _decoder(_members, _number, _number, _suspect)
_AS_WRITTEN = _decoder(_Members, Number, Number, lambda _: _Constant())

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
_FORBIDDEN = re.compile(f"[\ud800-\udfff{_NONCHARACTERS}]")
# The octets that every noncharacter's UTF-8 begins with, none of which Persian or Latin text needs.
_NONCHARACTER_LEADS = b"\xef\xf0\xf1\xf2\xf3\xf4"
# An escape that may stand for a forbidden character: \ud8xx-\udfxx, \ufddx, \ufdex, \ufffe, \uffff. Beyond
# the first plane, noncharacters are escaped as surrogate pairs.
_FORBIDDEN_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|[fF][dD][dDeE]|[fF]{3}[eEfF])")
# Matches an unterminated string too, up to the end: without that, each of its quotes would be a new start.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
#: A third of Python's usual recursion limit.
_FEW_BRACKETS = 300
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _load(octets: bytes, decode: Callable[[str], Any], max_depth: int, max_leaves: int) -> Any:
    depth_is_known = _bound(octets, max_depth, max_leaves)
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        raise IJsonInvalid("", f"not UTF-8 at octet {error.start}") from None
    if text.startswith("\ufeff"):
        raise IJsonInvalid("", "begins with a byte order mark")
    try:
        value = decode(text)
    except json.JSONDecodeError as error:
        # Raised from None: the decoder's error carries the whole text.
        raise IJsonInvalid("", f"not JSON at line {error.lineno}, column {error.colno}") from None
    except _Suspect:
        _accuse(text)
    if not depth_is_known and _depth(value) > max_depth:
        raise IJsonInvalid("", f"nested deeper than {max_depth}")
    if _may_be_forbidden(octets, text):
        _examine(_AS_WRITTEN(text), "")
    return value


def _may_be_forbidden(octets: bytes, text: str) -> bool:
    """May a surrogate or a noncharacter stand in it, escaped or not? Told at the speed of `bytes`."""
    if "\\" in text and _FORBIDDEN_ESCAPE.search(text):
        return True
    return not octets.isascii() and len(octets.translate(None, _NONCHARACTER_LEADS)) != len(octets)


def _bound(octets: bytes, max_depth: int, max_leaves: int) -> bool:
    """Count depth and leaves before anything is built, at the speed of `bytes`; is the depth known?

    Commas and brackets outside strings say all: a JSON text has one leaf more than it has commas. A text with
    few brackets, wherever they stand, is left to the decoder, whose recursion it cannot exhaust; its depth
    is then counted in what was built.
    """
    brackets = octets.count(b"[") + octets.count(b"{")
    if octets.count(b",") < max_leaves and brackets <= _FEW_BRACKETS:
        return brackets <= max_depth
    bare = _STRING.sub(b"", octets)
    if bare.count(b",") >= max_leaves:
        raise IJsonInvalid("", f"more than {max_leaves} leaves")
    open_brackets = bare.translate(_BRACKETS, _NOT_BRACKETS)
    for _ in range(max_depth):  # each round takes the innermost level away
        if b"[]" not in open_brackets:
            break
        open_brackets = open_brackets.replace(b"[]", b"")
    # Left over are brackets of a deeper level, or unmatched ones, which the decoder will stumble upon as
    # long as there are few enough for its recursion.
    if b"[]" in open_brackets or open_brackets.count(b"[") > max_depth:
        raise IJsonInvalid("", f"nested deeper than {max_depth}")
    return True


def _depth(value: Any) -> int:
    """Levels of arrays and objects, empty ones too."""
    if isinstance(value, dict):
        members: Iterable[Any] = value.values()
    elif isinstance(value, list):
        members = value
    else:
        return 0
    return 1 + max((_depth(member) for member in members if isinstance(member, CONTAINERS)), default=0)


def _accuse(text: str) -> NoReturn:
    try:
        value = _AS_WRITTEN(text)
    except json.JSONDecodeError as error:
        raise IJsonInvalid("", f"not JSON at line {error.lineno}, column {error.colno}") from None
    _examine(value, "")
    raise AssertionError("the slow pass found nothing where the fast pass did")


def _examine(value: Any, pointer: str) -> None:
    """Raise for the first offence in the order of the text."""
    if isinstance(value, _Members):
        seen: set[str] = set()
        for name, member in value:
            if _FORBIDDEN.search(name):
                raise IJsonInvalid(pointer, "a member name holds a surrogate or a noncharacter")
            if name in seen:
                raise IJsonInvalid(child(pointer, name), "the member name is repeated")
            seen.add(name)
            _examine(member, child(pointer, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _examine(element, f"{pointer}/{index}")
    elif isinstance(value, str):
        if _FORBIDDEN.search(value):
            raise IJsonInvalid(pointer, "a string holds a surrogate or a noncharacter")
    elif isinstance(value, Number):
        if not _survives(value.text):
            raise IJsonInvalid(pointer, "a number does not survive IEEE 754 double precision")
    elif isinstance(value, _Constant):
        raise IJsonInvalid(pointer, "NaN and infinities are no JSON")
