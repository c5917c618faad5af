"""One suite over both bindings: the same module must look the same through either of them.

It runs over a SoftHSM token made for it or, with `--module`, over a stranger's: docs/testing-a-module.md.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from drivers.errors import (
    ContextLoginNeeded,
    KeyIdTaken,
    ModuleNotLoaded,
    ModuleReturned,
    NoSuchKey,
    NotLoggedIn,
)
from drivers.mechanisms import Hashing
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import Binding, KeySpec, LoginOutcome, NewCertificate, TokenFlags
from signer.model.credential import KeyKind
from tests import softhsm as hsm
from tests.contract.any_module import REPORT, SUBJECT
from tests.contract.subject import WAYS, Asked, Key, Need, Subject, survey

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
MESSAGE = b"A test of this module. This is no prescription."
CKR_USER_NOT_LOGGED_IN = 0x101
# SoftHSM hashes for RSA alone.
SOFTHSM_WAYS = tuple(way for way in WAYS if way[1] is Hashing.HOST or way[0].startswith("rsa-"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The bindings to go through, and the ways of signing to try."""
    stranger = metafunc.config.stash.get(SUBJECT, None)
    if "binding" in metafunc.fixturenames:
        bindings = stranger.asked.bindings if stranger else tuple(Binding)
        metafunc.parametrize("binding", bindings, ids=[binding.value for binding in bindings])
    if "algorithm" in metafunc.fixturenames:
        ways = WAYS if stranger else SOFTHSM_WAYS
        names = [f"{algorithm}-{hashing.value}" for algorithm, hashing in ways]
        metafunc.parametrize(("algorithm", "hashing"), ways, ids=names)


@pytest.fixture(scope="module", autouse=True)
def told(request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]) -> None:
    """The JUnit report says what the summary says."""
    for name, line in request.config.stash.get(REPORT, ()):
        record_testsuite_property(name, line)


@pytest.fixture(scope="module")
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """The token that all tests of this file share; each puts new things under ids of its own."""
    stranger = request.config.stash.get(SUBJECT, None)
    if stranger is not None:
        return stranger
    token = hsm.create(tmp_path_factory.mktemp("contract") / "softhsm")
    asked = Asked(
        module=token.module,
        label=token.label,
        pin=Pin(token.pin),
        may_write=True,
        may_spend_a_try=True,
        own=True,
        env=token.env,
    )
    surveyed = asyncio.run(survey(asked))
    assert [key.kind for key in surveyed.keys] == [
        KeyKind.EC_P256,
        KeyKind.EC_P384,
        KeyKind.EC_P521,
        KeyKind.RSA,
    ]
    return surveyed


@pytest.fixture
async def one(binding: Binding, subject: Subject) -> AsyncIterator[Supervisor]:
    """The token through one binding."""
    async with subject.asked.supervisor(binding) as supervisor:
        yield supervisor


@pytest.fixture
async def both(subject: Subject) -> AsyncIterator[tuple[Supervisor, Supervisor]]:
    """The token through both bindings, each in a process of its own."""
    async with (
        subject.asked.supervisor(Binding.PYKCS11) as first,
        subject.asked.supervisor(Binding.PYTHON_PKCS11) as second,
    ):
        yield first, second


