"""A PIN on its way from the person to the worker, and nowhere else.

Not a vault: Python cannot promise to wipe memory. What this promises is that no repr, log line, traceback
or pickle shows it by accident.
"""

from __future__ import annotations

from typing import NoReturn


class Pin:
    """The UTF-8 bytes of a PIN. Read them once, where they are written to the worker."""

    __slots__ = ("_octets",)

    def __init__(self, text: str) -> None:
        self._octets = bytearray(text.encode())

    def reveal(self) -> bytes:
        """The PIN's UTF-8 bytes, for the worker's pipe only."""
        return bytes(self._octets)

    def forget(self) -> None:
        """Overwrite the bytes held here; copies made by `reveal` are their maker's."""
        self._octets[:] = bytes(len(self._octets))
        self._octets.clear()

    def __repr__(self) -> str:
        return "<Pin>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a PIN is not pickled")
