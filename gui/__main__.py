"""`mohr-desktop`: the agent with its window, for the user who starts it. A composition root.

Nothing heavy is imported here: the agent's thread starts first, and Qt comes after it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gui.app import run
from gui.hosting import HostedAgent
from signer.cli.logbook import begin
from signer.platform.autostart import autostart_folder
from signer.platform.display import has_display
from signer.platform.folders import user_data

if TYPE_CHECKING:
    from signer.cli.assembly import Agent
    from signer.service.consent import ConsentSurface


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the doctor quits; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="mohr-desktop", description="Signs prescriptions, with a window to ask in."
    )
    parser.add_argument("--hidden", action="store_true", help="begin in the tray, where there is one")
    options = parser.parse_args(arguments)
    if not has_display() and "QT_QPA_PLATFORM" not in os.environ:
        print("mohr-desktop: there is no display here; `mohr agent` asks in the terminal", file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    begin(user_data())
    return run(
        lambda consent: HostedAgent(_agent, consent),
        preferences_path=user_data() / "desktop.json",
        hidden=options.hidden,
        autostart=autostart_folder(),
        welcome=True,
    )


def _agent(consent: ConsentSurface) -> Agent:
    from signer.cli.assembly import Agent

    return Agent(consent=consent)


if __name__ == "__main__":
    sys.exit(main())
