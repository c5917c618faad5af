"""Every cell of the matrix over the real endpoint: what comes over the wire is judged, not what went into it.

A whole agent on SoftHSM with a timestamp authority and a CRL outside; a panel's client that checks each
answer's signature; `signer.verify` and OpenSSL as the judges. The parts are looked at in tests/service.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.types import KeySpec
from signer.cli.assembly import Agent
from signer.cli.demo import samples
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.loadable import ModuleChoice
from signer.client import MemoryKeys, PanelClient, ProblemAnswered
from signer.model.policy import NetSettings, Policy, Tsa
from signer.model.request import Document, SignatureFormat
from signer.platform.folders import folders_under
from signer.service.consent import ConsentQuestion
from signer.verify import Indication, RevocationPolicy, verify
from signer.x509 import read
from tests import outside, pki, tsa
from tests import softhsm as hsm
from tests.openssl import verified_content
from tests.outside import Server
from tests.service.test_every_format import REACHED, WITHOUT_LEVELS, cells


async def test_a_panel_gets_every_cell_of_the_matrix_as_it_asked_for_it(
    tmp_path: Path, softhsm: hsm.SoftHsm
) -> None:
    now = datetime.now(UTC)
    await hsm.certify(softhsm, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, now, pki.authority())
    root, anchor = read(pki.authority().certificate), pki.authority().write(tmp_path)
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    outside.write_pem(anchors / "root.pem", root.der)
    asked: list[ConsentQuestion] = []
    with Server().running() as server:
        server.serve("/tsa", tsa.OpensslTsa(tmp_path / "tsa"))
        server.serve("/crl", outside.crl())
        agent = Agent(
            consent=ScriptedDoctor(softhsm.pin, asked.append),
            modules=(ModuleChoice(path=softhsm.module, profile=hsm.profile(), env=softhsm.env),),
            folders=folders_under(tmp_path / "agent"),
            policy=Policy(
                anchors=str(anchors),
                net=NetSettings(
                    tsa=(Tsa(url=f"{server.url}/tsa"),), crls=(f"{server.url}/crl",), proxy="none"
                ),
            ),
            ports=(0,),
        )
        address = await agent.start()
        panel = PanelClient(address.url, "https://panel.example", MemoryKeys())
        try:
            await asyncio.to_thread(panel.pair, lambda code: None)
            documents = cells(samples.free(now, pki.leaf().holder))
            answer = await asyncio.to_thread(panel.sign, documents)
            empty = Document(
                id="rx", media_type="application/xml", content=b"<rx/>", format=SignatureFormat.XADES
            )
            with pytest.raises(ProblemAnswered, match="document-refused"):
                await asyncio.to_thread(panel.sign, [empty])
        finally:
            panel.close()
            await agent.stop()
    assert len(asked) == 1, "what no format can carry is refused before the doctor is asked"
    for document, signed in zip(documents, answer.documents, strict=True):
        assert (signed.id, signed.state.value) == (document.id, "signed"), signed
        octets = signed.signature
        assert isinstance(octets, bytes)
        content = None if document.attached else document.content
        report = verify(
            octets,
            content=content,
            anchors=(root,),
            revocation=RevocationPolicy.SKIP,
        )
        assert report.indication is Indication.VALID, (document.id, report.findings)
        assert signed.level == REACHED.get(document.level, document.level.value), document.id
        assert report.level == (None if document.format in WITHOUT_LEVELS else signed.level), document.id
        assert (report.proven_at is not None) is (signed.level != "B-B"), document.id
        if document.format is SignatureFormat.CADES:
            (tmp_path / "signature").write_bytes(octets)
            (tmp_path / "content").write_bytes(document.content)
            given = None if document.attached else tmp_path / "content"
            assert verified_content(tmp_path / "signature", anchor, given) == document.content
