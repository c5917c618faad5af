"""The signature form: the vectors hold, every parser refuses with its own error, nothing is negotiable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.endpoint import message_signatures as ms
from signer.endpoint import pairing
from signer.endpoint.encodings import unb64, unb64u
from signer.endpoint.keys import SigningKey, check_point, keyid, verifies
from tests.endpoint.vectors import make

FILE = Path(make.__file__).with_name("protocol.json")
VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
KEY = SigningKey.generate()
TARGET = ms.Target("GET", "127.0.0.1:18717", "/v1/credentials")


def test_the_vectors_are_what_this_code_makes() -> None:
    assert FILE.read_text("utf-8") == make.text()


@pytest.mark.parametrize("row", VECTORS["pairings"], ids=lambda row: f"{row['name']} {row['origin']}")
def test_a_pairing_vector_holds(row: dict[str, str]) -> None:
    points = unb64u(row["panel_point"]), unb64u(row["agent_point"])
    nonces = unb64u(row["panel_nonce"]), unb64u(row["agent_nonce"])
    assert pairing.panel_commitment(points[0], nonces[0]) == unb64u(row["panel_commitment"])
    assert pairing.agent_commitment(points[1], nonces[1]) == unb64u(row["agent_commitment"])
    assert pairing.pairing_code(row["origin"], *points, *nonces) == row["code"]


def test_a_key_replaced_on_the_way_changes_the_digits() -> None:
    by_origin: dict[str, list[str]] = {}
    for row in VECTORS["pairings"]:
        by_origin.setdefault(row["origin"], []).append(row["code"])
    assert all(honest != replaced for honest, replaced in by_origin.values())


@pytest.mark.parametrize("row", VECTORS["challenges"], ids=lambda row: row["name"])
def test_a_challenge_vector_holds(row: dict[str, Any]) -> None:
    message = pairing.challenge_message(row["origin"], row["authority"], unb64u(row["challenge"]))
    assert message == unb64u(row["message"])
    assert verifies(unb64u(row["agent_point"]), message, unb64u(row["proof"])) is row["verifies"]


@pytest.mark.parametrize("row", VECTORS["requests"], ids=lambda row: row["name"])
def test_a_request_vector_holds(row: dict[str, Any]) -> None:
    headers = row["headers"]
    target = ms.Target(row["method"], row["authority"], row["path"], row["query"])
    parameters = ms.read_request_parameters(
        headers["Signature-Input"], with_idempotency_key=row["idempotency_key"] is not None
    )
    assert parameters == ms.RequestParameters(row["created"], row["nonce"], row["keyid"])
    base = ms.request_base(target, headers["Content-Digest"], row["idempotency_key"], parameters)
    assert base.decode() == row["signature_base"]
    assert headers["Content-Digest"] == ms.content_digest(row["body"].encode())
    point = unb64u(VECTORS["keys"]["panel"]["point"])
    assert keyid(point) == row["keyid"]
    assert verifies(point, base, ms.read_signature(headers["Signature"]))


@pytest.mark.parametrize("row", VECTORS["answers"], ids=lambda row: row["name"])
def test_an_answer_vector_holds(row: dict[str, Any]) -> None:
    verdict = ms.answer_verifies(
        unb64u(row["agent_point"]),
        row["agent_keyid"],
        row["status"],
        row["content_type"],
        row["body"].encode(),
        unb64(row["request_signature"]),
        {name.lower(): value for name, value in row["headers"].items()},
    )
    assert verdict is row["verifies"]


@given(st.text(max_size=300))
def test_no_text_makes_a_parser_raise_anything_but_its_own_error(text: str) -> None:
    for read in (
        lambda: ms.read_request_parameters(text, with_idempotency_key=False),
        lambda: ms.read_request_parameters(text, with_idempotency_key=True),
        lambda: ms.read_answer_parameters(text),
        lambda: ms.read_signature(text),
        lambda: ms.read_content_digest(text),
    ):
        with pytest.raises(ms.NotThisForm):
            read()


HONEST = ms.sign_request(KEY, TARGET, b"", None, 1_795_000_000, bytes(16))


@given(
    st.sampled_from(sorted(HONEST)),
    st.integers(min_value=0, max_value=250),
    st.characters(min_codepoint=32, max_codepoint=126),
)
def test_no_header_verifies_with_one_character_changed(name: str, place: int, character: str) -> None:
    value = HONEST[name]
    place %= len(value)
    changed = HONEST | {name: value[:place] + character + value[place + 1 :]}
    assert (changed == HONEST) is _verifies(changed)


@given(
    st.sampled_from(sorted(HONEST)), st.sampled_from([" ", "\t", ", a=:AA==:", ";x=1", "\n"]), st.booleans()
)
def test_no_header_verifies_with_something_added(name: str, more: str, in_front: bool) -> None:
    value = more + HONEST[name] if in_front else HONEST[name] + more
    assert not _verifies(HONEST | {name: value})


def _verifies(headers: dict[str, str]) -> bool:
    try:
        parameters = ms.read_request_parameters(headers["Signature-Input"], with_idempotency_key=False)
        signature = ms.read_signature(headers["Signature"])
        ms.read_content_digest(headers["Content-Digest"])
    except ms.NotThisForm:
        return False
    base = ms.request_base(TARGET, headers["Content-Digest"], None, parameters)
    return parameters.keyid == KEY.keyid and verifies(KEY.point, base, signature)


@given(st.binary(min_size=60, max_size=70))
def test_no_octets_make_verification_raise(signature: bytes) -> None:
    assert not verifies(KEY.point, b"message", signature)


@pytest.mark.parametrize(
    "point",
    [b"", bytes(65), b"\4" + bytes(64), b"\4" + b"\xff" * 64, KEY.point[:-1], b"\2" + KEY.point[1:33]],
    ids=["empty", "zeros", "infinity", "out of the field", "short", "compressed"],
)
def test_what_is_no_uncompressed_point_is_refused(point: bytes) -> None:
    with pytest.raises(ValueError):
        check_point(point)


def test_a_key_survives_its_file_form_and_its_repr_holds_no_secret() -> None:
    again = SigningKey.from_pem(KEY.to_pem())
    assert again.point == KEY.point
    assert verifies(KEY.point, b"x", again.sign(b"x"))
    assert repr(KEY) == f"<SigningKey {KEY.keyid}>"
