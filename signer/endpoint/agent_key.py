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

    Raises `PairingStoreFailed` for a key that is damaged or not ours alone: it is never replaced silently,
    see `pairings.set_aside`.
    """
    path = folder / FILE
    try:
        octets = read_private(path)
        if octets is not None:
            return SigningKey.from_pem(octets)
        key = SigningKey.generate()
        write_private(path, key.to_pem())
    except (OSError, ValueError) as problem:
        raise PairingStoreFailed(f"{FILE}: {type(problem).__name__}") from problem
    return key