def certificate_for(key: Key) -> NewCertificate:
    """A certificate over the token's public key, from an issuer made for the moment."""
    issuer_key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "پزشک آزمایشی")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    public_key = load_der_public_key(key.spki)
    assert isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    # Some modules refuse another certificate of the same issuer under one number.
    serial = 0x4000 + secrets.randbelow(0x4000)
    made = (
        x509.CertificateBuilder(issuer, subject, public_key, serial_number=serial)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(issuer_key, hashes.SHA256())
    )
    return NewCertificate(
        key_id=key.id,
        label="گواهی پزشک",
        der=made.public_bytes(Encoding.DER),
        subject=subject.public_bytes(),
        issuer=issuer.public_bytes(),
        serial_number=b"\x02\x02" + serial.to_bytes(2, "big"),
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
        key.verify(signature, message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    else:
        key.verify(signature, message, padding.PKCS1v15(), digest)


@pytest.mark.needs(Need.BOTH_BINDINGS)
async def test_both_bindings_see_the_same_library(
    subject: Subject, both: tuple[Supervisor, Supervisor]
) -> None:
    first, second = both
    assert await first.library() == await second.library() == subject.library


@pytest.mark.needs(Need.BOTH_BINDINGS)
async def test_both_bindings_see_the_same_tokens(both: tuple[Supervisor, Supervisor]) -> None:
    seen = [await each.tokens() for each in both]
    # python-pkcs11 does not tell how long a PIN may be. A slot's number means something within one process
    # alone: a module that passes calls on to a server counts anew for each.
    first, second = (
        [msgspec.structs.replace(token, slot=0, pin_min=0, pin_max=0) for token in tokens] for tokens in seen
    )
    assert first == second


@pytest.mark.needs(Need.OWN_TOKEN)
async def test_the_length_of_a_pin_is_told_where_the_binding_tells_it(
    both: tuple[Supervisor, Supervisor],
) -> None:
    told = [{(token.pin_min, token.pin_max) for token in await each.tokens()} for each in both]
    assert told == [{(4, 255)}, {(0, 0)}]


async def test_a_padded_label_comes_without_its_padding(one: Supervisor, subject: Subject) -> None:
    slot = await subject.slot(one)
    (seen,) = [each for each in await one.tokens() if each.slot == slot]
    assert seen.label == subject.asked.label
    for text in (seen.label, seen.serial, seen.manufacturer, seen.model, seen.reader):
        assert text == text.rstrip(" \x00")


@pytest.mark.needs(Need.LOGIN)
async def test_a_token_that_takes_a_pin_says_so(one: Supervisor, subject: Subject) -> None:
    flags = await one.token_flags(await subject.slot(one))
    assert TokenFlags.USER_PIN_INITIALIZED | TokenFlags.LOGIN_REQUIRED in flags


@pytest.mark.needs(Need.LOGIN, Need.KEY)
async def test_an_algorithm_that_is_offered_makes_signatures_that_verify(
    one: Supervisor, subject: Subject, algorithm: str, hashing: Hashing
) -> None:
    slot = await subject.slot(one)
    await subject.login(one, slot)
    plan = subject.plan(algorithm, hashing)
    keys = subject.keys_for(algorithm)
    assert keys
    for key in keys:
        try:
            answer = await one.sign(slot, key.id, plan.mechanism, plan.data(MESSAGE))
        except ModuleReturned as fault:
            if subject.asked.own:
                raise
            pytest.skip(f"the module lists the mechanism and refuses it: {fault}")
        verify(key.spki, algorithm, MESSAGE, plan.signature(answer))


@pytest.mark.needs(Need.BOTH_BINDINGS, Need.LOGIN, Need.RSA_KEY)
async def test_both_bindings_make_the_same_deterministic_signature(subject: Subject) -> None:
    plan = subject.plan("rsa-pkcs1-sha256")
    key = subject.keys_for(plan.algorithm)[0]
    signatures = set()
    # One after the other: a token may allow one session, whosever it is.
    for binding in Binding:
        async with subject.asked.supervisor(binding) as supervisor:
            slot = await subject.slot(supervisor)
            await subject.login(supervisor, slot)
            signatures.add(await supervisor.sign(slot, key.id, plan.mechanism, plan.data(MESSAGE)))
    assert len(signatures) == 1


@pytest.mark.needs(Need.LOGIN, Need.KEY)
async def test_pipelined_signatures_all_verify(one: Supervisor, subject: Subject) -> None:
    slot = await subject.slot(one)
    await subject.login(one, slot)
    key, plan = subject.signing()
    # A card takes up to a second for each.
    messages = [b"%d. %s" % (n, MESSAGE) for n in range(1000 if subject.asked.own else 20)]
    answers = await asyncio.gather(
        *(one.sign(slot, key.id, plan.mechanism, plan.data(message)) for message in messages)
    )
    for message, answer in zip(messages, answers, strict=True):
        verify(key.spki, plan.algorithm, message, plan.signature(answer))


@pytest.mark.needs(Need.LOGIN, Need.WRONG_PIN)
async def test_a_wrong_pin_is_ckr_pin_incorrect_and_the_right_one_still_logs_in(
    one: Supervisor, subject: Subject
) -> None:
    slot = await subject.slot(one)
    with pytest.raises(ModuleReturned) as refused:
        await one.login(slot, subject.wrong_pin())
    assert (refused.value.rv, refused.value.function) == (0xA0, "C_Login")
    assert await subject.login(one, slot) is LoginOutcome.LOGGED_IN


@pytest.mark.needs(Need.OWN_TOKEN)
async def test_a_wrong_pin_shows_in_the_flags_until_the_next_login(one: Supervisor, subject: Subject) -> None:
    slot = await subject.slot(one)
    with pytest.raises(ModuleReturned):
        await one.login(slot, subject.wrong_pin())
    assert TokenFlags.USER_PIN_COUNT_LOW in await one.token_flags(slot)
    await subject.login(one, slot)
    assert TokenFlags.USER_PIN_COUNT_LOW not in await one.token_flags(slot)


@pytest.mark.needs(Need.LOGIN, Need.KEY)
async def test_a_second_login_is_reported_as_already_and_signing_goes_on(
    one: Supervisor, subject: Subject
) -> None:
    slot = await subject.slot(one)
    key, plan = subject.signing()
    assert await subject.login(one, slot) is LoginOutcome.LOGGED_IN
    assert await subject.login(one, slot) is LoginOutcome.ALREADY
    answer = await one.sign(slot, key.id, plan.mechanism, plan.data(MESSAGE))
    verify(key.spki, plan.algorithm, MESSAGE, plan.signature(answer))


@pytest.mark.needs(Need.LOGIN, Need.KEY)
async def test_after_a_logout_nothing_signs_until_the_next_login(one: Supervisor, subject: Subject) -> None:
    slot = await subject.slot(one)
    key, plan = subject.signing()

    async def refused() -> bool:
        try:
            await one.sign(slot, key.id, plan.mechanism, plan.data(MESSAGE))
        except NotLoggedIn:
            return True
        except ModuleReturned as fault:
            # A module may show its private keys before a login.
            return fault.rv == CKR_USER_NOT_LOGGED_IN
        return False

    assert await refused()
    await subject.login(one, slot)
    assert not await refused()
    await one.logout(slot)
    await one.logout(slot)
    assert await refused()
    assert await subject.login(one, slot) is LoginOutcome.LOGGED_IN


@pytest.mark.needs(Need.LOGIN, Need.WRITE)
async def test_a_key_made_on_the_token_stays_there_and_its_id_is_not_used_twice(
    one: Supervisor, subject: Subject
) -> None:
    slot = await subject.slot(one)
    await subject.login(one, slot)
    key_id, spec = secrets.token_bytes(8), subject.made[0]
    spki = await one.generate_key_pair(slot, spec, key_id, "کلید تازه")
    is_rsa = spec is KeySpec.RSA_2048
    assert isinstance(load_der_public_key(spki), rsa.RSAPublicKey if is_rsa else ec.EllipticCurvePublicKey)
    attributes = await one.key_attributes(slot, key_id)
    assert (attributes.sensitive, attributes.extractable, attributes.sign) == (True, False, True)
    assert (attributes.key_type, attributes.always_authenticate) == (0 if is_rsa else 3, False)
    with pytest.raises(KeyIdTaken):
        await one.generate_key_pair(slot, spec, key_id, "کلید تازه")
    with pytest.raises(NoSuchKey):
        await one.key_attributes(slot, key_id + b"?")


@pytest.mark.needs(Need.LOGIN, Need.KEY)
async def test_the_keys_are_listed_with_the_public_halves_that_they_were_made_with(
    one: Supervisor, subject: Subject
) -> None:
    slot = await subject.slot(one)
    await subject.login(one, slot)
    listed = {key.key_id: key.spki for key in await one.keys(slot)}
    for key in subject.keys:
        # A token may hold a curve's private key without its public one.
        assert listed[key.id] == key.spki or (not key.made and listed[key.id] is None)


@pytest.mark.needs(Need.OWN_TOKEN)
async def test_a_key_that_wants_a_login_for_each_signature_takes_one_pin_for_one_signature(
    one: Supervisor, subject: Subject
) -> None:
    slot, key_id = await subject.slot(one), secrets.token_bytes(8)
    pin, plan = subject.asked.pin, subject.plan("ecdsa-sha256")
    await subject.login(one, slot)
    spki = await one.generate_key_pair(slot, KeySpec.EC_P256, key_id, "each", always_authenticate=True)
    assert (await one.key_attributes(slot, key_id)).always_authenticate
    with pytest.raises(ContextLoginNeeded):
        await one.sign(slot, key_id, plan.mechanism, plan.data(MESSAGE))
    with pytest.raises(ModuleReturned) as refused:
        await one.sign_authenticated(slot, key_id, plan.mechanism, plan.data(MESSAGE), subject.wrong_pin())
    assert (refused.value.rv, refused.value.function) == (0xA0, "C_Login")
    for _ in range(2):
        answer = await one.sign_authenticated(slot, key_id, plan.mechanism, plan.data(MESSAGE), pin)
        verify(spki, plan.algorithm, MESSAGE, plan.signature(answer))


@pytest.mark.needs(Need.BOTH_BINDINGS)
async def test_both_bindings_read_the_same_certificates_without_a_login(
    subject: Subject, both: tuple[Supervisor, Supervisor]
) -> None:
    first, second = [set(await reader.certificates(await subject.slot(reader))) for reader in both]
    assert first == second


@pytest.mark.needs(Need.LOGIN, Need.WRITE)
async def test_a_certificate_stored_through_one_is_read_through_each_without_a_login(
    one: Supervisor, subject: Subject
) -> None:
    slot = await subject.slot(one)
    await subject.login(one, slot)
    written = certificate_for(next(key for key in subject.keys if key.made))
    await one.store_certificate(slot, written)
    await one.logout(slot)
    for binding in subject.asked.bindings:
        async with subject.asked.supervisor(binding) as reader:
            stored = await reader.certificates(await subject.slot(reader))
        (read,) = [each for each in stored if each.der == written.der]
        assert (read.key_id, read.label) == (written.key_id, written.label)


async def test_a_slot_that_is_not_there_is_the_modules_own_answer(one: Supervisor, subject: Subject) -> None:
    with pytest.raises(ModuleReturned) as refused:
        await one.certificates(0x7FFFFFFF)
    assert refused.value.rv == 0x03 or not subject.asked.own, "modules differ in what they call it"


async def test_a_file_that_is_no_module_is_not_loaded(binding: Binding, tmp_path: Path) -> None:
    text = tmp_path / "module.txt"
    text.write_text("no library")
    async with Supervisor(text, binding=binding) as supervisor:
        with pytest.raises(ModuleNotLoaded, match=r"module\.txt"):
            await supervisor.library()
