"""What is told on the event stream, and its octets: server-sent events (WHATWG HTML §9.2), each one signed.

A stream has no end that a digest could cover, so its head carries no signature: `docs/protocol.md` says what
each event's own covers. What happened is `signer.service.news`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from signer.endpoint.encodings import b64u
from signer.endpoint.keys import SigningKey
from signer.endpoint.messages import present
from signer.model.presence import Presence
from signer.model.request import DocumentState, RequestState
from signer.service.news import News
from signer.service.views import RequestView

MEDIA_TYPE = "text/event-stream"


class TokenNews(Struct, frozen=True, kw_only=True):
    """One token: its label and the ids of the certificates on it."""

    label: str
    credentials: list[str]


class TokensEvent(Struct, frozen=True, kw_only=True):
    """An event `tokens`. `problem` is the stable code of why there is no token, where that is known."""

    state: Literal["ready", "reading", "absent"]
    tokens: list[TokenNews]
    problem: str | UnsetType = UNSET


class RequestEvent(Struct, frozen=True, kw_only=True):
    """An event `request`: how far one of the origin's own requests is. The signatures are fetched."""

    id: str
    state: RequestState
    signed: int
    failed: int
    total: int


def tokens_event(presence: Presence) -> TokensEvent:
    """The tokens as a paired origin may know them."""
    state: Literal["ready", "reading", "absent"] = "reading" if presence.reading else "absent"
    return TokensEvent(
        state="ready" if presence.usable else state,
        tokens=[TokenNews(label=t.label, credentials=list(t.credentials)) for t in presence.tokens],
        problem=present(presence.problem),
    )


def request_event(view: RequestView) -> RequestEvent:
    """A request's state without what it holds."""
    states = [document.state for document in view.documents]
    return RequestEvent(
        id=view.id,
        state=view.state,
        signed=states.count(DocumentState.SIGNED),
        failed=states.count(DocumentState.FAILED),
        total=len(states),
    )


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
