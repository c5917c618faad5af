"""What panels send to the simulator, in order, and the faults that the agent itself may have there.

`WatchedExchanges` stands where the agent has `Exchanges`; whichever way in a request took, it passes here.
Bodies are kept in memory, for the check of a panel alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from signer.cli.simulate.scenarios import AgentFault, Stage
from signer.endpoint.calls import Answer
from signer.endpoint.exchange import BodyReader, Exchanges, Head

REQUESTS = "/v1/signing-requests"
SIGN_INS = "/v1/sign-ins"
_BRIDGE = "/bridge/exchange"
_KEPT = 2000


class Seen(Struct, kw_only=True):
    """One request of a page and its answer. Times are of the event loop, in seconds.

    `status` is 0 and `ended` None where nobody was answered: it hung up, or was cut off.
    """

    at: float
    method: str
    path: str
    query: dict[str, str]
    origin: str
    key: str | None
    body: bytes = b""
    status: int = 0
    answer: bytes = b""
    ended: float | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """The body as a JSON object, an empty one where it is none."""
        return _json(self.body)

    @property
    def told(self) -> dict[str, Any]:
        """The answer as a JSON object, an empty one where it is none."""
        return _json(self.answer)

    @property
    def posts(self) -> bool:
        """Does it post a signing request or a sign-in?"""
        return self.method == "POST" and self.path in {REQUESTS, SIGN_INS}


class Wire:
    """What was seen, and what is done to a request that comes in. One for the simulator.

    `restart` cuts every connection and comes back; under that fault it is called for every other post.
    """

    def __init__(self, stage: Stage, restart: Callable[[], None], *, keeping: bool) -> None:
        self.stage = stage
        self.seen: list[Seen] = []
        self._restart = restart
        self._restarted = False
        self._keeping = keeping

    def arrived(self, head: Head) -> Seen:
        """Note a request."""
        headers = {name.lower(): value.decode("latin-1") for name, value in head.headers}
        path, _, query = head.target.partition("?")
        seen = Seen(
            at=asyncio.get_running_loop().time(),
            method=head.method,
            path=path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            origin=headers.get(b"origin", ""),
            key=headers.get(b"idempotency-key"),
        )
        if self._keeping and path != _BRIDGE:
            self.seen = [*self.seen[-_KEPT:], seen]
        return seen

    async def before(self) -> None:
        """Answer nothing at all where the agent is silent."""
        while self.stage.scenario.agent is AgentFault.SILENT:
            await self.stage.changed(self.stage.version, 1.0)

    async def after(self, seen: Seen, answer: Answer) -> None:
        """Note the answer, or cut its connection off: the request is taken in, and its sender cannot know."""
        seen.status, seen.answer = answer.status, answer.body
        seen.ended = asyncio.get_running_loop().time()
        if seen.posts and answer.status >= 400:
            self.stage.tell("refused", str(seen.told.get("code", answer.status)))
        if self.stage.scenario.agent is not AgentFault.RESTARTS or not seen.posts or answer.status >= 400:
            return
        self._restarted = not self._restarted
        if self._restarted:
            seen.status, seen.answer, seen.ended = 0, b"", None
            self.stage.tell("agent-restarts")
            self._restart()
            await asyncio.Event().wait()


class WatchedExchanges(Exchanges):
    """Implements `Exchanges` with somebody who watches."""

    def __init__(self, wire: Wire, **parts: Any) -> None:
        super().__init__(**parts)
        self._wire = wire

    async def answer(self, head: Head, read_body: BodyReader) -> Answer:
        """See `Exchanges.answer`."""
        seen = self._wire.arrived(head)

        async def reading(limit: int) -> bytes:
            seen.body = await read_body(limit)
            return seen.body

        await self._wire.before()
        answer = await super().answer(head, reading)
        await self._wire.after(seen, answer)
        return answer


def _json(octets: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(octets, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
