"""The whole thread with no person: pair, post, approve by script, sign on the token, verify, report.

Every part but the doctor is the real one: the agent with its endpoint and worker, the panel's client over
loopback, the verifier on the anchors that were written beside the signatures.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, UnsetType

from signer import x509
from signer.cli.assembly import Agent
from signer.cli.demo import people, samples
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.demo.token import PIN, DemoToken
from signer.cli.loadable import ModuleChoice
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from signer.endpoint.messages import DocumentAnswer
from signer.endpoint.pairing import PairingState
from signer.endpoint.problems import Problem
from signer.model.credential import Holder
from signer.model.policy import Policy
from signer.model.request import PRESCRIPTION, Document
from signer.platform.folders import Folders
from signer.verify.cades import verify

ORIGIN = "https://demo-panel.example"

_SAMPLES: tuple[tuple[str, Callable[[datetime, Holder], bytes]], ...] = (
    ("tamin", samples.tamin),
    ("salamat", samples.salamat),
    ("free", samples.free),
)


class DocumentReport(Struct, frozen=True, kw_only=True):
    """One prescription's way. `signature` is the file written; `ms` are milliseconds of each stage."""

    id: str
    insurer: str
    format: str
    signature: str
    verdict: str
    ms: dict[str, float]


class Report(Struct, frozen=True, kw_only=True):
    """What `mohr demo --auto --json` prints."""

    documents: list[DocumentReport]
    anchors: str

    @property
    def all_valid(self) -> bool:
        """Did every signature verify?"""
        return all(document.verdict == "valid" for document in self.documents)


class _Stages:
    """Milliseconds between named moments of one request, on a monotonic clock."""

    def __init__(self) -> None:
        self._marks: list[tuple[str, float]] = []
        self.mark("start")

    def mark(self, name: str) -> None:
        self._marks.append((name, time.perf_counter()))

    def lasted(self) -> dict[str, float]:
        pairs = zip(self._marks, self._marks[1:], strict=False)
        return {name: round((at - before) * 1000, 2) for (_, before), (name, at) in pairs}


async def sign_samples(token: DemoToken, module: ModuleChoice, folders: Folders, signatures: Path) -> Report:
    """Have the three samples signed, each in a request of its own, and write `<id>.p7m` for each."""
    stages = _Stages()
    doctor = ScriptedDoctor(PIN, on_question=lambda question: stages.mark("consent"))
    agent = Agent(consent=doctor, modules=(module,), folders=folders, policy=Policy(), ports=(0,))
    address = await agent.start()
    panel = PanelClient(address.url, ORIGIN, MemoryKeys())
    reports = []
    try:
        state = await asyncio.to_thread(panel.pair, lambda code: None)
        if state is not PairingState.ACCEPTED:
            raise RuntimeError(f"the pairing ended {state.value}")
        credential = (await asyncio.to_thread(panel.credentials))[0]
        prescriber = people.prescriber(credential.centre or None)
        anchor = x509.read(ssl.PEM_cert_to_DER_cert(token.anchors.read_text()))
        for insurer, sample in _SAMPLES:
            document = Document(
                id=f"demo-{insurer}",
                media_type=PRESCRIPTION,
                content=sample(datetime.now(ZoneInfo("Asia/Tehran")), prescriber),
            )
            stages = _Stages()
            answer = await asyncio.to_thread(panel.sign, [document], credential=credential.id)
            stages.mark("signature")
            path = signatures / f"{document.id}.p7m"
            verdict = _keep_and_verify(answer.documents[0], document, path, anchor)
            stages.mark("verification")
            reports.append(
                DocumentReport(
                    id=document.id,
                    insurer=insurer,
                    format=document.format.value,
                    signature=str(path),
                    verdict=verdict,
                    ms=stages.lasted(),
                )
            )
    finally:
        panel.close()
        await agent.stop()
    return Report(documents=reports, anchors=str(token.anchors))


def _keep_and_verify(answer: DocumentAnswer, document: Document, path: Path, anchor: x509.Certificate) -> str:
    """Write the signature; `valid`, or why it is not: the verifier's reason or the problem's code."""
    if isinstance(answer.signature, UnsetType):
        return answer.problem.code if isinstance(answer.problem, Problem) else answer.state.value
    path.write_bytes(answer.signature)
    verdict = verify(
        answer.signature, content=document.content, media_type=document.media_type, anchors=(anchor,)
    )
    return "valid" if verdict.reason is None else verdict.reason.value
