"""What a holder does to a token, over SoftHSM: each PIN once and counted, nothing lost by the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import NameOID, load_der_x509_csr
from msgspec.structs import replace

from drivers.catalogue import Login, Unblocking
from drivers.errors import ModuleReturned
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import KeySpec
from signer import x509
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority
from signer.model.applicant import Applicant
from signer.model.credential import PinRole, TriesLeft
from signer.model.errors import (
    ApplicantInvalid,
    CertificateStored,
    CertificateWithoutKey,
    LastTryUnconfirmed,
    MohrError,
    OperationUnsupported,
    PinCoolDown,
    PinWrong,
    RequestUnknown,
    TokenAbsent,
    TokenAmbiguous,
)
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.token_desk import ManagedToken, Secret, TokenDesk
from signer.service.token_signers import TokenModule, TokenSigners
from tests import softhsm as hsm
from tests.service.doubles import FixedClock

NEW = "19283746"
DOCTOR = Applicant(
    given_name="سارا",
    surname="نمونه",
    national_code="0012345679",
    council_number="123456",
    centre="مطب ونک",
    province="تهران",
)


class Counter:
    """A desk at one token."""

    def __init__(self, folder: Path, token: hsm.SoftHsm, login: Login | None = None) -> None:
        self.softhsm = token
        self.clock = FixedClock()
        self.supervisor = token.supervisor()
        profile = hsm.profile()
        module = TokenModule(
            path=str(token.module),
            profile=profile if login is None else replace(profile, login=login),
            supervisor=self.supervisor,
        )
        self.guard = PinGuard()
        self.signers = TokenSigners((module,), self.clock)
        self.desk = TokenDesk(
            (module,),
            clock=self.clock,
            guard=self.guard,
            requests=KeyRequests(folder / "requests.json"),
            turn=asyncio.Lock(),
            changed=self.signers.read_anew,
        )

    async def token(self) -> ManagedToken:
        return await self.desk.only_token()

    async def opens(self, pin: str) -> bool:
        """Does this PIN open the token? Asked beside the desk, so that nothing is counted."""
        async with self.softhsm.supervisor() as other:
            return await _opens(other, pin)


async def _opens(supervisor: Supervisor, pin: str) -> bool:
    try:
        await supervisor.login(await hsm.only_slot(supervisor), Pin(pin))
    except ModuleReturned:
        return False
    return True


@pytest.fixture
async def counter(tmp_path: Path, softhsm: hsm.SoftHsm) -> AsyncIterator[Counter]:
    made = Counter(tmp_path, softhsm)
    yield made
    await made.supervisor.close()


def right() -> Secret:
    return Secret(pin=Pin(hsm.PIN))


def wrong(*, last_try: bool = False) -> Secret:
    return Secret(pin=Pin("00000000"), last_try_accepted=last_try)


def officer() -> Secret:
    return Secret(pin=Pin(hsm.SO_PIN))


async def test_a_pin_is_changed_and_both_are_forgotten(counter: Counter) -> None:
    old, new = right(), Pin(NEW)
    await counter.desk.change_pin(await counter.token(), old, new)
    assert await counter.opens(NEW)
    assert not await counter.opens(hsm.PIN)
    assert old.pin is not None
    assert (old.pin.reveal(), new.reveal()) == (b"", b"")


async def test_wrong_old_pins_are_counted_guarded_and_cooled_down_like_any(counter: Counter) -> None:
    token = await counter.token()
    with pytest.raises(PinWrong):
        await counter.desk.change_pin(token, wrong(), Pin(NEW))
    token = replace(token, user=replace(token.user, tries=TriesLeft.UNKNOWN))
    with pytest.raises(LastTryUnconfirmed):
        await counter.desk.change_pin(token, right(), Pin(NEW))
    with pytest.raises(PinWrong):
        await counter.desk.change_pin(token, wrong(last_try=True), Pin(NEW))
    with pytest.raises(PinCoolDown):
        await counter.desk.change_pin(token, right(), Pin(NEW))
    with pytest.raises(PinCoolDown):
        counter.guard.check(token.ref, counter.clock.now())
    assert await counter.opens(hsm.PIN)


async def test_the_officer_unblocks_and_his_own_wrong_pins_are_counted_apart(counter: Counter) -> None:
    token = await counter.token()
    for _ in range(2):
        with pytest.raises(PinWrong):
            await counter.desk.unblock(token, wrong(last_try=True), Pin(NEW))
    with pytest.raises(PinCoolDown):
        await counter.desk.unblock(token, officer(), Pin(NEW))
    counter.guard.check(token.ref, counter.clock.now())
    counter.guard.right(token.ref, PinRole.OFFICER)
    await counter.desk.unblock(await counter.token(), officer(), Pin(NEW))
    assert await counter.opens(NEW)


async def test_a_new_pin_by_the_officer_forgives_the_users_wrong_ones(counter: Counter) -> None:
    token = await counter.token()
    for _ in range(2):
        counter.guard.wrong(token.ref, counter.clock.now())
    await counter.desk.unblock(token, officer(), Pin(NEW))
    counter.guard.check(token.ref, counter.clock.now())


async def test_a_family_that_cannot_unblock_is_not_sent_a_pin(tmp_path: Path, softhsm: hsm.SoftHsm) -> None:
    counter = Counter(tmp_path, softhsm, Login(unblock=Unblocking.NONE))
    try:
        secret = officer()
        with pytest.raises(OperationUnsupported):
            await counter.desk.unblock(await counter.token(), secret, Pin(NEW))
        assert secret.pin is not None
        assert secret.pin.reveal() == b""
        assert await counter.opens(hsm.PIN)
    finally:
        await counter.supervisor.close()


async def test_a_puk_stands_in_the_place_of_the_old_pin_where_the_family_has_one(
    tmp_path: Path, softhsm: hsm.SoftHsm
) -> None:
    counter = Counter(tmp_path, softhsm, Login(unblock=Unblocking.PUK))
    try:
        # SoftHSM has no PUK; there it takes the user's own PIN.
        await counter.desk.unblock(await counter.token(), right(), Pin(NEW))
        assert await counter.opens(NEW)
    finally:
        await counter.supervisor.close()


async def test_initialising_empties_the_token_and_the_officer_sets_the_first_pin(counter: Counter) -> None:
    await counter.desk.make_key(await counter.token(), right(), KeySpec.EC_P256, "goes")
    await counter.desk.initialise(await counter.token(), officer(), "درمانگاه مهر")
    token = await counter.token()
    assert (token.ref.label, token.pin_set) == ("درمانگاه مهر", False)
    await counter.desk.unblock(token, officer(), Pin(NEW))
    assert await counter.desk.keys(await counter.token(), Secret(pin=Pin(NEW))) == ()


@pytest.mark.parametrize("spec", [KeySpec.RSA_2048, KeySpec.EC_P256, KeySpec.EC_P521])
async def test_a_request_is_for_a_key_on_the_token_and_another_library_verifies_it(
    counter: Counter, spec: KeySpec
) -> None:
    made = await counter.desk.request(await counter.token(), right(), DOCTOR, spec)
    read = load_der_x509_csr(made.request)
    assert read.is_signature_valid
    (name,) = read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert (name.value, name._type.name) == ("سارا نمونه", "UTF8String")
    subject = {attribute.oid: attribute.value for attribute in read.subject}
    assert subject[NameOID.ORGANIZATION_NAME] == "مطب ونک"
    assert subject[NameOID.SERIAL_NUMBER] == "0012345679"
    usage = read.extensions[0].value
    assert (usage.digital_signature, usage.content_commitment) == (True, True)
    (key,) = await counter.desk.keys(await counter.token(), right())
    assert (key.key_id, key.spki, key.certified) == (made.key_id, made.spki, False)


async def test_a_certificate_is_shown_from_the_moment_it_is_kept(counter: Counter) -> None:
    token, authority = await counter.token(), DemoAuthority(now=datetime.now(UTC))
    made = await counter.desk.request(token, right(), DOCTOR, KeySpec.EC_P256)
    assert await counter.signers.credentials() == ()
    async with counter.desk.open(token, right()) as opened:
        issued = authority.issue(made.spki, PLAIN_DOCTOR, not_before=datetime.now(UTC))
        await opened.store(x509.read(issued))
        assert len(await counter.signers.credentials()) == 1


async def test_a_doctor_asks_for_each_centre_and_imports_each_certificate_beside_its_own_key(
    counter: Counter,
) -> None:
    token = await counter.token()
    requests = [
        await counter.desk.request(token, right(), replace(DOCTOR, centre=centre), KeySpec.EC_P256)
        for centre in ("مطب ونک", "درمانگاه مهر")
    ]
    assert counter.desk.requests() == tuple(requests)
    authority = DemoAuthority(now=datetime.now(UTC))
    for request in requests:
        issued = authority.issue(request.spki, PLAIN_DOCTOR, not_before=datetime.now(UTC))
        await counter.desk.store_certificate(token, right(), issued)
    assert counter.desk.requests() == ()
    credentials = await counter.signers.credentials()
    assert {c.key_id for c in credentials} == {request.key_id for request in requests}
    for credential in credentials:
        request = next(r for r in requests if r.key_id == credential.key_id)
        assert x509.read(credential.certificate).spki == request.spki


async def test_a_certificate_without_its_key_is_not_written_and_one_that_is_there_not_twice(
    counter: Counter,
) -> None:
    token, authority = await counter.token(), DemoAuthority(now=datetime.now(UTC))
    with pytest.raises(CertificateWithoutKey):
        await counter.desk.store_certificate(token, right(), authority.certificate)
    made = await counter.desk.request(token, right(), DOCTOR, KeySpec.EC_P256)
    issued = authority.issue(made.spki, PLAIN_DOCTOR, not_before=datetime.now(UTC))
    await counter.desk.store_certificate(token, right(), issued)
    with pytest.raises(CertificateStored):
        await counter.desk.store_certificate(token, right(), issued)
    with pytest.raises(x509.CertificateUnreadable):
        await counter.desk.store_certificate(token, right(), b"junk")


async def test_a_request_is_kept_over_a_restart_until_it_is_thrown_away(
    counter: Counter, tmp_path: Path
) -> None:
    made = await counter.desk.request(await counter.token(), right(), DOCTOR, KeySpec.EC_P256)
    again = KeyRequests(tmp_path / "requests.json")
    assert again.all() == (made,)
    counter.desk.forget_request(made.id)
    assert again.all() == ()
    with pytest.raises(RequestUnknown):
        counter.desk.forget_request(made.id)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("given_name", " "),
        ("given_name", "سارا\u202e"),
        ("surname", "ن" * 65),
        ("surname", "ن" * 62),
        ("national_code", "0012345678"),
        ("national_code", "۰۰۱۲۳۴۵۶۷۹"),
        ("council_number", "12a"),
        ("centre", ""),
    ],
)
async def test_particulars_that_break_a_rule_reach_no_token(counter: Counter, part: str, value: str) -> None:
    with pytest.raises(ApplicantInvalid) as refused:
        await counter.desk.request(
            await counter.token(), right(), replace(DOCTOR, **{part: value}), KeySpec.EC_P256
        )
    assert refused.value.detail == part
    assert await counter.desk.keys(await counter.token(), right()) == ()


async def test_a_token_is_meant_by_its_serial_and_never_the_first_of_several(counter: Counter) -> None:
    token = await counter.token()
    assert await counter.desk.only_token(token.ref.serial) == token
    with pytest.raises(TokenAbsent):
        await counter.desk.only_token("nobody's")
    await counter.supervisor.init_token(
        next(t.ref.slot for t in await counter.desk.tokens() if not t.initialised), Pin("12345678"), "second"
    )
    with pytest.raises(TokenAmbiguous):
        await counter.desk.only_token()


async def test_no_error_of_the_desk_quotes_a_pin(counter: Counter) -> None:
    for attempt in (counter.desk.change_pin, counter.desk.unblock):
        with pytest.raises(MohrError) as refused:
            await attempt(await counter.token(), Secret(pin=Pin("48151623")), Pin(NEW))
        assert "48151623" not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.detail}"
