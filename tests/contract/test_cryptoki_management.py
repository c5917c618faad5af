"""What changes a token, through both bindings, over a SoftHSM token for each test: PINs and initialisation.

Never run over a stranger's module: a PIN that a suite has changed may be a token that is lost.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.errors import ModuleReturned, NotInBinding
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import Binding, KeySpec, LoginOutcome, PinChange, TokenFlags
from tests import softhsm as hsm

NEW = "19283746"
CKR_PIN_INCORRECT = 0xA0
CKR_USER_PIN_NOT_INITIALIZED = 0x102
#: Comes with OpenSC: hands every call to another module, and writes down what it saw.
OPENSC_SPY = next(Path("/usr/lib").glob("*/pkcs11-spy.so"))


@pytest.fixture(params=Binding, ids=lambda binding: binding.value)
async def one(request: pytest.FixtureRequest, softhsm: hsm.SoftHsm) -> AsyncIterator[Supervisor]:
    """A token of its own through one binding."""
    async with softhsm.supervisor(binding=request.param) as supervisor:
        yield supervisor


async def opens(supervisor: Supervisor, slot: int, pin: str) -> bool:
    """Does this PIN log in?"""
    try:
        outcome = await supervisor.login(slot, Pin(pin))
    except ModuleReturned as fault:
        assert fault.rv == CKR_PIN_INCORRECT
        return False
    await supervisor.logout(slot)
    return outcome is LoginOutcome.LOGGED_IN


async def test_who_knows_the_pin_changes_it(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    await one.set_pin(slot, PinChange.BY_USER, Pin(hsm.PIN), Pin(NEW))
    assert not await opens(one, slot, hsm.PIN)
    assert await opens(one, slot, NEW)


async def test_a_pin_is_changed_for_somebody_who_is_logged_in_and_logs_them_out(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    await one.login(slot, Pin(hsm.PIN))
    await one.set_pin(slot, PinChange.BY_USER, Pin(hsm.PIN), Pin(NEW))
    assert await opens(one, slot, NEW)


async def test_a_wrong_old_pin_is_refused_by_the_login_and_changes_nothing(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    with pytest.raises(ModuleReturned) as refused:
        await one.set_pin(slot, PinChange.BY_USER, Pin("00000000"), Pin(NEW))
    assert (refused.value.rv, refused.value.function) == (CKR_PIN_INCORRECT, "C_Login")
    assert await opens(one, slot, hsm.PIN)


async def test_the_officer_gives_the_user_a_new_pin_and_the_keys_stay(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    await one.login(slot, Pin(hsm.PIN))
    await one.generate_key_pair(slot, KeySpec.EC_P256, b"\x05", "stays")
    await one.set_pin(slot, PinChange.BY_OFFICER, Pin(hsm.SO_PIN), Pin(NEW))
    assert not await opens(one, slot, hsm.PIN)
    await one.login(slot, Pin(NEW))
    assert [key.key_id for key in await one.keys(slot)] == [b"\x05"]


async def test_public_keys_are_seen_without_a_login_and_are_what_was_made(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    await one.login(slot, Pin(hsm.PIN))
    made = {
        key_id: await one.generate_key_pair(slot, spec, key_id, spec.value)
        for key_id, spec in ((b"\x05", KeySpec.EC_P256), (b"\x06", KeySpec.RSA_2048))
    }
    await one.logout(slot)
    assert {key.key_id: key.spki for key in await one.public_keys(slot)} == made


async def test_a_wrong_officers_pin_is_refused_by_the_login_and_changes_nothing(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    with pytest.raises(ModuleReturned) as refused:
        await one.set_pin(slot, PinChange.BY_OFFICER, Pin("00000000"), Pin(NEW))
    assert (refused.value.rv, refused.value.function) == (CKR_PIN_INCORRECT, "C_Login")
    assert await opens(one, slot, hsm.PIN)


async def test_a_puk_is_given_to_c_set_pin_in_the_place_of_the_old_pin(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    # SoftHSM has no PUK and takes the old PIN there, as the standard says.
    await one.set_pin(slot, PinChange.BY_PUK, Pin(hsm.PIN), Pin(NEW))
    assert await opens(one, slot, NEW)
    with pytest.raises(ModuleReturned) as refused:
        await one.set_pin(slot, PinChange.BY_PUK, Pin("00000000"), Pin(NEW))
    assert (refused.value.rv, refused.value.function) == (CKR_PIN_INCORRECT, "C_SetPIN")


async def test_a_pin_that_is_too_short_is_the_modules_own_answer(one: Supervisor) -> None:
    slot = await hsm.only_slot(one)
    with pytest.raises(ModuleReturned) as refused:
        await one.set_pin(slot, PinChange.BY_USER, Pin(hsm.PIN), Pin("1"))
    assert (refused.value.rv, refused.value.function) == (0xA2, "C_SetPIN")


async def test_initialising_takes_keys_and_user_pin_and_gives_a_label(softhsm: hsm.SoftHsm) -> None:
    async with softhsm.supervisor() as one:
        slot = await hsm.only_slot(one)
        await one.login(slot, Pin(hsm.PIN))
        await one.generate_key_pair(slot, KeySpec.EC_P256, b"\x05", "goes")
        await one.init_token(slot, Pin(hsm.SO_PIN), "درمانگاه")
        (token,) = [token for token in await one.tokens() if token.label == "درمانگاه"]
        assert TokenFlags.USER_PIN_INITIALIZED not in token.token_flags
        with pytest.raises(ModuleReturned) as refused:
            await one.login(token.slot, Pin(hsm.PIN))
        assert refused.value.rv == CKR_USER_PIN_NOT_INITIALIZED
        await one.set_pin(token.slot, PinChange.BY_OFFICER, Pin(hsm.SO_PIN), Pin(NEW))
        await one.login(token.slot, Pin(NEW))
        assert await one.keys(token.slot) == ()


async def test_a_wrong_officers_pin_initialises_nothing(softhsm: hsm.SoftHsm) -> None:
    async with softhsm.supervisor() as one:
        slot = await hsm.only_slot(one)
        with pytest.raises(ModuleReturned) as refused:
            await one.init_token(slot, Pin("00000000"), "x")
        assert (refused.value.rv, refused.value.function) == (CKR_PIN_INCORRECT, "C_InitToken")
        assert await opens(one, slot, hsm.PIN)


async def test_a_label_that_a_token_cannot_hold_is_not_sent(softhsm: hsm.SoftHsm) -> None:
    async with softhsm.supervisor() as one:
        with pytest.raises(ValueError, match="32 octets"):
            await one.init_token(await hsm.only_slot(one), Pin(hsm.SO_PIN), "م" * 17)


async def test_the_second_binding_says_what_it_cannot_call(softhsm: hsm.SoftHsm) -> None:
    async with softhsm.supervisor(binding=Binding.PYTHON_PKCS11) as one:
        slot = await hsm.only_slot(one)
        with pytest.raises(NotInBinding):
            await one.init_token(slot, Pin(hsm.SO_PIN), "x")
        with pytest.raises(NotInBinding):
            await one.set_pin(slot, PinChange.BY_PUK, None, None)
        assert await opens(one, slot, hsm.PIN)


@pytest.mark.parametrize("binding", Binding, ids=lambda binding: binding.value)
async def test_a_key_is_asked_for_with_no_attribute_but_ours(
    binding: Binding, softhsm: hsm.SoftHsm, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    spied = replace(
        softhsm,
        module=OPENSC_SPY,
        env={**softhsm.env, "PKCS11SPY": str(softhsm.module), "PKCS11SPY_OUTPUT": str(seen)},
    )
    async with spied.supervisor(binding=binding) as supervisor:
        slot = await hsm.only_slot(supervisor)
        await supervisor.login(slot, Pin(hsm.PIN))
        await supervisor.generate_key_pair(slot, KeySpec.EC_P256, b"\x07", "seen")
    (call,) = re.findall(r"C_GenerateKeyPair\n(.*?)\nReturned:", seen.read_text(errors="replace"), re.DOTALL)
    public, private = call.split("pPrivateKeyTemplate")
    shared = {"CKA_CLASS", "CKA_TOKEN", "CKA_ID", "CKA_LABEL"}
    assert set(re.findall(r"CKA_\w+", public)) == shared | {"CKA_VERIFY", "CKA_EC_PARAMS"}
    assert set(re.findall(r"CKA_\w+", private)) == shared | {
        "CKA_PRIVATE",
        "CKA_SENSITIVE",
        "CKA_EXTRACTABLE",
        "CKA_SIGN",
    }
