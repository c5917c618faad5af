"""JAdES: the header is the standard's, verifiers of others accept it, timestamps stand where they must."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry, deserialize_json

from signer.cli.demo.authority import ODD_DOCTOR
from signer.envelope import jades
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported, MechanismUnsupported
from signer.model.request import Level
from tests import node, pki
from tests.jose import ALG, a_jades, a_stamped_jades, b64u, header_of, made, unb64u, x5c
from tests.signatures import ALGORITHMS, CONTENT, MEDIA_TYPE

A = SignatureAlgorithm
SCHEMA = jsonschema_rs.validator_for(
    json.loads(Path(__file__).with_name("jades-header.schema.json").read_text())
)
TOKEN = b"\x30\x03\x02\x01\x01"
LEVELS = [Level.B_B, Level.B_T, Level.B_T_IF_POSSIBLE]


def evidence(level: Level) -> Evidence:
    return Evidence(timestamp=TOKEN) if level is Level.B_T else NOTHING


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_every_header_is_one_of_the_standard(kind: str, algorithm: A, level: Level) -> None:
    header = header_of(made(jades.prepare, kind, algorithm, level=level, evidence=evidence(level)))
    SCHEMA.validate(header)
    assert header == {
        "alg": ALG[algorithm],
        "typ": "jose" if level is Level.B_B else "jose+json",
        "cty": MEDIA_TYPE,
        "x5t#S256": b64u(hashlib.sha256(pki.leaf(kind).der).digest()),
        "x5c": x5c(pki.leaf(kind)),
        "iat": int(pki.NOW.timestamp()),
    }


@pytest.mark.parametrize(
    "spoilt",
    [
        {"iat": None},
        {"iat": 1.5},
        {"iat": "2026-11-22T06:45:00Z"},
        {"sigT": "2026-11-22T06:45:00Z"},
        {"x5c": None, "x5t#S256": None},
        {"alg": "none"},
        {"crit": []},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_standard_refuses(spoilt: dict[str, Any]) -> None:
    header = {k: v for k, v in (header_of(a_jades()) | spoilt).items() if v is not None}
    assert not SCHEMA.is_valid(header)


def test_npms_jose_accepts_every_algorithm_level_and_form(tmp_path: Path) -> None:
    cases = []
    for kind, algorithm in ALGORITHMS:
        subject = pki.leaf(kind, ODD_DOCTOR)
        for level in LEVELS:
            for attached in (True, False):
                signature = made(
                    jades.prepare,
                    kind,
                    algorithm,
                    certificate=subject,
                    level=level,
                    attached=attached,
                    evidence=evidence(level),
                )
                content = None if attached else CONTENT
                cases.append(node.case(signature, subject, ALG[algorithm], content=content))
    answers = node.verify(tmp_path, cases)
    assert [base64.b64decode(answer.get("payload", "")) for answer in answers] == [CONTENT] * len(cases)


def test_npms_jose_refuses_other_content(tmp_path: Path) -> None:
    signatures = [a_jades(attached=False), a_stamped_jades(attached=False)]
    cases = [node.case(one, pki.leaf("p256"), "ES256", content=CONTENT + b" ") for one in signatures]
    failed = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    assert [answer.get("error") for answer in node.verify(tmp_path, cases)] == [failed, failed]


def test_joserfc_accepts_the_flattened_form() -> None:
    registry = JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = 8192
    key = ECKey.import_key(pki.spki(pki.key("p256")))
    found = deserialize_json(json.loads(a_stamped_jades()), key, registry=registry)
    assert found.payload == CONTENT


def test_the_timestamp_covers_the_value_in_base64url_and_stands_in_the_unsigned_header() -> None:
    prepared = begin(level=Level.B_T)
    value = pki.sign(pki.key("p256"), A.ECDSA_SHA256, prepared.to_be_signed)
    members = json.loads(prepared.finish(value, Evidence(timestamp=TOKEN)))
    assert list(members) == ["payload", "protected", "header", "signature"]
    assert members["signature"].encode() == prepared.stamped(value)
    (element,) = members["header"]["etsiU"]
    token = {"val": base64.b64encode(TOKEN).decode()}
    assert json.loads(unb64u(element)) == {"sigTst": {"tstTokens": [token]}}


def test_a_timestamp_that_could_not_be_had_leaves_no_empty_header() -> None:
    members = json.loads(a_jades(level=Level.B_T_IF_POSSIBLE))
    assert list(members) == ["payload", "protected", "signature"]


def test_a_compact_one_takes_no_timestamp() -> None:
    with pytest.raises(FormatUnsupported):
        a_jades(evidence=Evidence(timestamp=TOKEN))


@given(content=st.binary(min_size=1, max_size=3000), level=st.sampled_from(LEVELS))
def test_what_is_kept_gives_the_attached_signature_again_byte_for_byte(content: bytes, level: Level) -> None:
    attached = a_jades(content=content, level=level, evidence=evidence(level))
    kept = jades.strip(attached, content)
    assert len(kept) < len(attached) - len(content)
    assert jades.attach(kept, content) == attached


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_one_value_finishes_both_forms(level: Level) -> None:
    value = pki.sign(pki.key("p256"), A.ECDSA_SHA256, begin(level=level).to_be_signed)
    attached, detached = (
        begin(level=level, attached=attached).finish(value, evidence(level)) for attached in (True, False)
    )
    assert jades.strip(attached, CONTENT) == detached


@pytest.mark.parametrize("junk", [b"", b"{", b"{}", b"a.b", b'{"signature":"AA"}', b"\x30\x80"])
def test_nothing_is_kept_of_or_attached_to_bytes_that_are_no_signature(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        jades.strip(junk, CONTENT)
    with pytest.raises(ValueError, match=r"\w"):
        jades.attach(junk, CONTENT)


def begin(**changes: Any) -> jades.JadesToBeSigned:
    arguments: dict[str, Any] = {
        "content": CONTENT,
        "media_type": MEDIA_TYPE,
        "certificate": pki.leaf("p256"),
        "algorithm": A.ECDSA_SHA256,
        "signing_time": pki.NOW,
    } | changes
    return jades.prepare(**arguments)


REFUSALS: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("level B-LT", {"level": Level.B_LT}, FormatUnsupported),
    ("level B-LT?", {"level": Level.B_LT_IF_POSSIBLE}, FormatUnsupported),
    ("a media type that is none", {"media_type": "json"}, FormatUnsupported),
    ("no content", {"content": b""}, DocumentRefused),
    ("another key's algorithm", {"algorithm": A.RSA_PKCS1_SHA256}, MechanismUnsupported),
    ("a time without a zone", {"signing_time": pki.NOW.replace(tzinfo=None)}, ValueError),
]


@pytest.mark.parametrize(
    ("changes", "error"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_cannot_be_signed_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        begin(**changes)
