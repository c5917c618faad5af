"""A request or an answer as one message, for ways in where it is no HTTP request of the panel's own.

A WebSocket and the bridge carry the same octets: one line of JSON, a line feed, the body.

    {"id": 7, "method": "POST", "target": "/v1/…", "headers": {"content-digest": "…", …}}⏎{"documents":…}
    {"id": 7, "status": 202, "headers": {"content-type": "application/json", …}}⏎{"id":…}

An answer without an end has `"more": true` in its line, and further frames carry what follows, until one says
that there is no more. A panel that wants no answer any longer says so:

    {"id": 7, "more": true}⏎event: tokens…
    {"id": 7, "more": false}⏎
    {"id": 7, "cancel": true}⏎

Nothing is judged here: what a frame asks for goes through the same admission and authentication as HTTP does.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from signer.endpoint.admission import RawHeaders
from signer.endpoint.calls import Answer
from signer.endpoint.messages import MAX_LINE
from signer.model.errors import RequestMalformed, RequestTooLarge
from signer.model.ijson import IJsonInvalid, parse

#: What a frame may carry of a request's headers. Host and Origin are never the panel's to say.
HEADERS = frozenset(
    {
        "accept-language",
        "content-digest",
        "content-type",
        "idempotency-key",
        "last-event-id",
        "signature",
        "signature-input",
    }
)


class _Line(Struct, forbid_unknown_fields=True):
    id: int
    method: str
    target: str
    headers: dict[str, str] = {}
    origin: str = ""


class _CancelLine(Struct, forbid_unknown_fields=True):
    id: int
    cancel: Literal[True]


class Cancel(Struct, frozen=True):
    """The panel hangs up on the request with that id, as who closes an HTTP connection does."""

    id: int


class Frame(Struct, frozen=True, kw_only=True):
    """A request in a frame. `headers` are lower-case; `origin` is empty unless a bridge vouches for one."""

    id: int
    method: str
    target: str
    headers: RawHeaders
    origin: str
    body: bytes

    async def read_body(self, limit: int) -> bytes:
        """The body, as `exchange` asks for it. Raises `RequestTooLarge` above `limit` octets."""
        if len(self.body) > limit:
            raise RequestTooLarge(f"the body is over {limit} octets")
        return self.body


class _AnswerLine(Struct, frozen=True, omit_defaults=True):
    id: int
    status: int
    headers: dict[str, str]
    more: bool = False


class _MoreLine(Struct, frozen=True):
    id: int
    more: bool


_cancels = msgspec.json.Decoder(_CancelLine)


def read_message(octets: bytes) -> Frame | Cancel:
    """What a panel says on a socket. Raises `RequestMalformed`, which quotes nothing of it."""
    if octets.endswith(b"\n") and len(octets) <= MAX_LINE:
        try:
            return Cancel(_cancels.decode(octets).id)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass  # what is no cancel is a request
    return read_frame(octets)


def read_frame(octets: bytes) -> Frame:
    """A request. Raises `RequestMalformed`, which quotes nothing of it."""
    end = octets.find(b"\n", 0, MAX_LINE + 1)
    if end < 0:
        raise RequestMalformed("a frame without its line")
    try:
        line = msgspec.convert(parse(octets[:end]), _Line)
    except (msgspec.MsgspecError, IJsonInvalid):
        raise RequestMalformed("a frame's line is not of the contract's form") from None
    if not 0 <= line.id < 2**53:
        raise RequestMalformed("a frame's id is not a whole number below 2^53")
    if not HEADERS.issuperset(line.headers):
        raise RequestMalformed("a frame names a header that none may carry")
    headers = tuple((name.encode(), value.encode()) for name, value in line.headers.items())
    return Frame(
        id=line.id,
        method=line.method,
        target=line.target,
        headers=headers,
        origin=line.origin,
        body=octets[end + 1 :],
    )


def write_answer(frame_id: int, answer: Answer) -> bytes:
    """The answer to the request with that id, or its beginning where it has a stream.

    Headers that only a browser's CORS reads are left out.
    """
    kept = {
        name.lower(): value
        for name, value in answer.headers
        if not name.lower().startswith("access-control-") and name.lower() != "vary"
    }
    line = _AnswerLine(frame_id, answer.status, kept, answer.stream is not None)
    return msgspec.json.encode(line) + b"\n" + answer.body


def write_more(frame_id: int, octets: bytes) -> bytes:
    """What follows on an answer's beginning."""
    return msgspec.json.encode(_MoreLine(frame_id, True)) + b"\n" + octets


def write_end(frame_id: int) -> bytes:
    """No more of that answer."""
    return msgspec.json.encode(_MoreLine(frame_id, False)) + b"\n"
