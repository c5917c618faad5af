"""Where a panel keeps its key and the agent's: one pairing for each origin."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from signer.endpoint.keys import SigningKey, check_point
from signer.platform.private_files import read_private, write_private


class PinnedPairing(Struct, frozen=True, kw_only=True):
    """A panel's half of a pairing: its private key (PKCS#8 PEM) and the agent's point (65 octets)."""

    key_pem: bytes
    agent_point: bytes

    def key(self) -> SigningKey:
        """The panel's key. Raises ValueError where it is damaged."""
        check_point(self.agent_point)
        return SigningKey.from_pem(self.key_pem)


class KeyStore(Protocol):
    """Keeps the pairing of one origin."""

    def load(self) -> PinnedPairing | None:
        """What was saved last, None where there is nothing."""

    def save(self, pairing: PinnedPairing) -> None:
        """Keep a pairing in place of an earlier one."""


class MemoryKeys:
    """A store that ends with the process."""

    def __init__(self) -> None:
        self._pairing: PinnedPairing | None = None

    def load(self) -> PinnedPairing | None:
        """See `KeyStore`."""
        return self._pairing

    def save(self, pairing: PinnedPairing) -> None:
        """See `KeyStore`."""
        self._pairing = pairing


class FileKeys:
    """A store in one file, JSON, 0600. Raises OSError, and ValueError for a file that is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> PinnedPairing | None:
        """See `KeyStore`."""
        octets = read_private(self._path)
        return None if octets is None else msgspec.json.decode(octets, type=PinnedPairing)

    def save(self, pairing: PinnedPairing) -> None:
        """See `KeyStore`."""
        write_private(self._path, msgspec.json.encode(pairing))
