"""A running agent gets a key and its certificate at its desk, and the connected panel may use it at once."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.types import KeySpec
from signer import x509
from signer.cli.assembly import Agent
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.loadable import ModuleChoice
from signer.client import MemoryKeys, PanelClient
from signer.model.applicant import Applicant
from signer.model.request import Document, RequestState
from signer.platform.folders import folders_under
from signer.service.consent import Pin
from signer.service.token_desk import Secret
from tests.softhsm import SoftHsm, profile

ORIGIN = "https://panel.example"
DOCTOR = Applicant(given_name="سارا", surname="نمونه", national_code="0012345679")


async def test_a_request_made_at_the_agents_desk_ends_as_a_credential_of_the_panel(
    softhsm: SoftHsm, tmp_path: Path
) -> None:
    agent = Agent(
        consent=ScriptedDoctor(softhsm.pin),
        modules=(ModuleChoice(path=softhsm.module, profile=profile(), env=softhsm.env),),
        folders=folders_under(tmp_path / "agent"),
        ports=(0,),
    )
    address = await agent.start()
    panel = PanelClient(address.url, ORIGIN, MemoryKeys())
    try:
        await asyncio.to_thread(panel.pair, lambda code: None)
        assert await asyncio.to_thread(panel.credentials) == []
        token = await agent.desk.only_token()
        made = await agent.desk.request(token, typed(softhsm), DOCTOR, KeySpec.EC_P256)
        openssl_verifies(made.request, tmp_path)
        now = datetime.now(UTC)
        authority = DemoAuthority(now=now - timedelta(days=1))
        issued = authority.issue(made.spki, PLAIN_DOCTOR, not_before=now - timedelta(hours=1))
        await agent.desk.store_certificate(token, typed(softhsm), issued)
        (listed,) = await asyncio.to_thread(panel.credentials)
        document = Document(id="rx", media_type="text/plain", content="نسخه".encode())
        signed = await asyncio.to_thread(panel.sign, [document])
    finally:
        panel.close()
        await agent.stop()
    assert listed.id == x509.read(issued).id
    assert signed.state is RequestState.FINISHED
    assert agent.desk.requests() == ()


def typed(token: SoftHsm) -> Secret:
    return Secret(pin=Pin(token.pin))


def openssl_verifies(request: bytes, folder: Path) -> None:
    file = folder / "request.der"
    file.write_bytes(request)
    said = subprocess.run(
        ["openssl", "req", "-verify", "-noout", "-inform", "DER", "-in", file],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "verify OK" in said.stdout + said.stderr
