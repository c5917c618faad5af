"""Starts the desktop: arguments, places, and who makes the agent. Qt is imported once the agent runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.bridge.thread import StartAgent


def main(argv: Sequence[str] | None = None, *, start_agent: StartAgent) -> int:
    """Run the desktop over the agent that `start_agent` makes; the exit status."""
    parser = argparse.ArgumentParser(prog="mohr-desktop")
    parser.add_argument("--hidden", action="store_true", help="start in the tray, where there is one")
    options = parser.parse_args(argv)

    from platformdirs import user_config_path

    from gui.app import run

    path = user_config_path("mohr", appauthor=False) / "desktop.json"
    return run(start_agent, preferences_path=path, hidden=options.hidden)
