"""JWS of the Iranian profile: verifiers of others accept it, its header is the known one, forms convert."""

from __future__ import annotations

import base64
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.registry import HeaderParameter

from signer.cli.demo.authority import ODD_DOCTOR
from signer.envelope import jws
from signer.envelope.phases import Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported, MechanismUnsupported
from signer.model.request import Level
from signer.x509 import Certificate, public_key
from tests import node, pki
from tests.jose import ALG, a_jws, header_of, made, unb64u, x5c
from tests.signatures import ALGORITHMS, CONTENT, MEDIA_TYPE

A = SignatureAlgorithm


def test_the_header_is_the_known_one() -> None:
    header = header_of(made(jws.prepare, "rsa-2048", A.RSA_PKCS1_SHA256))
    assert header == {
        "alg": "RS256",
        "typ": "jose",
        "cty": MEDIA_TYPE,
        "crit": ["sigT"],
        "x5c": x5c(pki.leaf("rsa-2048")),
        "sigT": "2026-11-22T06:45:00Z",
    }


def test_npms_jose_accepts_every_algorithm_attached_and_detached(tmp_path: Path) -> None:
    cases = []
    for kind, algorithm in ALGORITHMS:
        for subject in (pki.leaf(kind), pki.leaf(kind, ODD_DOCTOR)):
            for attached in (True, False):
                signature = made(jws.prepare, kind, algorithm, certificate=subject, attached=attached)
                content = None if attached else CONTENT
                cases.append(node.case(signature, subject, ALG[algorithm], crit=("sigT",), content=content))
    answers = node.verify(tmp_path, cases)
    assert [base64.b64decode(answer.get("payload", "")) for answer in answers] == [CONTENT] * len(cases)
    assert [answer["header"]["alg"] for answer in answers] == [case["alg"] for case in cases]


def test_npms_jose_refuses_other_content_another_key_and_who_does_not_know_sig_t(tmp_path: Path) -> None:
    detached, leaf = a_jws(attached=False), pki.leaf("p256")
    answers = node.verify(
        tmp_path,
        [
            node.case(detached, leaf, "ES256", crit=("sigT",), content=CONTENT + b" "),
            node.case(detached, pki.leaf("other-p256"), "ES256", crit=("sigT",), content=CONTENT),
            node.case(detached, leaf, "ES256", content=CONTENT),
        ],
    )
    failed = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    assert [answer.get("error") for answer in answers] == [failed, failed, "ERR_JOSE_NOT_SUPPORTED"]


def joserfc_key(certificate: Certificate) -> RSAKey | ECKey:
    pem = public_key(certificate.spki).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return RSAKey.import_key(pem) if certificate.key_kind.value == "rsa" else ECKey.import_key(pem)


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_joserfc_accepts_every_algorithm(kind: str, algorithm: A) -> None:
    known = {"sigT": HeaderParameter("claimed signing time", "str")}
    registry = JWSRegistry(known, algorithms=[ALG[algorithm]])
    registry.max_header_length = 8192  # its default is below any header that holds a certificate
    key = joserfc_key(pki.leaf(kind))
    found = deserialize_compact(made(jws.prepare, kind, algorithm), key, registry=registry)
    assert found.payload == CONTENT
    detached = made(jws.prepare, kind, algorithm, attached=False)
    assert deserialize_compact(detached, key, registry=registry, payload=CONTENT).payload == CONTENT


def begin(**changes: Any) -> jws.JwsToBeSigned:
    arguments: dict[str, Any] = {
        "content": CONTENT,
        "media_type": MEDIA_TYPE,
        "certificate": pki.leaf("p256"),
        "algorithm": A.ECDSA_SHA256,
        "signing_time": pki.NOW,
    } | changes
    return jws.prepare(**arguments)


@given(content=st.binary(min_size=1, max_size=3000))
def test_what_is_kept_gives_the_attached_signature_again_byte_for_byte(content: bytes) -> None:
    attached = a_jws(content=content)
    kept = jws.strip(attached, content)
    assert attached.split(b".")[1] not in kept.split(b".")
    assert jws.attach(kept, content) == attached


def test_one_value_finishes_both_forms() -> None:
    value = pki.sign(pki.key("p256"), A.ECDSA_SHA256, begin().to_be_signed)
    attached, detached = begin().finish(value), begin(attached=False).finish(value)
    assert jws.strip(attached, CONTENT) == detached
    assert unb64u(attached.decode().split(".")[1]) == CONTENT


@given(st.binary(max_size=300))
def test_nothing_is_kept_of_or_attached_to_bytes_that_are_no_signature(junk: bytes) -> None:
    if junk.count(b".") == 2:
        return
    with pytest.raises(ValueError, match=r"\w"):
        jws.attach(junk, CONTENT)
    with pytest.raises(ValueError, match=r"\w"):
        jws.strip(junk, CONTENT)


def test_a_signing_time_is_told_in_utc_and_to_the_second() -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    at = pki.NOW.astimezone(tehran).replace(microsecond=999_999)
    assert header_of(a_jws(signing_time=at))["sigT"] == "2026-11-22T06:45:00Z"


REFUSALS: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("level B-T", {"level": Level.B_T}, FormatUnsupported),
    ("level B-T?", {"level": Level.B_T_IF_POSSIBLE}, FormatUnsupported),
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


def test_a_compact_jws_takes_no_evidence() -> None:
    with pytest.raises(FormatUnsupported):
        a_jws(evidence=Evidence(timestamp=b"\x30\x00"))
    with pytest.raises(FormatUnsupported):
        begin().stamped(b"")


@pytest.mark.parametrize("media_type", ['a/b; c="d"', "a/b; c=\\", "text/plain; charset=utf-8"])
def test_a_media_types_quotes_do_not_end_the_headers_string(media_type: str) -> None:
    assert header_of(a_jws(media_type=media_type))["cty"] == media_type
