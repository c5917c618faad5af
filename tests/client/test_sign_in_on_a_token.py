"""The whole agent on a SoftHSM token: a panel pairs, signs in, and its server lets the doctor in, once."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.types import KeySpec
from signer import x509
from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.demo.people import COUNCIL_NUMBER, PRACTICES
from signer.cli.loadable import ModuleChoice
from signer.client import MemoryKeys, PanelClient
from signer.endpoint.messages import SignInAnswer
from signer.model.request import RequestState
from signer.platform.folders import folders_under
from signer.service.consent import ConsentQuestion
from signer.verify.sign_in import Refusal, SignInRefused, check
from tests.softhsm import SoftHsm, certify, profile

ORIGIN = "https://panel.example"


@pytest.mark.parametrize("spec", [KeySpec.RSA_2048, KeySpec.EC_P256], ids=lambda spec: spec.value)
async def test_a_doctor_signs_in_with_a_key_that_never_leaves_the_token(
    softhsm: SoftHsm, tmp_path: Path, spec: KeySpec
) -> None:
    anchor = await certified(softhsm, spec)
    asked: list[ConsentQuestion] = []
    agent = Agent(
        consent=ScriptedDoctor(softhsm.pin, asked.append),
        modules=(choice(softhsm),),
        folders=folders_under(tmp_path / "agent"),
        ports=(0,),
    )
    address = await agent.start()
    try:
        nonce = secrets.token_urlsafe(32)
        answer = await asyncio.to_thread(pair_and_sign_in, address.url, nonce)
    finally:
        await agent.stop()
    assert answer.state is RequestState.FINISHED, answer.problem
    assert [question.signs_in for question in asked] == [True]
    now, token = datetime.now(UTC), str(answer.token)
    found = check(token, origin=ORIGIN, nonce=nonce, anchors=(anchor,), now=now)
    assert found.holder.council_number == COUNCIL_NUMBER
    with pytest.raises(SignInRefused) as refused:
        check(token, origin=ORIGIN, nonce=nonce, anchors=(anchor,), now=now + timedelta(minutes=6))
    assert refused.value.refusal is Refusal.EXPIRED


async def certified(token: SoftHsm, spec: KeySpec) -> x509.Certificate:
    der = await certify(token, {b"\x01": spec}, PRACTICES[0].subject, datetime.now(UTC))
    return x509.read(der)


def choice(token: SoftHsm) -> ModuleChoice:
    return ModuleChoice(path=token.module, profile=profile(), env=token.env)


def pair_and_sign_in(url: str, nonce: str) -> SignInAnswer:
    client = PanelClient(url, ORIGIN, MemoryKeys())
    try:
        client.pair(lambda code: None)
        return client.sign_in(nonce)
    finally:
        client.close()
