"""An agent in a process of its own for the benchmark: scripted doctor, the benchmark's token, any free port.

`python -m tests.bench.agent FOLDER` prints its address and ends when its standard input does. With `--card`
its tokens are what stands in the virtual readers that the environment leads to.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.platform.folders import folders_under
from tests import softhsm
from tests.bench.place import make_place, opensc


async def serve(base: Path, *, card: bool) -> None:
    """Serve until standard input ends."""
    agent = Agent(
        consent=ScriptedDoctor(softhsm.PIN),
        modules=(opensc() if card else make_place(base).choice(),),
        folders=folders_under(base / "agent"),
        ports=(0,),
    )
    address = await agent.start()
    print(address.url, flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await agent.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).absolute(), card="--card" in sys.argv))
