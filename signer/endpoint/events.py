"""The event stream's octets: server-sent events (WHATWG HTML §9.2), each signed by the agent by itself.

A stream has no end that a digest could cover, so its head carries no signature: `docs/protocol.md` says what
each event's own covers. What happened is `signer.service.news`.
"""

from __future__ import annotations

import msgspec

from signer.endpoint.encodings import b64u
from signer.endpoint.keys import SigningKey
from signer.endpoint.messages import request_event, tokens_event
from signer.model.presence import Presence
from signer.service.news import News

MEDIA_TYPE = "text/event-stream"


def event_message(request_signature: bytes, event: str, event_id: str, data: bytes) -> bytes:
    """What an event's signature is over; `request_signature` is of the request that opened the stream."""
    parts = (event.encode(), event_id.encode(), data)
    counted = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return b"mohr-event-v1\x00" + request_signature + counted


class Stream:
    """What is said on one stream."""

    def __init__(self, key: SigningKey, request_signature: bytes) -> None:
        self._key = key
        self._request_signature = request_signature

    def hello(self) -> bytes:
        """The first event: the agent is the one that the panel paired with, before anything happened."""
        return self._event("hello", "", b'{"api":1}')

    def news(self, news: News) -> bytes:
        """One event."""
        if isinstance(news.what, Presence):
            return self._event("tokens", news.id, msgspec.json.encode(tokens_event(news.what)))
        return self._event("request", news.id, msgspec.json.encode(request_event(news.what)))

    def _event(self, event: str, event_id: str, data: bytes) -> bytes:
        signature = self._key.sign(event_message(self._request_signature, event, event_id, data))
        named = f"id: {event_id}\n" if event_id else ""
        # JSON has no line's end in it: the first line is the data, the second its signature.
        head = f"event: {event}\n{named}data: ".encode()
        return head + data + f"\ndata: {b64u(signature)}\n\n".encode()
