"""Before a signature leaves: what is unsigned in it is exactly what was to be placed there."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from signer.envelope import legacy
from signer.envelope.phases import Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.verify.cades import verify, verify_release
from signer.verify.structure import NOTHING_UNSIGNED, Profile, Unsigned
from tests import levels, outside, pki
from tests.signatures import CONTENT, MEDIA_TYPE

ECDSA = SignatureAlgorithm.ECDSA_SHA256


@cache
def made(level: str) -> tuple[bytes, bytes, Evidence]:
    return levels.signed_at(level)


def release(signature: bytes, unsigned: Unsigned, profile: Profile = Profile.CADES) -> None:
    verify_release(
        signature,
        content=CONTENT,
        media_type=MEDIA_TYPE,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
        attached=True,
        profile=profile,
        unsigned=unsigned,
    )


@pytest.mark.parametrize("level", ["B-T", "B-LT"])
def test_what_was_placed_and_nothing_else_lets_it_pass(level: str) -> None:
    signature, _, placed = made(level)
    release(signature, levels.unsigned(placed))


REFUSALS = [
    ("nothing was to be placed", lambda right: NOTHING_UNSIGNED),
    ("another timestamp", lambda right: replace(right, timestamp=made("B-T")[2].timestamp)),
    ("no timestamp", lambda right: replace(right, timestamp=None)),
    ("a certificate too many", lambda right: replace(right, certificates=frozenset())),
    ("another CRL", lambda right: replace(right, crls=frozenset({outside.crl(fillers=1)}))),
    ("an OCSP answer too many", lambda right: replace(right, ocsps=frozenset())),
]


@pytest.mark.parametrize("change", [row[1] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_another_than_what_was_placed_does_not_leave(change: object) -> None:
    signature, _, placed = made("B-LT")
    assert callable(change)
    with pytest.raises(SignatureNotVerified, match="UNSIGNED_DIFFERS"):
        release(signature, change(levels.unsigned(placed)))


def test_the_reader_of_b_b_takes_no_other_level() -> None:
    verdict = verify(made("B-T")[0], certificate=pki.leaf("p256").der)
    assert not verdict.valid


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_of_a_b_lt_signature_leaves(place: int, bit: int) -> None:
    signature, _, placed = made("B-LT")
    flipped = bytearray(signature)
    flipped[place % len(flipped)] ^= 1 << bit
    with pytest.raises(SignatureNotVerified):
        release(bytes(flipped), levels.unsigned(placed))


def legacy_signature() -> bytes:
    prepared = legacy.prepare(
        content=CONTENT,
        media_type=MEDIA_TYPE,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
    )
    return prepared.finish(pki.sign(pki.key("p256"), ECDSA, prepared.to_be_signed))


LEGACY = legacy_signature()


def test_a_legacy_signature_leaves_as_such_and_as_nothing_else() -> None:
    release(LEGACY, NOTHING_UNSIGNED, Profile.LEGACY)
    with pytest.raises(SignatureNotVerified, match="ATTRIBUTE_ABSENT"):
        release(LEGACY, NOTHING_UNSIGNED)
    with pytest.raises(SignatureNotVerified, match="ATTRIBUTE_UNEXPECTED"):
        release(made("B-T")[0], NOTHING_UNSIGNED, Profile.LEGACY)


@given(place=st.integers(0, len(LEGACY) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_of_a_legacy_signature_leaves(place: int, bit: int) -> None:
    flipped = bytearray(LEGACY)
    flipped[place] ^= 1 << bit
    with pytest.raises(SignatureNotVerified):
        release(bytes(flipped), NOTHING_UNSIGNED, Profile.LEGACY)
