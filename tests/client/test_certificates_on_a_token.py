"""The whole agent on a SoftHSM token: a panel has a key made, an authority certifies it, and it signs.

The authority is `openssl`, which also says whether the request verifies.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signer import x509
from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.loadable import ModuleChoice
from signer.client import MemoryKeys, PanelClient
from signer.endpoint.certificate_messages import CertificateRequestAnswer
from signer.model.applicant import Applicant, KeyType
from signer.model.request import Document, RequestState
from signer.platform.folders import folders_under
from signer.verify.cades import verify
from tests.softhsm import SoftHsm, profile

ORIGIN = "https://panel.example"
DOCTOR = Applicant(
    given_name="سارا",
    surname="نمونه",
    national_code="0012345679",
    council_number="123456",
    centre="مطب ونک",
    province="تهران",
)


class Authority:
    """A certification authority in a folder, by openssl alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem"),
            *("-subj", "/CN=Sample CA", "-days", "30", "-addext", "keyUsage=critical,keyCertSign"),
        )
        self.root = self._der("ca.pem")

    def subject(self, request: bytes) -> str:
        """The subject of a request whose signature verifies."""
        (self._folder / "request.der").write_bytes(request)
        said = self._openssl(
            *("req", "-inform", "DER", "-in", "request.der", "-verify", "-noout", "-subject"),
            *("-nameopt", "utf8,sep_comma_plus,sname"),
        )
        assert "verify OK" in said
        return said

    def issue(self, request: bytes) -> bytes:
        """A certificate for it, DER, with the extensions that it asks for."""
        (self._folder / "request.der").write_bytes(request)
        self._openssl("req", "-inform", "DER", "-in", "request.der", "-out", "request.pem")
        self._openssl(
            *("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20"),
            *("-set_serial", "7", "-copy_extensions", "copyall", "-out", "issued.pem"),
        )
        return self._der("issued.pem")

    def _der(self, name: str) -> bytes:
        self._openssl("x509", "-in", name, "-outform", "DER", "-out", f"{name}.der")
        return (self._folder / f"{name}.der").read_bytes()

    def _openssl(self, *arguments: str) -> str:
        done = subprocess.run(["openssl", *arguments], cwd=self._folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).decode()


@asynccontextmanager
async def agent_at(token: SoftHsm, folder: Path) -> AsyncIterator[tuple[Agent, ScriptedDoctor, str]]:
    doctor = ScriptedDoctor(token.pin)
    agent = Agent(
        consent=doctor,
        modules=(ModuleChoice(path=token.module, profile=profile(), env=token.env),),
        folders=folders_under(folder),
        ports=(0,),
    )
    address = await agent.start()
    try:
        yield agent, doctor, address.url
    finally:
        await agent.stop()


@pytest.mark.parametrize("key", [KeyType.RSA_2048, KeyType.EC_P256], ids=lambda key: key.value)
async def test_a_key_is_made_certified_kept_and_signs(softhsm: SoftHsm, tmp_path: Path, key: KeyType) -> None:
    authority = await asyncio.to_thread(Authority, tmp_path / "ca")
    async with agent_at(softhsm, tmp_path / "agent") as (agent, doctor, url):
        (anchors := tmp_path / "agent" / "data" / "anchors").mkdir(parents=True, exist_ok=True)
        panel = PanelClient(url, ORIGIN, MemoryKeys())

        def requested() -> CertificateRequestAnswer:
            panel.pair(lambda code: None)
            return panel.request_certificate(DOCTOR, key, idempotency_key="c-1")

        def certified(request: bytes) -> tuple[str, str]:
            subject = authority.subject(request)
            kept = panel.store_certificate(authority.issue(request), [authority.root])
            assert kept.state is RequestState.FINISHED, kept.problem
            return subject, str(kept.credential)

        try:
            made = await asyncio.to_thread(requested)
            assert made.state is RequestState.FINISHED, made.problem
            again = await asyncio.to_thread(panel.request_certificate, DOCTOR, key, idempotency_key="c-1")
            assert (again.id, again.request) == (made.id, made.request)
            (waiting,) = agent.desk.requests()
            assert (waiting.origin, waiting.applicant, waiting.finished) == (ORIGIN, DOCTOR, True)

            assert isinstance(made.request, bytes)
            subject, credential = await asyncio.to_thread(certified, made.request)
            for part in ("C=IR", "O=مطب ونک", "title=نظام پزشکی 123456", "serialNumber=0012345679"):
                assert part in subject.replace(" = ", "=")
            assert agent.desk.requests() == ()

            document = Document(id="rx-1", media_type="text/plain", content=b"for the first time")
            signed = await asyncio.to_thread(panel.sign, [document], credential=credential)
            assert signed.state is RequestState.FINISHED, signed.documents
        finally:
            panel.close()
    signature = signed.documents[0].signature
    assert isinstance(signature, bytes)
    anchor = x509.read(authority.root)
    verdict = verify(signature, content=document.content, media_type=document.media_type, anchors=(anchor,))
    assert verdict.reason is None
    asked = list(doctor.token_questions)
    assert [question.makes_key for question in asked] == [True, False]
    assert {question.origin for question in asked} == {ORIGIN}
    warned = [finding.code for finding in asked[1].sheets[0].needs_yes]
    assert warned == ["issuer-not-trusted"]
    assert anchors.is_dir()
