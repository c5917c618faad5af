"""Files that a person has exported: whether one can be written, and writing it whole."""

from __future__ import annotations

from pathlib import Path

from signer.model.errors import FileUnusable


def check_writable(path: Path) -> None:
    """See beforehand that `path` can be written, and leave nothing there. Raises `FileUnusable`."""
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as fault:
        raise FileUnusable(type(fault).__name__) from fault


def write_export(path: Path, octets: bytes) -> None:
    """Write the file. Raises `FileUnusable`."""
    try:
        path.write_bytes(octets)
    except OSError as fault:
        raise FileUnusable(type(fault).__name__) from fault
