"""CAdES B-T and B-LT: what is placed is found by verifiers nobody here wrote, and it is enough for them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms as other_cms
from asn1crypto import x509 as other_x509

from signer.envelope.cades import attach, prepare, strip
from signer.envelope.phases import Evidence
from signer.model.credential import SignatureAlgorithm
from tests import levels, outside, pki, tsa
from tests.envelope.test_cades import openssl_cms_verify
from tests.signatures import CONTENT, MEDIA_TYPE

A = SignatureAlgorithm
KEYS = [
    ("rsa-2048", A.RSA_PKCS1_SHA256),
    ("rsa-2048", A.RSA_PKCS1_SHA384),
    ("rsa-2048", A.RSA_PKCS1_SHA512),
    ("p256", A.ECDSA_SHA256),
    ("p384", A.ECDSA_SHA384),
]
LEVELS = ["B-T", "B-LT"]


def signed_data(signature: bytes) -> Any:
    return other_cms.ContentInfo.load(signature, strict=True)["content"]


def embedded_token(signature: bytes) -> Any:
    """The TimeStampToken as another library finds it."""
    attributes = signed_data(signature)["signer_infos"][0]["unsigned_attrs"]
    (values,) = [one["values"] for one in attributes if one["type"].dotted == "1.2.840.113549.1.9.16.2.14"]
    return values[0]


@pytest.mark.parametrize(("kind", "algorithm"), KEYS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
def test_openssl_accepts_the_signature_and_the_timestamp_in_it(
    tmp_path: Path, kind: str, algorithm: A, level: str, attached: bool
) -> None:
    signature, value, _ = levels.signed_at(level, kind, algorithm, attached=attached)
    result = openssl_cms_verify(tmp_path, signature, None if attached else CONTENT)
    assert result.returncode == 0, result.stderr.decode()
    assert b"CAdES Verification successful" in result.stderr
    tsa.verify_token(tmp_path, embedded_token(signature).dump(), value)


@pytest.mark.parametrize("level", LEVELS)
async def test_pyhanko_finds_the_timestamp_valid(level: str) -> None:
    status = await pyhanko_status(signed_plainly(level))
    assert status.bottom_line
    assert status.timestamp_validity.valid and status.timestamp_validity.trusted
    assert abs((status.timestamp_validity.timestamp - datetime.now(UTC)).total_seconds()) < 300


async def test_pyhanko_needs_no_network_to_find_a_b_lt_signature_unrevoked() -> None:
    status = await pyhanko_status(signed_plainly("B-LT"), revocation="require")
    assert status.bottom_line
    assert status.timestamp_validity.valid and status.timestamp_validity.trusted


async def test_without_what_b_lt_places_pyhanko_cannot_tell() -> None:
    status = await pyhanko_status(signed_plainly("B-T"), revocation="require")
    assert not status.bottom_line


def signed_plainly(level: str) -> bytes:
    """Under a certificate whose names pyHanko can compare: Persian and digits in one are too much for it."""
    certificate = outside.issue("p384", "Doctor", since=pki.NOW - outside.A_DAY)
    return levels.signed_at(level, "p384", A.ECDSA_SHA384, certificate=certificate)[0]


async def pyhanko_status(signature: bytes, *, revocation: str = "soft-fail") -> Any:
    """pyHanko's verdict with the root, and with what stands in the signature and nothing else."""
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
    from pyhanko_certvalidator import ValidationContext

    detached = signed_data(strip(signature, CONTENT))
    choices = detached["crls"] or []
    crls = [one.chosen for one in choices if one.name != "other"]
    ocsps = [one.chosen["other_rev_info"] for one in choices if one.name == "other"]

    def context() -> Any:
        return ValidationContext(
            trust_roots=[other_x509.Certificate.load(outside.root().der)],
            crls=crls,
            ocsps=ocsps,
            allow_fetching=False,
            revocation_mode=revocation,
        )

    return await async_validate_detached_cms(
        CONTENT,
        detached,
        signer_validation_context=context(),
        ts_validation_context=context(),
        key_usage_settings=None,
    )


def test_another_library_reads_what_was_placed() -> None:
    signature, _, placed = levels.signed_at("B-LT")
    data = signed_data(signature)
    assert data["version"].native == "v5"
    assert embedded_token(signature).dump() == placed.timestamp
    assert {one.chosen.dump() for one in data["certificates"]} == {
        pki.leaf("p256").der,
        *placed.certificates,
    }
    kinds = {one.name: one.chosen for one in data["crls"]}
    assert kinds["other"]["other_rev_info_format"].dotted == "1.3.6.1.5.5.7.16.2"
    assert kinds["other"]["other_rev_info"].dump() == placed.ocsps[0]
    assert {one.chosen.dump() for one in data["crls"] if one.name != "other"} == set(placed.crls)


def test_what_is_given_twice_is_placed_once() -> None:
    _, value, placed = levels.signed_at("B-LT")
    twice = Evidence(
        timestamp=placed.timestamp,
        certificates=(*placed.certificates, *placed.certificates, pki.leaf("p256").der),
        crls=placed.crls * 2,
        ocsps=placed.ocsps * 2,
    )
    prepared = prepare(
        content=CONTENT,
        media_type=MEDIA_TYPE,
        certificate=pki.leaf("p256"),
        algorithm=A.ECDSA_SHA256,
        signing_time=pki.NOW,
    )
    assert prepared.finish(value, twice) == prepared.finish(value, placed)


@pytest.mark.parametrize("level", LEVELS)
def test_what_the_journal_keeps_holds_no_content_and_gives_the_same_file_again(level: str) -> None:
    signature, _, _ = levels.signed_at(level)
    kept = strip(signature, CONTENT)
    assert CONTENT not in kept
    assert attach(kept, CONTENT) == signature
    with pytest.raises(ValueError, match="not attached"):
        strip(signature, CONTENT + b" ")
