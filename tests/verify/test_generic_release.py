"""The release check of formats that have a general reader: each thing that differs is told by name."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.model.request import Level
from signer.verify.candidate import Candidate, SignatureTimestamp, Unreadable
from signer.verify.release import Agreed, check
from signer.verify.report import Finding, Severity, SubIndication
from tests import pki

LEAF = pki.leaf("p256")
AGREED = Agreed(
    content=b"content",
    media_type="text/plain",
    certificate=LEAF,
    algorithm=SignatureAlgorithm.ECDSA_SHA256,
    signing_time=pki.NOW.replace(microsecond=7),
    attached=True,
    level=Level.B_LT,
    stamped=b"value",
    timestamp=b"token",
    certificates=(b"issuer", LEAF.der),
    crls=(b"crl",),
    ocsps=(b"ocsp",),
)
FOUND = Candidate(
    format="any",
    level="B-LT",
    certificate=LEAF.der,
    digest="sha256",
    padding="ecdsa",
    certificates=(b"issuer", b"another"),
    crls=(b"crl",),
    ocsps=(b"ocsp",),
    timestamps=(SignatureTimestamp(token=b"token", stamped=b"value"),),
    claimed_at=pki.NOW,
    media_type="text/plain",
    content=b"content",
)
SEAL = Finding(code="seen-before", severity=Severity.INFO)


def reading(found: Candidate) -> Any:
    return lambda octets, content=None: found


def test_what_was_agreed_passes() -> None:
    check(reading(FOUND), b"file", AGREED)
    check(reading(replace(FOUND, findings=(SEAL,))), b"file", AGREED, harmless=frozenset({SEAL.code}))


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("content", {"content": b"other"}),
    ("content", {"content": None}),
    ("media type", {"media_type": None}),
    ("certificate", {"certificate": b"other"}),
    ("algorithm", {"digest": "sha384"}),
    ("algorithm", {"padding": "pkcs1"}),
    ("signing time", {"claimed_at": None}),
    ("signing time", {"claimed_at": pki.NOW + pki.A_MONTH}),
    ("attachment", {"attached": False}),
    ("coverage", {"covers_all": False}),
    ("level", {"level": "B-T"}),
    ("timestamp", {"timestamps": ()}),
    ("timestamp", {"timestamps": (SignatureTimestamp(token=b"token", stamped=b"other"),)}),
    ("timestamp", {"timestamps": (*FOUND.timestamps, *FOUND.timestamps)}),
    ("chain", {"certificates": ()}),
    ("revocation data", {"crls": ()}),
    ("revocation data", {"ocsps": (b"ocsp", b"another")}),
    ("findings", {"findings": (SEAL,)}),
    ("media type", {"media_type": "text/html"}),
    ("HASH_FAILURE", {"failure": SubIndication.HASH_FAILURE}),
]


@pytest.mark.parametrize(
    ("what", "change"), REFUSALS, ids=[f"{what} {list(change.values())}" for what, change in REFUSALS]
)
def test_what_differs_does_not_leave_and_is_named(what: str, change: dict[str, Any]) -> None:
    with pytest.raises(SignatureNotVerified, match=what):
        check(reading(replace(FOUND, **change)), b"file", AGREED)


def test_what_cannot_be_read_does_not_leave() -> None:
    def read(octets: bytes, content: bytes | None = None) -> Candidate:
        raise Unreadable(SubIndication.FORMAT_FAILURE, SEAL)

    with pytest.raises(SignatureNotVerified, match="FORMAT_FAILURE seen-before"):
        check(read, b"file", AGREED)


def test_the_reader_is_always_given_the_content_to_compare_with() -> None:
    given: list[bytes | None] = []

    def read(octets: bytes, content: bytes | None = None) -> Candidate:
        given.append(content)
        return replace(FOUND, attached=len(given) == 1)

    check(read, b"file", AGREED)
    check(read, b"file", replace(AGREED, attached=False))
    assert given == [b"content", b"content"]


@pytest.mark.parametrize("algorithm", SignatureAlgorithm, ids=lambda one: one.value)
def test_every_algorithm_is_known_by_padding_and_hash(algorithm: SignatureAlgorithm) -> None:
    scheme, digest = algorithm.value.rsplit("-", 1)
    found = replace(FOUND, padding=scheme.removeprefix("rsa-"), digest=digest)
    check(reading(found), b"file", replace(AGREED, algorithm=algorithm))
