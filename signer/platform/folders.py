"""Where the agent keeps things: data that lasts, and what lives as long as the session.

Demo and tests give folders of their own as arguments. No environment variable of ours moves them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from signer.platform import data_version
from signer.platform.private_files import private_folder

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

NAME = "mohr"


class Folders(Struct, frozen=True, kw_only=True):
    """Both private to the user (0700); they exist unless `user_places` gave them."""

    data: Path
    runtime: Path

    @property
    def endpoint_file(self) -> Path:
        """Where the endpoint tells local tools its port."""
        return self.runtime / "endpoint.json"

    @property
    def trace_file(self) -> Path:
        """Where the agent tells `mohr trace` how to ask for a recording."""
        return self.runtime / "trace.json"


def user_data() -> Path:
    """The user's own folder for what lasts, as the platform has it. Raises `NotPrivate`, OSError.

    `DataNewer` where a newer program has written it: nobody gets to a file of it past this.
    """
    folder = private_folder(_places().user_data_path)
    data_version.check(folder)
    return folder


def user_places() -> Folders:
    """Where the user's own folders are or would be, none of them made or looked at: for who only looks on."""
    data = Path(_places().user_data_path)
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        return Folders(data=data, runtime=data / "runtime")
    return Folders(data=data, runtime=Path(_places().user_runtime_path))


def user_folders() -> Folders:
    """The user's own folders, as the platform has them. Raises `NotPrivate`, OSError.

    Where a Linux session has no folder of its own (XDG_RUNTIME_DIR), as under cron or over SSH without PAM,
    what lives as long as the session stands below the data: never in a folder that everybody shares.
    """
    data = user_data()
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        return Folders(data=data, runtime=private_folder(data / "runtime"))
    return Folders(data=data, runtime=private_folder(_places().user_runtime_path))


def _places() -> PlatformDirs:
    from platformdirs import PlatformDirs

    return PlatformDirs(NAME, appauthor=False, roaming=False)


def folders_under(base: Path) -> Folders:
    """Folders of their own under `base`, for a demo or a test. Raises `NotPrivate`, OSError."""
    return Folders(data=private_folder(base / "data"), runtime=private_folder(base / "runtime"))
