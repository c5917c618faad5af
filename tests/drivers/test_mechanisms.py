"""The choice of a mechanism, what it is fed and what its answer becomes."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from drivers import mechanisms as m
from drivers.errors import NoSuchMechanism, SignatureMalformed
from drivers.mechanisms import EcdsaOutput, Hashing, Input, SignPreferences

MODULE_FIRST = SignPreferences()
HOST_FIRST = SignPreferences(hashing=(Hashing.HOST, Hashing.MODULE))
HOST_ONLY = SignPreferences(hashing=(Hashing.HOST,))
EVERYTHING = (0x1, 0xD, 0x40, 0x41, 0x42, 0x43, 0x1041, 0x1044, 0x1045)


@pytest.mark.parametrize(
    ("wanted", "offered", "preferences", "mechanism", "fed"),
    [
        ("rsa-pkcs1-sha256", EVERYTHING, MODULE_FIRST, 0x40, Input.MESSAGE),
        ("rsa-pkcs1-sha384", EVERYTHING, MODULE_FIRST, 0x41, Input.MESSAGE),
        ("rsa-pkcs1-sha512", EVERYTHING, MODULE_FIRST, 0x42, Input.MESSAGE),
        ("rsa-pkcs1-sha256", EVERYTHING, HOST_FIRST, 0x1, Input.DIGEST_INFO),
        ("rsa-pkcs1-sha512", (0x1,), MODULE_FIRST, 0x1, Input.DIGEST_INFO),
        ("rsa-pkcs1-sha256", (0x40,), HOST_FIRST, 0x40, Input.MESSAGE),
        ("rsa-pss-sha256", EVERYTHING, MODULE_FIRST, 0x43, Input.MESSAGE),
        ("rsa-pss-sha256", (0xD,), MODULE_FIRST, 0xD, Input.DIGEST),
        ("ecdsa-sha256", EVERYTHING, MODULE_FIRST, 0x1044, Input.MESSAGE),
        ("ecdsa-sha256", (0x1041,), MODULE_FIRST, 0x1041, Input.DIGEST),
        ("ecdsa-sha384", (0x1041, 0x1045), HOST_FIRST, 0x1041, Input.DIGEST),
    ],
)
def test_the_first_way_that_profile_and_token_agree_on_is_taken(
    wanted: str, offered: tuple[int, ...], preferences: SignPreferences, mechanism: int, fed: Input
) -> None:
    plan = m.plan(wanted, offered, preferences)
    assert (plan.mechanism.type, plan.input) == (mechanism, fed)


@pytest.mark.parametrize(
    ("wanted", "offered", "preferences"),
    [
        ("rsa-pkcs1-sha256", (), MODULE_FIRST),
        ("rsa-pkcs1-sha256", (0x41, 0x42, 0x1041), MODULE_FIRST),
        ("rsa-pkcs1-sha256", (0x40,), HOST_ONLY),
        ("rsa-pss-sha256", (0x1, 0x40), MODULE_FIRST),
        ("ecdsa-sha256", (0x1, 0x1045), MODULE_FIRST),
        ("rsa-pkcs1-sha1", (0x1, 0x6), MODULE_FIRST),
        ("no-such-thing", EVERYTHING, MODULE_FIRST),
    ],
)
def test_a_signature_that_the_token_cannot_make_is_refused(
    wanted: str, offered: tuple[int, ...], preferences: SignPreferences
) -> None:
    with pytest.raises(NoSuchMechanism) as refused:
        m.plan(wanted, offered, preferences)
    assert refused.value.wanted == wanted


@given(st.sets(st.sampled_from(EVERYTHING)), st.sampled_from([MODULE_FIRST, HOST_FIRST, HOST_ONLY]))
def test_what_is_offered_is_what_can_be_planned(there: set[int], preferences: SignPreferences) -> None:
    offered = m.offered(there, preferences)
    for name in m.offered(EVERYTHING, MODULE_FIRST):
        if name in offered:
            assert m.plan(name, there, preferences).mechanism.type in there
        else:
            with pytest.raises(NoSuchMechanism):
                m.plan(name, there, preferences)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("rsa-pkcs1-sha256", hashes.SHA256()),
        ("rsa-pkcs1-sha384", hashes.SHA384()),
        ("rsa-pkcs1-sha512", hashes.SHA512()),
    ],
)
def test_digest_info_padded_and_signed_is_the_pkcs1_signature(
    name: str, algorithm: hashes.HashAlgorithm, rsa_key: rsa.RSAPrivateKey
) -> None:
    block = m.plan(name, (0x1,), HOST_ONLY).data(b"prescription")
    numbers = rsa_key.private_numbers()
    padded = b"\x00\x01" + b"\xff" * (256 - 3 - len(block)) + b"\x00" + block
    signed = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n)
    assert signed.to_bytes(256, "big") == rsa_key.sign(b"prescription", PKCS1v15(), algorithm)


def test_pss_takes_sha256_its_mask_function_and_a_salt_of_the_hash_length() -> None:
    for offered in ((0x43,), (0xD,)):
        pss = m.plan("rsa-pss-sha256", offered, MODULE_FIRST).mechanism.pss
        assert pss is not None
        assert (pss.hash, pss.mgf, pss.salt) == (0x250, 2, 32)


@given(st.binary(max_size=100))
def test_the_bare_ecdsa_mechanism_is_fed_the_digest(message: bytes) -> None:
    assert m.plan("ecdsa-sha384", (0x1041,), HOST_ONLY).data(message) == hashlib.sha384(message).digest()


@given(st.integers(1, 2**384 - 1), st.integers(1, 2**384 - 1))
def test_raw_ecdsa_becomes_der_with_the_same_numbers(r: int, s: int) -> None:
    raw = r.to_bytes(48, "big") + s.to_bytes(48, "big")
    value = m.plan("ecdsa-sha384", (0x1041,), HOST_ONLY).signature(raw)
    assert decode_dss_signature(value) == (r, s)


def test_der_from_the_module_passes_where_the_profile_says_so() -> None:
    preferences = SignPreferences(ecdsa_output=EcdsaOutput.DER)
    assert m.plan("ecdsa-sha256", (0x1041,), preferences).signature(b"0\x06\x02\x01\x01\x02\x01\x01") == (
        b"0\x06\x02\x01\x01\x02\x01\x01"
    )


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\x01\x02\x03", bytes(64), b"\x01" * 32 + bytes(32)])
def test_what_cannot_be_an_ecdsa_signature_is_refused(raw: bytes) -> None:
    with pytest.raises(SignatureMalformed):
        m.plan("ecdsa-sha256", (0x1041,), HOST_ONLY).signature(raw)


def test_rsa_signatures_pass_untouched() -> None:
    assert m.plan("rsa-pkcs1-sha256", (0x1,), HOST_ONLY).signature(b"\x00\x01") == b"\x00\x01"
