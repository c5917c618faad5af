"""What the agent and the process that draws PDFs say to each other: one msgpack value in a frame.

A frame is its length in four octets, big-endian, and the value. Types and framing only: who speaks is
`pdf_process` (the agent) and `pdf_worker` (the other side).
"""

from __future__ import annotations

from typing import IO

import msgspec
from msgspec import Struct

#: A page of A3 at the widest picture that is drawn, in four octets a pixel, with room to spare.
MAX_FRAME = 64 * 1024 * 1024
_LENGTH = 4


class Load(Struct, frozen=True, tag="load"):
    """Take this document; the one before is forgotten. Answered by `Loaded`."""

    content: bytes


class Inspect(Struct, frozen=True, tag="inspect"):
    """Look through the loaded document. Answered by `Inspected`."""


class Draw(Struct, frozen=True, tag="draw"):
    """Draw one page, counted from 0, so many pixels wide. Answered by `Drawn`."""

    page: int
    width: int


Request = Load | Inspect | Draw


class Loaded(Struct, frozen=True, tag="loaded"):
    """How many pages it has."""

    pages: int


class PageFacts(Struct, frozen=True):
    """One page: its size in points as its reader sees it, and the text on it."""

    width: float
    height: float
    text: str


class Mark(Struct, frozen=True):
    """Something notable: the finding's code, and its facts. `page` counts from 1, 0 is the whole file."""

    code: str
    facts: dict[str, str] = {}
    page: int = 0


class Inspected(Struct, frozen=True, tag="inspected"):
    """Every page, and what is notable."""

    pages: tuple[PageFacts, ...]
    marks: tuple[Mark, ...]


class Drawn(Struct, frozen=True, tag="drawn"):
    """A picture: rows from the top, each pixel blue, green, red and one unused octet."""

    width: int
    height: int
    pixels: bytes


class Refused(Struct, frozen=True, tag="refused"):
    """The document cannot be signed (`readable`) or not be shown; `reason` holds nothing of its content."""

    reason: str
    readable: bool = False


Answer = Loaded | Inspected | Drawn | Refused

_requests = msgspec.msgpack.Decoder(Request)
_answers = msgspec.msgpack.Decoder(Answer)


def write(pipe: IO[bytes], message: Request | Answer) -> None:
    """Send one message. Raises OSError where nobody listens any more."""
    body = msgspec.msgpack.encode(message)
    pipe.write(len(body).to_bytes(_LENGTH))
    pipe.write(body)
    pipe.flush()


def read_request(pipe: IO[bytes]) -> Request | None:
    """The next request; None at the end."""
    body = _body(pipe)
    return None if body is None else _requests.decode(body)


def read_answer(pipe: IO[bytes]) -> Answer | None:
    """The next answer; None where the other side ended or sent what is none."""
    body = _body(pipe)
    try:
        return None if body is None else _answers.decode(body)
    except msgspec.DecodeError:
        return None


def _body(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH)
    length = int.from_bytes(head)
    if len(head) < _LENGTH or length > MAX_FRAME:
        return None
    body = pipe.read(length)
    return body if len(body) == length else None
