"""An agent in a process of its own for the benchmark: scripted doctor, the benchmark's token, any free port.

`python -m tests.bench.agent FOLDER` prints its address and ends when its standard input does. With `--card`
its tokens are what stands in the virtual readers that the environment leads to; with `--open` the doctor
keeps the token open for as much as may be.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.model.policy import LONGEST_SESSION, MOST_SIGNATURES
from signer.model.session_signing import Limits
from signer.platform.folders import folders_under
from tests import softhsm
from tests.bench.place import make_place, opensc
from tests.service.test_session_signing import Screen


async def serve(base: Path, *, card: bool, opened: bool) -> None:
    """Serve until standard input ends."""
    agent = Agent(
        consent=ScriptedDoctor(softhsm.PIN),
        modules=(opensc() if card else make_place(base).choice(),),
        folders=folders_under(base / ("agent-open" if opened else "agent")),
        ports=(0,),
        screen=Screen() if opened else None,
    )
    address = await agent.start()
    if opened:
        present = await agent.office.signers.credentials()
        for one in present:
            agent.office.sessions.choose(one.id, Limits(MOST_SIGNATURES, LONGEST_SESSION), present)
    print(address.url, flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await agent.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).absolute(), card="--card" in sys.argv, opened="--open" in sys.argv))
