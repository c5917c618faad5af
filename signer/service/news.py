"""What changed, for those who follow it: the tokens, and each origin's own requests.

Keeps no history: for each thing the number of its last change, so that who comes back with the number that it
saw last hears of every thing that changed since, once, as it is now. A slow follower holds up nobody and
misses nothing but the steps between. Numbers begin anew with each start of the agent, under another name.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator

from msgspec import Struct

from signer.model.presence import Presence
from signer.service.views import RequestView

_ID = re.compile(r"(?P<life>[A-Za-z0-9_-]{11})-(?P<number>[0-9]{1,18})", re.ASCII)


class News(Struct, frozen=True):
    """One thing as it is now. `id` says up to where its reader has heard."""

    id: str
    what: Presence | RequestView


class NewsDesk:
    """One for the agent, on one event loop. `tokens` and `request` tell of changes, `follow` reads them."""

    def __init__(self, presence: Callable[[], Presence], view: Callable[[str], RequestView | None]) -> None:
        """`presence` and `view` give the things as they are now; a request that is forgotten is None."""
        self._presence = presence
        self._view = view
        self._life = secrets.token_urlsafe(8)
        self._number = 1
        self._tokens_at = 1
        self._requests: dict[str, tuple[str, int]] = {}
        self._news = asyncio.Event()

    def tokens(self) -> None:
        """The tokens changed."""
        self._tokens_at = self._next()

    def request(self, origin: str, request_id: str) -> None:
        """A request of this origin changed."""
        self._requests.pop(request_id, None)
        self._requests[request_id] = (origin, self._next())

    def forget(self, request_id: str) -> None:
        """A request is no longer kept."""
        self._requests.pop(request_id, None)

    async def follow(self, origin: str, last_id: str | None) -> AsyncGenerator[News]:
        """What changed after `last_id`, and from then on whatever changes.

        Without an id, or with one of another life of the agent: everything as it is now, the tokens and the
        origin's requests that are still open.
        """
        heard = self._heard(last_id)
        fresh, at = heard is None, heard or 0
        while True:
            news, until = self._news, self._number
            # In the order of their numbers, so that whoever is cut off in between goes on from there.
            for number, request_id in sorted(self._changed_since(at, origin)):
                what = self._view(request_id) if request_id else self._presence()
                if what is not None and not (fresh and isinstance(what, RequestView) and what.final):
                    yield News(self._id(number), what)
            at, fresh = until, False
            await news.wait()

    def _changed_since(self, at: int, origin: str) -> Iterator[tuple[int, str]]:
        """Numbers above `at`, with the request's id; the tokens have none."""
        if self._tokens_at > at:
            yield self._tokens_at, ""
        for request_id, (owner, number) in self._requests.items():
            if owner == origin and number > at:
                yield number, request_id

    def _heard(self, last_id: str | None) -> int | None:
        found = _ID.fullmatch(last_id or "")
        if found is None or found["life"] != self._life or int(found["number"]) > self._number:
            return None
        return int(found["number"])

    def _id(self, number: int) -> str:
        return f"{self._life}-{number}"

    def _next(self) -> int:
        self._number += 1
        news, self._news = self._news, asyncio.Event()
        news.set()
        return self._number
