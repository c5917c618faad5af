"""A whole agent with a timestamp authority and a CRL outside: a panel asks for B-T and B-LT and gets them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms as other_cms

from drivers.types import KeySpec
from signer.cli.assembly import Agent
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.loadable import ModuleChoice
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from signer.endpoint.messages import RequestAnswer
from signer.model.policy import NetSettings, Policy, Tsa
from signer.model.request import Document, Level, SignatureFormat
from signer.platform.folders import folders_under
from tests import outside, pki, tsa
from tests import softhsm as hsm
from tests.openssl import verified_content
from tests.outside import Reply, Server

CONTENT = "آموکسی‌سیلین 500 mg".encode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server().running() as running:
        running.serve("/tsa", tsa.OpensslTsa(tmp_path / "tsa"))
        running.serve("/crl", outside.crl())
        yield running


@pytest.fixture
async def policy(tmp_path: Path, server: Server) -> Policy:
    """The clinic's: its authorities, and the folder with the root that no certificate here points to."""
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    outside.write_pem(anchors / "root.pem", pki.authority().certificate)
    return Policy(
        anchors=str(anchors),
        net=NetSettings(tsa=(Tsa(url=f"{server.url}/tsa"),), crls=(f"{server.url}/crl",), proxy="none"),
    )


def document(level: Level, kind: SignatureFormat = SignatureFormat.CADES) -> Document:
    return Document(
        id=f"{kind.value} {level.value}", media_type="text/plain", content=CONTENT, level=level, format=kind
    )


async def test_a_panel_gets_the_levels_that_it_asked_for(
    tmp_path: Path, softhsm: hsm.SoftHsm, server: Server, policy: Policy
) -> None:
    keys = {b"\x01": KeySpec.RSA_2048}
    await hsm.certify(softhsm, keys, PLAIN_DOCTOR, datetime.now(UTC), pki.authority())
    choice = ModuleChoice(path=softhsm.module, profile=hsm.profile(), env=softhsm.env)
    agent = Agent(
        consent=ScriptedDoctor(softhsm.pin),
        modules=(choice,),
        folders=folders_under(tmp_path / "agent"),
        policy=policy,
        ports=(0,),
    )
    address = await agent.start()
    try:
        wanted = [
            document(Level.B_B),
            document(Level.B_T),
            document(Level.B_LT),
            document(Level.B_B, SignatureFormat.CMS),
        ]
        panel = PanelClient(address.url, "https://panel.example", MemoryKeys())
        await asyncio.to_thread(panel.pair, lambda code: None)
        first = await asyncio.to_thread(panel.sign, wanted)
        assert [one.level for one in first.documents] == ["B-B", "B-T", "B-LT", "B-B"]
        server.serve("/tsa", Reply(status=503))
        second = await asyncio.to_thread(panel.sign, [document(Level.B_T), document(Level.B_LT_IF_POSSIBLE)])
        panel.close()
    finally:
        await agent.stop()
    _accepted_by_openssl(tmp_path, first)
    data = other_cms.ContentInfo.load(_signature(first, 2), strict=True)["content"]
    assert len(data["certificates"]) == 3, "the doctor's, the root's and the timestamp authority's"
    assert len(data["crls"]) == 1
    failed, lower = second.documents
    assert (failed.state.value, lower.level) == ("failed", "B-B")
    assert "tsa-unreachable" in repr(failed.problem)
    assert server.asked["/crl"] == 1, "one list for both chains, fetched once"


def _signature(answer: RequestAnswer, place: int) -> bytes:
    signature = answer.documents[place].signature
    assert isinstance(signature, bytes)
    return signature


def _accepted_by_openssl(folder: Path, answer: RequestAnswer) -> None:
    anchor = pki.authority().write(folder)
    for place in range(3):
        (folder / "signature").write_bytes(_signature(answer, place))
        assert verified_content(folder / "signature", anchor) == CONTENT
