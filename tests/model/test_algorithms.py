"""One table says what may sign; no maker signs with anything else."""

from __future__ import annotations

import pytest

from signer.envelope.algorithms import SUITES
from signer.model.algorithms import DIGESTS, PADDINGS, RSA_BITS, reliable_digest, reliable_key
from signer.model.credential import KeyKind, SignatureAlgorithm


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_what_mohr_signs_with_may_be_relied_on(algorithm: SignatureAlgorithm) -> None:
    assert SUITES[algorithm].digest_name in DIGESTS
    assert algorithm.value.split("-")[-2] in PADDINGS


@pytest.mark.parametrize("digest", ["sha1", "md5", "sha224", "sha3_256", ""])
def test_other_hashes_may_not(digest: str) -> None:
    assert not reliable_digest(digest)


@pytest.mark.parametrize(
    ("kind", "bits", "reliable"),
    [
        (KeyKind.RSA, 1024, False),
        (KeyKind.RSA, 2047, False),
        (KeyKind.RSA, 2048, True),
        (KeyKind.RSA, 8192, True),
        (KeyKind.EC_P256, 256, True),
        (KeyKind.EC_P384, 384, True),
        (KeyKind.EC_P521, 521, True),
    ],
)
def test_a_key_counts_by_its_size(kind: KeyKind, bits: int, reliable: bool) -> None:
    assert reliable_key(kind, bits) is reliable


def test_no_larger_rsa_key_signs_than_tokens_have() -> None:
    assert 4096 in RSA_BITS
    assert 4097 not in RSA_BITS
