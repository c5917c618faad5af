"""What authorities said, kept on disk until they say it anew. Bounded, and never believed unread.

Each item is signed by its authority and is judged again whenever it is taken out; so the folder's privacy
protects what the user looked up, not the truth of it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

MAX_FILES = 64
MAX_OCTETS = 64 * 1024 * 1024


class Cache:
    """Octets by a name, in a folder that exists. The least recently written go first; never raises OSError.

    `read` gives a file's octets or None, `write` replaces it, both for this user alone.
    """

    def __init__(
        self, folder: Path, *, read: Callable[[Path], bytes | None], write: Callable[[Path, bytes], None]
    ) -> None:
        self._folder = folder
        self._read = read
        self._write = write

    def get(self, name: str) -> bytes | None:
        """What was put under this name last, if it is still there."""
        try:
            return self._read(self._path(name))
        except OSError:
            return None

    def put(self, name: str, octets: bytes) -> None:
        """Keep it, if it fits; a folder that cannot be written keeps nothing."""
        with contextlib.suppress(OSError):
            self._write(self._path(name), octets)
            self._make_room()

    def _make_room(self) -> None:
        found = [(path, path.stat()) for path in self._folder.glob("*.der")]
        found.sort(key=lambda one: one[1].st_mtime_ns, reverse=True)
        total = 0
        for place, (path, stat) in enumerate(found):
            total += stat.st_size
            if place >= MAX_FILES or total > MAX_OCTETS:
                path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()}.der"
