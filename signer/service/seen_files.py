"""Which signed file of each key was accepted last, so that none goes back: a small file of the user's."""

from __future__ import annotations

from pathlib import Path

import msgspec

from signer.model.errors import FileUnusable
from signer.platform.private_files import read_private, write_private
from signer.verify.dated import Seen


class SeenFiles(msgspec.Struct, frozen=True):
    """One kind of signed file. Both raise `FileUnusable`."""

    file: Path

    def last(self, key_id: str) -> Seen | None:
        """That of this key; None where none was."""
        return self._all().get(key_id)

    def remember(self, key_id: str, seen: Seen) -> None:
        """From now on; writes nothing where nothing is new."""
        before = self._all()
        if before.get(key_id) == seen:
            return
        try:
            write_private(self.file, msgspec.json.encode({**before, key_id: seen}))
        except OSError as fault:
            raise self._unusable(fault) from fault

    def _all(self) -> dict[str, Seen]:
        try:
            return msgspec.json.decode(read_private(self.file) or b"{}", type=dict[str, Seen])
        except (OSError, msgspec.MsgspecError) as fault:
            raise self._unusable(fault) from fault

    def _unusable(self, fault: Exception) -> FileUnusable:
        return FileUnusable(f"{self.file.name}: {type(fault).__name__}")
