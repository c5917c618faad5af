"""Every leaf of a signed document, spelled for a person: the ground that a sheet stands on.

A leaf is a scalar or an empty array or object, since these too are signed. Member names are shown in the
pointers.
"""

from __future__ import annotations

from msgspec import Struct

from signer.model.ijson import Number, SignedValue, child
from signer.model.sheet import Leaf
from signer.model.text import hidden, visible

_LITERALS = frozenset({"", "null", "true", "false", "{}", "[]"})


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


def leaves(value: SignedValue) -> Leaves:
    """All leaves of a parsed document."""
    shown: dict[str, Leaf] = {}
    found: list[Hidden] = []

    def walk(value: SignedValue, pointer: str, seen_as: str) -> None:
        if isinstance(value, dict) and value:
            for name, member in value.items():
                plain = visible(name)
                below = child(seen_as, plain)
                if plain != name and (characters := hidden(name)):
                    found.append(Hidden(pointer=below, characters=characters))
                walk(member, child(pointer, name), below)
        elif isinstance(value, list) and value:
            for index, element in enumerate(value):
                walk(element, child(pointer, index), child(seen_as, index))
        else:
            text = spelled(value)
            if isinstance(value, str) and text != value and (characters := hidden(value)):
                found.append(Hidden(pointer=seen_as, characters=characters))
            shown[pointer] = Leaf(pointer=seen_as, text=text)

    walk(value, "", "")
    return Leaves(shown=shown, hidden=tuple(found))


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
