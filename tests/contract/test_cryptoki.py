"""One suite over both bindings: the same module must look the same through either of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from drivers import mechanisms
from drivers.errors import KeyIdTaken, ModuleNotLoaded, ModuleReturned, NoSuchKey, NotLoggedIn
from drivers.mechanisms import Hashing, SignPreferences
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import Binding, KeySpec, LoginOutcome, NewCertificate, TokenFlags
from tests.softhsm import PIN, SoftHsm, create, make_keys, only_slot

RSA_KEY, P256_KEY, P384_KEY = b"\x01", b"\x02", b"\x03"
KEYS = {RSA_KEY: KeySpec.RSA_2048, P256_KEY: KeySpec.EC_P256, P384_KEY: KeySpec.EC_P384}
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
PREFERENCES = (SignPreferences(), SignPreferences(hashing=(Hashing.HOST,)))


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """A token that all tests of this file share; each puts new things under ids of its own."""
    return create(tmp_path_factory.mktemp("contract") / "softhsm")


@pytest.fixture(scope="module")
def public_keys(token: SoftHsm) -> dict[bytes, bytes]:
    return asyncio.run(make_keys(token, KEYS))


@pytest.fixture(params=list(Binding), ids=lambda binding: binding.value)
async def one(request: pytest.FixtureRequest, token: SoftHsm) -> AsyncIterator[Supervisor]:
    """The token through one binding."""
    async with token.supervisor(binding=request.param) as supervisor:
        yield supervisor


@pytest.fixture
async def both(token: SoftHsm) -> AsyncIterator[tuple[Supervisor, Supervisor]]:
    """The token through both bindings, each in a process of its own."""
    async with (
        token.supervisor(binding=Binding.PYKCS11) as first,
        token.supervisor(binding=Binding.PYTHON_PKCS11) as second,
    ):
        yield first, second


def certificate_for(spki: bytes, key_id: bytes) -> NewCertificate:
    """A certificate over the token's public key, from an issuer made for the moment."""
    issuer_key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "پزشک آزمایشی")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    public_key = load_der_public_key(spki)
    assert isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    made = (
        x509.CertificateBuilder(issuer, subject, public_key, serial_number=77)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(issuer_key, hashes.SHA256())
    )
    return NewCertificate(
        key_id=key_id,
        label="گواهی پزشک",
        der=made.public_bytes(Encoding.DER),
        subject=subject.public_bytes(),
        issuer=issuer.public_bytes(),
        serial_number=b"\x02\x01\x4d",
    )


def verify(spki: bytes, algorithm: str, message: bytes, signature: bytes) -> None:
    """Raises InvalidSignature where the signature is not one over the message."""
    key = load_der_public_key(spki)
    digest = HASHES[algorithm.rpartition("-")[2]]
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(digest))
        return
    assert isinstance(key, rsa.RSAPublicKey)
    if "pss" in algorithm:
        key.verify(signature, message, padding.PSS(padding.MGF1(digest), 32), digest)
    else:
        key.verify(signature, message, padding.PKCS1v15(), digest)


async def test_both_bindings_see_the_same_library_and_tokens(both: tuple[Supervisor, Supervisor]) -> None:
    first, second = both
    assert await first.library() == await second.library()
    seen = await first.tokens()
    # python-pkcs11 does not tell how long a PIN may be.
    assert {(token.pin_min, token.pin_max) for token in seen} == {(4, 255)}
    without = tuple(msgspec.structs.replace(token, pin_min=0, pin_max=0) for token in seen)
    assert without == await second.tokens()


async def test_a_padded_persian_label_comes_without_its_padding(one: Supervisor, token: SoftHsm) -> None:
    slot = await only_slot(one)
    (seen,) = [each for each in await one.tokens() if each.slot == slot]
    assert seen.label == token.label
    assert seen.reader == seen.reader.strip()
    assert TokenFlags.USER_PIN_INITIALIZED | TokenFlags.LOGIN_REQUIRED in seen.token_flags


async def test_every_algorithm_offered_makes_signatures_that_verify(
    one: Supervisor, public_keys: dict[bytes, bytes]
) -> None:
    slot = await only_slot(one)
    (token,) = [each for each in await one.tokens() if each.slot == slot]
    await one.login(slot, Pin(PIN))
    made = set()
    for preferences in PREFERENCES:
        for algorithm in mechanisms.offered(token.mechanisms, preferences):
            plan = mechanisms.plan(algorithm, token.mechanisms, preferences)
            for key_id, spec in KEYS.items():
                if algorithm[:2] == spec.value[:2]:
                    answer = await one.sign(slot, key_id, plan.mechanism, plan.data(b"prescription"))
                    verify(public_keys[key_id], algorithm, b"prescription", plan.signature(answer))
                    made.add((algorithm, plan.mechanism.type))
    assert len(made) == 10


async def test_both_bindings_make_the_same_deterministic_signature(
    both: tuple[Supervisor, Supervisor], public_keys: dict[bytes, bytes]
) -> None:
    signatures = set()
    for supervisor in both:
        slot = await only_slot(supervisor)
        await supervisor.login(slot, Pin(PIN))
        plan = mechanisms.plan("rsa-pkcs1-sha256", {0x40}, SignPreferences())
        signatures.add(await supervisor.sign(slot, RSA_KEY, plan.mechanism, plan.data(b"prescription")))
    assert len(signatures) == 1


