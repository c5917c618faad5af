"""A paired panel at a benchmark agent: one request, or a batch of 250, from post to fetched results."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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


@contextmanager
def running_agent(base: Path, *, opened: bool = False) -> Iterator[tuple[int, int]]:
    """A benchmark agent in `base`: its process id, and the port on which it listens for http.

    Its journal begins empty: what earlier runs filled would make a run slower than the one before it.
    `opened`: its doctor keeps the token open.
    """
    shutil.rmtree(base / ("agent-open" if opened else "agent") / "data" / "journal", ignore_errors=True)
    command = [sys.executable, "-m", "tests.bench.agent", str(base), *(["--open"] if opened else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        assert agent.stdin is not None
        try:
            yield agent.pid, int(agent.stdout.readline().rpartition(":")[2])
        finally:
            agent.stdin.close()
            agent.wait(30)


class BenchPanel:
    """Starts the agent's process, pairs, and asks for signatures over real-shaped prescriptions."""

    def __init__(self, base: Path, *, opened: bool = False) -> None:
        self._running = ExitStack()
        self._pid, self._port = self._running.enter_context(running_agent(base, opened=opened))
        url = f"http://127.0.0.1:{self._port}"
        self._client = PanelClient(url, "https://bench.example", MemoryKeys())
        self._client.pair(lambda code: None)
        for number in range(250):
            self.document(number)
        self._credentials = {c.key: c.id for c in self._client.credentials()}

    @property
    def port(self) -> int:
        """Where the agent listens for http; https is the port above."""
        return self._port

    def credential(self, key: KeyKind) -> str:
        """The id of the certificate for that key."""
        return self._credentials[key]

    @property
    def agent_pid(self) -> int:
        """The agent's process id."""
        return self._pid

    def sign(self, count: int, key: KeyKind = KeyKind.RSA) -> None:
        """Post, wait, fetch. Every document must come back signed."""
        documents = [self.document(number) for number in range(count)]
        answer = self._client.sign(documents, credential=self._credentials[key])
        assert all(d.state is DocumentState.SIGNED for d in answer.documents), answer.state

    @staticmethod
    @lru_cache(maxsize=1024)
    def document(number: int) -> Document:
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
        self._running.close()
