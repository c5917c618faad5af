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
from msgspec.structs import replace

from drivers import mechanisms as m
from drivers.cryptoki import SIZED_MECHANISMS
from drivers.errors import NoSuchMechanism, SignatureMalformed
from drivers.mechanisms import EcdsaOutput, Hashing, Input, SignPreferences
from drivers.types import KeySizes, Token

HOST_FIRST = SignPreferences()
MODULE_FIRST = SignPreferences(hashing=(Hashing.MODULE, Hashing.HOST))
HOST_ONLY = SignPreferences(hashing=(Hashing.HOST,))
EVERYTHING = (0x1, 0xD, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x1041, 0x1044, 0x1045, 0x1046)


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


@pytest.mark.parametrize("wanted", m.offered(EVERYTHING, SignPreferences()))
def test_a_module_that_takes_a_digest_is_not_given_the_prescription(wanted: str) -> None:
    message = b"a prescription, and the patient's name in it"
    given = m.plan(wanted, EVERYTHING, SignPreferences()).data(message)
    assert message not in given
    assert given.endswith(hashlib.new("sha" + wanted[-3:], message).digest())


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


@pytest.mark.parametrize(
    ("name", "hashed", "parameters"),
    [
        ("rsa-pss-sha256", 0x43, (0x250, 2, 32)),
        ("rsa-pss-sha384", 0x44, (0x260, 3, 48)),
        ("rsa-pss-sha512", 0x45, (0x270, 4, 64)),
    ],
)
def test_pss_takes_one_hash_its_mask_function_and_a_salt_of_its_length(
    name: str, hashed: int, parameters: tuple[int, int, int]
) -> None:
    for offered in ((hashed,), (0xD,)):
        pss = m.plan(name, offered, MODULE_FIRST).mechanism.pss
        assert pss is not None
        assert (pss.hash, pss.mgf, pss.salt) == parameters


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


def test_careless_der_from_the_module_becomes_der() -> None:
    preferences = SignPreferences(ecdsa_output=EcdsaOutput.DER)
    plan = m.plan("ecdsa-sha256", (0x1041,), preferences)
    high = b"\xff" * 32
    for careless in (
        b"\x30\x44\x02\x20" + high + b"\x02\x20" + high,
        b"\x30\x81\x46\x02\x21\x00" + high + b"\x02\x21\x00" + high,
        b"\x30\x48\x02\x22\x00\x00" + high + b"\x02\x22\x00\x00" + high + bytes(8),
    ):
        assert decode_dss_signature(plan.signature(careless)) == (int.from_bytes(high), int.from_bytes(high))


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x30",
        b"\x01" * 64,
        b"\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x06\x02\x01\x00\x02\x01\x01",
        b"\x30\x84\xff\xff\xff\xff\x02\x01\x01\x02\x01\x01",
    ],
)
def test_what_cannot_be_der_is_refused_where_der_is_told(junk: bytes) -> None:
    preferences = SignPreferences(ecdsa_output=EcdsaOutput.DER)
    with pytest.raises(SignatureMalformed):
        m.plan("ecdsa-sha256", (0x1041,), preferences).signature(junk)


def token_with(*sizes: tuple[int, int, int]) -> Token:
    """A token whose mechanisms tell these sizes: mechanism, least, most."""
    return Token(
        slot=0,
        label="",
        serial="",
        manufacturer="",
        model="",
        reader="",
        flags=0,
        pin_min=0,
        pin_max=0,
        mechanisms=tuple(mechanism for mechanism, _, _ in sizes),
        key_sizes=tuple(KeySizes(mechanism=m, least=least, most=most) for m, least, most in sizes),
    )


@pytest.mark.parametrize(
    ("mechanism", "least", "most", "bits", "taken"),
    [
        (0x40, 512, 16384, 2048, True),
        (0x40, 512, 2048, 2048, True),
        (0x40, 512, 2048, 3072, False),
        (0x40, 2048, 4096, 1024, False),
        (0x40, 128, 256, 2048, True),  # octets
        (0x40, 128, 256, 3072, False),
        (0x1041, 112, 521, 521, True),
        (0x1041, 256, 384, 521, False),
        (0x1041, 32, 66, 521, True),  # octets
        (0x1041, 32, 32, 384, False),
        (0x40, 0, 0, 4096, True),
        (0x40, 4096, 2048, 1024, True),
        (0x40, 0, 2**62, 4096, True),
    ],
)
def test_a_mechanism_is_taken_for_a_key_of_a_size_that_the_module_names(
    mechanism: int, least: int, most: int, bits: int, taken: bool
) -> None:
    assert (mechanism in m.usable(token_with((mechanism, least, most)), bits)) is taken


def test_a_mechanism_of_which_no_size_is_told_is_taken() -> None:
    told = token_with((0x40, 512, 1024))
    assert m.usable(replace(told, mechanisms=(0x1, 0x40)), 2048) == {0x1}


def test_the_worker_asks_the_sizes_of_every_mechanism_that_a_plan_can_name() -> None:
    named = {m.plan(name, {value}, MODULE_FIRST).mechanism.type for name, value in every_way()}
    assert named <= SIZED_MECHANISMS


def every_way() -> list[tuple[str, int]]:
    values = [value for name, value in vars(m).items() if name.startswith("CKM_")]
    return [(name, value) for value in values for name in m.offered((value,), MODULE_FIRST)]


def test_rsa_signatures_pass_untouched() -> None:
    assert m.plan("rsa-pkcs1-sha256", (0x1,), HOST_ONLY).signature(b"\x00\x01") == b"\x00\x01"
