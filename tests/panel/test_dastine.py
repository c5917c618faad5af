"""A page written for Dastine beside the whole agent and a SoftHSM token; its signatures are verified."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from drivers.types import KeySpec
from signer import x509
from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.demo.people import PRACTICES
from signer.cli.loadable import ModuleChoice
from signer.platform.folders import folders_under
from signer.verify import Indication, verify
from tests.panel.test_sdk import node
from tests.softhsm import SoftHsm, certify, profile


async def test_dastines_calls_give_signatures_that_verify_and_sha1_and_pins_are_refused(
    softhsm: SoftHsm, tmp_path: Path
) -> None:
    anchor = await certify(softhsm, {b"\x01": KeySpec.RSA_2048}, PRACTICES[0].subject, datetime.now(UTC))
    agent = Agent(
        consent=ScriptedDoctor(softhsm.pin),
        modules=(ModuleChoice(path=softhsm.module, profile=profile(), env=softhsm.env),),
        folders=folders_under(tmp_path / "agent"),
        ports=(0,),
    )
    address = await agent.start()
    try:
        said = json.loads(await asyncio.to_thread(node, "tests/panel/legacy_page.mjs", str(address.port)))
    finally:
        await agent.stop()
    assert said["installed"] is True
    assert (said["Reset"]["Result"], said["Select"]["Result"]) == ("0", "0")
    anchors = (x509.read(anchor),)
    document = base64.b64decode(said["document"])
    attached = verify(base64.b64decode(said["CmsSign"]["Result"]), anchors=anchors)
    assert (attached.indication, attached.content) == (Indication.VALID, document)
    assert base64.b64decode(said["Certificate"]["Result"]) == attached.certificate
    detached = verify(base64.b64decode(said["Sign"]["Result"]), content=document, anchors=anchors)
    assert detached.indication is Indication.VALID
    assert (said["Sha1"]["Result"], said["Sha1"]["mohr"]["code"]) == ("12", "hash-not-offered")
    assert "SHA256" in said["Sha1"]["mohr"]["remedy"]
    assert (said["SetPIN"]["Result"], said["SetPIN"]["mohr"]["code"]) == ("19", "secret-in-page")
