"""How a panel and the agent come to trust one another's key: commitments, six digits, states.

Pure: time and random octets are given. Asking the doctor and answering calls is `pairing_desk`; keeping the
result is `pairings`. The steps are those of `docs/protocol.md`.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from signer.endpoint.keys import check_point
from signer.model.errors import PairingRefused

LIFETIME = timedelta(minutes=2)
COMMITMENT_OCTETS = 32
NONCE_OCTETS = 32


class PairingState(Enum):
    """Where a pairing stands, as the contract names it. The last three are final."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


class Reveal(Struct, frozen=True, kw_only=True):
    """What the panel committed to: its point (65 octets), its nonce (32), and the digits that follow."""

    panel_point: bytes
    panel_nonce: bytes
    code: str


class PairingAttempt(Struct, frozen=True, kw_only=True):
    """One try of one origin. `reveal` is None until the panel has opened its commitment."""

    id: str
    origin: str
    panel_commitment: bytes
    agent_point: bytes
    agent_nonce: bytes
    expires_at: datetime
    state: PairingState = PairingState.WAITING
    reveal: Reveal | None = None

    @property
    def agent_commitment(self) -> bytes:
        """What the agent shows before it has seen the panel's key, 32 octets."""
        return agent_commitment(self.agent_point, self.agent_nonce)

    @property
    def open(self) -> bool:
        """Can this still end in a yes?"""
        return self.state is PairingState.WAITING

    def at(self, now: datetime) -> PairingAttempt:
        """The attempt as it stands at `now`."""
        return self.ended(PairingState.EXPIRED) if self.open and now >= self.expires_at else self

    def ended(self, state: PairingState) -> PairingAttempt:
        """The attempt after it ended; what has ended stays as it ended."""
        return replace(self, state=state) if self.open else self

    def revealed(self, point: bytes, nonce: bytes) -> PairingAttempt:
        """The attempt after the panel opened its commitment.

        Only for one that is open and was not revealed before. Raises `PairingRefused` where `point` is no
        P-256 point, or where point and nonce are not what was committed to.
        """
        assert self.open and self.reveal is None
        if not hmac.compare_digest(panel_commitment(point, nonce), self.panel_commitment):
            raise PairingRefused("the commitment does not open to this key and nonce")
        try:
            check_point(point)
        except ValueError as problem:
            raise PairingRefused("the panel's key is not a P-256 point") from problem
        code = pairing_code(self.origin, point, self.agent_point, nonce, self.agent_nonce)
        return replace(self, reveal=Reveal(panel_point=point, panel_nonce=nonce, code=code))


def panel_commitment(point: bytes, nonce: bytes) -> bytes:
    """What a panel sends before it shows its key, 32 octets."""
    return _hash(b"mohr-pairing-panel-v1", point, nonce)


def agent_commitment(point: bytes, nonce: bytes) -> bytes:
    """What the agent sends before it shows its key, 32 octets."""
    return _hash(b"mohr-pairing-agent-v1", point, nonce)


def pairing_code(
    origin: str, panel_point: bytes, agent_point: bytes, panel_nonce: bytes, agent_nonce: bytes
) -> str:
    """The six ASCII digits that page and window show."""
    digest = _hash(
        b"mohr-pairing-code-v1", _counted(origin), panel_point, agent_point, panel_nonce, agent_nonce
    )
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def challenge_message(origin: str, authority: str, challenge: bytes) -> bytes:
    """What the agent signs to show an origin that it is the agent it paired with, at the address it asked.

    `authority` is the Host header, as `127.0.0.1:18717`: a proof given at one address is none at another.
    """
    return b"".join((b"mohr-agent-challenge-v1\0", _counted(origin), _counted(authority), challenge))


def _counted(text: str) -> bytes:
    octets = text.encode()
    return len(octets).to_bytes(4, "big") + octets


def _hash(label: bytes, *parts: bytes) -> bytes:
    return hashlib.sha256(b"".join((label, b"\0", *parts))).digest()
