"""`mohr-desktop`: the agent with its window, for the user who starts it. A composition root.

Nothing heavy is imported here: the agent's thread starts first, and Qt comes after it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gui.app import run
from gui.hosting import HostedAgent
from gui.preferences import begin_in
from signer.cli.logbook import begin
from signer.model.errors import DataNewer, FileUnusable
from signer.platform.autostart import autostart_folder
from signer.platform.display import has_display
from signer.platform.folders import user_data, user_places
from signer.platform.only_one import held

if TYPE_CHECKING:
    from signer.cli.assembly import Agent
    from signer.service.consent import ConsentSurface


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the doctor quits; the process's exit status."""
    options = command_line().parse_args(arguments)
    if options.address and held(user_places().data):
        return 0  # a panel asked for an agent, and one is there
    if not has_display() and "QT_QPA_PLATFORM" not in os.environ:
        print("mohr-desktop: there is no display here; `mohr agent` asks in the terminal", file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with _preferences() as preferences:
        if options.language is not None:
            begin_in(preferences, options.language)
        return run(
            lambda consent: HostedAgent(_agent, consent),
            preferences_path=preferences,
            hidden=options.hidden or options.address is not None,
            autostart=autostart_folder(),
            welcome=True,
        )


@contextmanager
def _preferences() -> Iterator[Path]:
    """Where they are kept; the log begins there too.

    Beside data that is not for this program they are kept somewhere else, and not for long: the window opens
    all the same, where the doctor reads what the matter is.
    """
    try:
        kept = user_data()
    except (DataNewer, FileUnusable):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / "desktop.json"
        return
    begin(kept)
    yield kept / "desktop.json"


def command_line() -> argparse.ArgumentParser:
    """The options. Manual page and completions are made from it."""
    parser = argparse.ArgumentParser(
        prog="mohr-desktop", description="Signs prescriptions, with a window to ask in."
    )
    parser.add_argument("--hidden", action="store_true", help="begin in the tray, where there is one")
    parser.add_argument(
        "--language", choices=("fa", "en"), help="of the first start; whoever has chosen one keeps it"
    )
    parser.add_argument(
        "address",
        nargs="?",
        type=_address,
        metavar="mohr:",
        help="what a panel opens to start Mohr; nothing that follows the colon is looked at",
    )
    return parser


def _address(text: str) -> str:
    if not text.lower().startswith("mohr:"):
        raise argparse.ArgumentTypeError("not an address of mohr:")
    return "mohr:"


def _agent(consent: ConsentSurface) -> Agent:
    from signer.cli.assembly import Agent
    from signer.platform.screen_lock import screen_to_watch

    return Agent(consent=consent, home=Path.home(), screen=screen_to_watch())


if __name__ == "__main__":
    sys.exit(main())
