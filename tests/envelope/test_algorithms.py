"""The algorithm is chosen for the key, from what the token offers, in one known order."""

from __future__ import annotations

import pytest

from signer.envelope.algorithms import PREFERENCE, SUITES, choose
from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import MechanismUnsupported

A = SignatureAlgorithm


@pytest.mark.parametrize(
    ("kind", "offered", "chosen"),
    [
        (KeyKind.RSA, tuple(A), A.RSA_PKCS1_SHA256),
        (KeyKind.RSA, (A.RSA_PSS_SHA256, A.RSA_PKCS1_SHA256), A.RSA_PKCS1_SHA256),
        (KeyKind.RSA, (A.RSA_PSS_SHA256, A.RSA_PKCS1_SHA512), A.RSA_PKCS1_SHA512),
        (KeyKind.RSA, (A.RSA_PSS_SHA256,), A.RSA_PSS_SHA256),
        (KeyKind.EC_P256, tuple(A), A.ECDSA_SHA256),
        (KeyKind.EC_P384, tuple(A), A.ECDSA_SHA384),
        (KeyKind.EC_P521, tuple(A), A.ECDSA_SHA512),
    ],
)
def test_pkcs1_with_sha256_is_first_for_rsa_and_a_curve_has_its_own_hash(
    kind: KeyKind, offered: tuple[SignatureAlgorithm, ...], chosen: SignatureAlgorithm
) -> None:
    assert choose(kind, offered) is chosen


@pytest.mark.parametrize(
    ("kind", "offered"),
    [(KeyKind.RSA, ()), (KeyKind.RSA, (A.ECDSA_SHA256,)), (KeyKind.EC_P384, (A.ECDSA_SHA256,))],
)
def test_nothing_is_chosen_where_nothing_offered_fits_the_key(
    kind: KeyKind, offered: tuple[SignatureAlgorithm, ...]
) -> None:
    with pytest.raises(MechanismUnsupported):
        choose(kind, offered)


def test_every_algorithm_has_a_suite_and_belongs_to_one_kind_of_key() -> None:
    assert set(SUITES) == set(A)
    assert sorted(a.value for kind in KeyKind for a in PREFERENCE[kind]) == sorted(a.value for a in A)


def test_no_algorithm_uses_sha1() -> None:
    assert {suite.digest_name for suite in SUITES.values()} == {"sha256", "sha384", "sha512"}
