"""`mohr agent`: the agent without a window. Consent is asked in the terminal that it runs in."""

from __future__ import annotations

import asyncio
import logging
import signal

from signer.cli.assembly import Agent
from signer.cli.terminal import TerminalConsent, write


def run() -> int:
    """Serve until interrupted. Without a TTY it serves too, and requests end in consent-surface-missing."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve())
    return 0


async def _serve() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    agent = Agent(consent=TerminalConsent())
    address = await agent.start()
    write(f"Mohr answers at {address.url}. Ctrl-C ends it.")
    try:
        await stopping.wait()
    finally:
        await agent.stop()
