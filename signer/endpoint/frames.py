"""A request or an answer as one message, for ways in where it is no HTTP request of the panel's own.

A WebSocket and the bridge carry the same octets: one line of JSON, a line feed, the body.

    {"id": 7, "method": "POST", "target": "/v1/…", "headers": {"content-digest": "…", …}}⏎{"documents":…}
    {"id": 7, "status": 202, "headers": {"content-type": "application/json", …}}⏎{"id":…}

Nothing is judged here: what a frame asks for goes through the same admission and authentication as HTTP does.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from signer.endpoint.admission import RawHeaders
from signer.endpoint.calls import Answer
from signer.endpoint.messages import MAX_LINE
from signer.model.errors import RequestMalformed, RequestTooLarge

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


class _AnswerLine(Struct, frozen=True):
    id: int
    status: int
    headers: dict[str, str]


_lines = msgspec.json.Decoder(_Line)


def read_frame(octets: bytes) -> Frame:
    """A panel's message. Raises `RequestMalformed`, which quotes nothing of it."""
    end = octets.find(b"\n", 0, MAX_LINE + 1)
    if end < 0:
        raise RequestMalformed("a frame without its line")
    try:
        line = _lines.decode(memoryview(octets)[:end])
    except (msgspec.MsgspecError, UnicodeDecodeError):
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
    """The answer to the frame with that id. Headers that only a browser's CORS reads are left out."""
    kept = {
        name.lower(): value
        for name, value in answer.headers
        if not name.lower().startswith("access-control-") and name.lower() != "vary"
    }
    return msgspec.json.encode(_AnswerLine(frame_id, answer.status, kept)) + b"\n" + answer.body
