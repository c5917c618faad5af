"""Every leaf of a signed document, spelled for a person: the ground that a sheet stands on.

A leaf is a scalar or an empty array or object, since these too are signed; of a text it is a line. Member
names are shown in the pointers. XML has `xml_leaves`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from signer.model.errors import DocumentUnreadable
from signer.model.ijson import CONTAINERS, MAX_DEPTH, Number, SignedValue, child
from signer.model.sheet import Leaf
from signer.model.text import hidden, visible

#: A longer pointer, as shown, is nothing that a person could read, and thousands of leaves could repeat it.
MAX_POINTER = 1024

MAX_LINES = 20_000
LINE_BREAK = re.compile("\r?\n")

_LITERALS = frozenset({"", "null", "true", "false", "{}", "[]"})


#: A member name shorter than this cannot help to make a pointer too long: a document is so deep at most.
_SHORT_NAME = MAX_POINTER // MAX_DEPTH - 1


class Hidden(Struct, frozen=True, kw_only=True):
    """Hidden characters (`U+200F`) in one string or in one member name, at its shown pointer."""

    pointer: str
    characters: tuple[str, ...]


class Leaves(Struct, frozen=True, kw_only=True):
    """`shown` maps each leaf's JSON Pointer (RFC 6901) to what is on screen, in the document's order.

    A `Leaf`'s own pointer is the shown one: the same, with hidden characters of member names spelled.
    """

    shown: dict[str, Leaf]
    hidden: tuple[Hidden, ...]


def member_names(value: SignedValue) -> frozenset[str]:
    """Every member name in it, however deep, each once."""
    names: set[str] = set()
    _gather(value, names)
    return frozenset(names)


def _gather(value: SignedValue, names: set[str]) -> None:
    if isinstance(value, dict):
        names.update(value)
        members: Iterable[SignedValue] = value.values()
    else:
        members = value if isinstance(value, list) else ()
    for member in members:
        if isinstance(member, CONTAINERS):
            _gather(member, names)


def is_plain(text: str, names: frozenset[str]) -> bool:
    """Can nothing be found about the leaves of this I-JSON text with these `member_names`?

    True only where no character is hidden and no pointer too long, so that `leaves` need not be asked before
    somebody looks. False says nothing.
    """
    return "\\" not in text and not hidden(text) and _are_short(names)


@lru_cache(maxsize=64)  # the documents of a panel have the same few names over and over
def _are_short(names: frozenset[str]) -> bool:
    """Is every one of them short, and spelled in a pointer as it is?"""
    return not any(len(name) > _SHORT_NAME or "/" in name or "~" in name for name in names)


def leaves(value: SignedValue) -> Leaves:
    """All leaves of a parsed document. Raises `DocumentUnreadable` beyond `MAX_POINTER`."""
    shown: dict[str, Leaf] = {}
    found: list[Hidden] = []

    def walk(value: SignedValue, pointer: str, seen_as: str) -> None:
        if isinstance(value, dict) and value:
            for name, member in value.items():
                below = child(pointer, name)
                seen_below = below
                if seen_as != pointer or not name.isascii() or not name.isprintable():
                    seen_below = child(seen_as, visible(name))
                    if characters := hidden(name):
                        found.append(Hidden(pointer=seen_below, characters=characters))
                if len(seen_below) > MAX_POINTER:
                    raise DocumentUnreadable(f"{seen_below[:40]}… is longer than {MAX_POINTER} characters")
                walk(member, below, seen_below)
        elif isinstance(value, list) and value:
            for index, element in enumerate(value):
                walk(element, f"{pointer}/{index}", f"{seen_as}/{index}")
        else:
            text = spelled(value)
            if isinstance(value, str) and text != value and (characters := hidden(value)):
                found.append(Hidden(pointer=seen_as, characters=characters))
            shown[pointer] = Leaf(pointer=seen_as, text=text)

    walk(value, "", "")
    return Leaves(shown=shown, hidden=tuple(found))


def text_leaves(content: bytes) -> Leaves:
    """The lines of a text, each at `line/N`. Raises `DocumentUnreadable` where not UTF-8, or too many."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DocumentUnreadable(f"not UTF-8 at octet {error.start}") from None
    if content.count(b"\n") >= MAX_LINES:
        raise DocumentUnreadable(f"more than {MAX_LINES} lines")
    lines = [(f"line/{number}", line) for number, line in enumerate(LINE_BREAK.split(text), start=1)]
    return Leaves(
        shown={pointer: Leaf(pointer=pointer, text=visible(line)) for pointer, line in lines},
        hidden=tuple(
            Hidden(pointer=pointer, characters=characters)
            for pointer, line in lines
            if (characters := hidden(line))
        ),
    )


def spelled(value: SignedValue) -> str:
    """A leaf's text on screen: numbers as signed, strings with hidden characters visible.

    A string is shown without quotes, except where it would look like a literal (`null`, `true`, `{}`, …), is
    empty, or has quotes of its own at both ends.
    """
    if isinstance(value, str):
        text = visible(value)
        quoted = text in _LITERALS or (text[0] == '"' and text[-1] == '"')
        return f'"{text}"' if quoted else text
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return "{}" if isinstance(value, dict) else "[]"
