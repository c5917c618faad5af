"""The agent as the desktop runs it: starts `signer.cli.assembly.Agent` and says what the window may show.

Its imports of the signer are inside, so that they happen on the agent's own thread and Qt's do not wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gui.bridge.messages import AgentInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from signer.cli.assembly import Agent
    from signer.model.presence import Presence
    from signer.model.session_signing import OpenNow
    from signer.service.consent import ConsentSurface
    from signer.service.office import Office


class HostedAgent:
    """Implements `gui.bridge.thread.AsyncAgent`. `make` is called on the agent's thread."""

    def __init__(self, make: Callable[[ConsentSurface], Agent], consent: ConsentSurface) -> None:
        self._agent = make(consent)

    async def start(self) -> AgentInfo:
        """Open the endpoint."""
        from signer.cli.assembly import version

        address = await self._agent.start()
        return AgentInfo(address=f"127.0.0.1:{address.port}", version=version())

    def on_tokens(self, tell: Callable[[Presence], None]) -> None:
        """Tell of tokens."""
        self._agent.on_tokens(tell)

    def on_session(self, tell: Callable[[OpenNow | None], None]) -> None:
        """Tell of the token that stands open."""
        self._agent.on_session(tell)

    def office(self) -> Office:
        """What the window's pages ask."""
        return self._agent.office

    async def stop(self) -> None:
        """Close everything, also what a start that failed left open."""
        await self._agent.stop()
