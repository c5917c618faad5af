"""Signing something without meaning: each key in each way, and a module that lies is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.pin import Pin
from drivers.types import KeySpec
from signer.model.errors import SignatureNotVerified, SignatureWantsPin
from signer.service.self_test import Trial, trials
from signer.service.token_signers import TokenModule
from tests import softhsm as hsm
from tests.fault.module import FaultyModule, build
from tests.softhsm import SoftHsm

KEYS = {b"\x01": KeySpec.RSA_2048, b"\x02": KeySpec.EC_P256, b"\x03": KeySpec.EC_P521}


async def tried(token: SoftHsm) -> tuple[Trial, ...]:
    async with token.supervisor() as supervisor:
        slot = await hsm.only_slot(supervisor)
        await supervisor.login(slot, Pin(token.pin))
        module = TokenModule(path=str(token.module), profile=hsm.profile(), supervisor=supervisor)
        (there,) = [one for one in await supervisor.tokens() if one.slot == slot]
        return await trials(module, there)


async def test_every_key_signs_in_every_way_of_its_kind(softhsm: SoftHsm) -> None:
    await hsm.make_keys(softhsm, KEYS)
    found = await tried(softhsm)
    assert {one.problem for one in found} == {None}
    ways = {(one.key_id, one.algorithm.value) for one in found if one.algorithm}
    assert {(b"\x02", "ecdsa-sha256"), (b"\x03", "ecdsa-sha512"), (b"\x01", "rsa-pkcs1-sha256")} <= ways
    assert len(ways) == len(found) == 8


async def test_a_signature_of_which_a_bit_is_wrong_is_told(softhsm: SoftHsm, tmp_path: Path) -> None:
    await hsm.make_keys(softhsm, {b"\x01": KeySpec.RSA_2048})
    lying = FaultyModule(build(tmp_path), softhsm, tmp_path)
    lying.fail("C_Sign", "signature")
    assert {one.problem for one in await tried(lying.token)} == {SignatureNotVerified.code}


@pytest.mark.parametrize(("rv", "code"), [("0x30", "module-failed"), ("0x68", "certificate-unusable")])
async def test_a_key_that_does_not_sign_is_told_with_its_condition(
    softhsm: SoftHsm, tmp_path: Path, rv: str, code: str
) -> None:
    await hsm.make_keys(softhsm, {b"\x01": KeySpec.RSA_2048})
    lying = FaultyModule(build(tmp_path), softhsm, tmp_path)
    lying.fail("C_SignInit", f"rv {rv}")
    assert {one.problem for one in await tried(lying.token)} == {code}


async def test_a_key_that_wants_its_pin_each_time_is_not_tried_on(softhsm: SoftHsm) -> None:
    await hsm.make_keys(softhsm, {b"\x01": KeySpec.RSA_2048}, always_authenticate=True)
    assert [one.problem for one in await tried(softhsm)] == [SignatureWantsPin.code]
