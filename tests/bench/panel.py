"""A paired panel at a benchmark agent: one request, or a batch of 250, from post to fetched results."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from signer.cli.demo import people, samples
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from signer.model.credential import KeyKind
from signer.model.request import PRESCRIPTION, Document, DocumentState


class BenchPanel:
    """Starts the agent's process, pairs, and asks for signatures over real-shaped prescriptions."""

    def __init__(self, base: Path) -> None:
        command = [sys.executable, "-m", "tests.bench.agent", str(base)]
        self._agent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._agent.stdout is not None
        self._client = PanelClient(
            self._agent.stdout.readline().strip(), "https://bench.example", MemoryKeys()
        )
        self._client.pair(lambda code: None)
        for number in range(250):
            self._document(number)
        self._credentials = {c.key: c.id for c in self._client.credentials()}

    @property
    def agent_pid(self) -> int:
        """The agent's process id."""
        return self._agent.pid

    def sign(self, count: int, key: KeyKind = KeyKind.RSA) -> None:
        """Post, wait, fetch. Every document must come back signed."""
        documents = [self._document(number) for number in range(count)]
        answer = self._client.sign(documents, credential=self._credentials[key])
        assert all(d.state is DocumentState.SIGNED for d in answer.documents), answer.state

    @staticmethod
    @lru_cache(maxsize=1024)
    def _document(number: int) -> Document:
        """A prescription of its own for each number, issued some seconds apart. Made once."""
        issued = datetime.now(ZoneInfo("Asia/Tehran")) - timedelta(seconds=number)
        content = samples.tamin(issued, people.prescriber(None))
        return Document(id=f"rx-{number}", media_type=PRESCRIPTION, content=content)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        assert self._agent.stdin is not None
        self._agent.stdin.close()
        self._agent.wait(30)
        assert self._agent.stdout is not None
        self._agent.stdout.close()
