"""`mohr agent`: the agent without a window. Consent is asked in the terminal that it runs in."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path

from signer.cli.assembly import Agent
from signer.cli.logbook import begin
from signer.cli.terminal import TerminalConsent
from signer.model.errors import MohrError
from signer.model.text import visible
from signer.platform.folders import user_data


def run() -> int:
    """Serve until interrupted; 1 where it could not start.

    Without a terminal it serves too, and requests end in consent-surface-missing.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_PlainLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        begin(user_data())
        asyncio.run(_serve())
    except MohrError as problem:
        print(f"mohr agent: {problem.en} {problem.en_remedy} [{problem.code}]", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"mohr agent: {visible(str(problem))}", file=sys.stderr)
        return 1
    return 0


class _PlainLines(logging.Formatter):
    """The log shares the terminal with the questions, so what it quotes must not move the cursor either."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(visible, super().format(record).splitlines()))


async def _serve() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    agent = Agent(consent=TerminalConsent(), home=Path.home())
    address = await agent.start()
    try:
        # A terminal that was closed meanwhile ends the agent by its signal, and is no failure of it.
        with suppress(OSError):
            print(f"Mohr answers at {address.url}. Ctrl-C ends it.", flush=True)
        await stopping.wait()
    finally:
        await agent.stop()
