"""The agent's own P-256 key: one for each user of the computer, made once, kept in the data folder.

Panels pin it when they pair. Losing it means that every panel must pair again.
"""

from __future__ import annotations

from pathlib import Path

from signer.endpoint.keys import SigningKey
from signer.model.errors import PairingStoreFailed
from signer.platform.private_files import read_private, write_private

FILE = "agent-key.pem"


def load_agent_key(folder: Path) -> SigningKey:
    """The key in `folder`, made there (PKCS#8 PEM, 0600) where there is none yet.

    Raises as `kept_agent_key` does: a key that cannot be used is never replaced silently, see
    `pairings.set_aside`.
    """
    kept = kept_agent_key(folder)
    if kept is not None:
        return kept
    key = SigningKey.generate()
    try:
        write_private(folder / FILE, key.to_pem())
    except OSError as problem:
        raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
    return key


def kept_agent_key(folder: Path) -> SigningKey | None:
    """The key in `folder`, or None. Raises `PairingStoreFailed` for one that is damaged or not ours alone."""
    try:
        octets = read_private(folder / FILE)
        return None if octets is None else SigningKey.from_pem(octets)
    except (OSError, ValueError) as problem:
        raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
