"""Runs the panel SDK's own tests under Node, and holds its table of codes against the agent's catalogue."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import playwright

from signer.model.errors import catalogue

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
#: The Node that Playwright brings: pinned with it, where a system's own may be years older or absent.
NODE = Path(playwright.__file__).parent / "driver" / "node"


def node(*arguments: str) -> str:
    """Node's output. Fails the test where Node says no, and leaves no process of a test file behind."""
    running = subprocess.Popen(
        [NODE, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, problems = running.communicate(timeout=110)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 0, out + problems
    return out


def test_the_sdk_passes_its_own_tests_under_node() -> None:
    files = sorted(str(path.relative_to(ROOT)) for path in HERE.glob("*.test.mjs"))
    report = node("--test", *files)
    assert "# fail 0" in report or "\u2139 fail 0" in report
    assert "# skipped 0" in report or "\u2139 skipped 0" in report


def test_the_sdk_calls_retriable_what_the_agent_calls_retriable() -> None:
    script = "import('./signer/panel/errors.js').then((m) => console.log(JSON.stringify([...m.RETRIABLE])))"
    found = set(json.loads(node("-e", script)))
    of_the_page_alone = {
        "no-answer",
        "no-answer-safari",
        "permission-pending",
        "agent-lost",
        "answer-unverified",
        "bridge-silent",
    }
    of_the_agent = {cls.code for cls in catalogue() if cls.retriable and cls.status is not None}
    assert found == of_the_agent | of_the_page_alone
