"""The I-JSON reader beside the standard library's: what is taken has one meaning, all else is refused."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signer.model.ijson import MAX_SAFE_INTEGER, IJsonInvalid, Number, parse, parse_signed
from tests.fuzz.mutations import nearly

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER - 9, MAX_SAFE_INTEGER + 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
_TEXTS = st.builds(
    lambda value, ascii_only: json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"),
    _VALUES,
    st.booleans(),
)
_PIECES = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b'"a":',
        b"1e400",
        b"-0",
        b"NaN",
        b"\\ud800",
        b"\\u0000",
        b"\xff",
        b" ",
    ]
) | st.binary(max_size=3)


def fuzz(examples: int) -> None:
    """JSON texts with small changes."""

    @settings(max_examples=examples)
    @given(nearly(_TEXTS, _PIECES))
    def reader(octets: bytes) -> None:
        try:
            value = parse(octets)
        except IJsonInvalid as refusal:
            assert refusal.reason
            return
        assert value == json.loads(octets.decode(), object_pairs_hook=_once)
        assert parse(json.dumps(value).encode()) == value
        assert _as_numbers(parse_signed(octets)) == value

    reader()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({name for name, _ in pairs}) == len(pairs), "a repeated name was taken"
    return dict(pairs)


def _as_numbers(value: Any) -> Any:
    if isinstance(value, Number):
        return json.loads(value.text)
    if isinstance(value, dict):
        return {name: _as_numbers(one) for name, one in value.items()}
    return [_as_numbers(one) for one in value] if isinstance(value, list) else value
