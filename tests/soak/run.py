"""One long run: a panel has thousands of texts signed while the module fails at random moments, in every way.

Whatever fails, a document is signed, or has a typed problem and is posted again under a new key. The same key
gives the same answer again. Now and then, in the first half, the agent itself is killed and started again,
and the same key completes what was in hand. What is counted is judged by `Figures.faults`.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import threading
from collections.abc import Callable
from pathlib import Path

from msgspec import UNSET, Struct

from drivers.types import Limits
from signer.client.errors import AgentNotFound
from signer.endpoint.messages import DocumentAnswer, RequestAnswer
from signer.model.request import Document, DocumentState
from tests.bench.process import allocated_mb
from tests.fault.agent import FaultyAgent
from tests.fault.table import Fault

LIMITS = Limits(load=10.0, read=2.0, login=2.0, sign=2.0)
_BATCH = 60
# How probable it is that the module fails during a request, and that the agent is killed; once it surely is.
_TROUBLED, _KILLED = 0.5, 0.03
_KILLED_AT = 3
#: How far apart the least and the most memory of the last half may be.
FLAT = 0.10
_FAULTS = (
    Fault.CRASH,
    Fault.EXIT,
    Fault.HANG,
    Fault.DEVICE_REMOVED,
    Fault.DEVICE_ERROR,
    Fault.GENERAL_ERROR,
    Fault.VENDOR_CODE,
    Fault.FORK,
)
_CALLS = (
    "C_GetSlotList",
    "C_GetTokenInfo",
    "C_OpenSession",
    "C_Login",
    "C_FindObjects",
    "C_SignInit",
    "C_Sign",
)


class Figures(Struct, kw_only=True):
    """What was counted. `memory` is the agent's allocated MB after each request of the last half."""

    seed: int
    wanted: int
    requests: int = 0
    posted: int = 0
    signed: int = 0
    failed: dict[str, int] = {}
    kills: int = 0
    lost: list[str] = []
    doubled: list[str] = []
    journal: str = ""
    memory: list[float] = []

    @property
    def spread(self) -> float:
        """How far memory moved in the last half, as a part of its median."""
        return (max(self.memory) - min(self.memory)) / statistics.median(self.memory)

    def faults(self) -> list[str]:
        """Everything that must not have happened."""
        conduct = {
            f"lost: {self.lost}": not self.lost,
            f"doubled: {self.doubled}": not self.doubled,
            f"the journal: {self.journal}": not self.journal,
            "not all were signed in the end": self.signed >= self.wanted,
        }
        return [what for what, right in conduct.items() if not right]


class Soak:
    """A run in an empty folder."""

    def __init__(self, folder: Path, wanted: int, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._figures = Figures(seed=seed, wanted=wanted)
        self._released: dict[tuple[str, str], set[bytes]] = {}
        self._left: list[Document] = []
        self._named = 0

    def run(self, tell: Callable[[Figures], None]) -> Figures:
        """Until `wanted` documents are signed; `tell` is called after each request."""
        figures = self._figures
        with FaultyAgent(self._folder, LIMITS) as agent:
            while figures.signed < figures.wanted or self._left:
                self._one_request(agent)
                if figures.signed >= figures.wanted / 2:
                    figures.memory.append(allocated_mb(agent.pid))
                tell(figures)
        figures.journal = self._ask_the_journal()
        return figures

    def _one_request(self, agent: FaultyAgent) -> None:
        figures, key = self._figures, f"soak-{self._figures.requests}"
        documents = self._documents()
        figures.requests += 1
        figures.posted += len(documents)
        trouble = self._plan_trouble(agent)
        trouble.start()
        try:
            answer = self._answer(agent, documents, key)
        finally:
            trouble.cancel()
            trouble.join()
            agent.module.heal()
        again = self._answer(agent, documents, key)
        told = {d.id: _told(d) for d in answer.documents}
        figures.lost += [f"{key} {d.id}" for d in documents if told.get(d.id) is None]
        figures.lost += [f"{key} {d.id} told anew" for d in again.documents if _told(d) != told.get(d.id)]
        for one in (*answer.documents, *again.documents):
            if one.signature is not UNSET:
                self._released.setdefault((key, one.id), set()).add(one.signature)
        self._left = [d for d in documents if told.get(d.id) != DocumentState.SIGNED.value]
        figures.signed += len(documents) - len(self._left)
        for document in self._left:
            code = str(told.get(document.id))
            figures.failed[code] = figures.failed.get(code, 0) + 1

    def _documents(self) -> list[Document]:
        """What failed before, and some new ones as long as they are wanted."""
        open_ = self._figures.wanted - self._figures.signed - len(self._left)
        fresh = []
        for _ in range(max(0, min(self._random.randint(1, _BATCH), open_))):
            self._named += 1
            name = f"text {self._named}"
            fresh.append(Document(id=name, media_type="text/plain", content=name.encode()))
        return self._left + fresh

    def _plan_trouble(self, agent: FaultyAgent) -> threading.Timer:
        """Something that goes wrong at some moment of a request, or nothing."""
        chance, moment = self._random.random(), self._random.uniform(0, 0.25)
        call, fault = self._random.choice(_CALLS), self._random.choice(_FAULTS)
        if self._random.random() < 0.15:
            call, fault = "C_Sign", Fault.WRONG_SIGNATURE
        first_half = self._figures.signed < self._figures.wanted * 0.4
        if self._figures.requests == _KILLED_AT or (first_half and chance < _KILLED):
            self._figures.kills += 1
            return threading.Timer(moment, agent.kill)
        if chance < _TROUBLED:
            return threading.Timer(moment, agent.module.fail, (call, fault.value))
        return threading.Timer(moment, agent.module.heal)

    def _answer(self, agent: FaultyAgent, documents: list[Document], key: str) -> RequestAnswer:
        """The end of the request, asked for again where the agent was killed meanwhile."""
        try:
            return agent.panel.sign(documents, idempotency_key=key, timeout=120)
        except AgentNotFound:
            agent.restart()
            return agent.panel.sign(documents, idempotency_key=key, timeout=120)

    def _ask_the_journal(self) -> str:
        """What in the journal does not agree with what the panel was given."""
        self._figures.doubled = [f"{key}" for key, given in self._released.items() if len(given) > 1]
        journal = sqlite3.connect(self._folder / "agent" / "data" / "journal" / "journal.db")
        try:
            rows = journal.execute(
                "SELECT idempotency_key, document_id FROM entry JOIN released USING (sequence)"
                " WHERE kind = 'seal'"
            ).fetchall()
        finally:
            journal.close()
        sealed: set[tuple[str, str]] = set()
        for key, document in rows:
            if (key, document) in sealed:
                return f"two seals for {key} {document}"
            sealed.add((key, document))
        if sealed != self._released.keys():
            return f"{len(sealed)} seals, {len(self._released)} documents with a signature"
        return ""


def _told(document: DocumentAnswer) -> str | None:
    """SIGNED with a signature, or the problem's code; None for anything else."""
    if document.state is DocumentState.SIGNED:
        return document.state.value if document.signature is not UNSET else None
    return document.problem.code if document.problem is not UNSET else None
