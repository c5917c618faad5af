"""A panel's end of the event stream: each event checked before it is given, the place kept for coming back.

One connection of its own for as long as it is read. Calls are `panel`'s.
"""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import msgspec
from msgspec import Struct

from signer.client.errors import AgentNotFound, AgentNotTrusted
from signer.client.keys import PinnedPairing
from signer.endpoint import message_signatures as ms
from signer.endpoint.encodings import unb64u
from signer.endpoint.events import event_message
from signer.endpoint.keys import verifies

_PATH = "/v1/events"


class Event(Struct, frozen=True):
    """One event. `id` is empty for `hello`; `data` is as `docs/contract.md` says."""

    event: str
    id: str
    data: dict[str, Any]


class EventStream:
    """Iterate over it, in a thread that may wait; `close` ends it, also from another thread."""

    def __init__(
        self, authority: str, origin: str, pairing: PinnedPairing, *, last_id: str | None = None
    ) -> None:
        """Open it. `last_id` is of the last event that was read before. Raises `AgentNotFound`."""
        self.last_id = last_id
        self._point = pairing.agent_point
        target = ms.Target("GET", authority, _PATH)
        created, nonce = int(time.time()), secrets.token_bytes(ms.NONCE_OCTETS)
        headers = ms.sign_request(pairing.key(), target, b"", None, created, nonce)
        self._signature = ms.read_signature(headers["Signature"])
        headers["Origin"] = origin
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        self._connection = http.client.HTTPConnection(authority)
        try:
            self._connection.request("GET", _PATH, headers=headers)
            self._response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise AgentNotFound(f"no agent answers at {authority}") from problem
        if self._response.status != 200:
            self.close()
            raise AgentNotFound(f"no stream, but {self._response.status}")

    def __iter__(self) -> Iterator[Event]:
        """Events until the stream ends. Raises `AgentNotTrusted` for one that the agent did not sign."""
        fields: dict[str, list[str]] = {}
        while line := self._line():
            name, colon, value = line.rstrip("\n").partition(": ")
            if colon:
                fields.setdefault(name, []).append(value)
                continue
            yield self._event(fields)
            fields = {}

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> str:
        try:
            return self._response.readline().decode("utf-8", "replace")
        except (OSError, ValueError, http.client.HTTPException):
            return ""

    def _event(self, fields: dict[str, list[str]]) -> Event:
        try:
            (event,), (event_id,) = fields["event"], fields.get("id", [""])
            text, signature = fields["data"]
            message = event_message(self._signature, event, event_id, text.encode())
            trusted = verifies(self._point, message, unb64u(signature))
            data = msgspec.json.decode(text, type=dict[str, Any])
        except (KeyError, ValueError):
            trusted = False
        if not trusted:
            self.close()
            raise AgentNotTrusted("an event is not signed by the agent that was pinned")
        self.last_id = event_id or self.last_id
        return Event(event, event_id, data)
