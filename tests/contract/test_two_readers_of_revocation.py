"""The reader that judges what was fetched and the one that verifies share no code, and agree.

`signer.net` decides what goes into a signature, `signer.verify` what a signature's evidence is worth. Were
they one, a list that neither should take would be placed by the first and believed by the second.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from signer.net import crl, ocsp
from signer.net.ocsp import AnswerRefused
from signer.verify import revocation
from signer.verify.revocation import State
from signer.verify.trust import RevocationData
from tests import outside
from tests.outside import A_DAY, OcspResponder

NOW = datetime.now(UTC)
ROOT = outside.root()
DOCTOR = outside.issue("p384", "Doctor")
OTHER = outside.issue("p384", "Another")


def answer(*, good: bool) -> bytes:
    """By `openssl ocsp`."""
    with tempfile.TemporaryDirectory() as folder:
        named: dict[str, Any] = {"good": (DOCTOR,)} if good else {"good": (), "revoked": (DOCTOR,)}
        return OcspResponder(Path(folder), **named)(ocsp.request(DOCTOR, ROOT), {}).body


def scoped(**about: bool) -> x509.IssuingDistributionPoint:
    parts: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**parts, **about})


CASES: list[tuple[str, Callable[[], bytes], str]] = [
    ("a list without it", outside.crl, "good"),
    ("a long list without it", lambda: outside.crl(OTHER, fillers=200), "good"),
    ("a list with it", lambda: outside.crl(DOCTOR, fillers=200), "revoked"),
    ("a list for users", lambda: outside.crl(extension=scoped(only_contains_user_certs=True)), "good"),
    ("a list for authorities", lambda: outside.crl(extension=scoped(only_contains_ca_certs=True)), "nothing"),
    ("an indirect list", lambda: outside.crl(extension=scoped(indirect_crl=True)), "nothing"),
    ("a delta list", lambda: outside.crl(extension=x509.DeltaCRLIndicator(1)), "nothing"),
    ("a list by another key", lambda: outside.crl(key="other-p256"), "nothing"),
    ("a list whose time is over", lambda: outside.crl(since=NOW - 3 * A_DAY, until=NOW - A_DAY), "nothing"),
    ("a list cut short", lambda: outside.crl()[:-1], "nothing"),
    ("OpenSSL's answer: good", lambda: answer(good=True), "good"),
    ("OpenSSL's answer: revoked", lambda: answer(good=False), "revoked"),
    ("an answer cut short", lambda: answer(good=True)[:-1], "nothing"),
    ("an answer with an octet behind it", lambda: answer(good=True) + b"\x00", "nothing"),
]


def by_net(octets: bytes) -> str:
    for judge in (crl.status, ocsp.status):
        try:
            return "revoked" if judge(octets, DOCTOR, ROOT, datetime.now(UTC)).revoked else "good"
        except AnswerRefused:
            continue
    return "nothing"


def by_verifier(octets: bytes) -> str:
    found = revocation.status(
        DOCTOR, ROOT, RevocationData(crls=(octets,), ocsps=(octets,)), datetime.now(UTC)
    )
    return {State.GOOD: "good", State.REVOKED: "revoked"}.get(found.state, "nothing")


@pytest.mark.parametrize(("name", "make", "said"), CASES, ids=[case[0] for case in CASES])
def test_both_say_the_same(name: str, make: Callable[[], bytes], said: str) -> None:
    octets = make()
    assert (by_net(octets), by_verifier(octets)) == (said, said)


WHOLE = (outside.crl(DOCTOR, fillers=3), answer(good=True))


@settings(max_examples=200, deadline=None)
@given(which=st.integers(0, 1), at=st.integers(0, 2000), mask=st.integers(1, 255))
def test_what_was_damaged_convinces_neither(which: int, at: int, mask: int) -> None:
    octets = bytearray(WHOLE[which])
    octets[at % len(octets)] ^= mask
    assert {by_net(bytes(octets)), by_verifier(bytes(octets))} <= {"nothing", by_net(WHOLE[which])}