async def test_a_thousand_pipelined_signatures_all_verify(
    one: Supervisor, public_keys: dict[bytes, bytes]
) -> None:
    slot = await only_slot(one)
    await one.login(slot, Pin(PIN))
    plan = mechanisms.plan("ecdsa-sha256", {0x1041}, SignPreferences())
    messages = [f"prescription {n}".encode() for n in range(1000)]
    answers = await asyncio.gather(
        *(one.sign(slot, P256_KEY, plan.mechanism, plan.data(message)) for message in messages)
    )
    for message, answer in zip(messages, answers, strict=True):
        verify(public_keys[P256_KEY], "ecdsa-sha256", message, plan.signature(answer))


async def test_a_wrong_pin_is_the_same_ck_rv_through_both(both: tuple[Supervisor, Supervisor]) -> None:
    for supervisor in both:
        slot = await only_slot(supervisor)
        with pytest.raises(ModuleReturned) as refused:
            await supervisor.login(slot, Pin("11112222"))
        assert (refused.value.rv, refused.value.function) == (0xA0, "C_Login")
        assert TokenFlags.USER_PIN_COUNT_LOW in await supervisor.token_flags(slot)
        assert await supervisor.login(slot, Pin(PIN)) is LoginOutcome.LOGGED_IN
        assert TokenFlags.USER_PIN_COUNT_LOW not in await supervisor.token_flags(slot)


async def test_a_second_login_is_reported_as_already_and_signing_goes_on(
    one: Supervisor, public_keys: dict[bytes, bytes]
) -> None:
    slot = await only_slot(one)
    plan = mechanisms.plan("rsa-pkcs1-sha256", {0x1}, SignPreferences())
    assert await one.login(slot, Pin(PIN)) is LoginOutcome.LOGGED_IN
    assert await one.login(slot, Pin(PIN)) is LoginOutcome.ALREADY
    signature = await one.sign(slot, RSA_KEY, plan.mechanism, plan.data(b"abc"))
    verify(public_keys[RSA_KEY], "rsa-pkcs1-sha256", b"abc", signature)


async def test_after_a_logout_nothing_signs_until_the_next_login(
    one: Supervisor, public_keys: dict[bytes, bytes]
) -> None:
    assert RSA_KEY in public_keys
    slot = await only_slot(one)
    plan = mechanisms.plan("rsa-pkcs1-sha256", {0x40}, SignPreferences())
    with pytest.raises(NotLoggedIn):
        await one.sign(slot, RSA_KEY, plan.mechanism, b"abc")
    await one.login(slot, Pin(PIN))
    await one.sign(slot, RSA_KEY, plan.mechanism, b"abc")
    await one.logout(slot)
    await one.logout(slot)
    with pytest.raises(NotLoggedIn):
        await one.sign(slot, RSA_KEY, plan.mechanism, b"abc")
    assert await one.login(slot, Pin(PIN)) is LoginOutcome.LOGGED_IN


async def test_a_key_made_on_the_token_stays_there_and_its_id_is_not_used_twice(
    one: Supervisor, request: pytest.FixtureRequest
) -> None:
    slot = await only_slot(one)
    await one.login(slot, Pin(PIN))
    key_id = request.node.name.encode()
    spki = await one.generate_key_pair(slot, KeySpec.EC_P384, key_id, "کلید تازه")
    assert isinstance(load_der_public_key(spki), ec.EllipticCurvePublicKey)
    attributes = await one.key_attributes(slot, key_id)
    assert (attributes.sensitive, attributes.extractable, attributes.sign) == (True, False, True)
    assert (attributes.key_type, attributes.always_authenticate) == (3, False)
    with pytest.raises(KeyIdTaken):
        await one.generate_key_pair(slot, KeySpec.EC_P384, key_id, "کلید تازه")
    with pytest.raises(NoSuchKey):
        await one.key_attributes(slot, key_id + b"?")


async def test_a_certificate_stored_through_one_is_read_by_both_without_a_login(
    both: tuple[Supervisor, Supervisor], public_keys: dict[bytes, bytes]
) -> None:
    for writer, key_id in zip(both, (RSA_KEY, P256_KEY), strict=True):
        slot = await only_slot(writer)
        certificate = certificate_for(public_keys[key_id], key_id)
        await writer.login(slot, Pin(PIN))
        await writer.store_certificate(slot, certificate)
        await writer.logout(slot)
    first, second = [set(await reader.certificates(slot)) for reader in both]
    assert first == second
    assert {(stored.key_id, stored.label) for stored in first} == {
        (RSA_KEY, "گواهی پزشک"),
        (P256_KEY, "گواهی پزشک"),
    }
    for stored in first:
        x509.load_der_x509_certificate(stored.der)


@pytest.mark.parametrize("binding", list(Binding))
async def test_a_slot_that_is_not_there_is_the_modules_own_answer(binding: Binding, token: SoftHsm) -> None:
    async with token.supervisor(binding=binding) as supervisor:
        with pytest.raises(ModuleReturned) as refused:
            await supervisor.certificates(0x7FFFFFFF)
        assert refused.value.rv == 0x03


@pytest.mark.parametrize("binding", list(Binding))
async def test_a_file_that_is_no_module_is_not_loaded(binding: Binding, token: SoftHsm) -> None:
    async with Supervisor(token.folder / "softhsm2.conf", binding=binding) as supervisor:
        with pytest.raises(ModuleNotLoaded, match=r"softhsm2\.conf"):
            await supervisor.library()
