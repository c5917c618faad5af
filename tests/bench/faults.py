"""What a faulty module costs: how soon after its crash a signature is done, and how late the agent answers
while it hangs. SoftHSM; seen from a panel, its own work with keys and answers included.
"""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

from drivers.types import Limits
from signer.client.errors import ProblemAnswered
from signer.endpoint.rate import BURST, PER_SECOND
from signer.model.request import Document
from tests.bench.panel import BenchPanel
from tests.bench.place import make_place
from tests.bench.process import with_children
from tests.fault.agent import FaultyAgent

_CRASHES = 20
_QUESTIONS = 150


def measure_faults(base: Path) -> dict[str, dict[str, float]]:
    """Milliseconds: median and worst from a crash to the next signature; median and 99th percentile of
    `GET /v1/agent` while C_Sign hangs.
    """
    return {"crash_to_signature": _after_crashes(base), "agent_while_hung": _while_hung()}


def _after_crashes(base: Path) -> dict[str, float]:
    lasted = []
    make_place(base)
    with BenchPanel(base) as panel:
        for _ in range(_CRASHES):
            panel.sign(1)
            (worker,) = with_children(panel.agent_pid)[1:]
            begun = time.perf_counter()
            os.kill(worker, signal.SIGSEGV)
            # What reaches the worker before its death is known is told as crashed; the panel asks again.
            try:
                panel.sign(1)
            except ProblemAnswered:
                panel.sign(1)
            lasted.append((time.perf_counter() - begun) * 1000)
    return {"ms": statistics.median(lasted), "ms worst": max(lasted)}


def _while_hung() -> dict[str, float]:
    lasted = []
    with tempfile.TemporaryDirectory() as folder, FaultyAgent(Path(folder), Limits(sign=600)) as agent:
        agent.module.fail("C_Sign", "hang")
        text = Document(id="1", media_type="text/plain", content=b"waits for ever")
        agent.panel.submit([text], idempotency_key="hangs")
        while not agent.module.reached:
            time.sleep(0.01)
        for _ in range(_QUESTIONS):
            begun = time.perf_counter()
            assert agent.panel.detect().paired
            lasted.append((time.perf_counter() - begun) * 1000)
            if len(lasted) >= BURST // 2:
                time.sleep(1 / PER_SECOND)
    lasted.sort()
    return {"ms": statistics.median(lasted), "ms p99": lasted[int(len(lasted) * 0.99)]}
