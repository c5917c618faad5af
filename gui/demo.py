"""The demo's desktop: the real window and agent on the demo token, for `mohr demo` alone. A composition root.

It admits one loopback origin, the demo panel's. The normal start cannot reach it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gui.app import run
from gui.hosting import HostedAgent
from signer.cli.demo.run import prepare
from signer.model.policy import Policy
from signer.platform.folders import folders_under

if TYPE_CHECKING:
    from signer.cli.assembly import Agent
    from signer.service.consent import ConsentSurface


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the window is closed; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m gui.demo")
    parser.add_argument("--folder", type=Path, required=True, help="the demo's folder")
    parser.add_argument("--panel", required=True, help="the demo panel's origin")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    _, module = asyncio.run(prepare(options.folder))
    folders = folders_under(options.folder / "agent")

    def agent(consent: ConsentSurface) -> Agent:
        from signer.cli.assembly import Agent
        from signer.platform.screen_lock import screen_to_watch

        return Agent(
            consent=consent,
            modules=(module,),
            folders=folders,
            policy=Policy(loopback_origins=(options.panel,)),
            screen=screen_to_watch(),
        )

    return run(
        lambda consent: HostedAgent(agent, consent),
        preferences_path=folders.data / "desktop.json",
    )


if __name__ == "__main__":
    sys.exit(main())
