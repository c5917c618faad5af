"""The desktop on the demo token, for tests: `python -m tests.desktop.agent TOKEN FOLDER`. A composition root.

As `gui.__main__`, but with folders and a token of its own and on any free port, which it writes where every
agent writes it. It admits what the normal start admits and no more.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gui.app import run
from gui.hosting import HostedAgent
from signer.cli.demo.run import prepare
from signer.platform.folders import folders_under

if TYPE_CHECKING:
    from signer.cli.assembly import Agent
    from signer.service.consent import ConsentSurface


def main(token: Path, folder: Path) -> int:
    """Run until the window is closed; the process's exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    _, module = asyncio.run(prepare(token))
    folders = folders_under(folder)

    def agent(consent: ConsentSurface) -> Agent:
        from signer.cli.assembly import Agent

        return Agent(consent=consent, modules=(module,), folders=folders, ports=(0,))

    return run(lambda consent: HostedAgent(agent, consent), preferences_path=folders.data / "desktop.json")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
