"""An agent in its own process at the faulty module, behind its real endpoint, and a panel paired with it.

`python -m tests.fault.agent FOLDER LIMITS` is that process: it prints its address and ends when its standard
input does. `FaultyAgent` starts it, and starts it again in the same folder after it was killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from drivers.types import KeySpec, Limits
from signer.cli.assembly import Agent
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.cli.demo.doctor import ScriptedDialogue, ScriptedDoctor
from signer.cli.loadable import ModuleChoice
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from signer.platform.folders import folders_under
from signer.service.consent import Approved, ConsentQuestion, Declined, Outcome
from tests import softhsm as hsm
from tests.fault.module import FaultyModule, build

ORIGIN = "https://panel.example"


class FaultyAgent:
    """The process, the panel and the module's rules; `folder` is empty."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        token = hsm.create(folder / "softhsm")
        asyncio.run(hsm.certify(token, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, datetime.now(UTC)))
        build(folder)
        self.module = _module(folder)
        self._limits = msgspec.json.encode(limits).decode()
        self._keys = MemoryKeys()
        self._process = self._begin()
        self.panel = self._connect()
        self.panel.pair(lambda code: None)

    @property
    def pid(self) -> int:
        """The agent's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Is the process there?"""
        return self._process.poll() is None

    def doctor_reads_on(self, reads_on: bool) -> None:
        """From now on, and for what is being read, the doctor gives no answer; or gives it."""
        sign = _no_answer(self.folder)
        if reads_on:
            sign.touch()
        else:
            sign.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the agent as a power cut would."""
        self._process.kill()

    def restart(self) -> None:
        """Another agent in the folder of the one that was killed; the panel finds it."""
        self._end()
        self._process = self._begin()
        self.panel = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _begin(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.fault.agent", str(self.folder), self._limits]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _connect(self) -> PanelClient:
        assert self._process.stdout is not None
        return PanelClient(self._process.stdout.readline().strip(), ORIGIN, self._keys)

    def _end(self) -> None:
        self.panel.close()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(30)


def _module(folder: Path) -> FaultyModule:
    place = folder / "softhsm"
    token = hsm.SoftHsm(place, hsm.module_path(), {"SOFTHSM2_CONF": str(place / "softhsm2.conf")})
    return FaultyModule(folder / "faulty.so", token, folder)


def _no_answer(folder: Path) -> Path:
    return folder / "no answer"


class _Doctor(ScriptedDoctor):
    """A scripted doctor who reads on for as long as the file `sign` is there."""

    def __init__(self, pin: str, sign: Path) -> None:
        super().__init__(pin)
        self._sign = sign

    def open(self, question: ConsentQuestion) -> ScriptedDialogue:
        return _Dialogue(question, self._pin, self.outcomes, self._sign)


class _Dialogue(ScriptedDialogue):
    def __init__(self, question: ConsentQuestion, pin: str, outcomes: deque[Outcome], sign: Path) -> None:
        super().__init__(question, pin, outcomes)
        self._sign = sign

    async def answer(self) -> Approved | Declined:
        while self._sign.exists():
            await asyncio.sleep(0.01)
        return await super().answer()


async def _serve(folder: Path, limits: Limits) -> None:
    token = _module(folder).token
    profile = msgspec.structs.replace(hsm.profile(), limits=limits)
    agent = Agent(
        consent=_Doctor(token.pin, _no_answer(folder)),
        modules=(ModuleChoice(path=token.module, profile=profile, env=token.env),),
        folders=folders_under(folder / "agent"),
        ports=(0,),
    )
    address = await agent.start()
    print(address.url, flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await agent.stop()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Limits)))
