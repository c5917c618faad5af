"""A panel without a browser: the whole protocol in Python, for the demo, for tests, and to read.

`PanelClient` does what `mohr.js` does in a page: finds the agent, pairs with it, asks for signatures, and
believes no answer that the agent did not sign. A panel's server checks signatures with `signer.verify`.
"""

from signer.client.errors import (
    AgentNotFound,
    AgentNotTrusted,
    ClientError,
    NotPairedYet,
    ProblemAnswered,
)
from signer.client.keys import FileKeys, KeyStore, MemoryKeys, PinnedPairing
from signer.client.panel import Detection, PanelClient

__all__ = [
    "AgentNotFound",
    "AgentNotTrusted",
    "ClientError",
    "Detection",
    "FileKeys",
    "KeyStore",
    "MemoryKeys",
    "NotPairedYet",
    "PanelClient",
    "PinnedPairing",
    "ProblemAnswered",
]
