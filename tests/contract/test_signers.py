"""The contract of every `Signers`: the tests' token, the simulator's, and a real PKCS#11 module, alike."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from msgspec import Struct
from msgspec.structs import replace

from drivers.types import KeySpec
from signer import x509
from signer.cli.assembly import SystemClock
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.cli.simulate import token
from signer.cli.simulate.authority import Doctor, Held, identity
from signer.cli.simulate.scenarios import BY_CODE, Pace, Stage
from signer.cli.simulate.token import VirtualToken
from signer.model.credential import AuthorisationKind, Credential, KeyKind, SignatureAlgorithm, TriesLeft
from signer.model.errors import CredentialAbsent, NotLoggedIn, PinWrong, SignatureWantsPin, TokenAbsent
from signer.service.consent import Pin
from signer.service.ports import Signers
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from tests import softhsm as hsm
from tests.service import doubles

KEYS = {b"\x01": KeySpec.RSA_2048, b"\x02": KeySpec.EC_P256, b"\x03": KeySpec.EC_P384}


class Subject(Struct, frozen=True):
    """One implementation, and the PIN that it takes."""

    signers: Signers
    pin: str


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> hsm.SoftHsm:
    made = hsm.create(tmp_path_factory.mktemp("signers") / "softhsm")
    asyncio.run(hsm.certify(made, KEYS, PLAIN_DOCTOR, datetime.now(UTC)))
    return made


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Held, ...]:
    return identity(tmp_path_factory.mktemp("simulated") / "token", Doctor(), datetime.now(UTC))


def virtual(held: tuple[Held, ...], scenario: str) -> Subject:
    stage = Stage(BY_CODE[scenario], Pace(reading=0))
    return Subject(VirtualToken(held, stage, SystemClock()), token.PIN)


@pytest.fixture(params=["memory", "simulator", "softhsm"])
async def subject(
    request: pytest.FixtureRequest, furnished: hsm.SoftHsm, simulated: tuple[Held, ...]
) -> AsyncIterator[Subject]:
    if request.param == "simulator":
        yield virtual(simulated, "approve")
        return
    if request.param == "memory":
        yield Subject(doubles.SoftToken(2), doubles.PIN)
        return
    async with furnished.supervisor() as supervisor:
        module = TokenModule(path=str(furnished.module), profile=hsm.profile(), supervisor=supervisor)
        yield Subject(TokenWatch(TokenSigners((module,), SystemClock()), (module,)), furnished.pin)


@pytest.fixture(params=["memory", "simulator", "softhsm"])
async def asking(
    request: pytest.FixtureRequest, tmp_path: Path, simulated: tuple[Held, ...]
) -> AsyncIterator[Subject]:
    """One whose key wants a PIN for each signature."""
    if request.param == "simulator":
        yield virtual(simulated, "pin-each")
        return
    if request.param == "memory":
        memory = doubles.SoftToken(1)
        memory.each = True
        yield Subject(memory, doubles.PIN)
        return
    softhsm = hsm.create(tmp_path / "softhsm")
    keys = {b"\x02": KeySpec.EC_P256}
    await hsm.certify(softhsm, keys, PLAIN_DOCTOR, datetime.now(UTC), always_authenticate=True)
    async with softhsm.supervisor() as supervisor:
        module = TokenModule(path=str(softhsm.module), profile=hsm.profile(), supervisor=supervisor)
        yield Subject(TokenWatch(TokenSigners((module,), SystemClock()), (module,)), softhsm.pin)


async def rsa_credential(signers: Signers) -> Credential:
    return next(c for c in await signers.credentials() if c.key_kind is KeyKind.RSA)


def check(credential: Credential, algorithm: SignatureAlgorithm, message: bytes, signature: bytes) -> None:
    key = x509.public_key(x509.read(credential.certificate).spki)
    if isinstance(key, rsa.RSAPublicKey):
        assert algorithm is SignatureAlgorithm.RSA_PKCS1_SHA256
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    else:
        size = {
            SignatureAlgorithm.ECDSA_SHA256: hashes.SHA256(),
            SignatureAlgorithm.ECDSA_SHA384: hashes.SHA384(),
        }
        key.verify(signature, message, ec.ECDSA(size[algorithm]))


async def test_credentials_are_named_by_their_certificates_and_stay_in_order(subject: Subject) -> None:
    first = await subject.signers.credentials()
    assert len(first) >= 2
    assert await subject.signers.credentials() == first
    for credential in first:
        assert credential.id == hashlib.sha256(credential.certificate).hexdigest()
        assert credential.holder.national_code == "0012345679"
        assert credential.problem is None


async def test_a_pin_is_wanted_and_no_number_of_tries_is_invented(subject: Subject) -> None:
    credential = (await subject.signers.credentials())[0]
    authorisation = await subject.signers.authorisation(credential)
    assert authorisation.kind is AuthorisationKind.PIN
    assert authorisation.tries is TriesLeft.UNKNOWN


async def test_every_credential_signs_what_its_certificate_verifies(subject: Subject) -> None:
    for credential in await subject.signers.credentials():
        algorithms = await subject.signers.algorithms(credential)
        session = await subject.signers.log_in(credential, Pin(subject.pin))
        chosen = {
            "rsa": SignatureAlgorithm.RSA_PKCS1_SHA256,
            "ec-p256": SignatureAlgorithm.ECDSA_SHA256,
            "ec-p384": SignatureAlgorithm.ECDSA_SHA384,
        }[credential.key_kind.value]
        assert chosen in algorithms
        check(credential, chosen, b"message", await session.sign(chosen, b"message"))
        await session.close()


async def test_many_signatures_may_be_in_flight_and_none_is_mixed_up(subject: Subject) -> None:
    credential = await rsa_credential(subject.signers)
    algorithm = SignatureAlgorithm.RSA_PKCS1_SHA256
    session = await subject.signers.log_in(credential, Pin(subject.pin))
    messages = [f"message {number}".encode() for number in range(64)]
    signatures = await asyncio.gather(*(session.sign(algorithm, message) for message in messages))
    await session.close()
    for message, signature in zip(messages, signatures, strict=True):
        check(credential, algorithm, message, signature)


async def test_a_key_that_wants_a_pin_for_each_signature_says_so_and_takes_one_at_a_time(
    asking: Subject,
) -> None:
    credential = (await asking.signers.credentials())[0]
    (algorithm,) = [
        each
        for each in await asking.signers.algorithms(credential)
        if each in {SignatureAlgorithm.ECDSA_SHA256, SignatureAlgorithm.RSA_PKCS1_SHA256}
        and (each is SignatureAlgorithm.RSA_PKCS1_SHA256) is (credential.key_kind is KeyKind.RSA)
    ]
    session = await asking.signers.log_in(credential, Pin(asking.pin))
    with pytest.raises(SignatureWantsPin):
        await session.sign(algorithm, b"message")
    assert (await session.pin_wanted()).each
    with pytest.raises(PinWrong):
        await session.sign_with_pin(algorithm, b"message", Pin("0" + asking.pin[1:] + "1"))
    for _ in range(2):
        value = await session.sign_with_pin(algorithm, b"message", Pin(asking.pin))
        check(credential, algorithm, b"message", value)
    assert (await asking.signers.authorisation(credential)).each, "the next request is told beforehand"
    await session.close()
    with pytest.raises(NotLoggedIn):
        await session.sign_with_pin(algorithm, b"message", Pin(asking.pin))


async def test_a_wrong_pin_is_told_as_such_and_the_right_one_still_opens(subject: Subject) -> None:
    credential = await rsa_credential(subject.signers)
    with pytest.raises(PinWrong):
        await subject.signers.log_in(credential, Pin("0" + subject.pin[1:] + "1"))
    session = await subject.signers.log_in(credential, Pin(subject.pin))
    await session.close()


async def test_a_closed_session_signs_nothing_more(subject: Subject) -> None:
    credential = await rsa_credential(subject.signers)
    session = await subject.signers.log_in(credential, Pin(subject.pin))
    await session.close()
    with pytest.raises(NotLoggedIn):
        await session.sign(SignatureAlgorithm.RSA_PKCS1_SHA256, b"message")


async def test_a_credential_that_is_nowhere_gets_no_pin(subject: Subject) -> None:
    credential = await rsa_credential(subject.signers)
    with pytest.raises(CredentialAbsent):
        await subject.signers.authorisation(replace(credential, id="00" * 32))


async def test_a_pin_is_not_sent_to_another_token_in_the_same_slot(furnished: hsm.SoftHsm) -> None:
    async with furnished.supervisor() as supervisor:
        module = TokenModule(path=str(furnished.module), profile=hsm.profile(), supervisor=supervisor)
        signers = TokenSigners((module,), SystemClock())
        credential = (await signers.credentials())[0]
        other = replace(credential, token=replace(credential.token, serial="another"))
        with pytest.raises(TokenAbsent):
            await signers.log_in(other, Pin("never sent: it would be wrong"))
        session = await signers.log_in(credential, Pin(furnished.pin))
        await session.close()
