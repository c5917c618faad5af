"""An agent in a process of its own for the benchmark: scripted doctor, demo token, any free port.

`python -m tests.bench.agent FOLDER [MODULE-ENV…]` prints its address and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.demo.run import prepare
from signer.cli.demo.token import PIN
from signer.platform.folders import folders_under


async def serve(base: Path) -> None:
    """Serve until standard input ends."""
    _, module = await prepare(base)
    agent = Agent(
        consent=ScriptedDoctor(PIN), modules=(module,), folders=folders_under(base / "bench"), ports=(0,)
    )
    address = await agent.start()
    print(address.url, flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await agent.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).absolute()))
