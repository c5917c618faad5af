"""Which version of the data folder this is: older data is brought forward, newer data is never touched.

The marker is for all that is kept together, pairings and preferences as much as the journal, which has a
version of its own besides. Whoever changes a file so that an older program would misread or drop something
adds a step to `STEPS`. What the folder's files mean is their own modules'.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from signer.model.errors import DataNewer, FileUnusable
from signer.platform.private_files import read_private, write_private

FILE = "version.json"

#: What makes each version out of the one before, in order. A step may be cut off by a power failure, and is
#: then run again: it must take the folder half done. It replaces files whole and deletes last.
STEPS: tuple[Callable[[Path], None], ...] = (
    lambda _: None,  # 1: everything before had no marker, and is as version 1 has it
)


class Marker(msgspec.Struct, frozen=True):
    """`program` is the version that wrote it, for the sentence that names it. Later ones may say more."""

    version: int
    program: str = ""


def check(folder: Path, known: int = len(STEPS)) -> int:
    """The version of what is in `folder`, 0 without a marker. Nothing is written.

    Raises `DataNewer` where this program does not know it, `FileUnusable` where the marker cannot be read.
    """
    try:
        octets = read_private(folder / FILE)
        marker = Marker(version=0) if octets is None else msgspec.json.decode(octets, type=Marker)
    except (OSError, msgspec.DecodeError) as fault:
        raise FileUnusable(f"{FILE}: {type(fault).__name__}") from fault
    if marker.version > known:
        raise DataNewer(f"data of version {marker.version}, by {marker.program[:40]!a}; known are {known}")
    return marker.version


def bring_forward(
    folder: Path, program: str, steps: tuple[Callable[[Path], None], ...] = STEPS
) -> tuple[int, int]:
    """Run the steps that are missing, one after the other, and mark each; the versions before and after.

    Called by who holds the folder's lock. Raises as `check`, and OSError from a step or the disk: the folder
    then stands at the last step that was marked.
    """
    before = version = check(folder, len(steps))
    for step in steps[before:]:
        step(folder)
        version += 1
        write_private(folder / FILE, msgspec.json.encode(Marker(version=version, program=program)))
    return before, version
