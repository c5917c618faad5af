"""Where the agent keeps things: data that lasts, and what lives as long as the session.

Demo and tests give folders of their own as arguments. No environment variable of ours moves them.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from signer.platform.private_files import private_folder

NAME = "mohr"


class Folders(Struct, frozen=True, kw_only=True):
    """Both exist and are private to the user (0700)."""

    data: Path
    runtime: Path

    @property
    def endpoint_file(self) -> Path:
        """Where the endpoint tells local tools its port."""
        return self.runtime / "endpoint.json"


def user_folders() -> Folders:
    """The user's own folders, as the platform has them. Raises `NotPrivate`, OSError."""
    from platformdirs import PlatformDirs

    places = PlatformDirs(NAME, appauthor=False, roaming=False)
    return Folders(
        data=private_folder(places.user_data_path), runtime=private_folder(places.user_runtime_path)
    )


def folders_under(base: Path) -> Folders:
    """Folders of their own under `base`, for a demo or a test. Raises `NotPrivate`, OSError."""
    return Folders(data=private_folder(base / "data"), runtime=private_folder(base / "runtime"))
